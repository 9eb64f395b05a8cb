"""Describes a list of rows: one line per numeric column."""

import statistics


def main(params, input_payload):
    rows = input_payload or []
    decimals = params.get("decimals", 1)
    digest = []
    for name in columns_of(rows):
        values = [row[name] for row in rows if is_number(row.get(name))]
        if values:
            missing = len(rows) - len(values)
            digest.append({"column": name, "missing": missing, **describe(values, decimals)})
    return digest


def columns_of(rows):
    return list(dict.fromkeys(name for row in rows for name in row))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def describe(values, decimals):
    ordered = sorted(values)
    figures = {
        "mean": statistics.fmean(ordered),
        "median": statistics.median(ordered),
        "p90": ordered[min(len(ordered) - 1, int(len(ordered) * 0.9))],
        "min": ordered[0],
        "max": ordered[-1],
    }
    rounded = {name: round(value, decimals) for name, value in figures.items()}
    return {"count": len(ordered), **rounded}

"""Scripts to start from: each runs as it stands, with its sample input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ScriptTemplate:
    """A script with what it takes; `sample` is an input payload to try it with."""

    title: str
    description: str
    body: str
    param_schema: Mapping[str, Mapping[str, Any]]
    sample: Any = None


TEMPLATES: tuple[ScriptTemplate, ...] = (
    ScriptTemplate(
        "Reshape rows",
        "Keep, rename and compute columns of the rows that come in",
        """def main(params, input_payload):
    kept = [row for row in input_payload["rows"] if row["delay"] >= params["least"]]
    return [{"carrier": row["carrier"], "hours": round(row["delay"] / 60, 2)} for row in kept]
""",
        {"least": {"type": "integer", "default": 15}},
        {"rows": [{"carrier": "AA", "delay": 30}, {"carrier": "UA", "delay": 5}]},
    ),
    ScriptTemplate(
        "Group and sum up",
        "One row a group, with count, mean and maximum",
        """from collections import defaultdict
from statistics import mean


def main(params, input_payload):
    groups = defaultdict(list)
    for row in input_payload["rows"]:
        groups[row[params["by"]]].append(row[params["value"]])
    return [
        {params["by"]: name, "count": len(values), "mean": mean(values), "max": max(values)}
        for name, values in sorted(groups.items())
    ]
""",
        {
            "by": {"type": "text", "default": "origin"},
            "value": {"type": "text", "default": "delay"},
        },
        {
            "rows": [
                {"origin": "JFK", "delay": 12},
                {"origin": "JFK", "delay": 30},
                {"origin": "LGA", "delay": 4},
            ]
        },
    ),
    ScriptTemplate(
        "Join two answers",
        "Match the rows of two upstream steps by a key",
        """def main(params, input_payload):
    names = {row["carrier"]: row["name"] for row in input_payload["airlines"]}
    return [
        {**row, "airline": names.get(row["carrier"], params["unknown"])}
        for row in input_payload["flights"]
    ]
""",
        {"unknown": {"type": "text", "default": "unknown"}},
        {
            "airlines": [{"carrier": "AA", "name": "American"}],
            "flights": [{"carrier": "AA", "flight": 1}, {"carrier": "ZZ", "flight": 2}],
        },
    ),
    ScriptTemplate(
        "Find outliers",
        "Rows further from the mean than so many standard deviations",
        """from statistics import mean, pstdev


def main(params, input_payload):
    values = [row["value"] for row in input_payload["rows"]]
    middle, spread = mean(values), pstdev(values)
    print(f"mean {middle:.2f}, standard deviation {spread:.2f}")
    if spread == 0:
        return []
    return [
        {**row, "score": round((row["value"] - middle) / spread, 2)}
        for row in input_payload["rows"]
        if abs(row["value"] - middle) > params["deviations"] * spread
    ]
""",
        {"deviations": {"type": "number", "default": 1.5, "min": 0}},
        {"rows": [{"day": day, "value": 90 if day == 5 else 10} for day in range(1, 8)]},
    ),
)

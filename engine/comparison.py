"""Tells how two answers differ: columns and rows of tables, values of anything else."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from engine.model.gate import Difference, Example
from engine.model.tabular import TabularData, table_of

EXAMPLES = 10
Row = Mapping[str, Any]


def difference(before: bytes, after: bytes) -> Difference:
    """How the answer `after` differs from `before`, both as JSON."""
    a, b = _decoded(before), _decoded(after)
    old, new = table_of(a), table_of(b)
    if old is None or new is None:
        return _of_values(a, b, old, new)
    return _of_tables(old, new)


def _decoded(document: bytes) -> Any:
    return orjson.loads(document) if document else None


def _of_values(a: Any, b: Any, old: TabularData | None, new: TabularData | None) -> Difference:
    found = list(_leaves("", a, b))
    return Difference(
        rows_before=len(old.rows) if old else None,
        rows_after=len(new.rows) if new else None,
        values_changed=len(found),
        examples=tuple(found[:EXAMPLES]),
    )


def _leaves(path: str, a: Any, b: Any) -> Iterator[Example]:
    """The deepest places where two JSON values differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in dict.fromkeys((*a, *b)):
            yield from _leaves(f"{path}.{name}" if path else name, a.get(name), b.get(name))
    elif isinstance(a, list) and isinstance(b, list):
        for index in range(max(len(a), len(b))):
            yield from _leaves(f"{path}[{index}]", _at(a, index), _at(b, index))
    elif not _same(a, b):
        yield Example(where=path or "answer", before=a, after=b)


def _of_tables(old: TabularData, new: TabularData) -> Difference:
    types, new_types = dict(old.columns), dict(new.columns)
    shared = [name for name in types if name in new_types]
    rows = _rows(old.rows, new.rows, shared)
    return rows.model_copy(
        update={
            "columns_added": tuple(name for name in new_types if name not in types),
            "columns_removed": tuple(name for name in types if name not in new_types),
            "retyped": tuple(
                f"{name}: {types[name]} → {new_types[name]}"
                for name in shared
                if types[name] != new_types[name]
            ),
            "rows_before": len(old.rows),
            "rows_after": len(new.rows),
        }
    )


def _rows(old: Sequence[Row], new: Sequence[Row], shared: Sequence[str]) -> Difference:
    """How rows differ in the columns that both answers have."""
    before = [_frozen(row, shared) for row in old]
    after = [_frozen(row, shared) for row in new]
    if before == after:
        return Difference()
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not gone and not come:
        return Difference(reordered=True)
    return _changes(_picked(old, before, gone), _picked(new, after, come), shared, old, new)


def _picked(rows: Sequence[Row], frozen: Sequence[bytes], wanted: Counter[bytes]) -> list[Row]:
    left = wanted.copy()
    picked = []
    for row, key in zip(rows, frozen, strict=True):
        if left[key]:
            left[key] -= 1
            picked.append(row)
    return picked


def _changes(
    gone: Sequence[Row],
    come: Sequence[Row],
    shared: Sequence[str],
    old: Sequence[Row],
    new: Sequence[Row],
) -> Difference:
    key = _key_of(old, new, shared)
    pairs, removed, added = _paired(gone, come, key)
    examples = (
        *(each for a, b in pairs for each in _cells(a, b, key, shared)),
        *(Example(where=_named(row, key), before=dict(row)) for row in removed),
        *(Example(where=_named(row, key), after=dict(row)) for row in added),
    )
    return Difference(
        rows_added=len(added),
        rows_removed=len(removed),
        rows_changed=len(pairs),
        examples=tuple(islice(examples, EXAMPLES)),
    )


def _paired(
    gone: Sequence[Row], come: Sequence[Row], key: Sequence[str]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Rows that are one row changed, and those that are left of each answer.

    Without columns that tell rows apart, they are taken in order where there are as many of each.
    """
    if not key:
        if len(gone) == len(come):
            return list(zip(gone, come, strict=True)), [], []
        return [], list(gone), list(come)
    left = {_frozen(row, key): row for row in gone}
    pairs: list[tuple[Row, Row]] = []
    added: list[Row] = []
    for row in come:
        partner = left.pop(_frozen(row, key), None)
        if partner is None:
            added.append(row)
        else:
            pairs.append((partner, row))
    return pairs, list(left.values()), added


def _key_of(old: Sequence[Row], new: Sequence[Row], shared: Sequence[str]) -> Sequence[str]:
    """The fewest leading columns that tell the rows of each answer apart; none when none do."""
    for length in range(1, len(shared)):
        key = shared[:length]
        if all(len({_frozen(row, key) for row in rows}) == len(rows) for rows in (old, new)):
            return key
    return ()


def _cells(a: Row, b: Row, key: Sequence[str], shared: Sequence[str]) -> Iterator[Example]:
    for name in shared:
        if not _same(a.get(name), b.get(name)):
            yield Example(where=f"{_named(a, key)}, {name}", before=a.get(name), after=b.get(name))


def _named(row: Row, key: Sequence[str]) -> str:
    return ", ".join(f"{name}={row.get(name)}" for name in key) or "a row"


def _frozen(row: Row, names: Sequence[str]) -> bytes:
    return orjson.dumps([row.get(name) for name in names], option=orjson.OPT_SORT_KEYS)


def _same(a: Any, b: Any) -> bool:
    return orjson.dumps(a, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        b, option=orjson.OPT_SORT_KEYS
    )


def _at(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else None

"""Holds the answer of a call against what a test case expects of it."""

import math
from collections.abc import Iterator
from typing import Any

import jmespath
import orjson
from jmespath.exceptions import JMESPathError

from engine.model import ExecutionResult
from engine.model.tabular import table_of
from engine.model.testing import Expectation, ValueExpectation

_SHOWN_CHARACTERS = 200


def failures(result: ExecutionResult, expect: Expectation) -> tuple[str, ...]:
    """Every way in which an answer is not as expected, each in a sentence; empty when it is."""
    found = [*_outcome(result, expect), *_latency(result, expect)]
    if result.ok and not found:
        document = result.data
        found += [*_columns(document, expect), *_rows(result, document, expect)]
        found += [each for value in expect.values for each in _value(document, value)]
    return tuple(found)


def _outcome(result: ExecutionResult, expect: Expectation) -> Iterator[str]:
    error = result.error
    said = f": {error.type}: {error.message}" if error else ""
    if result.status != expect.status:
        yield f"the call ended as {result.status}, not as {expect.status}{said}"
    elif expect.error_type is not None and error is not None and error.type != expect.error_type:
        yield f"the error is {error.type}, not {expect.error_type}: {error.message}"


def _latency(result: ExecutionResult, expect: Expectation) -> Iterator[str]:
    if expect.max_latency_ms is not None and result.duration_ms > expect.max_latency_ms:
        yield f"it took {result.duration_ms:.0f} ms, more than {expect.max_latency_ms:g} ms"


def _columns(document: Any, expect: Expectation) -> Iterator[str]:
    if not expect.columns:
        return
    table = table_of(document)
    if table is None:
        yield "the answer is no table, so it has no columns"
        return
    there = [name for name, _ in table.columns]
    missing = [name for name in expect.columns if name not in there]
    if missing:
        yield f"the answer has no column {', '.join(missing)}; it has {', '.join(there) or 'none'}"


def _rows(result: ExecutionResult, document: Any, expect: Expectation) -> Iterator[str]:
    if expect.min_rows is None and expect.max_rows is None:
        return
    table = table_of(document)
    count = len(table.rows) if table else result.row_count
    if count is None:
        yield "the answer is no table, so it has no rows to count"
    elif expect.min_rows is not None and count < expect.min_rows:
        yield f"it has {count} rows, fewer than {expect.min_rows}"
    elif expect.max_rows is not None and count > expect.max_rows:
        yield f"it has {count} rows, more than {expect.max_rows}"


def _value(document: Any, wanted: ValueExpectation) -> Iterator[str]:
    try:
        found = jmespath.search(wanted.path, document)
    except JMESPathError as error:
        yield f"{wanted.path}: {error}"
        return
    if found is None:
        yield f"{wanted.path}: there is no such value"
    elif wanted.equals is not None and not _is_close(found, wanted.equals, wanted.tolerance):
        within = f" within {wanted.tolerance:g}" if wanted.tolerance else ""
        yield f"{wanted.path} is {_shown(found)}, not {_shown(wanted.equals)}{within}"
    elif wanted.min is not None and _is_below(found, wanted.min):
        yield f"{wanted.path} is {_shown(found)}, less than {_shown(wanted.min)}"
    elif wanted.max is not None and _is_below(wanted.max, found):
        yield f"{wanted.path} is {_shown(found)}, more than {_shown(wanted.max)}"


def _is_close(found: Any, wanted: Any, tolerance: float) -> bool:
    """Equality as JSON has it, with numbers, at any depth, no further apart than the tolerance."""
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(_is_close(found[name], value, tolerance) for name, value in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_is_close(a, b, tolerance) for a, b in zip(found, wanted, strict=True))
        )
    if _is_number(wanted) and _is_number(found):
        # The sum of two roundings is forgiven: 0.1 + 0.2 is 0.3.
        return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=tolerance)
    return type(found) is type(wanted) and bool(found == wanted)


def _is_below(value: Any, bound: Any) -> bool:
    """As numbers where both are, also as texts of digits, which exact decimals come as."""
    numbers = _as_number(value), _as_number(bound)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    return str(value) < str(bound)


def _as_number(value: Any) -> float | None:
    if _is_number(value):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"

"""Makes a test case of a logged run: the same inputs, and what its answer was like."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from engine.errors import BadRequestError, ConflictError
from engine.logged_inputs import inputs_of
from engine.model import ApiDefinition, ExecutionRecord
from engine.model.tabular import table_of
from engine.model.testing import CASE_NAME_PATTERN, CaseFields, Expectation, ValueExpectation

_VALUES = 5
"""So many values of the first row, or of an answer that is no table, are expected again."""


def case_of_run(record: ExecutionRecord, api: ApiDefinition, name: str) -> CaseFields:
    """A test case that the run passes, but for values that are not the same each time.

    Raises:
        BadRequestError: A test case cannot have this name.
        ConflictError: The log has not kept all that was sent.
    """
    if not re.fullmatch(CASE_NAME_PATTERN, name):
        raise BadRequestError(
            f"a test case cannot be called {name[:100]!r}",
            hint="Use 1 to 100 characters, no slash, and no space at either end.",
        )
    inputs = inputs_of(record, api)
    if inputs.missing:
        raise ConflictError(
            f"the run cannot be kept as a test case: {'; '.join(inputs.missing)}",
            hint="Write a test case with values that may be kept.",
        )
    return CaseFields(
        name=name,
        description=f"Kept from a run of {record.created_at:%Y-%m-%d}.",
        params=inputs.params,
        input_payload=inputs.input_payload,
        expect=_expectation(record),
    )


def _expectation(record: ExecutionRecord) -> Expectation:
    if record.status != "success":
        return Expectation(status=record.status, error_type=record.error_type)
    if record.response_data is None or record.response_truncated:
        return Expectation(min_rows=record.rows_affected, max_rows=record.rows_affected)
    document = orjson.loads(record.response_data)
    table = table_of(document)
    if table is None:
        return Expectation(values=tuple(_values("", document)))
    values: Iterator[ValueExpectation] = iter(())
    if table.rows:
        first = "rows[0]" if isinstance(document, dict) else "[0]"
        values = _values(first, table.rows[0])
    return Expectation(
        columns=tuple(column for column, _ in table.columns),
        min_rows=len(table.rows),
        max_rows=len(table.rows),
        values=tuple(values),
    )


def _values(path: str, value: Any) -> Iterator[ValueExpectation]:
    """The first plain values of an object, or the value itself."""
    if not isinstance(value, Mapping):
        if value is not None:
            yield ValueExpectation(path=path or "@", equals=value)
        return
    plain = [
        (name, each)
        for name, each in value.items()
        if isinstance(each, str | int | float) and len(str(each)) <= 200
    ]
    for name, each in plain[:_VALUES]:
        quoted = name if name.isidentifier() and name.isascii() else orjson.dumps(name).decode()
        yield ValueExpectation(path=f"{path}.{quoted}" if path else quoted, equals=each)

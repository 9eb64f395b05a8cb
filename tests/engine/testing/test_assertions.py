from uuid import uuid4

import orjson
import pytest
from pydantic import ValidationError

from engine.model import ErrorInfo, ExecutionResult
from engine.model.testing import Expectation
from engine.testing.assertions import failures

TABLE = {
    "columns": [{"name": "carrier", "type": "VARCHAR"}, {"name": "delay", "type": "DOUBLE"}],
    "rows": [{"carrier": "AA", "delay": 7.25}, {"carrier": "B6", "delay": "12345678901234567.5"}],
    "row_count": 2,
}


def answer(data=None, **fields):
    known = {"status": "success", "duration_ms": 12.0, "version": 1, "trace_id": "t"}
    result = {**known, "row_count": None, **fields}
    return ExecutionResult(execution_id=uuid4(), data_json=orjson.dumps(data), **result)


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"columns": ["delay"]},
        {"min_rows": 2, "max_rows": 2},
        {"max_latency_ms": 12},
        {"values": [{"path": "rows[0].carrier", "equals": "AA"}]},
        {"values": [{"path": "length(rows)", "min": 1, "max": 2}]},
        {"values": [{"path": "rows[0].delay", "equals": 7, "tolerance": 0.25}]},
        {"values": [{"path": "rows[1].delay", "min": 12345678901234567}]},
        {"values": [{"path": "rows[*].carrier", "equals": ["AA", "B6"]}]},
        {
            "values": [
                {"path": "rows[0]", "equals": {"delay": 7.3, "carrier": "AA"}, "tolerance": 0.1}
            ]
        },
        {"values": [{"path": "rows[0].carrier", "min": "A", "max": "B"}]},
    ],
)
def test_an_answer_as_expected_has_no_failures(expect):
    assert failures(answer(TABLE), Expectation.model_validate(expect)) == ()


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"status": "fail"}, "ended as success, not as fail"),
        ({"columns": ["carrier", "late"]}, "no column late; it has carrier, delay"),
        ({"min_rows": 3}, "2 rows, fewer than 3"),
        ({"max_rows": 1}, "2 rows, more than 1"),
        ({"max_latency_ms": 11.5}, "12 ms, more than 11.5 ms"),
        ({"values": [{"path": "rows[5].n"}]}, "rows[5].n: there is no such value"),
        ({"values": [{"path": "rows[0].carrier", "equals": "B6"}]}, '"AA", not "B6"'),
        ({"values": [{"path": "rows[0].delay", "equals": "7.25"}]}, '7.25, not "7.25"'),
        ({"values": [{"path": "rows[0].delay", "equals": 7, "tolerance": 0.2}]}, "within 0.2"),
        ({"values": [{"path": "rows[0].delay", "min": 8}]}, "7.25, less than 8"),
        ({"values": [{"path": "rows[0].delay", "max": 7}]}, "7.25, more than 7"),
        ({"values": [{"path": "length(`1`)"}]}, "length("),
        ({"values": [{"path": "rows[0].delay == `7.25`", "equals": 1}]}, "true, not 1"),
    ],
)
def test_what_is_not_as_expected_is_said(expect, said):
    found = failures(answer(TABLE), Expectation.model_validate(expect))

    assert len(found) == 1
    assert said in found[0]


def test_every_way_in_which_an_answer_differs_is_told_at_once():
    expect = Expectation.model_validate(
        {"columns": ["x"], "min_rows": 9, "values": [{"path": "y"}]}
    )

    assert len(failures(answer(TABLE), expect)) == 3


def test_an_answer_that_is_no_table_has_no_columns_and_no_rows():
    found = failures(answer({"n": 1}), Expectation(columns=("n",), max_rows=5))

    assert [each.split(",")[0] for each in found] == ["the answer is no table"] * 2


def test_a_failure_may_be_what_is_expected():
    error = ErrorInfo(type="params_invalid", message="limit must be at most 9", http_status=422)
    refused = answer(status="rejected", error=error)

    assert failures(refused, Expectation(status="rejected", error_type="params_invalid")) == ()
    [other] = failures(refused, Expectation(status="rejected", error_type="timeout"))
    assert other == "the error is params_invalid, not timeout: limit must be at most 9"
    [unexpected] = failures(refused, Expectation())
    assert unexpected.endswith("as success: params_invalid: limit must be at most 9")


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_rows": 2, "max_rows": 1},
        {"error_type": "timeout"},
        {"values": [{"path": "rows["}]},
        {"values": [{"path": ""}]},
        {"max_latency_ms": 0},
        {"rows": 3},
    ],
)
def test_an_expectation_that_nothing_can_meet_is_refused(wrong):
    with pytest.raises(ValidationError):
        Expectation.model_validate(wrong)

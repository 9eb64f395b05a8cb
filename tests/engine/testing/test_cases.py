from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest

from engine.call import ExecutionRequest
from engine.errors import (
    ConflictError,
    DefinitionInvalidError,
    NotFoundError,
    PermissionDeniedError,
)
from engine.model import ExecutionQuery
from engine.model.testing import Expectation
from engine.testing import junit_xml

PASSES = {"name": "plus one", "params": {"n": 1}, "expect": {"min_rows": 1}}
ANSWER_IS_2 = {"values": [{"path": "rows[0].answer", "equals": 2}]}


@pytest.fixture
def tests(sample_engine):
    return sample_engine.tests


@pytest.fixture
def api(new_sql_api):
    return new_sql_api().api_name


def test_a_test_case_runs_without_leaving_a_trace_in_the_policies(
    sample_engine, tests, new_sql_api, admin_caller
):
    api = new_sql_api({"cache": {"enabled": True}, "rate_limit": {"per_api": "1/hour"}})
    tests.create(api.api_name, {**PASSES, "expect": ANSWER_IS_2}, admin_caller)

    for _ in range(2):
        [outcome] = tests.run(api.api_name, admin_caller).outcomes
        assert outcome.passed, outcome.failures

    [record, _] = sample_engine.logs.search(
        ExecutionQuery(api_id=api.id, source="test"), admin_caller
    ).items
    assert record.id == outcome.execution_id
    assert not record.cached


def test_a_draft_is_tested_before_it_is_live(sample_engine, tests, api, admin_caller):
    tests.create(api, {**PASSES, "expect": ANSWER_IS_2}, admin_caller)
    sample_engine.apis.save_draft(api, {"logic_body": "SELECT :n + 2 AS answer"}, admin_caller)

    live, draft, first = (
        tests.run(api, admin_caller, against=against) for against in ("live", "draft", 1)
    )

    assert [len(report.failed) for report in (live, draft, first)] == [0, 1, 0]
    assert draft.outcomes[0].failures == ("rows[0].answer is 3, not 2",)


def test_all_test_cases_run_by_api_and_name(tests, new_sql_api, admin_caller):
    one, two = sorted(new_sql_api().api_name for _ in range(2))
    for name in ("b", "a"):
        tests.create(two, {**PASSES, "name": name}, admin_caller)
    tests.create(one, {**PASSES, "expect": {"max_rows": 0}}, admin_caller)

    report = tests.run_all(admin_caller, refs=[one, two])

    ran = [(each.api_name, each.name, each.passed) for each in report.outcomes]
    assert ran == [(one, "plus one", False), (two, "a", True), (two, "b", True)]
    everything = tests.run_all(admin_caller).outcomes
    assert {one, two} <= {each.api_name for each in everything}


def test_some_can_be_chosen_by_name(tests, api, admin_caller):
    for name in ("a", "b"):
        tests.create(api, {**PASSES, "name": name}, admin_caller)

    assert [each.name for each in tests.run(api, admin_caller, names=["b"]).outcomes] == ["b"]
    with pytest.raises(NotFoundError, match="known: 'a', 'b'"):
        tests.run(api, admin_caller, names=["c"])


def test_a_change_names_the_revision_it_was_made_from(tests, api, admin_caller):
    tests.create(api, PASSES, admin_caller)

    changed = tests.update(api, "plus one", {**PASSES, "name": "n"}, admin_caller)

    assert (changed.name, changed.revision) == ("n", 2)
    with pytest.raises(ConflictError, match="at revision 2, not 1"):
        tests.update(api, "n", PASSES, admin_caller, expected_revision=1)
    assert tests.get(api, "n", admin_caller).revision == 2


def test_every_mistake_is_told_and_nothing_is_kept(tests, api, admin_caller):
    wrong = {"name": "a/b", "params": [], "expect": {"max_rows": -1}, "more": 1}

    with pytest.raises(DefinitionInvalidError) as refusal:
        tests.create(api, wrong, admin_caller)

    paths = [issue.path for issue in refusal.value.issues]
    assert paths == ["name", "params", "expect.max_rows", "more"]
    assert tests.all(api, admin_caller) == ()


def test_the_value_of_a_secret_parameter_is_not_kept(tests, new_sql_api, admin_caller):
    secret = {"param_schema": {"n": {"type": "integer", "secret": True}}}
    api = new_sql_api(**secret).api_name

    with pytest.raises(DefinitionInvalidError, match="'n' is secret"):
        tests.create(api, PASSES, admin_caller)


def test_a_logged_run_is_kept_as_a_test_case_that_it_passes(
    sample_engine, tests, api, admin_caller
):
    result = sample_engine.execute(api, n=6)

    case = tests.keep(result.execution_id, "six", admin_caller)

    assert case.params == {"n": 6}
    assert case.expect == Expectation.model_validate(
        {
            "columns": ["answer"],
            "min_rows": 1,
            "max_rows": 1,
            "values": [{"path": "rows[0].answer", "equals": 7}],
        }
    )
    assert tests.run(api, admin_caller).outcomes[0].passed


def test_a_refused_run_is_kept_as_one_that_is_to_be_refused(
    sample_engine, tests, api, admin_caller
):
    result = sample_engine.execute(api, n="many")

    tests.keep(result.execution_id, "refused", admin_caller)

    [outcome] = tests.run(api, admin_caller).outcomes
    assert outcome.passed
    assert outcome.status == "rejected"


def test_a_run_with_a_masked_parameter_cannot_be_kept(
    sample_engine, tests, new_sql_api, admin_caller
):
    api = new_sql_api({"mask": {"params": ["n"]}}).api_name
    result = sample_engine.execute(api, n=6)

    with pytest.raises(ConflictError, match="'n' is masked"):
        tests.keep(result.execution_id, "six", admin_caller)


def test_a_run_with_a_payload_is_kept_with_it(sample_engine, tests, admin_caller):
    fields = {
        "api_name": f"t-{uuid4().hex[:8]}",
        "logic_type": "script",
        "logic_body": "def main(params, input_payload):\n    return {'a b': input_payload['x']}\n",
    }
    api = sample_engine.apis.create(fields, admin_caller).api_name
    result = sample_engine.execute(api, input_payload={"x": "y"})

    case = tests.keep(result.execution_id, "payload", admin_caller)

    assert case.expect.values[0].path == '"a b"'
    assert tests.run(api, admin_caller).outcomes[0].passed


def test_who_may_only_look_changes_and_runs_nothing(tests, api, admin_caller):
    case = tests.create(api, PASSES, admin_caller)
    viewer = admin_caller.model_copy(update={"roles": frozenset({"viewer"})})

    assert tests.all(api, viewer) == (case,)
    for forbidden in (
        lambda: tests.create(api, {**PASSES, "name": "other"}, viewer),
        lambda: tests.update(api, case.name, PASSES, viewer),
        lambda: tests.delete(api, case.name, viewer),
        lambda: tests.run(api, viewer),
        lambda: tests.run_all(viewer),
    ):
        with pytest.raises(PermissionDeniedError):
            forbidden()


def test_another_tenant_has_none_of_it(sample_engine, tests, api, admin_caller):
    tests.create(api, PASSES, admin_caller)
    run = sample_engine.run(ExecutionRequest(api=api), admin_caller)
    neighbour = admin_caller.model_copy(update={"tenant_id": "neighbour"})

    assert tests.run_all(neighbour).outcomes == ()
    with pytest.raises(NotFoundError):
        tests.all(api, neighbour)
    with pytest.raises(NotFoundError):
        tests.keep(run.execution_id, "x", neighbour)


def test_the_report_is_junit_xml(tests, api, admin_caller):
    tests.create(api, PASSES, admin_caller)
    failing = {"values": [{"path": "rows[0].answer", "equals": "\x00<&"}]}
    tests.create(api, {**PASSES, "name": "ä <", "expect": failing}, admin_caller)

    root = ET.fromstring(junit_xml(tests.run(api, admin_caller)))  # noqa: S314  # our own

    [suite] = root
    passed, failed = suite
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (api, "2", "1")
    assert (passed.get("name"), failed.get("name")) == ("plus one", "ä <")
    assert 'rows[0].answer is 2, not "' in str(failed[0].get("message"))

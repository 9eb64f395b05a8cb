import pytest

from engine.call import ExecutionRequest
from engine.errors import ConflictError, NotFoundError, PermissionDeniedError
from engine.model import ExecutionQuery
from engine.testing.rerun import RerunPlan

PLUS_2 = {"logic_body": "SELECT :n + 2 AS answer"}


@pytest.fixture
def reruns(sample_engine):
    return sample_engine.reruns


@pytest.fixture
def api(new_sql_api):
    return new_sql_api().api_name


@pytest.fixture
def run(sample_engine, api):
    """A logged run of it, with n = 6."""
    return sample_engine.execute(api, n=6).execution_id


def test_a_logged_run_is_made_again_on_what_is_live(reruns, run, admin_caller):
    found = reruns.compare(run, RerunPlan(), admin_caller)

    assert (found.left.side, found.left.execution_id) == ("logged", run)
    assert (found.right.side, found.right.version) == ("live", 1)
    assert found.right.execution_id != run
    assert found.difference.is_empty


def test_any_two_definitions_are_compared_on_other_inputs(
    sample_engine, reruns, api, run, admin_caller
):
    sample_engine.apis.update(api, {"logic_body": "SELECT :n + 3 AS answer"}, admin_caller)
    sample_engine.apis.save_draft(api, PLUS_2, admin_caller)

    found = reruns.compare(run, RerunPlan(left=1, right="draft", params={"n": 10}), admin_caller)
    versions = reruns.compare(run, RerunPlan(left=1, right=2), admin_caller)

    [example] = found.difference.examples
    assert (example.before, example.after) == (11, 12)
    assert [found.left.result.rows, found.right.result.rows] == [[{"answer": 11}], [{"answer": 12}]]
    assert (versions.left.version, versions.right.version) == (1, 2)
    assert (versions.difference.examples[0].before, versions.right.row_count) == (7, 1)


def test_a_failing_side_is_told_and_nothing_compared(sample_engine, reruns, api, run, admin_caller):
    found = reruns.compare(run, RerunPlan(params={"n": "many"}), admin_caller)

    assert found.right.status == "rejected"
    assert found.right.error.type == "params_invalid"
    assert found.difference is None


def test_masked_inputs_have_to_be_given_anew(sample_engine, reruns, new_sql_api, admin_caller):
    api = new_sql_api({"mask": {"params": ["n"]}}).api_name
    run = sample_engine.execute(api, n=6).execution_id

    with pytest.raises(ConflictError, match="'n' is masked"):
        reruns.compare(run, RerunPlan(), admin_caller)
    found = reruns.compare(run, RerunPlan(params={"n": 6}), admin_caller)

    assert found.difference.is_empty
    assert reruns.inputs(run, admin_caller).missing


def test_masked_columns_do_not_differ_from_the_log(
    sample_engine, reruns, new_sql_api, admin_caller
):
    mask = {"mask": {"columns": {"answer": "redact"}, "except_roles": ["admin"]}}
    run = sample_engine.execute(new_sql_api(mask).api_name, n=6).execution_id

    assert reruns.compare(run, RerunPlan(), admin_caller).difference.is_empty


def test_runs_are_tests_of_who_asks(sample_engine, reruns, api, run, admin_caller):
    found = reruns.compare(run, RerunPlan(left="live"), admin_caller)

    api_id = sample_engine.apis.get(api, admin_caller).id
    tests = sample_engine.logs.search(ExecutionQuery(api_id=api_id, source="test"), admin_caller)
    assert {each.id for each in tests.items} == {
        found.left.execution_id,
        found.right.execution_id,
    }


def test_what_is_not_there_or_not_allowed_is_refused(sample_engine, reruns, run, admin_caller):
    lost = sample_engine.run(ExecutionRequest(api="no-such-api"), admin_caller).execution_id
    viewer = admin_caller.model_copy(update={"roles": frozenset({"viewer"})})
    neighbour = admin_caller.model_copy(update={"tenant_id": "neighbour"})

    with pytest.raises(NotFoundError):
        reruns.compare(run, RerunPlan(right=9), admin_caller)
    with pytest.raises(NotFoundError):
        reruns.compare(lost, RerunPlan(), admin_caller)
    with pytest.raises(NotFoundError):
        reruns.compare(run, RerunPlan(), neighbour)
    with pytest.raises(PermissionDeniedError):
        reruns.compare(run, RerunPlan(), viewer)

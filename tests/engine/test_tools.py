"""Tools: APIs as agents see and call them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
import pytest

from engine.call import ExecutionRequest
from engine.errors import (
    ApiInactiveError,
    ConflictError,
    DefinitionInvalidError,
    NotFoundError,
    PermissionDeniedError,
)
from engine.facade import Engine
from engine.model import Caller, Scope
from engine.model.tool import ToolQuery
from engine.tool_answers import as_text
from engine.tools import ToolView

DESCRIPTION = "Adds one to a number; use it to count on."
NewTool = Callable[..., ToolView]


@pytest.fixture
def new_tool(sample_engine: Engine, admin_caller: Caller, new_sql_api: Any) -> NewTool:
    def create(fields: dict[str, Any] | None = None, **api: Any) -> ToolView:
        made = new_sql_api(description=DESCRIPTION, **api)
        return sample_engine.tools.export(made.api_name, fields or {}, admin_caller)

    return create


def test_an_api_and_its_tool_name_each_other(sample_engine, admin_caller, new_tool):
    view = new_tool()

    api = sample_engine.apis.get(view.tool.api_name, admin_caller)
    assert api.tool_name == view.tool.name
    assert sample_engine.tools.of_api(api, admin_caller) == view
    renamed = sample_engine.tools.update(view.tool.name, {"name": f"n{uuid4().hex}"}, admin_caller)
    assert sample_engine.apis.get(api.api_name, admin_caller).tool_name == renamed.tool.name
    with pytest.raises(ConflictError, match=f"tool '{renamed.tool.name}'"):
        sample_engine.apis.delete(api.api_name, admin_caller)
    sample_engine.tools.delete(renamed.tool.name, admin_caller)
    assert sample_engine.apis.get(api.api_name, admin_caller).tool_name is None
    sample_engine.apis.delete(api.api_name, admin_caller)


def test_what_is_left_out_comes_from_the_api(new_tool):
    tool = new_tool().tool

    assert tool.name == tool.api_name
    assert tool.description == DESCRIPTION
    assert tool.read_only
    assert tool.schema_at_export["properties"]["n"] == {"type": "integer", "default": 41}


def test_a_call_goes_through_the_pipeline_and_both_histories_know_it(
    sample_engine, admin_caller, new_tool
):
    tool = new_tool().tool

    outcome = sample_engine.tools.call(tool.name, {"n": 1}, admin_caller, door="mcp")

    assert orjson.loads(outcome.answer.text)["rows"] == [{"answer": 2}]
    [kept] = sample_engine.tools.calls(tool.name, admin_caller).items
    assert (kept.execution_id, kept.door, kept.status) == (outcome.execution_id, "mcp", "success")
    record = sample_engine.logs.get(outcome.execution_id, admin_caller)
    assert (record.source, record.api_name) == ("tool", tool.api_name)


def test_a_failed_call_is_an_answer_that_says_how_to_do_better(
    sample_engine, admin_caller, new_tool
):
    tool = new_tool().tool

    outcome = sample_engine.tools.call(tool.name, {"n": "many", "m": 1}, admin_caller)

    assert outcome.is_error
    assert "params_invalid" in outcome.answer.text
    assert "- n: " in outcome.answer.text
    assert "- m: " in outcome.answer.text
    [kept] = sample_engine.tools.calls(tool.name, admin_caller).items
    assert (kept.status, kept.error_type) == ("rejected", "params_invalid")


def test_a_dry_run_does_nothing_and_says_what_would_be_done(sample_engine, admin_caller, new_tool):
    tool = new_tool({"offers_dry_run": True}).tool

    [offered] = [t for t in sample_engine.tools.offered(admin_caller) if t.name == tool.name]
    outcome = sample_engine.tools.call(tool.name, {"n": 1, "dry_run": True}, admin_caller)

    assert offered.input_schema["properties"]["dry_run"]["type"] == "boolean"
    assert "plan" in orjson.loads(outcome.answer.text)
    [kept] = sample_engine.tools.calls(tool.name, admin_caller).items
    assert kept.dry_run
    assert kept.execution_id is None


def test_a_long_answer_has_fewer_rows_and_says_so(sample_engine, admin_caller, new_tool):
    tool = new_tool(
        {"max_chars": 500}, logic_body="SELECT range AS n FROM range(400)", param_schema={}
    ).tool

    outcome = sample_engine.tools.call(tool.name, {}, admin_caller)

    said = orjson.loads(outcome.answer.text)
    assert len(outcome.answer.text) <= 500
    assert outcome.answer.truncated
    assert said["note"].startswith(f"{len(said['rows'])} of 400 rows are shown")
    assert outcome.answer.data == said


@pytest.mark.parametrize("answer", [b'"' + b"x" * 900 + b'"', b'{"rows": ["' + b"x" * 900 + b'"]}'])
def test_what_has_no_rows_to_leave_out_is_cut_with_a_note(answer):
    told = as_text(answer, 500)

    assert len(told.text) == 500
    assert told.text.endswith("narrow the parameters to see the rest]")
    assert (told.data, told.chars, told.truncated) == (None, len(answer), True)


def test_drift_is_told_until_it_is_accepted(sample_engine, admin_caller, new_tool):
    tool = new_tool().tool
    schema = {"m": {"type": "integer", "required": True}}
    changes = {"param_schema": schema, "logic_body": "SELECT :m AS answer"}
    sample_engine.apis.update(tool.api_name, changes, admin_caller)

    drifted = sample_engine.tools.get(tool.name, admin_caller)
    [offered] = [t for t in sample_engine.tools.offered(admin_caller) if t.name == tool.name]

    assert drifted.drift == ("m is new", "n is gone")
    assert list(offered.input_schema["properties"]) == ["m"]
    assert sample_engine.tools.refresh(tool.name, admin_caller).drift == ()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "no spaces"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"description": "  "}, "choose a tool by its description"),
        ({"max_chars": 3}, "max_chars"),
        ({"colour": "red"}, "cannot be set here"),
    ],
)
def test_a_bad_tool_is_refused_and_nothing_is_kept(
    sample_engine, admin_caller, new_sql_api, fields, reason
):
    api = new_sql_api(description=DESCRIPTION)

    with pytest.raises(DefinitionInvalidError, match=reason):
        sample_engine.tools.export(api.api_name, fields, admin_caller)

    assert sample_engine.apis.get(api.api_name, admin_caller).tool_name is None
    assert sample_engine.tools.of_api(api, admin_caller) is None


def test_names_and_apis_are_exported_once(sample_engine, admin_caller, new_tool, new_sql_api):
    tool = new_tool().tool
    other = new_sql_api(description=DESCRIPTION)

    with pytest.raises(ConflictError):
        sample_engine.tools.export(tool.api_name, {"name": f"n{uuid4().hex}"}, admin_caller)
    with pytest.raises(ConflictError):
        sample_engine.tools.export(other.api_name, {"name": tool.name}, admin_caller)


def test_advice_names_what_serves_agents_badly(new_tool):
    view = new_tool({"name": f"t{uuid4().hex[:8]}", "description": "Numbers."})

    advice = " ".join(issue.message for issue in view.issues)
    assert "say what it answers" in advice
    assert "'n' has no description" in advice


def test_only_what_changes_nothing_may_be_called_read_only(sample_engine, admin_caller):
    def http(method):
        fields = {
            "api_name": f"t-{uuid4().hex[:12]}",
            "logic_type": "http",
            "logic_body": {"method": method, "url": "https://example.com/"},
            "description": DESCRIPTION,
        }
        return sample_engine.apis.create(fields, admin_caller).api_name

    posting = http("POST")
    body = {"version": 1, "nodes": [{"id": "a", "api_id": posting}]}
    workflow = {
        "api_name": f"t-{uuid4().hex[:12]}",
        "logic_type": "workflow",
        "logic_body": body,
        "description": DESCRIPTION,
    }
    calling = sample_engine.apis.create(workflow, admin_caller).api_name

    with pytest.raises(DefinitionInvalidError, match="read-only"):
        sample_engine.tools.export(calling, {"read_only": True}, admin_caller)
    assert sample_engine.tools.export(http("GET"), {}, admin_caller).tool.read_only
    assert not sample_engine.tools.export(calling, {}, admin_caller).tool.read_only


def test_a_tool_travels_as_a_document(sample_engine, admin_caller, new_tool):
    tool = new_tool({"offers_dry_run": True, "max_chars": 700}).tool
    document = sample_engine.tools.document(tool.name, admin_caller)
    sample_engine.tools.delete(tool.name, admin_caller)

    again = sample_engine.tools.import_(document, admin_caller)

    assert (again.tool.name, again.tool.max_chars, again.drift) == (tool.name, 700, ())
    assert sample_engine.tools.document(tool.name, admin_caller) == document
    sample_engine.tools.delete(tool.name, admin_caller)
    told = {**document, "inputSchema": {"type": "object", "properties": {}}}
    assert sample_engine.tools.import_(told, admin_caller).drift == ("n is new",)
    with pytest.raises(DefinitionInvalidError, match="name the API"):
        sample_engine.tools.import_({"name": "x"}, admin_caller)
    with pytest.raises(NotFoundError):
        sample_engine.tools.import_({"name": "x", "api": "nowhere"}, admin_caller)


def test_what_is_switched_off_is_neither_offered_nor_called(sample_engine, admin_caller, new_tool):
    tool = new_tool().tool
    sample_engine.tools.update(tool.name, {"is_active": False}, admin_caller)

    assert tool.name not in {each.name for each in sample_engine.tools.offered(admin_caller)}
    with pytest.raises(ApiInactiveError, match="switched off"):
        sample_engine.tools.call(tool.name, {}, admin_caller)


def test_roles_scopes_and_tenants_keep_to_their_own(sample_engine, admin_caller, new_tool):
    tool, other = new_tool().tool, new_tool().tool
    viewer = admin_caller.model_copy(update={"roles": frozenset({"viewer"})})
    neighbour = admin_caller.model_copy(update={"tenant_id": "neighbour"})
    limited = admin_caller.model_copy(
        update={"kind": "api_key", "scope": Scope(api_patterns=(tool.api_name,))}
    )

    assert not sample_engine.tools.call(tool.name, {}, viewer).is_error
    with pytest.raises(PermissionDeniedError):
        sample_engine.tools.update(tool.name, {"description": DESCRIPTION}, viewer)
    with pytest.raises(NotFoundError):
        sample_engine.tools.call(tool.name, {}, neighbour)
    assert [each.name for each in sample_engine.tools.offered(limited)] == [tool.name]
    assert [v.tool.name for v in sample_engine.tools.search(ToolQuery(), limited).items] == [
        tool.name
    ]
    with pytest.raises(PermissionDeniedError):
        sample_engine.tools.call(other.name, {}, limited)
    elsewhere = limited.model_copy(update={"scope": Scope(groups=("execute",))})
    with pytest.raises(PermissionDeniedError, match="endpoint groups"):
        sample_engine.tools.offered(elsewhere)


def test_a_call_counts_in_the_limits_of_its_api(sample_engine, admin_caller, new_tool):
    tool = new_tool(policy={"rate_limit": {"per_api": "1/hour"}}).tool
    sample_engine.run(ExecutionRequest(api=tool.api_name), admin_caller)

    outcome = sample_engine.tools.call(tool.name, {}, admin_caller)

    assert outcome.is_error
    assert outcome.answer.text.startswith("rate_limited")

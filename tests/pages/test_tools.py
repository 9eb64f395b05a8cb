"""The pages of tools."""

import pytest


@pytest.fixture
def tool(eng, caller):
    return eng.tools.export("carriers-list", {"name": "list_carriers"}, caller).tool


def test_an_instance_without_tools_says_how_to_begin(empty_eng, open_page):
    visit = open_page("share/tools.py")

    assert not visit.exception
    assert "**Export an API** makes one" in visit.info[0].value
    assert any("/api/mcp" in each.value for each in visit.code)


def test_the_list_shows_what_agents_may_call(eng, tool, open_page):
    visit = open_page("share/tools.py", tools="list_carriers")

    table = visit.dataframe[0].value
    assert list(table["Name"]) == ["list_carriers"]
    assert list(table["Status"][0]) == ["offered"]


def test_a_tool_is_tried_as_an_agent_would_and_the_call_is_kept(eng, caller, tool, open_page):
    visit = open_page("share/tool.py", tool="list_carriers", view="Try it")

    visit.button(key="call-tool").click().run()

    assert not visit.exception
    assert "UA" in visit.code[0].value
    [call] = eng.tools.calls("list_carriers", caller).items
    assert call.door == "ui"
    calls = open_page("share/tool.py", tool="list_carriers", view="Calls")
    assert list(calls.dataframe[0].value["Run"]) == ["Open"]


def test_drift_is_shown_and_accepted(eng, caller, tool, open_page):
    api = eng.apis.get("carriers-list", caller)
    schema = {"more": {"type": "text", "default": "x"}}
    eng.apis.update(
        api.api_name, {"param_schema": schema, "logic_body": "SELECT :more AS a"}, caller
    )

    visit = open_page("share/tool.py", tool="list_carriers")
    assert "more is new" in visit.warning[0].value
    visit.button(key="accept-drift").click().run()

    assert eng.tools.get("list_carriers", caller).drift == ()

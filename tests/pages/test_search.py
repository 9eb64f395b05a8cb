"""What the search over the whole product finds."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.call import ExecutionRequest

SCRIPT = """
import streamlit as st
from engine.facade import local_caller
from pages.components.search import found
for hit in found(st.query_params.get("find", ""), local_caller()):
    st.text(f"{hit.group} | {hit.title} | {hit.href}")
"""


@pytest.fixture
def find(eng):
    """The hits of a text, as lines."""

    def find(text):
        visit = AppTest.from_string(SCRIPT, default_timeout=30)
        visit.query_params["find"] = text
        visit.run()
        assert not visit.exception
        return [each.value for each in visit.text]

    return find


def test_without_a_text_every_page_of_the_sidebar_is_offered(find):
    lines = find("")

    assert "Pages | Home | ." in lines
    assert "Pages | Policy lab | policy-lab" in lines
    assert not any(line.startswith("Pages | API |") for line in lines)


def test_an_api_whose_name_begins_with_the_text_comes_first(find):
    lines = find("carrier")

    assert lines[0] == "APIs | carrier-worst-day | definition?api=carrier-worst-day"
    assert "APIs | delays-by-carrier | definition?api=delays-by-carrier" in lines


def test_pages_are_found_by_what_they_are_for(find):
    assert "Pages | Runs | runs" in find("execution log")


@pytest.mark.parametrize("spelling", [str, lambda uuid: uuid.hex.upper()])
def test_a_run_is_found_by_its_id_however_it_is_spelled(eng, caller, find, spelling):
    run = eng.run(ExecutionRequest(api="worst-routes"), caller).execution_id

    assert find(spelling(run)) == [f"Runs | worst-routes | runs?run={run}"]


def test_the_runs_of_a_trace_are_found_by_it(eng, caller, find):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    run = eng.run(ExecutionRequest(api="worst-routes", trace_id=trace_id), caller).execution_id

    assert find(trace_id) == [f"Runs | worst-routes | runs?run={run}"]


def test_the_runs_of_another_tenant_are_not_found(eng, caller, find):
    stranger = caller.model_copy(update={"tenant_id": "elsewhere"})
    run = eng.run(ExecutionRequest(api="no-such-api"), stranger).execution_id

    assert find(str(run)) == []


def test_what_is_built_on_apis_is_found(eng, caller, find):
    fields = {"name": "coasts", "asset_type": "mapping", "content": {"east": "JFK"}}
    eng.assets.create(fields, caller, publish=True)

    assert "Assets | coasts | asset?asset=coasts" in find("coasts")
    assert "Screens | Network watch | screen?id=network-watch" in find("network watch")
    assert "Rules | late-arrival | rules?rule=late-arrival" in find("late-arrival")


def test_nothing_is_found_for_what_is_nowhere(find):
    assert find("no such thing at all") == []

"""The tab that says what uses an API, and the question before a used one is switched off."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.lineage_graph import LineageEdge, LineageGraph, LineageNode
from pages.build.api_table import DELETE, DISABLE
from pages.components.lineage_view import graph_data

USED = "delays-by-carrier"


def chosen(action):
    """A page on which one just chose an action for the API that is used."""

    def page(action, name):
        from engine.facade import local_caller
        from pages.build.api_actions import act
        from pages.components.context import engine

        caller = local_caller()
        act(action, engine().apis.get(name, caller), caller)

    return AppTest.from_function(page, args=(action, USED), default_timeout=30).run()


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.info]]


def test_the_uses_are_listed(eng, open_page):
    visit = open_page("build/api.py", api=USED, tab="Where used")

    assert not visit.exception
    frame = visit.dataframe[0].value
    places = dict(zip(frame["Used by"], frame["In"], strict=True))
    # Other samples may come to use it as well.
    assert places["operations-brief"] == "stored"
    assert places["worst-carriers-report"] == "worst"


def test_an_api_that_nothing_uses_says_so(eng, open_page):
    visit = open_page("build/api.py", api="flight-history", tab="Where used")

    assert not visit.exception
    assert any("Nothing uses it" in text for text in texts(visit))


def test_switching_off_what_is_used_asks_first_and_names_the_users(eng, caller):
    visit = chosen(DISABLE)

    assert any("worst-carriers-report" in text for text in texts(visit))
    assert eng.apis.get(USED, caller).is_active
    visit.button(key="switch-off-all-the-same").click().run()
    assert not eng.apis.get(USED, caller).is_active


def test_deleting_what_is_used_is_refused_with_its_users(eng, caller):
    visit = chosen(DELETE)

    visit.button(key="delete-for-good").click().run()

    assert any("worst-carriers-report" in str(each.proto) for each in visit.error)
    assert eng.apis.get(USED, caller).version == 1


@pytest.mark.parametrize("is_dark", [True, False])
def test_the_graph_flows_from_left_to_right_and_carries_no_html(is_dark):
    graph = LineageGraph(
        nodes=(
            LineageNode(id="api:1", kind="api", name="<b>", distance=0, logic_type="sql"),
            LineageNode(id="table:s:t", kind="table", name="t", distance=-1),
            LineageNode(id="tool:x", kind="tool", name="x", distance=1, is_active=False),
        ),
        edges=(LineageEdge(source="table:s:t", target="api:1", kind="reads"),),
    )

    data = graph_data(graph, is_dark=is_dark)

    assert [node["x"] for node in data["nodes"]] == [0, -240, 240]
    assert {node["title"] for node in data["nodes"]} == {""}
    assert data["nodes"][2]["label"] == "x\n(off)"

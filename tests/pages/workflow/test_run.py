"""A test run that is looked at, and the graph of a run that has ended."""

import threading
from uuid import uuid4

import pytest
import streamlit_agraph

from engine.model import ExecutionResult, Step
from pages.components.workflow.live_run import LiveRun
from pages.components.workflow.run_graph import graph_data

RESULT = ExecutionResult(
    execution_id=uuid4(),
    status="success",
    data_json=b"1",
    duration_ms=1,
    version=0,
    trace_id="t",
)


def test_a_quick_run_has_ended_when_it_is_returned():
    live = LiveRun("{}", lambda *_: RESULT, limit_s=5)

    assert not live.is_running
    assert live.result() is RESULT


def test_a_run_tells_how_its_steps_stand_while_it_goes_on():
    may_end = threading.Event()

    def run(watcher, _):
        watcher.started("a")
        watcher.ended(Step(node_id="a", status="success", duration_ms=3))
        watcher.started("b")
        may_end.wait(20)
        return RESULT

    live = LiveRun("{}", run, limit_s=5)

    assert live.is_running
    assert {name: state["state"] for name, state in live.states.items()} == {
        "a": "success",
        "b": "running",
    }
    may_end.set()
    assert live.result() is RESULT


def test_a_run_that_breaks_says_so_to_who_asks():
    def run(*_):
        raise ZeroDivisionError

    live = LiveRun("{}", run, limit_s=5)

    with pytest.raises(ZeroDivisionError):
        live.result()


STEPS = [
    Step(node_id="a", status="success", duration_ms=3),
    Step(node_id="b", status="failed", duration_ms=4),
]


def test_no_text_of_a_user_becomes_a_title_that_the_frame_takes_for_html():
    data = graph_data(STEPS, [("a", "b")], is_dark=False)

    assert [node["title"] for node in data["nodes"]] == ["", ""]
    assert all(not edge.get("title") for edge in data["edges"])


def test_each_status_has_its_colour_in_light_and_dark():
    light = graph_data(STEPS, [], is_dark=False)["nodes"]
    dark = graph_data(STEPS, [], is_dark=True)["nodes"]

    colors = [node["color"]["border"] for node in [*light, *dark]]
    assert len(set(colors)) == 4


def test_the_component_below_agraph_still_takes_a_key():
    """It is a private name: the pinned version has it, another may not."""
    assert callable(streamlit_agraph._agraph)

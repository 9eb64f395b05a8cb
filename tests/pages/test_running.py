"""Work that a page begins, looks at and stops."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from engine.errors import ExecutionCancelledError
from pages.components import running
from pages.components.running import Running

SCRIPT = """
import streamlit as st
from pages.components.running import running_view
work = st.session_state["work"]
if work.is_running:
    running_view(work, lambda: "Counting", key="count")
else:
    st.text(f"ended: {work.result()}")
"""


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE_S", 0.01)


def until_told(cancellation):
    cancellation.wait(30)
    return "stopped" if cancellation.is_ordered else "late"


def page(work):
    visit = AppTest.from_string(SCRIPT, default_timeout=30)
    visit.session_state["work"] = work
    return visit.run()


def test_what_ends_at_once_has_ended_when_it_is_returned(monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE_S", 30)

    work = Running.start(lambda _: 42, limit_s=5)

    assert not work.is_running
    assert work.result() == 42


def test_what_goes_on_is_shown_with_a_way_to_stop_it():
    visit = page(Running.start(until_told, limit_s=5))
    assert not visit.exception

    visit.button(key="count-cancel").click().run()
    visit.session_state["work"].result()
    visit.run()

    assert visit.text[0].value == "ended: stopped"


def test_a_failure_is_raised_where_the_result_is_asked_for():
    def fail(cancellation):
        cancellation.cancel()
        cancellation.check()

    work = Running.start(fail, limit_s=5)

    with pytest.raises(ExecutionCancelledError):
        work.result()


def test_the_work_is_done_by_a_thread_of_its_own():
    work = Running.start(lambda _: threading.current_thread().name, limit_s=5)

    assert work.result() == "dashboard-work"

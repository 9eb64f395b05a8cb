"""The policy lab's page: pick a fault, see what every policy did."""

import pytest

from engine.model import ExecutionQuery
from engine.policy_lab import Fault, LabPlan
from pages.build.lab_views import lab_frame, lab_stretches, policy_line

API = "worst-routes"
POLICY = {
    "max_retries": 1,
    "retry_backoff_ms": 20,
    "retry_jitter": False,
    "circuit_breaker": {"failure_threshold": 3},
    "rate_limit": {"per_user": "9/minute"},
}


@pytest.fixture
def guarded(eng, caller):
    return eng.apis.update(API, {"runtime_policy": POLICY}, caller)


@pytest.fixture
def results(eng, caller, guarded):
    return eng.lab.run(guarded, LabPlan(fault=Fault(attempts=9), calls=4), caller)


def test_the_page_asks_what_goes_wrong(eng, open_page):
    visit = open_page("build/policy_lab.py", api=API)

    assert not visit.exception
    assert visit.selectbox(key="api").value == API
    assert "Choose what goes wrong" in visit.info[0].value


def test_an_instance_without_apis_says_how_to_begin(empty_eng, open_page):
    visit = open_page("build/policy_lab.py")

    assert not visit.exception
    assert "There are no APIs yet" in visit.info[0].value


def test_a_run_shows_each_call_and_its_trace(eng, caller, guarded, open_page):
    visit = open_page("build/policy_lab.py", api=API)
    visit.number_input(key="lab-calls").set_value(4)

    visit.button(key="lab-run").click().run()

    assert not visit.exception
    calls = visit.dataframe[0].value
    assert [list(each) for each in calls["Outcome"]] == [["fail"]] * 2 + [["rejected"]] * 2
    assert sum("**fail**" in each.value for each in visit.markdown) == 2
    logged = eng.logs.search(ExecutionQuery(source="test"), caller)
    assert logged.total == 4


@pytest.mark.parametrize("kind", ["timeout", "latency", "bad_payload", "none"])
def test_every_fault_can_be_chosen(eng, open_page, kind):
    visit = open_page("build/policy_lab.py", api=API)

    visit.button_group(key="lab-kind").set_value(kind).run()

    assert not visit.exception
    assert visit.button(key="lab-run")


def test_more_calls_than_fit_are_shown_in_pages(eng, guarded, open_page):
    visit = open_page("build/policy_lab.py", api=API)
    visit.number_input(key="lab-calls").set_value(12)

    visit.button(key="lab-run").click().run()

    assert not visit.exception
    assert len(visit.dataframe[0].value) == 12
    assert sum("circuit" in each.value for each in visit.markdown) == 10


def test_a_definition_that_does_not_compile_is_refused_in_words(eng, caller, open_page):
    eng.apis.save_draft(API, {"logic_body": "DROP TABLE flights"}, caller)
    visit = open_page("build/policy_lab.py", api=API)

    visit.button(key="lab-run").click().run()

    assert not visit.exception
    assert "definition_invalid" in str(visit.error[0].proto)


def test_the_table_tells_attempts_waits_breaker_and_limit(results):
    rows = lab_frame(results).to_dict("records")

    assert [row["Attempts"] for row in rows] == [2, 1, 0, 0]
    assert rows[0]["Waited"].endswith(" ms")
    assert [row["Breaker"] for row in rows] == [["closed"], ["open"], ["open"], ["open"]]
    assert [row["Calls left"] for row in rows] == [8, 7, 6, 5]


def test_the_timeline_tells_attempts_from_waits(results):
    lanes = lab_stretches(results)

    first = [each.meaning for each in lanes if each.lane.startswith("1 ")]
    assert first[-3:] == ["attempt that failed", "wait before a retry", "attempt that failed"]
    refused = {each.meaning for each in lanes if each.lane == "3 · rejected"}
    assert refused == {"policies"}


def test_the_policy_is_told_in_a_line(guarded):
    assert policy_line(guarded) == (
        "default timeout · 1 retries · breaker opens after 3 · no cache · 9/minute per user"
    )

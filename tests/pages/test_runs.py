"""The list of runs under every filter, one run with what belongs to it, and running it again."""

from datetime import UTC, datetime

import pytest

from engine.call import ExecutionRequest
from engine.model import TraceStage
from pages.operate.run_context import attempts_frame
from pages.operate.run_filters import params_of


@pytest.fixture
def runs(eng, caller):
    """Three runs of one API in a trace, one of them refused."""
    made = [
        eng.run(
            ExecutionRequest(api="worst-routes", params={"limit": limit}, trace_id="a" * 32), caller
        )
        for limit in (3, 4, "many")
    ]
    eng.run(ExecutionRequest(api="carriers"), caller)
    return made


def shown(visit):
    return list(visit.dataframe[0].value["API"]) if visit.dataframe else []


FILTERS = (
    ({"of": "worst-routes"}, 3),
    ({"params": "limit=4"}, 1),
    ({"cause": "params_invalid"}, 1),
    ({"v": "99"}, 0),
    ({"trace": "a" * 32, "outcome": "success"}, 2),
    ({"by": "nobody"}, 0),
    ({"least": "0", "most": "60000", "of": "worst-routes", "v": "1"}, 3),
)


def test_the_list_is_filtered_by_what_stands_in_the_link(eng, runs, open_page):
    visits = [(open_page("operate/runs.py", **filters), count) for filters, count in FILTERS]

    assert not [visit for visit, _ in visits if visit.exception]
    assert [shown(visit) for visit, _ in visits] == [["worst-routes"] * n for _, n in visits]


def test_a_stretch_of_time_is_typed_kept_in_the_link_and_cleared(eng, runs, open_page):
    visit = open_page("operate/runs.py")
    begin, end = visit.datetime_input

    begin.set_value(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    end.set_value(datetime(2026, 3, 4, 13, 30, tzinfo=UTC))
    visit.button(key="show-span").click().run()

    assert not visit.exception
    assert visit.query_params["from"] == "2026-03-04T12:00:00Z"
    assert visit.query_params["to"] == "2026-03-04T13:30:00Z"
    assert "No run matches" in visit.info[0].value
    visit.button(key="clear-span").click().run()
    assert not {"from", "to"} & set(visit.query_params)
    assert len(shown(visit)) == 4


def test_a_stretch_that_ends_before_it_begins_is_refused(eng, runs, open_page):
    visit = open_page("operate/runs.py")
    begin, end = visit.datetime_input

    begin.set_value(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    end.set_value(datetime(2026, 3, 4, 11, 0, tzinfo=UTC))
    visit.button(key="show-span").click().run()

    assert "before" in visit.warning[0].value
    assert len(shown(visit)) == 4


def test_filters_that_are_folded_away_are_counted(eng, runs, open_page):
    visit = open_page("operate/runs.py", params="limit=4", v="1")

    assert "More · 2" in [each.proto.popover.label for each in visit.get("popover")]


def test_a_run_shows_the_others_of_its_trace(eng, runs, open_page):
    visit = open_page("operate/runs.py", run=str(runs[0].execution_id))

    assert "Same trace" in [each.value for each in visit.subheader]
    assert len(visit.dataframe[-1].value) == 2


def test_a_run_opens_the_form_as_it_was_filled(eng, caller, runs, open_page):
    visit = open_page("operate/runs.py", run=str(runs[1].execution_id))

    visit.button(key="run-again").click().run()

    assert not visit.exception
    [limit] = [each for each in visit.number_input if each.label.startswith("limit")]
    assert limit.value == 4


def test_a_run_of_a_deleted_api_cannot_be_run_again(eng, caller, open_page):
    api = eng.apis.create(
        {
            "api_name": "short-lived",
            "logic_type": "sql",
            "logic_body": "SELECT 1 AS n",
            "connection": "sample",
        },
        caller,
    )
    result = eng.run(ExecutionRequest(api="short-lived"), caller)
    eng.apis.delete(str(api.id), caller)

    visit = open_page("operate/runs.py", run=str(result.execution_id))

    assert not visit.exception
    assert not [each for each in visit.button if each.key == "run-again"]


def test_attempts_tell_their_waits():
    def stage(name, verdict, ms, **detail):
        return TraceStage(stage=name, verdict=verdict, duration_ms=ms, detail=detail)

    frame = attempts_frame(
        (
            stage("auth", "ok", 1),
            stage("attempt", "failed", 20, number=1, error="timeout", message="too slow"),
            stage("backoff", "waited", 100),
            stage("attempt", "ok", 30, number=2),
        )
    )

    assert list(frame["Attempt"]) == [1, 2]
    assert list(frame["ms"]) == [20, 30]
    assert list(frame["Waited ms"])[1] == 100


def test_parameters_are_read_as_a_query_string():
    assert params_of("origin=JFK& limit = 10&nothing") == {"origin": "JFK", "limit": "10"}

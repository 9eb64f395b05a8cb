"""The page on metrics, and the way from it to the runs."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.call import ExecutionRequest
from pages.operate.metrics_cards import milliseconds, percent
from pages.operate.metrics_charts import slice_of
from pages.operate.run_span import span_of, span_query


def run(eng, caller, api="worst-routes", **fields):
    return eng.run(ExecutionRequest(api=api, source="rest", **fields), caller)


def cards(visit):
    return {each.label: each.value for each in visit.metric}


def table(visit, alt_column):
    return next(each.value for each in visit.dataframe if alt_column in each.value.columns)


def test_an_unused_instance_says_how_to_begin(empty_eng, open_page):
    visit = open_page("operate/metrics.py")

    assert not visit.exception
    assert "No calls in this time" in visit.info[0].value


def test_calls_errors_and_apis_of_the_last_hour_are_shown(eng, caller, open_page):
    run(eng, caller)
    run(eng, caller)
    refused = run(eng, caller, params={"nonsense": 1})

    visit = open_page("operate/metrics.py")

    assert not visit.exception
    assert (cards(visit)["Calls"], cards(visit)["Success"]) == ("3", "100.0%")
    errors = table(visit, "Cause")
    assert errors[["Cause", "API", "Calls"]].to_numpy().tolist() == [
        ["params_invalid", "worst-routes", 1]
    ]
    assert refused.error.type == "params_invalid"
    assert table(visit, "Failures")["API"].tolist() == ["worst-routes"]
    assert len(visit.get("plotly_chart")) == 3


def test_a_version_is_marked_and_compared(eng, caller, open_page):
    run(eng, caller)
    eng.apis.update("worst-routes", {"description": "quicker"}, caller, note="quicker")
    run(eng, caller)

    visit = open_page("operate/metrics.py", of="worst-routes", last="15 min")

    assert not visit.exception
    newest = table(visit, "p95 after, ms").iloc[0]
    assert (newest["Release"], newest["Note"]) == ("v2", "quicker")
    assert newest["p95 before, ms"] > 0
    drawn = visit.get("plotly_chart")[0].proto.spec
    assert '"v2"' in drawn


def test_one_api_is_shown_by_the_link(eng, caller, open_page):
    run(eng, caller)
    run(eng, caller, "carriers-list")

    visit = open_page("operate/metrics.py", of="carriers-list", last="24 h")

    assert not visit.exception
    assert cards(visit)["Calls"] == "1"
    assert table(visit, "Caller")["Caller"].tolist() == [caller.subject]
    assert table(visit, "Version")["Version"].tolist() == ["1"]
    assert table(visit, "Door")["Door"].tolist() == ["rest"]


def test_a_link_opens_the_runs_of_a_stretch_of_time(eng, caller, open_page):
    run(eng, caller)
    now = datetime.now(UTC)
    around = span_query(now - timedelta(minutes=1), now + timedelta(minutes=1))
    before = span_query(now - timedelta(hours=2), now - timedelta(hours=1))

    assert len(open_page("operate/runs.py", **around).dataframe[0].value) == 1
    visit = open_page("operate/runs.py", **before)

    assert "No run matches" in visit.info[0].value
    visit.button(key="clear-span").click().run()
    assert len(visit.dataframe[0].value) == 1


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (None, None),
        ("2026-03-04T12:00:00", None),
        ("soon", "2026-03-04T12:00:00Z"),
        ("2026-03-04T12:00:00", "2026-03-04T13:00:00"),
        ("2026-03-04T12:00:00Z", "2026-03-04T12:00:00Z"),
    ],
)
def test_what_is_no_stretch_of_time_is_left_out(begin, end):
    assert span_of(begin, end) is None


@pytest.mark.parametrize("is_begin", [True, False])
def test_a_stretch_may_be_open_at_one_end(is_begin):
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    span = (at, None) if is_begin else (None, at)

    query = span_query(*span)

    assert len(query) == 1
    assert span_of(query.get("from"), query.get("to")) == span


def test_a_stretch_survives_its_link():
    begin, end = datetime(2026, 3, 4, 12, tzinfo=UTC), datetime(2026, 3, 4, 12, 5, tzinfo=UTC)

    assert span_of(*span_query(begin, end).values()) == (begin, end)


@pytest.mark.parametrize("x", ["2026-03-04 12:05", "2026-03-04T12:05:00+00:00"])
def test_the_slice_of_a_clicked_point_is_known(x):
    assert slice_of(x).to_pydatetime() == datetime(2026, 3, 4, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "none"), (1.0, "100.0%"), (0.99996, "99.99%"), (0.5, "50.0%"), (0.0, "0.0%")],
)
def test_a_share_never_reads_better_than_it_is(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(None, "none"), (0.25, "0.2 ms"), (12.5, "12 ms"), (1234.0, "1.23 s")],
)
def test_durations_read_in_the_unit_that_fits(duration_ms, text):
    assert milliseconds(duration_ms) == text


def test_an_overspent_budget_is_named_at_home_and_in_the_metrics(eng, caller, open_page):
    eng.apis.create(
        {
            "api_name": "never-works",
            "logic_type": "sql",
            "logic_body": "SELECT CAST('x' AS INTEGER) AS n",
            "connection": "sample",
            "runtime_policy": {"slo": {"availability": 0.9}, "max_retries": 0},
        },
        caller,
    )
    run(eng, caller, "never-works")

    home = open_page("home.py")
    metrics = open_page("operate/metrics.py")

    assert not home.exception
    assert "availability: 0.00% of 0.9" in [each.value for each in home.caption]
    row = table(metrics, "Budget left").iloc[0]
    assert (row["API"], row["Objective"]) == ("never-works", "0.9 availability")
    assert (row["Kept"], row["Burn rate"]) == (0, pytest.approx(10))

"""The sample APIs, each run for real through an engine on a fresh data folder."""

import contextlib
import socket
import threading
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from engine.facade import Engine, local_caller
from engine.model import ApiQuery, ExecutionQuery
from engine.settings import Settings
from engine.sidecar import create_app
from sample_data.source import DEFINITIONS

SQL_SAMPLES = sorted(path.stem for path in DEFINITIONS.glob("*.sql"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Engine.open(Settings.load(data_dir=tmp_path_factory.mktemp("data"), port=port)) as engine:
        yield engine


@contextlib.contextmanager
def rest(engine):
    """The REST API where the samples expect it."""
    config = uvicorn.Config(
        Starlette(routes=[Mount("/api", create_app(engine))]),
        host="127.0.0.1",
        port=engine.settings.port,
        log_level="warning",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="rest", daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()


def ok(result):
    assert result.error is None, result.error
    return result


def test_every_sample_is_registered(engine):
    page = engine.apis.search(ApiQuery(limit=100), local_caller())

    assert {api.api_name for api in page.items} == {
        path.stem for path in DEFINITIONS.glob("*.yaml")
    }


@pytest.mark.parametrize("name", SQL_SAMPLES)
def test_a_query_answers_with_its_examples(engine, name):
    schema = engine.apis.get(name, local_caller()).param_schema
    examples = {param: spec.example for param, spec in schema.items() if spec.example is not None}

    result = ok(engine.execute(name, **examples))

    assert result.row_count > 0


def test_the_test_cases_of_the_samples_pass(engine):
    report = engine.tests.run_all(local_caller())

    assert len(report.outcomes) >= 6
    assert report.failed == ()


def test_a_query_can_be_narrowed(engine):
    result = ok(engine.execute("delays-by-carrier", origin="LGA", end_date="2013-01-31", limit=2))

    assert len(result.rows) == 2
    assert {row["carrier"] for row in result.rows} <= {"F9", "FL", "YV", "OO", "EV"}


def test_choices_can_be_looked_up(engine):
    assert ok(engine.execute("airport-lookup", q="angeles")).rows[0]["faa"] == "LAX"


def test_a_digest_describes_numeric_columns(engine):
    rows = [{"n": 1, "name": "a"}, {"n": 3, "name": "b"}, {"n": None, "name": "c"}]

    (digest,) = ok(engine.execute("rows-digest", input_payload=rows)).data

    assert digest == {
        "column": "n",
        "missing": 1,
        "count": 2,
        "mean": 2.0,
        "median": 2.0,
        "p90": 3,
        "min": 1,
        "max": 3,
    }


def test_the_worst_carriers_are_scored(engine):
    result = ok(engine.execute("worst-carriers-report", carriers=4))

    scores = [row["score"] for row in result.rows]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert [(step.node_id, step.row_count) for step in result.steps][:3] == [
        ("worst", 4),
        ("worst_day", 4),
        ("weather", 4),
    ]


def test_each_node_of_a_workflow_is_in_the_log_below_it(engine):
    result = ok(engine.execute("worst-carriers-report", carriers=2))

    query = ExecutionQuery(parent_execution_id=result.execution_id, limit=100)
    names = [record.api_name for record in engine.logs.search(query, local_caller()).items]
    assert sorted(names) == [
        "carrier-worst-day",
        "carrier-worst-day",
        "delay-scorer",
        "delays-by-carrier",
        "weather-on-day",
        "weather-on-day",
    ]


def test_airports_are_compared_with_weather_on_request(engine):
    plain = ok(engine.execute("compare-airports", airports=["JFK", "LGA"])).data
    full = ok(engine.execute("compare-airports", airports=["JFK"], with_weather=True)).data

    assert (plain["days"], plain["weather"], len(plain["digests"])) == (730, None, 2)
    assert len(full["weather"][0]["rows"]) == 4


def test_a_review_runs_a_workflow_for_each_quarter(engine):
    quarters = ok(engine.execute("seasons-review", airports=["EWR"])).data["quarters"]

    assert [quarter["days"] for quarter in quarters] == [90, 91, 92, 92]


def test_a_brief_falls_back_to_the_database_when_rest_is_away(engine):
    result = ok(engine.execute("operations-brief", origin="JFK"))

    assert result.data["source"] == "database"
    assert len(result.data["delays"]) == 5
    assert {step.node_id: step.status for step in result.steps} == {
        "live": "handled",
        "stored": "success",
        "cancelled": "success",
        "routes": "success",
        "digest": "success",
    }


def test_the_engine_is_asked_for_its_health_over_rest(engine):
    with rest(engine):
        result = ok(engine.execute("engine-health"))

    assert result.data

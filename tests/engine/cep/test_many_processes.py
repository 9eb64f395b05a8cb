"""Two sidecars and a worker on one PostgreSQL and one Redis fire each rule once."""

import base64
import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from tests.engine.test_many_processes import KEY, ROOT, sidecar

BUSY = {"source": "events", "window": "5m", "op": ">", "value": 4}
PATIENCE_S = 40


@contextmanager
def worker(folder, environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "worker"],
        cwd=ROOT,
        env={**os.environ, **environment, "API_ENGINE_DATA_DIR": str(folder)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def system(tmp_path, free_port, postgres_database, redis):
    """Both sidecars, and the URL of their metadata."""
    environment = {
        "API_ENGINE_METADATA_URL": postgres_database,
        "API_ENGINE_REDIS_URL": redis,
        "API_ENGINE_BOOTSTRAP_KEY": KEY,
        "API_ENGINE_INSTANCE_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    with ExitStack() as running:
        first = running.enter_context(sidecar(tmp_path / "a", free_port(), environment))
        second = running.enter_context(sidecar(tmp_path / "b", free_port(), environment))
        running.enter_context(worker(tmp_path / "c", environment))
        yield first, second, postgres_database


def rule(client, name, trigger_type, trigger, **fields):
    body = {
        "rule_name": name,
        "trigger_type": trigger_type,
        "trigger_spec": trigger,
        "action_spec": {"api_id": "carriers-list"},
        **fields,
    }
    answer = client.post("/cep/rules", json=body)
    assert answer.status_code == 201, answer.text


def make_due(url, name):
    """As if the rule had been switched on a minute ago, so that a time of it has just passed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE tb_cep_rule SET is_active = true, version = version + 1, "
            "updated_at = now() - interval '59 seconds' WHERE rule_name = %s",
            (name,),
        )


def ended(client, name, at_least):
    """The firings of a rule once so many have ended."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        items = client.get(f"/cep/rules/{name}/log").json()["data"]["items"]
        if len([each for each in items if each["finished_at"]]) >= at_least:
            return items
        time.sleep(0.2)
    raise AssertionError(f"{name} fired {len(items)} times in {PATIENCE_S} seconds")


def runs(client, expected):
    """The runs that rules set off, once as many are in the log."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        query = {"source": "cep", "limit": 100}
        found = client.get("/api-manager/executions", params=query).json()["data"]
        if len(found["items"]) >= expected:
            break
        time.sleep(0.2)
    return found["items"]


def test_a_schedule_a_window_and_events_fire_once(system):
    first, second, url = system
    rule(first, "by-clock", "schedule", {"cron": "* * * * *"}, is_active=False)
    rule(second, "busy", "metric", BUSY)
    rule(first, "each", "event", {"event_type": "t"})
    for number in range(8):
        client = (first, second)[number % 2]
        event = {"event_type": "t", "event_id": f"e{number // 2 * 2}", "data": {}}
        assert client.post("/cep/events", json=event).status_code == 202
    for number in range(3):
        first.post("/cep/events", json={"event_type": "u", "data": {"n": number}})
    make_due(url, "by-clock")

    clock, window = ended(second, "by-clock", 1), ended(first, "busy", 1)
    events = ended(second, "each", 4)

    assert len(window) == 1
    assert sorted(each["event_id"] for each in events) == ["e0", "e2", "e4", "e6"]
    times = [each["fired_at"] for each in clock]
    assert len(set(times)) == len(times)
    assert {each["status"] for each in (*clock, *window, *events)} == {"success"}
    all_runs = runs(first, len(clock) + 5)
    assert len({run["trace_id"] for run in all_runs}) == len(all_runs)
    assert {each["trace_id"] for each in (*clock, *window, *events)} <= {
        run["trace_id"] for run in all_runs
    } | {window[0]["trace_id"]}

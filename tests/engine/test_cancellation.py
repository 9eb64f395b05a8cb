"""A call that is told to stop ends within a second, whatever runs for it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import orjson
import pytest

from engine.call import ExecutionRequest
from engine.cancellation import Cancellation
from engine.deadline import Deadline
from engine.errors import ExecutionCancelledError, NodeFailedError
from engine.facade import Engine
from engine.model import ApiDefinition, Caller, ExecutionResult
from engine.ports import BoundQuery
from storage.targets.postgres import PostgresTarget

WITHIN_S = 1.0
LONG_POLICY = {"timeout_seconds": 25, "max_retries": 0}
HEAVY_SQL = """
SELECT count(*) AS n FROM range(100000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3
"""


def test_what_waits_is_broken_off_once_and_only_while_it_waits() -> None:
    stopped: list[str] = []
    cancellation = Cancellation()

    with cancellation.on_cancel(lambda: stopped.append("over")):
        pass
    with cancellation.on_cancel(lambda: stopped.append("waiting")):
        cancellation.cancel("enough")
        cancellation.cancel("again")

    assert stopped == ["waiting"]
    with (
        pytest.raises(ExecutionCancelledError, match="enough"),
        cancellation.on_cancel(lambda: None),
    ):
        pytest.fail("began although it was cancelled before")


def test_the_end_of_a_wait_waits_for_the_stop_that_is_under_way() -> None:
    cancellation, order = Cancellation(), []
    begun, go_on = threading.Event(), threading.Event()

    def stop() -> None:
        begun.set()
        go_on.wait(5)
        order.append("stopped")

    with ThreadPoolExecutor(1) as other:
        with cancellation.on_cancel(stop):
            other.submit(cancellation.cancel)
            assert begun.wait(5)
            go_on.set()
        order.append("left")

    assert order == ["stopped", "left"]


def test_a_failure_after_the_order_is_the_cancellation_and_keeps_the_steps() -> None:
    deadline = Deadline.after(5, cancellation=Cancellation())
    failure = NodeFailedError("a node failed", details={"steps": [1], "node": "a"})
    assert deadline.within(1).cause_of(failure) is failure

    assert deadline.cancellation is not None
    deadline.cancellation.cancel()

    cause = deadline.within(1).cause_of(failure)
    assert isinstance(cause, ExecutionCancelledError)
    assert cause.details == {"steps": [1]}


def test_a_statement_of_duckdb_is_stopped(
    sample_engine: Engine, admin_caller: Caller, publish: Callable[..., ApiDefinition]
) -> None:
    api = publish("sql", HEAVY_SQL, connection="sample")

    check_stopped(sample_engine, admin_caller, api)

    assert sample_engine.breakers.snapshot(api).failures == 0


def test_a_script_is_stopped(
    sample_engine: Engine, admin_caller: Caller, publish: Callable[..., ApiDefinition]
) -> None:
    api = publish("script", "def main(params, input_payload):\n    while True:\n        pass\n")

    check_stopped(sample_engine, admin_caller, api)


def test_an_http_call_is_stopped(
    sample_engine: Engine, admin_caller: Caller, publish: Callable[..., ApiDefinition]
) -> None:
    with silent_server() as port:
        body = {"method": "GET", "url": f"http://127.0.0.1:{port}/"}
        policy = {**LONG_POLICY, "http": {"allow_hosts": [f"127.0.0.1:{port}"]}}
        api = publish("http", orjson.dumps(body).decode(), runtime_policy=policy)

        check_stopped(sample_engine, admin_caller, api)


def test_every_node_of_a_workflow_is_stopped_and_none_begun(
    sample_engine: Engine, admin_caller: Caller, publish: Callable[..., ApiDefinition]
) -> None:
    slow = publish("sql", HEAVY_SQL, connection="sample")
    body = {
        "nodes": [
            {"id": "a", "api_id": slow.api_name, "continue_on_error": True},
            {"id": "b", "api_id": slow.api_name, "continue_on_error": True},
            {"id": "after", "api_id": slow.api_name},
        ],
        "edges": [{"source": "a", "target": "after"}, {"source": "b", "target": "after"}],
    }
    api = publish("workflow", orjson.dumps(body).decode())

    result = check_stopped(sample_engine, admin_caller, api)

    assert [(step.node_id, step.attempts) for step in result.steps][-1] == ("after", 0)


def test_the_wait_before_a_retry_is_broken_off(
    sample_engine: Engine, admin_caller: Caller, publish: Callable[..., ApiDefinition]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    body = {"method": "GET", "url": f"http://127.0.0.1:{port}/"}
    policy = {
        "timeout_seconds": 5,
        "max_retries": 2,
        "retry_backoff_ms": 20_000,
        "http": {"allow_hosts": [f"127.0.0.1:{port}"]},
    }
    api = publish("http", orjson.dumps(body).decode(), runtime_policy=policy)

    result = check_stopped(sample_engine, admin_caller, api)

    assert result.attempts == 1


def test_who_joined_a_cancelled_call_is_not_cancelled_with_it(
    sample_engine: Engine, admin_caller: Caller, publish: Callable[..., ApiDefinition]
) -> None:
    policy = {**LONG_POLICY, "cache": {"enabled": True}}
    source = "import time\ndef main(params, input_payload):\n    time.sleep(0.6)\n    return 1\n"
    api = publish("script", source, runtime_policy=policy)
    leader, follower = Cancellation(), Cancellation()

    def run(cancellation: Cancellation) -> ExecutionResult:
        request = ExecutionRequest(api=api.api_name, cancellation=cancellation)
        return sample_engine.run(request, admin_caller)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run, leader)
        time.sleep(0.2)
        second = pool.submit(run, follower)
        time.sleep(0.1)
        leader.cancel()

    error = first.result().error
    assert error is not None
    assert error.type == "cancelled"
    assert second.result().ok


def test_a_statement_of_postgresql_is_stopped_and_its_session_not_used_again(
    postgres_url: str,
) -> None:
    target = PostgresTarget(postgres_url, pool_size=1)
    cancellation = Cancellation()
    slow = BoundQuery("select count(*) as n from generate_series(1, 1000000000)")
    deadline = Deadline.after(25, cancellation=cancellation)
    timer = threading.Timer(0.3, cancellation.cancel)
    timer.start()
    began = time.monotonic()

    with pytest.raises(Exception, match="statement"):
        target.fetch(slow, max_rows=1, deadline=deadline)

    assert time.monotonic() - began < 0.3 + WITHIN_S
    after = target.fetch(BoundQuery("select 1 as n"), max_rows=1, deadline=Deadline.after(5))
    assert orjson.loads(after.rows_json) == [{"n": 1}]
    target.close()


@pytest.fixture
def publish(sample_engine: Engine, admin_caller: Caller) -> Callable[..., ApiDefinition]:
    def create(logic_type: str, body: str, **fields: Any) -> ApiDefinition:
        return sample_engine.apis.create(
            {
                "api_name": f"t-{uuid4().hex[:12]}",
                "logic_type": logic_type,
                "logic_body": body,
                "runtime_policy": LONG_POLICY,
                **fields,
            },
            admin_caller,
        )

    return create


def check_stopped(engine: Engine, caller: Caller, api: ApiDefinition) -> ExecutionResult:
    """Run it, cancel it while it runs; the outcome, after checking what must be true of each."""
    cancellation = Cancellation()
    request = ExecutionRequest(api=api.api_name, cancellation=cancellation)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.run, request, caller)
        time.sleep(0.4)
        assert not running.done()
        began = time.monotonic()
        cancellation.cancel("the test has seen enough")
        result = running.result(10)
        took_s = time.monotonic() - began
    assert took_s < WITHIN_S
    assert result.status == "rejected"
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("cancelled", 409)
    assert "the test has seen enough" in result.error.message
    assert engine.breakers.snapshot(api).trips == 0
    logged = engine.logs.get(result.execution_id, caller)
    assert (logged.status, logged.error_type) == ("rejected", "cancelled")
    return result


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]

"""Jobs of one process: started, watched, stopped, begun again."""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from engine.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    ParamsInvalidError,
    PermissionDeniedError,
)
from engine.facade import Engine
from engine.jobs import JobOrder
from engine.model import Caller, ExecutionQuery, Scope
from engine.model.job import Job, JobQuery
from tests.engine.jobs.conftest import Publish
from tests.engine.jobs.waiting import ended, until

RunJob = Callable[..., Job]
ENDLESS = "def main(params, input_payload):\n    while True:\n        pass\n"
DOUBLED = "def main(params, input_payload):\n    return {'n': 2 * input_payload}\n"
MOODY = """
def main(params, input_payload):
    if params["fail"]:
        raise ValueError("not today")
    return input_payload
"""
SLOW = {"timeout_seconds": 60}


def test_a_job_gives_the_answer_of_the_call_and_leaves_its_one_record(
    engine: Engine, admin_caller: Caller, publish: Publish, run_job: RunJob
) -> None:
    api = publish("script", DOUBLED)

    job = run_job(api, input_payload=21)

    assert (job.status, job.runs, job.api_version) == ("success", 1, 1)
    assert engine.jobs.answer(job.id, admin_caller) == b'{"n":42}'
    logged = engine.logs.search(ExecutionQuery(api_id=api.id), admin_caller).items
    assert [record.id for record in logged] == [job.execution_id]


def test_a_workflow_is_run_node_by_node_with_a_record_each(
    engine: Engine, admin_caller: Caller, publish: Publish, run_job: RunJob
) -> None:
    double = publish("script", DOUBLED).api_name
    body: dict[str, Any] = {
        "nodes": [
            {"id": "a", "api_id": double, "input": 1},
            {"id": "b", "api_id": double, "input": 2},
            {"id": "sum", "api_id": double, "input": "{{steps.a.data.n}}"},
            {"id": "each", "api_id": double, "for_each": [1, 2, 3], "input": "{{item}}"},
        ],
        "edges": [{"source": "a", "target": "sum"}],
        "output": ["{{steps.sum.data.n}}", "{{steps.each.data}}"],
    }
    api = publish("workflow", body)

    job = run_job(api)

    assert job.status == "success", job.error
    assert [(node.node_id, node.state) for node in job.nodes] == [
        ("a", "success"),
        ("b", "success"),
        ("sum", "success"),
        ("each", "success"),
    ]
    assert job.done_share == 1
    assert engine.jobs.answer(job.id, admin_caller) == b'[4,[{"n":2},{"n":4},{"n":6}]]'
    children = ExecutionQuery(parent_execution_id=job.execution_id)
    assert len(engine.logs.search(children, admin_caller).items) == 6


def test_what_cannot_run_is_refused_at_once(
    engine: Engine, admin_caller: Caller, publish: Publish
) -> None:
    api = publish("script", DOUBLED, param_schema={"n": {"type": "integer", "required": True}})
    jobs, name = engine.jobs, api.api_name

    def order(**fields: Any) -> JobOrder:
        return JobOrder(**{"api": name, "params": {"n": 1}, **fields})

    with pytest.raises(ParamsInvalidError):
        jobs.submit(order(params={}), admin_caller)
    with pytest.raises(NotFoundError):
        jobs.submit(order(api="nowhere"), admin_caller)
    with pytest.raises(BadRequestError, match="no queue 'fast'; known: default"):
        jobs.submit(order(queue="fast"), admin_caller)
    with pytest.raises(BadRequestError, match="priority"):
        jobs.submit(order(priority=0), admin_caller)
    with pytest.raises(BadRequestError, match="up to 3600 s"):
        jobs.submit(order(timeout_s=4000), admin_caller)
    with pytest.raises(BadRequestError, match="no workflow"):
        jobs.submit(order(pinned={"a": 1}), admin_caller)
    assert jobs.search(JobQuery(api_id=api.id), admin_caller).total == 0


def test_a_job_is_cancelled_while_it_runs(
    engine: Engine, admin_caller: Caller, publish: Publish
) -> None:
    endless = publish("script", ENDLESS, runtime_policy=SLOW).api_name
    body = {"nodes": [{"id": "one", "api_id": endless}, {"id": "two", "api_id": endless}]}
    api = publish("workflow", body)
    job = engine.jobs.submit(JobOrder(api=api.api_name), admin_caller)
    until(engine, job.id, admin_caller, lambda job: job.nodes[0].state == "running")

    engine.jobs.cancel(job.id, admin_caller)

    stopped = ended(engine, job.id, admin_caller)
    assert stopped.status == "cancelled"
    assert stopped.error is not None
    assert stopped.error.type == "cancelled"
    assert stopped.nodes[1].attempts == 0
    assert engine.jobs.cancel(job.id, admin_caller).status == "cancelled"


def test_a_failed_job_is_taken_up_from_the_node_that_failed(
    engine: Engine, admin_caller: Caller, publish: Publish, run_job: RunJob
) -> None:
    moody = publish("script", MOODY, param_schema={"fail": {"type": "boolean"}})
    first = publish("script", DOUBLED)
    body: dict[str, Any] = {
        "nodes": [
            {"id": "first", "api_id": first.api_name, "input": 4},
            {
                "id": "second",
                "api_id": moody.api_name,
                "params": {"fail": True},
                "input": "{{steps.first.data}}",
            },
        ],
        "edges": [{"source": "first", "target": "second"}],
    }
    api = publish("workflow", body)
    failed = run_job(api)
    assert [node.state for node in failed.nodes] == ["success", "failed"]
    body["nodes"][1]["params"] = {"fail": False}
    change = {"logic_body": orjson.dumps(body).decode()}
    engine.apis.update(api.api_name, change, admin_caller)

    again = engine.jobs.retry(failed.id, admin_caller)

    job = ended(engine, again.id, admin_caller)
    assert (job.status, job.retry_of, job.api_version) == ("success", failed.id, 2)
    assert [node.pinned for node in job.nodes] == [True, False]
    assert engine.jobs.answer(job.id, admin_caller) == b'{"n":8}'
    begun = ExecutionQuery(api_id=first.id, parent_execution_id=job.execution_id)
    assert engine.logs.search(begun, admin_caller).total == 0
    with pytest.raises(ConflictError, match="nothing to do again"):
        engine.jobs.retry(job.id, admin_caller)


def test_a_job_runs_with_data_pinned_to_its_nodes(
    engine: Engine, admin_caller: Caller, publish: Publish, run_job: RunJob
) -> None:
    double = publish("script", DOUBLED).api_name
    nodes = [
        {"id": "first", "api_id": double, "input": 4},
        {"id": "second", "api_id": double, "input": "{{steps.first.data.n}}"},
    ]
    api = publish("workflow", {"nodes": nodes})

    job = run_job(api, pinned={"first": {"n": 100}})

    assert engine.jobs.answer(job.id, admin_caller) == b'{"n":200}'
    viewer = Caller(subject="vic", roles=frozenset({"viewer"}))
    with pytest.raises(PermissionDeniedError, match="analyst"):
        engine.jobs.submit(JobOrder(api=api.api_name, pinned={"first": 1}), viewer)
    with pytest.raises(BadRequestError, match="no node 'third'"):
        engine.jobs.submit(JobOrder(api=api.api_name, pinned={"third": 1}), admin_caller)


def test_jobs_are_seen_and_stopped_by_those_who_may(
    engine: Engine, admin_caller: Caller, publish: Publish, run_job: RunJob
) -> None:
    job = run_job(publish("script", DOUBLED), input_payload=1)
    viewer = Caller(subject="vic", roles=frozenset({"viewer"}))
    stranger = admin_caller.model_copy(update={"tenant_id": "elsewhere"})
    limited = viewer.model_copy(update={"scope": Scope(api_patterns=("x-*",))})

    assert engine.jobs.get(job.id, viewer).id == job.id
    with pytest.raises(PermissionDeniedError, match="for who started it"):
        engine.jobs.answer(job.id, viewer)
    with pytest.raises(PermissionDeniedError, match="analyst"):
        engine.jobs.cancel(job.id, viewer)
    for other in (stranger, limited):
        with pytest.raises(NotFoundError):
            engine.jobs.get(job.id, other)
        assert engine.jobs.search(JobQuery(), other).total == 0


def test_who_stops_another_s_job_is_in_the_audit_log(
    engine: Engine, admin_caller: Caller, publish: Publish
) -> None:
    endless = publish("script", ENDLESS, runtime_policy=SLOW).api_name
    viewer = Caller(subject="vic", roles=frozenset({"viewer"}))
    own, other = (engine.jobs.submit(JobOrder(api=endless), viewer).id for _ in range(2))

    engine.jobs.cancel(own, viewer)
    engine.jobs.cancel(other, admin_caller)

    assert ended(engine, other, admin_caller).status == "cancelled"
    entries = [
        each for each in engine.audit_log.page(admin_caller).items if each.action == "job.cancel"
    ]
    assert [(each.actor, each.target) for each in entries] == [(admin_caller.subject, str(other))]
    assert entries[0].detail == {"api": endless, "started_by": "vic"}


def test_what_changes_something_is_told_its_key(
    upstream: tuple[int, list[dict[str, str]]], publish: Publish, run_job: RunJob
) -> None:
    port, seen = upstream
    policy = {"http": {"allow_hosts": [f"127.0.0.1:{port}"]}}
    spec = {"method": "POST", "url": f"http://127.0.0.1:{port}/orders", "body": {}}
    post = publish("http", spec, runtime_policy=policy)
    read = publish("http", {**spec, "method": "GET", "body": None}, runtime_policy=policy)
    nodes = [
        {"id": "read", "api_id": read.api_name},
        {"id": "order", "api_id": post.api_name, "for_each": [1, 2], "concurrency": 1},
    ]

    job = run_job(publish("workflow", {"nodes": nodes}))

    assert job.status == "success", job.error
    keys = [headers.get("idempotency-key") for headers in seen]
    assert keys == [None, f"job-{job.id}/order/0", f"job-{job.id}/order/1"]


@pytest.fixture
def upstream() -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A server that answers everything, and the headers it was sent."""
    seen: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_GET  # noqa: N815 - the server's own names

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1], seen
        server.shutdown()
        thread.join()

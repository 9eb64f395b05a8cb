"""Every field of the runtime policy changes what a call does: one entry for each, none missing."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import orjson
import pytest
from pydantic import BaseModel

from engine.call import ExecutionRequest
from engine.deadline import Deadline
from engine.errors import ConflictError
from engine.facade import Engine
from engine.model import ApiDefinition, Caller, ExecutionResult, Payload, RuntimePolicy
from engine.model.asset import AssetQuery
from engine.policy_control import CacheSelection
from engine.policy_lab import Fault, LabPlan
from engine.ports import CacheKey

ANSWER_BYTES = 4096
NO_BREAKER = {"circuit_breaker": {"enabled": False}}
ONE_ATTEMPT = {"max_retries": 0}
STEADY = {"max_retries": 2, "retry_backoff_ms": 20, "retry_jitter": False, **NO_BREAKER}
SHORT_CACHE = {**ONE_ATTEMPT, "cache": {"enabled": True, "ttl_seconds": 0.05}}
TRIPS_AT_ONCE = {
    **ONE_ATTEMPT,
    "circuit_breaker": {"failure_threshold": 1, "success_threshold": 1, "timeout_seconds": 0.05},
}
ALWAYS = Fault(attempts=99)
ONCE = Fault(attempts=1)
SHARED = "policy-fields"
ALLOCATES = "def main(params, input_payload):\n    return len(bytearray(150_000_000))\n"
WRITES = """import tempfile

def main(params, input_payload):
    with tempfile.TemporaryFile() as file:
        return sum(file.write(bytes(1_000_000)) for _ in range(8))
"""


class Bench:
    """APIs of their own for every look at a policy, on one real engine."""

    def __init__(self, engine: Engine, caller: Caller, server_port: int) -> None:
        self.engine = engine
        self.caller = caller
        self.server_port = server_port

    def api(self, policy: Mapping[str, Any], **fields: Any) -> ApiDefinition:
        sql = {
            "logic_type": "sql",
            "logic_body": "SELECT :n + 1 AS answer",
            "connection": "sample",
            "param_schema": {"n": {"type": "integer", "default": 41}},
        }
        name = f"t-{uuid4().hex[:12]}"
        whole = {**(fields or sql), "api_name": name, "runtime_policy": policy}
        return self.engine.apis.create(whole, self.caller)

    def http_api(self, policy: Mapping[str, Any], method: str = "GET") -> ApiDefinition:
        url = f"http://127.0.0.1:{self.server_port}/"
        body = orjson.dumps({"method": method, "url": url}).decode()
        return self.api(policy, logic_type="http", logic_body=body)

    def call(
        self, api: ApiDefinition, caller: Caller | None = None, **more: Any
    ) -> ExecutionResult:
        return self.engine.run(ExecutionRequest(api=api.api_name, **more), caller or self.caller)

    def lab(
        self, api: ApiDefinition, fault: Fault, calls: int = 1, pause_s: float = 0
    ) -> tuple[ExecutionResult, ...]:
        plan = LabPlan(fault=fault, calls=calls, pause_s=pause_s)
        return self.engine.lab.run(api, plan, self.caller)


Policy = Mapping[str, Any]
See = Callable[[Bench, Policy], Any]


@dataclass(frozen=True)
class Effect:
    """Two values of a field, what is seen with each, and the settings among which it matters."""

    values: tuple[Any, Any]
    seen: tuple[Any, Any]
    see: See
    among: Policy = field(default_factory=dict)


def status_after_a_slow_attempt(bench: Bench, policy: Policy) -> str:
    return bench.lab(bench.api(policy), Fault(kind="latency", seconds=0.3))[0].status


def rows(bench: Bench, policy: Policy) -> int | None:
    api = bench.api(
        policy,
        logic_type="sql",
        logic_body="SELECT range AS n FROM range(10)",
        connection="sample",
    )
    return bench.call(api).row_count


def rows_under_an_asset(bench: Bench, policy: Policy) -> int | None:
    """Version 1 of the asset, labelled old, lets 3 rows through; version 2, labelled new, 4."""
    assets = bench.engine.assets
    if not assets.search(AssetQuery(q=SHARED), bench.caller).total:
        for version, label in enumerate(("old", "new"), 1):
            content = {"max_rows": 2 + version}
            fields = {"name": SHARED, "asset_type": "policy", "content": content}
            if version == 1:
                assets.create(fields, bench.caller)
            else:
                assets.update(SHARED, {"content": content}, bench.caller)
            assets.publish(SHARED, bench.caller)
            assets.set_label(SHARED, label, version, bench.caller)
    return rows(bench, policy)


def called(bench: Bench, policy: Policy) -> ApiDefinition:
    api = bench.api(policy)
    for number in range(3):
        bench.call(api, params={"n": number})
    return api


def publishing_a_change(bench: Bench, policy: Policy) -> str:
    api = called(bench, policy)
    try:
        bench.engine.apis.update(api.api_name, {"logic_body": "SELECT :n AS answer"}, bench.caller)
    except ConflictError:
        return "refused"
    return "published"


def replayed_calls(bench: Bench, policy: Policy) -> int:
    api = called(bench, policy)
    bench.engine.apis.update(api.api_name, {"tags": ["changed"]}, bench.caller)
    gate = bench.engine.apis.version(api.api_name, 2, bench.caller).gate
    return len(gate.calls) if gate else 0


def attempts(bench: Bench, policy: Policy) -> int:
    return bench.lab(bench.api(policy), ALWAYS)[0].attempts


def post_attempts(bench: Bench, policy: Policy) -> int:
    return bench.lab(bench.http_api(policy, "POST"), ALWAYS)[0].attempts


def waits(bench: Bench, policy: Policy) -> list[float]:
    [result] = bench.lab(bench.api(policy), ALWAYS)
    return [stage.detail["delay_ms"] for stage in result.trace if stage.stage == "backoff"]


def waits_longer(bench: Bench, policy: Policy) -> bool:
    return waits(bench, policy) > [20, 40]


def outcome_while_one_runs(bench: Bench, policy: Policy) -> str:
    api = bench.api(policy)
    with bench.engine.pipeline.gate.place(api, 1, Deadline.after(5)):
        return outcome(bench.call(api, timeout_s=0.1))


def outcome_of_a_union(bench: Bench, policy: Policy) -> bool:
    return bench.engine.checks.check(
        {
            "logic_type": "sql",
            "logic_body": "SELECT 1 AS a UNION ALL SELECT 2",
            "connection": "sample",
            "runtime_policy": policy,
        },
        bench.caller,
    ).valid


def second_is_cached(bench: Bench, policy: Policy) -> bool:
    return bench.lab(bench.api(policy), Fault(kind="none"), calls=2, pause_s=0.1)[1].cached


def second_is_stale(bench: Bench, policy: Policy) -> bool:
    return bench.lab(bench.api(policy), Fault(kind="none"), calls=2, pause_s=0.1)[1].stale


def another_users_is_cached(bench: Bench, policy: Policy) -> bool:
    api = bench.api(policy)
    bench.call(api)
    return bench.call(api, bench.caller.model_copy(update={"subject": "somebody-else"})).cached


def lifetimes_differ(bench: Bench, policy: Policy) -> bool:
    cache = RuntimePolicy.model_validate(policy).cache
    writes = [
        bench.engine.cache.write_for(CacheKey("k", ()), Payload(json=b"1"), cache, "")
        for _ in range(8)
    ]
    return len({write.fresh_s for write in writes if write}) > 1


def answers_under_the_tag(bench: Bench, policy: Policy) -> int:
    bench.call(bench.api(policy))
    return bench.engine.policies.find_cached(CacheSelection(tag="of-a-test"), bench.caller).answers


def status_of_a_failure_after_success(bench: Bench, policy: Policy) -> str:
    fault = Fault(after=1, attempts=9)
    return bench.lab(bench.api(policy), fault, calls=2, pause_s=0.1)[1].status


def level_that_refuses_the_second(bench: Bench, policy: Policy) -> str | None:
    error = bench.lab(bench.api(policy), Fault(kind="none"), calls=2)[1].error
    return error.details["level"] if error else None


def outcome_of_the_second(bench: Bench, policy: Policy) -> str:
    return outcome(bench.lab(bench.api(policy), ALWAYS, calls=2)[1])


def attempts_in_five_calls(bench: Bench, policy: Policy) -> int:
    return sum(result.attempts for result in bench.lab(bench.api(policy), ALWAYS, calls=5))


def state_after_one_good_trial(bench: Bench, policy: Policy) -> str:
    return bench.lab(bench.api(policy), ONCE, calls=2, pause_s=0.1)[1].circuit_breaker_state


def outcome_soon_after_a_trip(bench: Bench, policy: Policy) -> str:
    return outcome(bench.lab(bench.api(policy), ONCE, calls=2, pause_s=0.1)[1])


def outcome_while_the_neighbour_is_open(bench: Bench, policy: Policy) -> str:
    api, neighbour = bench.api(policy), bench.api(policy)
    steer = bench.engine.policies.steer_breaker
    steer(neighbour.api_name, "forced_open", bench.caller, reason="a test")
    try:
        return outcome(bench.call(api))
    finally:
        steer(neighbour.api_name, "auto", bench.caller)


def script_status(source: str) -> See:
    def see(bench: Bench, policy: Policy) -> str:
        return bench.call(bench.api(policy, logic_type="script", logic_body=source)).status

    return see


def can_be_saved(bench: Bench, policy: Policy) -> bool:
    source = "def main(params, input_payload):\n    return 1\n"
    fields = {"logic_type": "script", "logic_body": source, "runtime_policy": policy}
    return bench.engine.checks.check(fields, bench.caller).valid


def http_outcome(bench: Bench, policy: Policy) -> str:
    return outcome(bench.call(bench.http_api(policy)))


def answer_shown(bench: Bench, policy: Policy) -> Any:
    return bench.call(bench.api(policy)).rows[0]["answer"]


def parameter_logged(bench: Bench, policy: Policy) -> Any:
    result = bench.call(bench.api(policy), params={"n": 5})
    return bench.engine.logs.get(result.execution_id, bench.caller).request_params["n"]


def outcome(result: ExecutionResult) -> str:
    return result.error.type if result.error else "success"


LOOPBACK = {"http": {"allow_hosts": ["127.0.0.1"]}}
CACHED = {"cache": {"enabled": True}}


def objectives(bench: Bench, policy: Policy) -> list[tuple[str, float]]:
    report = bench.engine.slos.report(str(bench.api(policy).id), bench.caller)
    return [(each.objective, each.target) for each in report.objectives] if report else []


def objective_days(bench: Bench, policy: Policy) -> int:
    report = bench.engine.slos.report(str(bench.api(policy).id), bench.caller)
    return report.window_days if report else 0


MASKED = {"mask": {"columns": {"answer": "redact"}}}
OPEN_AT_ONCE = {**ONE_ATTEMPT, "circuit_breaker": {"failure_threshold": 1}}

EFFECTS: Mapping[str, Effect] = {
    "asset": Effect((None, SHARED), (10, 4), rows_under_an_asset),
    "version": Effect((1, 2), (3, 4), rows_under_an_asset, {"asset": SHARED}),
    "label": Effect(("old", "new"), (3, 4), rows_under_an_asset, {"asset": SHARED}),
    "timeout_seconds": Effect(
        (0.1, 5), ("timeout", "success"), status_after_a_slow_attempt, ONE_ATTEMPT
    ),
    "max_rows": Effect((2, 4), (2, 4), rows),
    "max_retries": Effect((0, 2), (1, 3), attempts, {"retry_backoff_ms": 0, **NO_BREAKER}),
    "retry_backoff_ms": Effect((0, 30), ([0, 0], [30, 60]), waits, STEADY),
    "retry_backoff_multiplier": Effect((1, 3), ([20, 20], [20, 60]), waits, STEADY),
    "retry_jitter": Effect((False, True), (False, True), waits_longer, STEADY),
    "max_concurrency": Effect(
        (None, 1), ("success", "concurrency_limited"), outcome_while_one_runs, ONE_ATTEMPT
    ),
    "sql_strict": Effect((False, True), (True, False), outcome_of_a_union),
    "cache.enabled": Effect((False, True), (False, True), second_is_cached),
    "cache.ttl_seconds": Effect((0.05, 60), (False, True), second_is_cached, CACHED),
    "cache.jitter": Effect((0, 0.5), (False, True), lifetimes_differ, CACHED),
    "cache.tags": Effect(((), ("of-a-test",)), (0, 1), answers_under_the_tag, CACHED),
    "cache.vary_by_user": Effect((False, True), (True, False), another_users_is_cached, CACHED),
    "cache.stale_while_revalidate_seconds": Effect(
        (0, 60), (False, True), second_is_stale, SHORT_CACHE
    ),
    "cache.stale_if_error_seconds": Effect(
        (0, 60), ("fail", "success"), status_of_a_failure_after_success, SHORT_CACHE
    ),
    "rate_limit.per_api": Effect(
        (None, "1/minute"), (None, "per_api"), level_that_refuses_the_second
    ),
    "rate_limit.per_user": Effect(
        (None, "1/minute"), (None, "per_user"), level_that_refuses_the_second
    ),
    "rate_limit.per_tenant": Effect(
        (None, "1/minute"), (None, "per_tenant"), level_that_refuses_the_second
    ),
    "circuit_breaker.enabled": Effect(
        (False, True), ("target_unavailable", "breaker_open"), outcome_of_the_second, OPEN_AT_ONCE
    ),
    "circuit_breaker.failure_threshold": Effect(
        (1, 3), (1, 3), attempts_in_five_calls, ONE_ATTEMPT
    ),
    "circuit_breaker.success_threshold": Effect(
        (1, 2), ("closed", "half-open"), state_after_one_good_trial, TRIPS_AT_ONCE
    ),
    "circuit_breaker.timeout_seconds": Effect(
        (0.05, 60), ("success", "breaker_open"), outcome_soon_after_a_trip, TRIPS_AT_ONCE
    ),
    "circuit_breaker.per_api_isolation": Effect(
        (True, False), ("success", "breaker_open"), outcome_while_the_neighbour_is_open
    ),
    "sandbox.memory_mb": Effect((64, 512), ("fail", "success"), script_status(ALLOCATES)),
    "sandbox.temp_mb": Effect((1, 64), ("fail", "success"), script_status(WRITES)),
    "sandbox.network": Effect(((), ("example.com",)), (True, False), can_be_saved),
    "http.allow_hosts": Effect(
        ((), ("127.0.0.1",)), ("outbound_refused", "success"), http_outcome, ONE_ATTEMPT
    ),
    "http.max_response_bytes": Effect(
        (1024, 65536), ("response_invalid", "success"), http_outcome, {**ONE_ATTEMPT, **LOOPBACK}
    ),
    "http.retry_non_idempotent": Effect((False, True), (1, 3), post_attempts, STEADY),
    "mask.columns": Effect(({}, {"answer": "redact"}), (42, "***"), answer_shown),
    "mask.params": Effect(((), ("n",)), (5, "***"), parameter_logged),
    "mask.except_roles": Effect(((), ("admin",)), ("***", 42), answer_shown, MASKED),
    "publish_gate.mode": Effect(("warn", "block"), ("published", "refused"), publishing_a_change),
    "publish_gate.calls": Effect((1, 2), (1, 2), replayed_calls),
    "slo.availability": Effect((None, 0.9), ([], [("availability", 0.9)]), objectives),
    "slo.latency_ms": Effect((None, 1e5), ([], [("latency", 0.95)]), objectives),
    "slo.latency_share": Effect(
        (0.5, 0.9), ([("latency", 0.5)], [("latency", 0.9)]), objectives, {"slo": {"latency_ms": 9}}
    ),
    "slo.window_days": Effect((1, 7), (1, 7), objective_days, {"slo": {"availability": 0.9}}),
    "publish_gate.seconds": Effect((1e-9, 10), (0, 3), replayed_calls),
}


def leaf_fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaf_fields(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def with_field(policy: Policy, path: str, value: Any) -> dict[str, Any]:
    group, _, name = path.rpartition(".")
    if not group:
        return {**policy, name: value}
    return {**policy, group: {**policy.get(group, {}), name: value}}


class Answering(BaseHTTPRequestHandler):
    """Answers every request with some JSON."""

    def do_GET(self) -> None:
        body = orjson.dumps({"text": "x" * ANSWER_BYTES})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def bench(sample_engine: Engine, admin_caller: Caller, server_port: int) -> Bench:
    return Bench(sample_engine, admin_caller, server_port)


@pytest.mark.parametrize("path", list(leaf_fields(RuntimePolicy)))
def test_changing_a_field_changes_what_a_call_does(path: str, bench: Bench) -> None:
    effect = EFFECTS[path]

    seen = tuple(
        effect.see(bench, with_field(effect.among, path, value)) for value in effect.values
    )

    assert seen == effect.seen
    assert seen[0] != seen[1]


def test_no_entry_is_about_a_field_that_is_gone() -> None:
    assert set(EFFECTS) == set(leaf_fields(RuntimePolicy))

"""The pipeline: every stage in force, one truthful outcome, one log record for each call."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest

from engine.api_manager import ApiManager
from engine.call import ExecutionRequest
from engine.catalog import ApiCatalog
from engine.compilation import Compiler
from engine.contract import ContractGuard
from engine.errors import (
    ApiInactiveError,
    EngineError,
    QueryFailedError,
    TargetUnavailableError,
    TemplateFailedError,
)
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_monitoring import ExecutionLog, Monitor
from engine.executor_policies import ConcurrencyGate
from engine.lineage import Lineage
from engine.model import (
    ApiDefinition,
    Caller,
    ExecutionQuery,
    ExecutionRecord,
    ExecutionResult,
    LogicType,
    Payload,
    Scope,
)
from engine.pipeline import Pipeline
from engine.ports import (
    Admission,
    CacheWrite,
    Compiled,
    ExecutionContext,
    NestedCall,
    Params,
    Settlement,
)
from engine.publication import Publication
from engine.publish_gate import PublishGate
from storage.answer_files import TemporaryAnswerFiles
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.executions import SqlExecutionStore
from storage.instance_key import InstanceKey
from storage.journal import FileJournal
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.shared_state.memory import MemorySharedState

ANALYST = Caller(subject="mina", roles=frozenset({"analyst"}))
Behaviour = Callable[[Params, ExecutionContext], Any]


class ScriptedExecutor:
    """An executor whose behaviour the test writes; it counts its attempts."""

    logic_type: ClassVar[LogicType] = "script"

    def __init__(self) -> None:
        self.behaviour: Behaviour = lambda params, _: params
        self.attempts = 0
        self.repeatable = True

    def compile(self, api: ApiDefinition) -> Compiled:
        return Compiled(repeatable=self.repeatable)

    def execute(self, compiled: Compiled, params: Params, ctx: ExecutionContext) -> Payload:
        self.attempts += 1
        return Payload(json=orjson.dumps(self.behaviour(params, ctx)))

    def dry_run(
        self, compiled: Compiled, params: Params, ctx: ExecutionContext
    ) -> Mapping[str, Any]:
        return {"would": "run"}


class Bench:
    """A pipeline over real stores, with one scripted logic type."""

    def __init__(self, folder: Path) -> None:
        migrate(default_url(folder))
        self.database = Database(default_url(folder))
        self.executor = ScriptedExecutor()
        definitions = SqlDefinitionStore(self.database)
        executions = SqlExecutionStore(self.database)
        self.journal = FileJournal(folder / "journal", executions)
        self.shared = MemorySharedState(cache_bytes=1_000_000)
        self.pool = ThreadPoolExecutor(2)
        self.cache = APICacheService(
            self.shared, render=lambda tag, names: tag.format(**names), pool=self.pool
        )
        compiler = Compiler({"script": self.executor}, lambda _: ())
        catalog = ApiCatalog(definitions, compiler)
        lineage = Lineage(definitions, lambda _: ())
        self.apis = ApiManager(
            definitions,
            catalog,
            compiler,
            SqlSettingStore(self.database, InstanceKey.load(folder)),
            lambda api: self.cache.invalidate_api(api.tenant_id, api.id),
            lineage,
            Publication(
                ContractGuard(definitions, lineage, "warn"),
                PublishGate(executions, self.journal, definitions, compiler, self._run),
            ),
        )
        self.log = ExecutionLog(executions, self.journal)
        self.pipeline = Pipeline(
            catalog=catalog,
            compiler=compiler,
            shared=self.shared,
            cache=self.cache,
            breakers=CircuitBreakerManager(self.shared),
            gate=ConcurrencyGate(self.shared),
            monitor=Monitor(self.journal, max_logged_bytes=10_000),
            read_secret=_no_secret,
            answer_files=TemporaryAnswerFiles(folder / "spool", max_bytes=1_000_000),
            max_held_rows=10_000,
        )

    def _run(self, request: ExecutionRequest, caller: Caller) -> ExecutionResult:
        return self.pipeline.execute(request, caller)

    def publish(self, name: str = "echo", **fields: Any) -> ApiDefinition:
        return self.apis.create(
            {"api_name": name, "logic_type": "script", "logic_body": "-", **fields}, ANALYST
        )

    def call(
        self, api: str | ApiDefinition = "echo", caller: Caller = ANALYST, **fields: Any
    ) -> ExecutionResult:
        return self.pipeline.execute(ExecutionRequest(api=api, **fields), caller)

    def records(self) -> tuple[ExecutionRecord, ...]:
        return self.log.search(ExecutionQuery(limit=100), ANALYST).items

    def close(self) -> None:
        self.pool.shutdown()
        self.journal.close()
        self.database.close()


def _no_secret(tenant_id: str, name: str) -> str:
    raise TemplateFailedError(f"no secret {name!r}")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def failing(error: EngineError, times: int = 10**9) -> Behaviour:
    left = [times]

    def behave(params: Params, ctx: ExecutionContext) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise error
        return "recovered"

    return behave


NO_WAIT = {"retry_backoff_ms": 0, "retry_jitter": False}


def test_a_successful_call_answers_and_leaves_one_record(bench: Bench) -> None:
    bench.publish(param_schema={"n": {"type": "integer"}})

    result = bench.call(params={"n": "20"}, trace_id="t-1")

    assert (result.status, result.data, result.attempts) == ("success", {"n": 20}, 1)
    [record] = bench.records()
    assert record.id == result.execution_id
    assert (record.status, record.response_status, record.trace_id) == ("success", 200, "t-1")
    assert record.request_params == {"n": 20}


def test_the_trace_lists_the_stages_in_the_order_they_were_passed(bench: Bench) -> None:
    bench.publish(runtime_policy={"rate_limit": {"per_api": "5/minute"}})

    result = bench.call()

    stages = [stage.stage for stage in result.trace]
    assert stages == ["resolve", "auth", "params", "limits", "breaker", "attempt"]
    assert result.headers["RateLimit-Remaining"] == "4"


def test_an_unknown_api_is_refused_and_recorded(bench: Bench) -> None:
    result = bench.call("nowhere")

    assert result.status == "rejected"
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("not_found", 404)
    assert [record.api_name for record in bench.records()] == ["nowhere"]


def test_an_api_switched_off_is_refused_until_it_is_on_again(bench: Bench) -> None:
    bench.publish()
    bench.apis.set_active("echo", ANALYST, active=False)

    off = bench.call()
    bench.apis.set_active("echo", ANALYST, active=True)

    assert off.error is not None
    assert off.error.type == ApiInactiveError.code
    assert bench.call().ok


def test_a_draft_is_not_called_until_it_is_published(bench: Bench) -> None:
    bench.apis.create(
        {"api_name": "later", "logic_type": "script", "logic_body": "-"}, ANALYST, publish=False
    )

    refused = bench.call("later")
    bench.apis.update("later", {}, ANALYST)

    assert refused.error is not None
    assert refused.error.http_status == 409
    assert bench.call("later").ok


def test_a_caller_outside_its_scope_is_refused(bench: Bench) -> None:
    bench.publish()
    key = ANALYST.model_copy(update={"scope": Scope(api_patterns=("reports-*",))})

    result = bench.call(caller=key)

    assert result.error is not None
    assert result.error.http_status == 403
    assert bench.executor.attempts == 0


def test_every_parameter_mistake_is_named_at_once_and_secrets_are_not_logged(bench: Bench) -> None:
    bench.publish(
        param_schema={
            "n": {"type": "integer", "max": 5},
            "day": {"type": "date", "required": True},
            "token": {"type": "text", "secret": True},
        }
    )

    result = bench.call(params={"n": 9, "token": "s3cret"})

    assert result.error is not None
    assert {mistake["param"] for mistake in result.error.details["params"]} == {"n", "day"}
    [record] = bench.records()
    assert record.request_params["token"] == "***"
    assert "s3cret" not in record.model_dump_json()


def test_a_rate_limit_refuses_the_call_after_its_last_one(bench: Bench) -> None:
    bench.publish(runtime_policy={"rate_limit": {"per_user": "2/minute"}})

    results = [bench.call() for _ in range(3)]

    assert [result.status for result in results] == ["success", "success", "rejected"]
    assert results[2].error is not None
    assert results[2].error.http_status == 429
    assert results[2].error.details["level"] == "per_user"
    assert int(results[2].headers["Retry-After"]) >= 1
    assert bench.executor.attempts == 2
    assert len(bench.records()) == 3


def test_refused_parameters_count_in_the_limits(bench: Bench) -> None:
    bench.publish(runtime_policy={"rate_limit": {"per_api": "1/minute"}})

    statuses = [bench.call(params={"unknown": 1}).error for _ in range(2)]

    assert [error.http_status for error in statuses if error] == [422, 429]


def test_what_may_pass_is_tried_again(bench: Bench) -> None:
    bench.publish(runtime_policy=NO_WAIT)
    bench.executor.behaviour = failing(TargetUnavailableError("down"), times=2)

    result = bench.call()

    assert (result.status, result.data, result.attempts) == ("success", "recovered", 3)
    assert bench.records()[0].attempts == 3


def test_the_author_s_mistake_is_not_tried_again(bench: Bench) -> None:
    bench.publish(runtime_policy=NO_WAIT)
    bench.executor.behaviour = failing(QueryFailedError("no such column"))

    result = bench.call()

    assert (result.status, result.attempts) == ("fail", 1)
    assert result.circuit_breaker_state == "closed"


def test_work_that_must_not_be_repeated_is_tried_once(bench: Bench) -> None:
    bench.executor.repeatable = False
    bench.publish(runtime_policy=NO_WAIT)
    bench.executor.behaviour = failing(TargetUnavailableError("down"))

    assert bench.call().attempts == 1


def test_an_open_breaker_refuses_without_calling_the_target(bench: Bench) -> None:
    bench.publish(runtime_policy={"max_retries": 0, "circuit_breaker": {"failure_threshold": 3}})
    bench.executor.behaviour = failing(TargetUnavailableError("down"))

    results = [bench.call() for _ in range(4)]

    assert bench.executor.attempts == 3
    assert results[2].circuit_breaker_state == "open"
    assert results[3].status == "rejected"
    assert results[3].error is not None
    assert (results[3].error.type, results[3].error.http_status) == ("breaker_open", 503)


def test_an_opening_circuit_ends_the_retries(bench: Bench) -> None:
    policy = {**NO_WAIT, "max_retries": 9, "circuit_breaker": {"failure_threshold": 2}}
    bench.publish(runtime_policy=policy)
    bench.executor.behaviour = failing(TargetUnavailableError("down"))

    result = bench.call()

    assert bench.executor.attempts == 2
    assert result.error is not None
    assert result.error.type == "target_unavailable"


def test_a_damaged_cached_answer_is_loaded_anew_under_the_breaker(bench: Bench) -> None:
    api = bench.publish(
        runtime_policy={
            "max_retries": 0,
            "cache": {"enabled": True},
            "circuit_breaker": {"failure_threshold": 1},
        }
    )
    bench.call()
    cache = bench.cache.locate(api, (), {}, None, ANALYST, variant="masked=False;max_rows=1000")
    assert cache is not None
    assert bench.cache.keys("default") == (cache.key,)
    seen = bench.shared.admit(Admission(cache=cache)).generations
    bench.shared.settle(Settlement(write=CacheWrite(cache, b"foreign", 60, 60, seen)))
    bench.executor.behaviour = failing(TargetUnavailableError("down"))

    results = [bench.call(), bench.call()]

    assert [result.error.type for result in results if result.error] == [
        "target_unavailable",
        "breaker_open",
    ]


def test_a_cached_answer_is_served_without_the_target_even_while_it_is_down(bench: Bench) -> None:
    policy = {"max_retries": 0, "circuit_breaker": {"failure_threshold": 1}}
    bench.publish(
        param_schema={"n": {"type": "integer"}},
        runtime_policy={**policy, "cache": {"enabled": True}},
    )
    first = bench.call(params={"n": 1})
    bench.executor.behaviour = failing(TargetUnavailableError("down"))
    bench.call(params={"n": 2})

    again, other = bench.call(params={"n": 1}), bench.call(params={"n": 3})

    assert (again.data, again.cached, again.attempts) == (first.data, True, 0)
    assert again.age_s is not None
    assert other.error is not None
    assert other.error.type == "breaker_open"


def test_publishing_drops_the_answers_cached_before(bench: Bench) -> None:
    bench.publish(runtime_policy={"cache": {"enabled": True}})
    bench.executor.behaviour = lambda *_: bench.executor.attempts
    bench.call()

    bench.apis.update("echo", {"description": "changed"}, ANALYST)

    assert bench.call().cached is False


def test_one_tenant_never_gets_the_other_s_answer(bench: Bench) -> None:
    bench.publish(runtime_policy={"cache": {"enabled": True}})
    stranger = ANALYST.model_copy(update={"tenant_id": "other"})
    bench.call()

    result = bench.call(caller=stranger)

    assert result.error is not None
    assert result.error.http_status == 404


def test_identical_calls_are_run_once_and_joined(bench: Bench) -> None:
    bench.publish(runtime_policy={"cache": {"enabled": True}})
    release = threading.Event()

    def slowly(params: Params, ctx: ExecutionContext) -> Any:
        release.wait(5)
        return "loaded"

    bench.executor.behaviour = slowly
    with ThreadPoolExecutor(8) as callers:
        futures = [callers.submit(bench.call) for _ in range(8)]
        release.set()
        results = [future.result() for future in futures]

    assert bench.executor.attempts == 1
    assert {result.data for result in results} == {"loaded"}
    assert sum(not result.cached for result in results) == 1
    assert len(bench.records()) == 8


def test_a_stale_answer_takes_the_place_of_a_failure_where_the_policy_says_so(
    bench: Bench,
) -> None:
    cache = {"enabled": True, "ttl_seconds": 0.01, "stale_if_error_seconds": 60}
    bench.publish(runtime_policy={"max_retries": 0, "cache": cache})
    bench.call()
    bench.executor.behaviour = failing(TargetUnavailableError("down"))
    threading.Event().wait(0.05)

    result = bench.call()

    assert (result.status, result.cached, result.stale) == ("success", True, True)
    assert bench.executor.attempts == 2


def test_a_test_run_touches_neither_cache_nor_limits_nor_breaker(bench: Bench) -> None:
    draft = bench.publish(
        runtime_policy={
            "max_retries": 0,
            "rate_limit": {"per_api": "1/minute"},
            "circuit_breaker": {"failure_threshold": 1},
            "cache": {"enabled": True},
        }
    )
    bench.executor.behaviour = failing(TargetUnavailableError("down"), times=2)

    tests = [bench.call(draft, test=True) for _ in range(3)]

    assert [result.status for result in tests] == ["fail", "fail", "success"]
    assert {record.source for record in bench.records()} == {"test"}
    live = bench.call()
    assert (live.status, live.cached) == ("success", False)


def test_a_nested_call_is_a_child_of_its_parent_s_record(bench: Bench) -> None:
    bench.publish("child")
    bench.publish("parent")

    def behave(params: Params, ctx: ExecutionContext) -> Any:
        return ctx.call(NestedCall(api="child", params={})).data if ctx.depth == 0 else "leaf"

    bench.executor.behaviour = behave
    result = bench.call("parent")

    assert result.data == "leaf"
    by_name = {record.api_name: record for record in bench.records()}
    assert by_name["child"].parent_execution_id == by_name["parent"].id
    assert by_name["child"].trace_id == by_name["parent"].trace_id
    assert by_name["child"].source == "workflow"


def test_apis_that_call_each_other_without_end_are_stopped(bench: Bench) -> None:
    bench.publish()

    def behave(params: Params, ctx: ExecutionContext) -> Any:
        inner = ctx.call(NestedCall(api="echo", params={}))
        if inner.error:
            raise QueryFailedError(inner.error.message)
        return inner.data

    bench.executor.behaviour = behave

    result = bench.call()

    assert result.status == "fail"
    assert bench.executor.attempts == 11


def test_a_failure_nobody_foresaw_is_an_outcome_without_a_stack_trace(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.publish()

    def behave(params: Params, ctx: ExecutionContext) -> Any:
        raise ZeroDivisionError("a bug")

    bench.executor.behaviour = behave

    result = bench.call()

    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("internal_error", 500)
    assert "a bug" not in result.error.message
    [record] = bench.records()
    assert record.error_stacktrace is not None
    assert "ZeroDivisionError: a bug" in record.error_stacktrace
    assert "failed unexpectedly" in caplog.text


def test_masked_columns_reach_neither_caller_nor_cache_nor_log(bench: Bench) -> None:
    mask = {"columns": {"ssn": "redact", "name": "hash", "note": "drop"}}
    bench.publish(runtime_policy={"mask": mask, "cache": {"enabled": True}})
    bench.executor.behaviour = lambda *_: [{"ssn": "123", "name": "mina", "note": "x", "n": 1}]

    first, second = bench.call(), bench.call()

    assert first.data == second.data
    assert first.data == [{"ssn": "***", "name": first.data[0]["name"], "n": 1}]
    assert "mina" not in bench.records()[0].model_dump_json(include={"response_data"})


def test_a_role_that_the_mask_excepts_sees_the_values_but_the_log_does_not(bench: Bench) -> None:
    mask = {"columns": {"ssn": "redact"}, "except_roles": ["admin"]}
    bench.publish(runtime_policy={"mask": mask, "cache": {"enabled": True}})
    bench.executor.behaviour = lambda *_: [{"ssn": "123"}]
    admin = ANALYST.model_copy(update={"roles": frozenset({"admin"})})

    seen, masked = bench.call(caller=admin), bench.call()

    assert seen.data == [{"ssn": "123"}]
    assert masked.data == [{"ssn": "***"}]
    assert all('"123"' not in (record.response_data or "") for record in bench.records())


def test_no_more_calls_run_at_once_than_the_policy_allows(bench: Bench) -> None:
    bench.publish(runtime_policy={"max_concurrency": 2, "max_retries": 0})
    running, most = [0], [0]
    lock = threading.Lock()

    def behave(params: Params, ctx: ExecutionContext) -> Any:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.02)
        with lock:
            running[0] -= 1

    bench.executor.behaviour = behave
    with ThreadPoolExecutor(6) as callers:
        results = list(callers.map(lambda _: bench.call(), range(6)))

    assert most[0] == 2
    assert all(result.ok for result in results)


def test_a_dry_run_calls_nothing_and_records_nothing(bench: Bench) -> None:
    bench.publish(param_schema={"n": {"type": "integer", "default": 3}})

    report = bench.pipeline.dry_run(ExecutionRequest(api="echo"), ANALYST)

    assert report["params"] == {"n": 3}
    assert report["would"] == "run"
    assert bench.executor.attempts == 0
    assert bench.records() == ()

"""What the pipeline costs: around a small statement, and around nothing at all."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NoReturn
from uuid import uuid4

from benchmarks.effort import Effort
from benchmarks.engines import open_engine, redis_url
from benchmarks.rounds import Subject, measure, table
from engine.call import ExecutionRequest
from engine.catalog import ApiCatalog
from engine.deadline import Deadline
from engine.facade import Engine, local_caller
from engine.model import ApiDefinition, LogicType, Payload, RuntimePolicy
from engine.pipeline import Pipeline
from engine.ports import Compiled, ExecutionContext, Executor, Params

TITLE = "The pipeline around one call"
MANY = "1000000000/day"
POLICIES: Mapping[str, Any] = {
    "timeout_seconds": 5,
    "max_retries": 3,
    "max_concurrency": 100,
    "rate_limit": {"per_api": MANY, "per_user": MANY, "per_tenant": MANY},
    "circuit_breaker": {"enabled": True},
    "cache": {"enabled": True, "ttl_seconds": 60, "tags": ["n:{{params.n}}"]},
    "mask": {"columns": {"secret": "redact"}, "params": ["secret"]},
}
ANSWER = Payload(
    json=b'{"columns":[{"name":"n","type":"INTEGER"}],"rows":[{"n":1}],'
    b'"row_count":1,"truncated":false}',
    row_count=1,
)
CALLER = local_caller()


class InstantExecutor:
    """Compiles as the real one does and answers at once."""

    def __init__(self, real: Executor) -> None:
        self._real = real

    @property
    def logic_type(self) -> LogicType:
        return self._real.logic_type

    def compile(self, api: ApiDefinition) -> Compiled:
        compiled: Compiled = self._real.compile(api)
        return compiled

    def execute(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Payload:  # noqa: ARG002
        return ANSWER

    def dry_run(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Mapping[str, Any]:
        return self._real.dry_run(compiled, params, ctx)


def run(effort: Effort) -> str:
    """Measure with the shared state in memory and in Redis."""
    with ExitStack() as opened:
        memory = opened.enter_context(open_engine())
        shared = opened.enter_context(redis_url())
        redis = opened.enter_context(open_engine(redis_url=shared))
        for engine in (memory, redis):
            _publish(engine, "plain", {"circuit_breaker": {"enabled": False}})
            _publish(engine, "governed", POLICIES)
        subjects = [
            _statement_alone(memory),
            Subject("statement, all policies (memory)", _calls(memory.pipeline, "governed")),
            Subject("statement, all policies (Redis)", _calls(redis.pipeline, "governed")),
            *_own_cost(memory, "memory"),
            *_own_cost(redis, "Redis"),
        ]
        return table(measure(subjects, rounds=effort.rounds, calls=100))


def _statement_alone(engine: Engine) -> Subject:
    api = engine.pipeline.catalog.resolve(CALLER.tenant_id, "plain")
    context = _context(api.definition.runtime_policy)
    return Subject(
        "statement, executor alone",
        lambda n: api.executor.execute(
            api.logic, {"n": n}, replace(context, deadline=Deadline.after(5))
        ),
    )


def _own_cost(engine: Engine, where: str) -> Iterator[Subject]:
    pipeline = _instant_pipeline(engine)
    hit = _calls(pipeline, "governed")
    yield Subject(f"pipeline's own, no policies ({where})", _calls(pipeline, "plain"))
    yield Subject(
        f"pipeline's own, all policies, cache miss ({where})", _calls(pipeline, "governed")
    )
    yield Subject(f"pipeline's own, all policies, cache hit ({where})", lambda _: hit(-1))


def _calls(pipeline: Pipeline, api: str) -> Callable[[int], None]:
    def call(number: int) -> None:
        result = pipeline.execute(ExecutionRequest(api=api, params={"n": number}), CALLER)
        if not result.ok:
            raise RuntimeError(f"{api}: {result.error}")

    return call


def _context(policy: RuntimePolicy) -> ExecutionContext:
    def refuse(_: object) -> NoReturn:
        raise RuntimeError("the statement calls no API and reads no secret")

    return ExecutionContext(
        execution_id=uuid4(),
        trace_id="benchmark",
        tenant_id=CALLER.tenant_id,
        caller=CALLER,
        source="notebook",
        policy=policy,
        deadline=Deadline.after(5),
        input_payload=None,
        depth=0,
        attempt=1,
        call=refuse,
        secret=refuse,
    )


def _instant_pipeline(engine: Engine) -> Pipeline:
    compiler = engine.pipeline.compiler.around(InstantExecutor)
    return replace(
        engine.pipeline, compiler=compiler, catalog=ApiCatalog(engine.policies.store, compiler)
    )


def _publish(engine: Engine, name: str, policy: Mapping[str, Any]) -> None:
    fields = {
        "api_name": name,
        "logic_type": "sql",
        "logic_body": "SELECT :n AS n",
        "connection": "sample",
        "param_schema": {"n": {"type": "integer"}},
        "runtime_policy": policy,
    }
    engine.apis.create(fields, CALLER)

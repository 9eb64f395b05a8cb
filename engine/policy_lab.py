"""Shows how an API's policies react to faults, against throw-away limits, breaker and cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson

from engine.auth import authorize
from engine.call import ExecutionRequest
from engine.cancellation import Cancellation
from engine.deadline import Deadline
from engine.errors import (
    BadRequestError,
    DeadlineExceededError,
    EngineError,
    QueryFailedError,
    ResponseInvalidError,
    TargetError,
    TargetTransientError,
    TargetUnavailableError,
    UpstreamStatusError,
)
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_policies import ConcurrencyGate
from engine.model import ApiDefinition, Caller, ExecutionResult, LogicType, Payload
from engine.pipeline import Pipeline
from engine.ports import Compiled, ExecutionContext, Executor, Params, SharedState

FaultKind = Literal["none", "latency", "timeout", "error", "bad_payload"]
Sleep = Callable[[float], None]

MAX_CALLS = 50
MAX_RUN_S = 60.0
MAX_PAUSE_S = 10.0

_INJECTED = "injected by the policy lab"

FAULTS: Mapping[str, Callable[[], EngineError]] = {
    "target_unavailable": lambda: TargetUnavailableError(f"the target is away ({_INJECTED})"),
    "target_transient": lambda: TargetTransientError(f"the target asks to retry ({_INJECTED})"),
    "target_failed": lambda: TargetError(f"the target failed ({_INJECTED})"),
    "upstream_429": lambda: _upstream(429, retry_after_s=1.0),
    "upstream_500": lambda: _upstream(500),
    "upstream_503": lambda: _upstream(503),
    "query_failed": lambda: QueryFailedError(f"the statement was refused ({_INJECTED})"),
    "response_invalid": lambda: ResponseInvalidError(f"the answer is unreadable ({_INJECTED})"),
}
"""The errors that can be injected, by the code a fault names."""

WRONG_PAYLOAD = Payload(json=orjson.dumps({"unexpected": _INJECTED}))
"""An answer of a shape nobody expects: to every policy it is a success, the cache keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong in some attempts of a lab run; all other attempts are real.

    Attributes:
        kind: `latency` waits and then does the real work, `timeout` never answers, `error` fails
            with `code`, `bad_payload` answers with `WRONG_PAYLOAD`, `none` leaves all as it is.
        attempts: How many attempts are faulty, over all calls; retries are attempts too.
        after: How many attempts go right before them, so that a cache has something to serve.
        seconds: How long a faulty attempt takes, except for `timeout`; ends with the attempt's
            own time.
        code: The error, a key of `FAULTS`.
    """

    kind: FaultKind = "error"
    attempts: int = 5
    after: int = 0
    seconds: float = 0.0
    code: str = "target_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPlan:
    """A series of calls, one after another, and the fault that they meet.

    Attributes:
        calls: How many, at most `MAX_CALLS`.
        pause_s: The wait between two calls, at most `MAX_PAUSE_S`.
    """

    fault: Fault = Fault()
    calls: int = 10
    pause_s: float = 0.0
    params: Params = field(default_factory=dict)
    input_payload: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLab:
    """Runs plans on a copy of the pipeline whose shared state nobody else sees.

    Every call is a test run in the log. APIs that a workflow calls run for real, under policies
    over the same throw-away state.

    Attributes:
        pipeline: The pipeline that real calls pass.
        new_shared_state: Makes the state of one run; it is closed afterwards.
        new_cache: The cache over such a state.
    """

    pipeline: Pipeline
    new_shared_state: Callable[[], SharedState]
    new_cache: Callable[[SharedState], APICacheService]
    sleep: Sleep = time.sleep

    def run(
        self,
        definition: ApiDefinition,
        plan: LabPlan,
        caller: Caller,
        *,
        cancellation: Cancellation | None = None,
        told: Callable[[ExecutionResult], None] = lambda _: None,
    ) -> tuple[ExecutionResult, ...]:
        """The outcome of each call; fewer than planned when `MAX_RUN_S` ran out, or on order.

        Args:
            cancellation: By which the run can be stopped.
            told: Hears of each call when it has ended.

        Raises:
            BadRequestError: The plan is past a bound; the message names each.
            PermissionDeniedError: The caller may not test this API.
            DefinitionInvalidError: It cannot be compiled.
        """
        authorize(caller, "execute:test", definition)
        refuse_unbounded(plan)
        logic = self.pipeline.compiler.compile(definition).logic
        end = Deadline.after(MAX_RUN_S, cancellation=cancellation)
        shared = self.new_shared_state()
        try:
            faults = _FaultyAttempts(plan.fault, end, self.sleep)
            pipeline = self._pipeline(shared, lambda real: _FaultyExecutor(real, logic, faults))
            request = ExecutionRequest(
                api=definition,
                params=plan.params,
                input_payload=plan.input_payload,
                source="test",
                test=True,
                lab=True,
                deadline=end,
                want_trace=True,
            )
            outcomes = []
            for outcome in self._calls(pipeline, request, caller, plan, end):
                told(outcome)
                outcomes.append(outcome)
            return tuple(outcomes)
        finally:
            shared.close()

    def _calls(
        self,
        pipeline: Pipeline,
        request: ExecutionRequest,
        caller: Caller,
        plan: LabPlan,
        end: Deadline,
    ) -> Iterator[ExecutionResult]:
        for number in range(plan.calls):
            if number:
                _wait(min(plan.pause_s, end.remaining_s()), end, self.sleep)
            if end.remaining_s() <= 0 or end.is_cancelled():
                return
            yield pipeline.execute(request, caller)

    def _pipeline(
        self, shared: SharedState, make_faulty: Callable[[Executor], Executor]
    ) -> Pipeline:
        return replace(
            self.pipeline,
            shared=shared,
            cache=self.new_cache(shared),
            breakers=CircuitBreakerManager(shared),
            gate=ConcurrencyGate(shared),
            compiler=self.pipeline.compiler.around(make_faulty),
        )


def refuse_unbounded(plan: LabPlan) -> None:
    """Raise BadRequestError for a plan past a bound, with every mistake."""
    fault = plan.fault
    rules = {
        f"calls must be from 1 to {MAX_CALLS}": 1 <= plan.calls <= MAX_CALLS,
        f"pause_s must be from 0 to {MAX_PAUSE_S:g}": 0 <= plan.pause_s <= MAX_PAUSE_S,
        "fault.attempts must be 0 or more": fault.attempts >= 0,
        "fault.after must be 0 or more": fault.after >= 0,
        f"fault.seconds must be from 0 to {MAX_RUN_S:g}": 0 <= fault.seconds <= MAX_RUN_S,
        f"fault.code must be one of {', '.join(FAULTS)}": fault.kind != "error"
        or fault.code in FAULTS,
    }
    mistakes = [rule for rule, is_kept in rules.items() if not is_kept]
    if mistakes:
        raise BadRequestError("; ".join(mistakes))


class _FaultyAttempts:
    """Which attempts of one run are faulty, and what happens to them; thread-safe."""

    def __init__(self, fault: Fault, end: Deadline, sleep: Sleep) -> None:
        self._fault = fault
        self._end = end
        self._sleep = sleep
        self._begun = 0
        self._lock = threading.Lock()

    def next(self) -> Fault | None:
        """The fault of the attempt that begins; None when it is a real one."""
        with self._lock:
            number, self._begun = self._begun, self._begun + 1
        fault = self._fault
        is_faulty = fault.after <= number < fault.after + fault.attempts
        return fault if is_faulty and fault.kind != "none" else None

    def suffer(self, fault: Fault, deadline: Deadline) -> Payload | None:
        """Let the fault happen: raises it, gives its payload, or None when real work follows."""
        never_answers = fault.kind == "timeout" or fault.seconds >= deadline.remaining_s()
        self._wait(deadline.remaining_s() if never_answers else fault.seconds)
        if never_answers:
            raise DeadlineExceededError(
                f"the target did not answer within {deadline.budget_s:g} s ({_INJECTED})"
            )
        if fault.kind == "error":
            raise FAULTS[fault.code]()
        return WRONG_PAYLOAD if fault.kind == "bad_payload" else None

    def _wait(self, seconds: float) -> None:
        _wait(min(seconds, self._end.remaining_s()), self._end, self._sleep)
        if self._end.cancellation is not None:
            self._end.cancellation.check()
        if self._end.remaining_s() <= 0:
            raise DeadlineExceededError(f"the lab run is over after {MAX_RUN_S:g} s")


class _FaultyExecutor:
    """An executor of one definition, compiled already, whose attempts meet the faults first."""

    def __init__(self, real: Executor, logic: Compiled, faults: _FaultyAttempts) -> None:
        self._real = real
        self._logic = logic
        self._faults = faults

    @property
    def logic_type(self) -> LogicType:
        return self._real.logic_type

    def compile(self, _: ApiDefinition) -> Compiled:
        return self._logic

    def execute(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Payload:
        fault = self._faults.next()
        payload = self._faults.suffer(fault, ctx.deadline) if fault else None
        return payload or self._real.execute(compiled, params, ctx)

    def dry_run(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Mapping[str, Any]:
        return self._real.dry_run(compiled, params, ctx)


def _wait(seconds: float, end: Deadline, sleep: Sleep) -> None:
    """Sleep, at most until the run is told to stop."""
    if end.cancellation is None:
        sleep(seconds)
    else:
        end.cancellation.wait(seconds)


def _upstream(status: int, *, retry_after_s: float | None = None) -> EngineError:
    return UpstreamStatusError(
        f"the upstream answered {status} ({_INJECTED})", status=status, retry_after_s=retry_after_s
    )

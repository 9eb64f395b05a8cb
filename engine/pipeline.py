"""The one way through: every call, of every logic type and door, passes `Pipeline.execute`.

    resolve → authorise → bind params → admit (limits, cache, breaker) → attempts → record

Read `_answer` from top to bottom as the list of policies; nothing else is in force.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from engine.answer_spool import AnswerSpool
from engine.attempts import Attempts
from engine.auth import Action, authorize
from engine.call import Answer, Call, ExecutionRequest
from engine.catalog import ApiCatalog
from engine.compilation import CompiledApi, Compiler
from engine.deadline import Deadline
from engine.errors import (
    CallerError,
    EngineError,
    ExecutionCancelledError,
    NodeFailedError,
    ParamsInvalidError,
)
from engine.executor_cache import APICacheService, CachedAnswer
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_monitoring import Monitor
from engine.executor_policies import (
    ConcurrencyGate,
    call_budget_s,
    limit_headers,
    limit_refusal,
    limit_rules,
)
from engine.masking import is_masked_for, mask_answer, mask_params
from engine.model import ApiDefinition, Caller, ExecutionResult, Payload, RuntimePolicy
from engine.model.execution import TraceVerdict
from engine.outcome import result_of
from engine.params import to_logged
from engine.ports import (
    Admission,
    Admitted,
    AnswerFiles,
    CacheKey,
    CacheWrite,
    ExecutionContext,
    LimitRule,
    NestedCall,
    Params,
    SharedState,
)

logger = logging.getLogger(__name__)

MAX_DEPTH = 10
"""How deep APIs may call each other."""

NOTHING_ASKED = Admission()

ReadSecret = Callable[[str, str], str]
"""The secret of a tenant by name; raises TemplateFailedError when there is none."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Executes requests under every policy; keeps nothing of a call, safe for many threads.

    Attributes:
        answer_files: Where answers go that are too large for memory.
        max_held_rows: How many rows an answer may have that is held in memory.
    """

    catalog: ApiCatalog
    compiler: Compiler
    shared: SharedState
    cache: APICacheService
    breakers: CircuitBreakerManager
    gate: ConcurrencyGate
    monitor: Monitor
    read_secret: ReadSecret
    answer_files: AnswerFiles
    max_held_rows: int

    def execute(self, request: ExecutionRequest, caller: Caller) -> ExecutionResult:
        """Run a request and leave exactly one log record; a failure is in the result.

        Raises:
            StoreUnavailableError: The log could not be written, so no answer may be given; or so
                much waits for it that nothing was run.
        """
        if request.depth == 0:
            self.monitor.check_room()
        call = Call(request, caller)
        try:
            answer = self._answer(call)
        except EngineError as error:
            stack = None if isinstance(error, CallerError) else traceback.format_exc()
            return self._recorded(call, error=error, stacktrace=stack)
        except Exception:
            logger.exception("execution %s failed unexpectedly", call.execution_id)
            unforeseen = EngineError("the engine failed on this call; the log has the particulars")
            return self._recorded(call, error=unforeseen, stacktrace=traceback.format_exc())
        return self._recorded(call, answer=answer)

    def dry_run(self, request: ExecutionRequest, caller: Caller) -> dict[str, Any]:
        """What the request would do: bound parameters, final logic, advice; calls nothing.

        Raises:
            EngineError: The refusal that the request would meet.
        """
        call = Call(request, caller)
        api = self._resolve(call)
        authorize(caller, _action(request), api.definition)
        params = self._bind(call, api, ())
        context = self._context(call, api, self._deadline(call, api), 1)
        return {
            "api_name": api.definition.api_name,
            "logic_type": api.definition.logic_type,
            "version": api.definition.version,
            "params": call.logged_params,
            "issues": [issue.model_dump() for issue in api.warnings],
            **api.executor.dry_run(api.logic, params, context),
        }

    def _answer(self, call: Call) -> Answer:
        request = call.request
        api = self._resolve(call)
        authorize(call.caller, _action(request), api.definition)
        call.trace.add("auth", "ok", subject=call.caller.subject, roles=sorted(call.caller.roles))
        guarded = request.lab or not request.test
        rules = limit_rules(api.definition, call.caller) if guarded and not request.refresh else ()
        params = self._bind(call, api, rules)
        is_cacheable = guarded and request.workflow is None
        cache = self._cache_key(call, api, params) if is_cacheable else None
        attempts = self._attempts(call, api, guarded=guarded)
        admitted = self._admit(
            call, api, Admission(limits=rules, cache=cache, breaker=attempts.breaker)
        )
        attempts.permit = admitted.permit
        load = partial(self._load, call, api, params, attempts, cache, admitted)
        try:
            if cache is None or request.refresh:
                return Answer(payload=load())
            return self._through_cache(call, api, cache, admitted, attempts.deadline, load)
        finally:
            attempts.release()

    def _resolve(self, call: Call) -> CompiledApi:
        request = call.request
        if request.depth > MAX_DEPTH:
            raise NodeFailedError(f"APIs call each other more than {MAX_DEPTH} deep")
        if isinstance(request.api, CompiledApi):
            api = request.api
        elif isinstance(request.api, ApiDefinition):
            api = self.compiler.compile(request.api)
        else:
            api = self.catalog.resolve(call.caller.tenant_id, request.api, request.version)
        call.api = api
        call.trace.add("resolve", "ok", version=api.definition.version)
        return api

    def _bind(self, call: Call, api: CompiledApi, rules: tuple[LimitRule, ...]) -> Params:
        """Bound parameters; a refusal counts in the limits like any other call."""
        request = call.request
        self._note_params(call, api, request.sent)
        try:
            params = api.params.bind_query(request.query, call.caller, body=request.params)
        except ParamsInvalidError as error:
            self._admit(call, api, Admission(limits=rules))
            call.trace.add("params", "refused", mistakes=len(error.details["params"]))
            raise
        self._note_params(call, api, params)
        call.trace.add("params", "ok", count=len(params))
        return params

    def _note_params(self, call: Call, api: CompiledApi, params: Params) -> None:
        definition = api.definition
        logged = to_logged(params, definition.param_schema)
        call.logged_params = mask_params(logged, definition.runtime_policy.mask.params)

    def _cache_key(self, call: Call, api: CompiledApi, params: Params) -> CacheKey | None:
        masked = is_masked_for(api.definition.runtime_policy.mask, call.caller)
        return self.cache.locate(
            api.definition,
            api.logic.tables,
            params,
            call.request.input_payload,
            call.caller,
            variant=f"masked={masked};max_rows={self._max_rows(call, api)}{_assets_of(api)}",
        )

    def _attempts(self, call: Call, api: CompiledApi, *, guarded: bool) -> Attempts:
        request, policy = call.request, api.definition.runtime_policy
        timeout_s = min(api.timeout_s, request.timeout_s or api.timeout_s)
        timeout_s = request.job_timeout_s or timeout_s
        retries = policy.max_retries if request.max_retries is None else request.max_retries
        return Attempts(
            shared=self.shared,
            call=call,
            api=api,
            deadline=self._deadline(call, api),
            timeout_s=timeout_s,
            max_retries=retries,
            breaker=self.breakers.config_for(api.definition, timeout_s) if guarded else None,
            permit=None,
        )

    def _deadline(self, call: Call, api: CompiledApi) -> Deadline:
        budget_s = call.request.job_timeout_s or call_budget_s(
            api.definition.logic_type, api.definition.runtime_policy
        )
        inherited, cancellation = call.request.deadline, call.request.cancellation
        if self._streams(call, api):
            cancellation = call.request.stream
        if inherited:
            return inherited.within(budget_s)
        return Deadline.after(budget_s, cancellation=cancellation)

    def _admit(self, call: Call, api: CompiledApi, admission: Admission) -> Admitted:
        """Limits, cache look-up and breaker permit, in one trip; none where nothing is asked."""
        if admission == NOTHING_ASKED:
            call.trace.add("limits", "skipped")
            return Admitted()
        admitted = self.shared.admit(admission)
        call.headers = limit_headers(admission.limits, admitted.limits, admitted.refused)
        call.trace.add(
            "limits",
            "refused" if admitted.refused else "ok" if admission.limits else "skipped",
            backend=self.shared.backend,
            limits=[
                {"level": use.level, "limit": use.limit, "remaining": use.remaining}
                for use in admitted.limits
            ],
        )
        if admitted.refused:
            raise limit_refusal(admitted.refused, api.definition.api_name)
        if admitted.permit is not None:
            call.breaker_state = admitted.permit.state
            call.trace.add(
                "breaker",
                "ok" if admitted.permit.allowed else "refused",
                state=admitted.permit.state,
                failures=admitted.permit.failures,
            )
        return admitted

    def _through_cache(
        self,
        call: Call,
        api: CompiledApi,
        cache: CacheKey,
        admitted: Admitted,
        deadline: Deadline,
        load: Callable[[], Payload],
    ) -> Answer:
        """The cached answer if it is fresh or may be served stale; else one loaded once for all.

        An identical call under way is joined. A stale answer takes the place of a failure where the
        policy says so.
        """
        policy = api.definition.runtime_policy.cache
        stored = self.cache.read(admitted.entry)
        if stored and stored.fresh:
            return _from_cache(call, stored, "hit", cache)
        if stored and self.cache.may_revalidate(stored, policy):
            self._revalidate(call, api, cache)
            return _from_cache(call, stored, "stale", cache)
        call.trace.add("cache", "miss", key=cache.key[-12:])
        try:
            with self.cache.flight(cache, admitted.generations, deadline) as flight:
                if flight.answer:
                    return _from_cache(call, flight.answer, "hit", cache, joined=True)
                try:
                    payload = load()
                except ExecutionCancelledError:
                    raise  # those who joined were not cancelled: one of them loads instead
                except EngineError as error:
                    flight.fail(error)
                    raise
                flight.publish(payload)
                return Answer(payload=payload)
        except ExecutionCancelledError:
            raise
        except EngineError as error:
            if stored and self.cache.may_cover_error(stored, policy):
                return _from_cache(call, stored, "stale", cache, instead_of=error.code)
            raise

    def _revalidate(self, call: Call, api: CompiledApi, cache: CacheKey) -> None:
        request = replace(
            call.request, refresh=True, deadline=None, cancellation=None, idempotency_key=None
        )
        self.cache.revalidate(cache, api.timeout_s, lambda: self._refresh(request, call.caller))

    def _refresh(self, request: ExecutionRequest, caller: Caller) -> None:
        self.execute(request, caller)

    def _load(
        self,
        call: Call,
        api: CompiledApi,
        params: Params,
        attempts: Attempts,
        cache: CacheKey | None,
        admitted: Admitted,
    ) -> Payload:
        policy = api.definition.runtime_policy

        def write_for(payload: Payload) -> CacheWrite | None:
            if cache is None or payload.large is not None:
                return None
            return self.cache.write_for(cache, payload, policy.cache, admitted.generations)

        def attempt(deadline: Deadline, number: int) -> Payload:
            with (
                self.gate.place(api.definition, policy.max_concurrency, deadline),
                self._spool(call, api) as spool,
            ):
                context = self._context(call, api, deadline, number, spool)
                payload = api.executor.execute(api.logic, params, context)
            return self._masked(call, api, payload)

        return attempts.run(attempt, write_for)

    def _masked(self, call: Call, api: CompiledApi, payload: Payload) -> Payload:
        mask = api.definition.runtime_policy.mask
        if not is_masked_for(mask, call.caller):
            return payload
        call.trace.add("masking", "ok", columns=sorted(mask.columns))
        if payload.large is not None:
            return payload
        return replace(payload, json=mask_answer(payload.json, mask.columns))

    def _streams(self, call: Call, api: CompiledApi) -> bool:
        """Whether the answer may be larger than memory: asked for so, and by its policy."""
        definition = api.definition
        return (
            call.request.stream is not None
            and definition.logic_type == "sql"
            and definition.runtime_policy.max_rows > self.max_held_rows
        )

    def _max_rows(self, call: Call, api: CompiledApi) -> int:
        """The row cap in force: the policy's, the request's, and that of what is held."""
        most = api.definition.runtime_policy.max_rows
        asked = most if call.request.max_rows is None else call.request.max_rows
        return min(most, asked, most if self._streams(call, api) else self.max_held_rows)

    @contextmanager
    def _spool(self, call: Call, api: CompiledApi) -> Iterator[AnswerSpool | None]:
        """What takes the rows of an attempt that streams; it is empty again if that fails."""
        if not self._streams(call, api):
            yield None
            return
        mask = api.definition.runtime_policy.mask
        spool = AnswerSpool(
            self.answer_files,
            held_rows=self.max_held_rows,
            masks=mask.columns if is_masked_for(mask, call.caller) else {},
            log_masks=mask.columns,
            log_bytes=self.monitor.max_logged_bytes,
        )
        try:
            yield spool
        except BaseException:
            spool.discard()
            raise

    def _context(
        self,
        call: Call,
        api: CompiledApi,
        deadline: Deadline,
        attempt: int,
        spool: AnswerSpool | None = None,
    ) -> ExecutionContext:
        return ExecutionContext(
            execution_id=call.execution_id,
            trace_id=call.trace_id,
            request_id=call.request.request_id or str(call.execution_id),
            sampled=call.request.span_parent is None or call.request.span_parent.sampled,
            tenant_id=call.caller.tenant_id,
            caller=call.caller,
            source=call.request.source,
            policy=_narrowed(api.definition.runtime_policy, self._max_rows(call, api)),
            deadline=deadline,
            input_payload=call.request.input_payload,
            depth=call.request.depth,
            attempt=attempt,
            call=partial(self._nested, call, deadline),
            secret=partial(self.read_secret, call.caller.tenant_id),
            mappings=api.mappings.over,
            workflow=call.request.workflow,
            sink=spool,
            idempotency_key=call.request.idempotency_key,
        )

    def _nested(self, parent: Call, deadline: Deadline, nested: NestedCall) -> ExecutionResult:
        """A call that an execution makes: same caller, same trace, what is left of its time."""
        request = ExecutionRequest(
            api=nested.api,
            params=nested.params,
            input_payload=nested.input_payload,
            source="workflow",
            trace_id=parent.trace_id,
            span_parent=parent.request.span_parent,
            request_id=parent.request.request_id,
            parent_execution_id=parent.execution_id,
            deadline=deadline,
            depth=parent.request.depth + 1,
            max_retries=nested.max_retries,
            max_rows=nested.max_rows,
            timeout_s=nested.timeout_s,
            idempotency_key=nested.idempotency_key,
        )
        return self.execute(request, parent.caller)

    def _recorded(
        self,
        call: Call,
        *,
        answer: Answer | None = None,
        error: EngineError | None = None,
        stacktrace: str | None = None,
    ) -> ExecutionResult:
        result = result_of(call, answer, error)
        api, request = call.api, call.request
        self.monitor.record(
            self._as_logged(call, result),
            api_name=api.definition.api_name if api else request.api_name,
            api_id=api.definition.id if api else None,
            caller=call.caller,
            source="test" if request.test else request.source,
            created_at=call.created_at,
            params=call.logged_params,
            input_payload=request.input_payload,
            parent_execution_id=request.parent_execution_id,
            stacktrace=stacktrace,
            breaker_changed=call.breaker_changed,
            span_parent=request.span_parent,
        )
        return result

    def _as_logged(self, call: Call, result: ExecutionResult) -> ExecutionResult:
        """The result as the log may keep it: masked for everybody."""
        if call.api is None or not result.ok:
            return result
        if result.large is not None:
            return replace(result, data_json=result.large.log_head)
        mask = call.api.definition.runtime_policy.mask
        if not mask.columns or is_masked_for(mask, call.caller):
            return result
        return replace(result, data_json=mask_answer(result.data_json, mask.columns))


def _assets_of(api: CompiledApi) -> str:
    """The versions of its assets: an answer is made of them as of the API's own version."""
    return "".join(f";{pin}" for pin in api.assets)


def _action(request: ExecutionRequest) -> Action:
    return "execute:test" if request.test else "execute:run"


def _narrowed(policy: RuntimePolicy, max_rows: int) -> RuntimePolicy:
    if max_rows >= policy.max_rows:
        return policy
    return policy.model_copy(update={"max_rows": max_rows})


def _from_cache(
    call: Call, stored: CachedAnswer, verdict: TraceVerdict, cache: CacheKey, **detail: Any
) -> Answer:
    age_s = round(stored.age_s, 3)
    call.trace.add("cache", verdict, key=cache.key[-12:], age_s=age_s, **detail)
    return Answer(payload=stored.payload, cached=True, stale=not stored.fresh, age_s=age_s)

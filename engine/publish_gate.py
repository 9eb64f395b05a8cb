"""Replays logged calls on what is live and on what is to be published, and tells what differs."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.auth import may
from engine.call import ExecutionRequest
from engine.comparison import difference
from engine.compilation import CompiledApi, Compiler
from engine.deadline import Deadline
from engine.errors import ConflictError, DefinitionInvalidError
from engine.logged_inputs import LoggedInputs, inputs_of
from engine.masking import mask_answer
from engine.model import (
    ApiDefinition,
    Caller,
    ExecutionQuery,
    ExecutionRecord,
    ExecutionResult,
)
from engine.model.gate import (
    GateMode,
    GateReport,
    GateVerdict,
    ReplayedCall,
    ReplaySide,
    ReplayVerdict,
    SkippedCall,
)
from engine.model.policy import PublishGatePolicy
from engine.ports import DefinitionStore, ExecutionStore, Journal
from engine.replayable import writes

Run = Callable[[ExecutionRequest, Caller], ExecutionResult]
_LOOKED_AT = 1000
"""How many of the newest calls are looked at for distinct ones."""


@dataclass(frozen=True, slots=True)
class _Sides:
    """What a call is replayed on."""

    live: CompiledApi
    draft: CompiledApi

    def masked(self, result: ExecutionResult) -> bytes:
        """An answer as the report may keep it, whoever publishes."""
        masks = {
            **self.live.definition.runtime_policy.mask.columns,
            **self.draft.definition.runtime_policy.mask.columns,
        }
        return mask_answer(result.data_json, masks) if masks else result.data_json


class PublishGate:
    """The last distinct calls of an API, made again before a version is published.

    The replayed calls are test runs in the name of who publishes: without cache, limits and
    breaker, logged with source `test`. Only calls that change nothing anywhere are made.

    Args:
        log, journal: Where calls are logged.
        definitions: Tells what the nodes of a workflow call.
        compiler: Compiles what is live.
        run: Executes a request.
    """

    def __init__(
        self,
        log: ExecutionStore,
        journal: Journal,
        definitions: DefinitionStore,
        compiler: Compiler,
        run: Run,
    ) -> None:
        self._log = log
        self._compiler = compiler
        self._journal = journal
        self._definitions = definitions
        self._run = run

    def replay(self, live: ApiDefinition, draft: CompiledApi, caller: Caller) -> GateReport:
        """What publishing `draft` would change for who calls `live`; nothing is refused here.

        The policy of the live version is in force, so that nobody publishes a way around it.
        """
        try:
            before = self._compiler.compile(live)
        except DefinitionInvalidError as error:
            policy = live.runtime_policy.publish_gate
            return _nothing(live, policy.mode, f"what is live no longer compiles: {error.message}")
        policy = before.definition.runtime_policy.publish_gate
        if policy.mode == "off":
            return _nothing(live, policy.mode, "the gate is off")
        reason = self._reason_not_to(live, draft.definition, caller)
        if reason is not None:
            return _nothing(live, policy.mode, reason)
        return self._replayed_recent(_Sides(before, draft), policy, caller)

    def _replayed_recent(
        self, sides: _Sides, policy: PublishGatePolicy, caller: Caller
    ) -> GateReport:
        live = sides.live.definition
        calls, skipped = self._recent(live, policy.calls)
        deadline = Deadline.after(policy.seconds)
        replayed, late = [], []
        for number, (record, inputs) in enumerate(calls):
            # In turns, so that neither side has the other warm up its target each time.
            runs = self._both(sides, inputs, caller, deadline, live_first=number % 2 == 0)
            if deadline.remaining_s() <= 0:
                over = f"the {policy.seconds:g} s of the gate were over"
                late.append(SkippedCall(execution_id=record.id, reason=over))
            else:
                replayed.append(self._compared(record, inputs, sides, runs, caller, deadline))
        return _report(live, policy.mode, replayed, [*skipped, *late])

    def _reason_not_to(
        self, live: ApiDefinition, draft: ApiDefinition, caller: Caller
    ) -> str | None:
        if not (may(caller, "logs:read", live) and may(caller, "execute:test", live)):
            return f"{caller.subject} may not read the log and run tests"
        for api in (live, draft):
            reason = writes(api, lambda ref: self._definitions.get(live.tenant_id, ref))
            if reason is not None:
                return f"its calls cannot be replayed: {reason}"
        return None

    def _recent(
        self, live: ApiDefinition, wanted: int
    ) -> tuple[list[tuple[ExecutionRecord, LoggedInputs]], list[SkippedCall]]:
        """The newest distinct calls that can be made again, and those that cannot."""
        self._journal.flush()
        query = ExecutionQuery(api_id=live.id, without_tests=True, limit=_LOOKED_AT)
        found: dict[bytes, tuple[ExecutionRecord, LoggedInputs]] = {}
        skipped: dict[tuple[str, ...], SkippedCall] = {}
        for record in self._log.search(live.tenant_id, query).items:
            if record.status == "rejected":
                continue
            inputs = inputs_of(record, live)
            if inputs.missing:
                reason = "; ".join(inputs.missing)
                skipped.setdefault(
                    inputs.missing, SkippedCall(execution_id=record.id, reason=reason)
                )
            elif len(found) < wanted:
                found.setdefault(inputs.fingerprint, (record, inputs))
        return list(found.values()), list(skipped.values())

    def _both(
        self,
        sides: _Sides,
        inputs: LoggedInputs,
        caller: Caller,
        deadline: Deadline,
        *,
        live_first: bool,
    ) -> tuple[ExecutionResult, ExecutionResult]:
        first, second = (sides.live, sides.draft) if live_first else (sides.draft, sides.live)
        one = self._once(first, inputs, caller, deadline)
        other = self._once(second, inputs, caller, deadline)
        return (one, other) if live_first else (other, one)

    def _compared(
        self,
        record: ExecutionRecord,
        inputs: LoggedInputs,
        sides: _Sides,
        runs: tuple[ExecutionResult, ExecutionResult],
        caller: Caller,
        deadline: Deadline,
    ) -> ReplayedCall:
        live, draft = runs
        verdict: ReplayVerdict = "same"
        found = None
        if live.ok and draft.ok:
            found = difference(sides.masked(live), sides.masked(draft))
            if not found.is_empty:
                again = self._once(sides.live, inputs, caller, deadline)
                is_stable = not again.ok or again.data_json == live.data_json
                verdict = "changed" if is_stable else "unstable"
        elif live.ok or draft.ok:
            verdict = "failed" if live.ok else "mended"
        return ReplayedCall(
            execution_id=record.id,
            params=dict(inputs.params),
            verdict=verdict,
            live=_side(live),
            draft=_side(draft),
            difference=found if verdict == "changed" else None,
        )

    def _once(
        self, api: CompiledApi, inputs: LoggedInputs, caller: Caller, deadline: Deadline
    ) -> ExecutionResult:
        request = ExecutionRequest(
            api=api,
            params=inputs.params,
            input_payload=inputs.input_payload,
            source="test",
            test=True,
            deadline=deadline,
            max_retries=0,
        )
        return self._run(request, caller)


def refuse_differences(api: ApiDefinition, report: GateReport) -> None:
    """Raise ConflictError when the gate blocks and found that calls fail or answer otherwise."""
    if report.mode != "block" or not report.differs or report.accepted_by is not None:
        return
    changed = [call for call in report.calls if call.verdict in ("changed", "failed")]
    raise ConflictError(
        f"{api.api_name!r} was not published: {len(changed)} of {len(report.calls)} replayed calls "
        "fail or answer otherwise than on what is live",
        details={"gate": report.model_dump(mode="json")},
        hint="Look at the differences; publish with `accept_changes`, or apply with "
        "`--accept-changes`, when they are meant.",
    )


def _nothing(live: ApiDefinition, mode: GateMode, reason: str) -> GateReport:
    return GateReport(mode=mode, verdict="nothing", reason=reason, live_version=live.version)


def _report(
    live: ApiDefinition,
    mode: GateMode,
    calls: Sequence[ReplayedCall],
    skipped: Sequence[SkippedCall],
) -> GateReport:
    if not calls:
        why = "no logged call can be replayed" if skipped else "no call is logged yet"
        return _nothing(live, mode, why).model_copy(update={"skipped": tuple(skipped)})
    before = sorted(call.live.duration_ms for call in calls)
    after = sorted(call.draft.duration_ms for call in calls)
    return GateReport(
        mode=mode,
        verdict=_verdict(call.verdict for call in calls),
        live_version=live.version,
        calls=tuple(calls),
        skipped=tuple(skipped),
        live_p50_ms=statistics.median(before),
        live_p95_ms=_p95(before),
        draft_p50_ms=statistics.median(after),
        draft_p95_ms=_p95(after),
    )


def _verdict(verdicts: Iterator[ReplayVerdict]) -> GateVerdict:
    found = set(verdicts)
    if "failed" in found:
        return "failed"
    return "changed" if "changed" in found else "passed"


def _p95(ordered: Sequence[float]) -> float:
    """By the nearest rank: of few calls, the slowest."""
    return ordered[-(-len(ordered) * 95 // 100) - 1]


def _side(result: ExecutionResult) -> ReplaySide:
    error = result.error
    return ReplaySide(
        status=result.status,
        duration_ms=round(result.duration_ms, 3),
        execution_id=result.execution_id,
        error=f"{error.type}: {error.message}" if error else None,
    )

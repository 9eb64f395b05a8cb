"""Holds the publish gates of APIs when a folder of definitions is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from engine.compilation import CompiledApi
from engine.errors import ConflictError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.gate import GateReport
from engine.ports import ContractFacts, DefinitionChanges
from engine.publish_gate import PublishGate, refuse_differences
from engine.references import called_apis


class ReplayGate:
    """Replays the logged calls of what is published anew, one API after the other.

    A workflow is replayed with what it calls as that is live.
    """

    def __init__(self, gate: PublishGate) -> None:
        self._gate = gate

    def replayed(
        self,
        contracts: Mapping[UUID, ContractFacts],
        changes: DefinitionChanges,
        live: Sequence[ApiDefinition],
        compiled: Mapping[UUID, CompiledApi],
        caller: Caller,
        *,
        accept: bool,
        step: Callable[[str], object],
    ) -> dict[UUID, ContractFacts]:
        """The contracts, with what the replay found beside those of APIs that are live.

        Args:
            contracts: By the ids of APIs.
            changes: What is to be published.
            live: The definitions as they are.
            compiled: Those to publish, by id.
            caller: Who publishes.
            accept: Go on although gates block what differs: it is meant.
            step: Is told what is being worked on.

        Raises:
            ConflictError: Gates block what calls would find otherwise; every such API is named.
        """
        before = {api.id: api for api in live if api.version}
        new = {ref for api in changes.created for ref in (api.api_name, str(api.id))}
        found = dict(contracts)
        refused: list[ConflictError] = []
        for api in changes.published:
            if api.id not in before:
                continue
            step(f"replaying calls of {api.api_name}")
            report = self._report(before[api.id], compiled[api.id], new, caller)
            if accept and report.mode == "block" and report.differs:
                report = report.model_copy(update={"accepted_by": caller.subject})
            found[api.id] = replace(found[api.id], gate=report)
            try:
                refuse_differences(api, report)
            except ConflictError as error:
                refused.append(error)
        if refused:
            raise _as_one(refused)
        return found

    def _report(
        self, live: ApiDefinition, draft: CompiledApi, new: set[str], caller: Caller
    ) -> GateReport:
        api = draft.definition
        unknown = sorted(new & set(called_apis(api.logic_type, api.logic_body)))
        mode = live.runtime_policy.publish_gate.mode
        if unknown and mode != "off":
            reason = f"it calls {unknown[0]!r}, which is not live yet"
            return GateReport(
                mode=mode, verdict="nothing", reason=reason, live_version=live.version
            )
        return self._gate.replay(live, draft, caller)


def gate_warnings(report: GateReport | None) -> Iterator[Issue]:
    """What a gate that lets pass has to say about what differs."""
    if report is None or not report.differs:
        return
    differing = sum(call.verdict in ("changed", "failed") for call in report.calls)
    accepted = f"; accepted by {report.accepted_by}" if report.accepted_by else ""
    yield Issue(
        severity="warning",
        code="gate_differs",
        message=f"{differing} of {len(report.calls)} replayed calls fail or answer otherwise than "
        f"on what is live{accepted}",
        path="logic_body",
    )


def _as_one(refused: Sequence[ConflictError]) -> ConflictError:
    if len(refused) == 1:
        return refused[0]
    return ConflictError(
        "; ".join(error.message for error in refused),
        details={"refused": [dict(error.details or {}) for error in refused]},
        hint=refused[0].hint,
    )

"""What publishing a definition takes away: told before, recorded with the version, or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.compilation import CompiledApi
from engine.contract import ContractGuard
from engine.errors import ConflictError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.gate import GateReport
from engine.ports import ContractFacts
from engine.publish_gate import PublishGate, refuse_differences


@dataclass(frozen=True, kw_only=True)
class PublishPreview:
    """What publishing would do.

    Attributes:
        breaking: What it takes away from those who rely on what is live, who are named.
        gate: What the replay of logged calls found; None for what was never published.
        refused: Why it would be refused; empty when it would not.
    """

    breaking: tuple[Issue, ...] = ()
    gate: GateReport | None = None
    refused: str = ""


class Publication:
    """Holds what is about to be published against the contract and the calls of what is live."""

    def __init__(self, contracts: ContractGuard, gate: PublishGate) -> None:
        self._contracts = contracts
        self._gate = gate

    def facts(
        self, live: ApiDefinition, changed: CompiledApi, caller: Caller, *, accept: bool
    ) -> ContractFacts:
        """What to record with the new version.

        Args:
            live: The API as it is.
            changed: As it will be.
            caller: Who publishes.
            accept: Publish although the gate blocks: what differs is meant.

        Raises:
            ConflictError: It breaks others, or replayed calls fail or answer otherwise, and that is
                refused.
        """
        facts = self.contract(live, changed, caller)
        if not live.version:
            return facts
        gate = self._gate.replay(live, changed, caller)
        if accept and gate.mode == "block" and gate.differs:
            gate = gate.model_copy(update={"accepted_by": caller.subject})
        refuse_differences(live, gate)
        return replace(facts, gate=gate)

    def contract(self, live: ApiDefinition, changed: CompiledApi, caller: Caller) -> ContractFacts:
        """The same without a replay: for a way back, which has to be quick and open."""
        return self._contracts.facts(live, changed.definition, changed.logic.columns, caller)

    def preview(self, live: ApiDefinition, changed: CompiledApi, caller: Caller) -> PublishPreview:
        """What publishing would find; replays logged calls, changes and refuses nothing."""
        if not live.version:
            return PublishPreview()
        columns = changed.logic.columns
        gate = self._gate.replay(live, changed, caller)
        return PublishPreview(
            breaking=self._contracts.warnings(live, changed.definition, columns, caller),
            gate=gate,
            refused=self._refusal(live, changed, gate, caller),
        )

    def _refusal(
        self, live: ApiDefinition, changed: CompiledApi, gate: GateReport, caller: Caller
    ) -> str:
        try:
            self.contract(live, changed, caller)
            refuse_differences(live, gate)
        except ConflictError as error:
            return error.message
        return ""

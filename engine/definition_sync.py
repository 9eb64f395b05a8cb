"""Brings an instance to what a folder of definitions says, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from engine.asset_check import ContentCheck
from engine.asset_files import FOLDER, AssetFile, read_asset, said_of_asset
from engine.asset_sync import AssetPlan, needed_by, planned_assets, refuse_bad_labels, touched_by
from engine.auth import authorize
from engine.compilation import CompiledApi, Compiler
from engine.contract import ContractGuard
from engine.definition_audit import audit_entry
from engine.definition_export import Beside, ExportReport, write_folder
from engine.definition_gate import ReplayGate, gate_warnings
from engine.definition_outcome import Outcome
from engine.definition_plan import Plan, planned, portable
from engine.definitions import DefinitionFile
from engine.errors import DefinitionInvalidError, NotFoundError
from engine.file_kinds import Folder, Kept, KindPlan, planned_kind
from engine.lineage import Use
from engine.model import ApiDefinition, Caller, Issue
from engine.named_files import refuse_errors
from engine.ports import (
    AssetStore,
    CaseStore,
    ContractFacts,
    DefinitionStore,
)

Step = Callable[[str], object]
"""Is told what is being worked on."""
_FOLDERS = {
    "rule": "rules",
    "screen": "screens",
    "tool": "tools",
    "alert": "alerts",
    "resolver": FOLDER,
}
"""Where the users of APIs have their files that are no APIs."""


class DefinitionSync:
    """Definitions as code: the caller's tenant written to a folder, compared with it, set by it.

    Args:
        store: Where definitions are kept.
        cases: Where their test cases are kept.
        assets: Where the assets are kept that they name.
        kinds: What else has files.
        connection: Finds a connection of a tenant; raises NotFoundError.
        compiler: Checks what would be published.
        contracts: Tells what it would break.
        gate: Replays logged calls on what would be published.
        forget: Is told of each API that was changed or deleted, to drop what is kept of it.
    """

    def __init__(
        self,
        *,
        store: DefinitionStore,
        cases: CaseStore,
        assets: AssetStore,
        kinds: Sequence[Kept[Any]],
        connection: Callable[[str, str], object],
        compiler: Compiler,
        contracts: ContractGuard,
        gate: ReplayGate,
        forget: Callable[[ApiDefinition], object],
    ) -> None:
        self._store = store
        self._cases = cases
        self._assets = assets
        self._kinds = tuple(kinds)
        self._connection = connection
        self._compiler = compiler
        self._contracts = contracts
        self._gate = gate
        self._forget = forget

    def export(
        self,
        folder: Path,
        caller: Caller,
        *,
        names: Sequence[str] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
        step: Step = lambda _: None,
    ) -> ExportReport:
        """Write everything that is live, or the APIs of `names`, into a folder; see `write_folder`.

        With these go the assets that they stand on. `step` is told each name as its turn comes.

        Raises:
            NotFoundError: A name is no live API's.
        """
        authorize(caller, "apis:read")
        every = self._store.all(caller.tenant_id)
        published = {api.api_name: api for api in portable(every) if api.version}
        unknown = [name for name in names if name not in published]
        if unknown:
            raise NotFoundError(f"there is no published API {unknown[0]!r}")
        wanted = [api for name, api in published.items() if not names or name in names]
        shared = [asset for asset in self._assets.all(caller.tenant_id) if asset.version]
        shared = list(needed_by(wanted, shared)) if names else shared
        said = {asset.name: said_of_asset(asset) for asset in shared}
        beside = [Beside(folder=FOLDER, read=read_asset, said=said)]
        if not names:
            beside += [_beside(kept, caller, _names(every)) for kept in self._kinds]
        return write_folder(
            folder,
            wanted,
            variables,
            tests=self._cases.all(caller.tenant_id),
            beside=beside,
            step=step,
        )

    def plan(self, folder: Folder, caller: Caller, *, prune: bool = False) -> Plan:
        """What applying a folder would change; nothing is compiled and nothing changed.

        Args:
            folder: As `read_definitions` reads it.
            caller: In whose tenant.
            prune: Delete what is live and has no file, and test cases that a file does not say.
        """
        authorize(caller, "apis:read")
        live = self._store.all(caller.tenant_id)
        apis, assets, kinds = self._planned(folder, live, caller, prune=prune)
        return _together(apis, assets, kinds)

    def check(
        self,
        folder: Folder,
        caller: Caller,
        *,
        prune: bool = False,
        accept_changes: bool = False,
        step: Step = lambda _: None,
    ) -> Plan:
        """The plan, once everything in it is known to work; nothing is changed.

        Replays logged calls on what would be published, as its publish gate says.

        Args:
            folder, caller, prune: As `plan`.
            accept_changes: Go on although gates block what differs: it is meant.
            step: Is told what is being worked on.

        Raises:
            DefinitionInvalidError: With every issue of every file, and of what stays and the
                changes would break; each message begins with file and line.
            ConflictError: What would be deleted is used by what stays, or what would be
                published breaks others and this instance refuses that, or a gate blocks it.
        """
        authorize(caller, "apis:write")
        live = self._store.all(caller.tenant_id)
        plan, assets, kinds = self._planned(folder, live, caller, prune=prune)
        outcome = Outcome(live, plan.commit, touched_by([*assets.commit, *assets.deleted], live))
        outcome.refuse_orphans(lambda api: _users(api, assets, kinds))
        assets.refuse_orphans([api for api in outcome.apis if api.version])
        self._check_assets(assets, folder.assets, outcome, caller)
        issues, compiled = self._compiled(folder.apis, assets, outcome, step)
        issues += _kind_issues(plan, kinds, live, outcome, caller)
        refuse_errors(issues)
        find = partial(outcome.find, caller.tenant_id)
        edits = tuple(edit for kind in kinds for edit in kind.edits(caller, find))
        done = _together(plan, assets, kinds)
        contracts = self._contracts_of(done, live, compiled, caller)
        contracts = self._gate.replayed(
            contracts, plan.commit, live, compiled, caller, accept=accept_changes, step=step
        )
        by_name = {file.name: file for file in folder.apis}
        for api in plan.commit.published:
            facts = contracts[api.id]
            found = (*facts.breaking, *gate_warnings(facts.gate))
            issues += map(by_name[api.api_name].located, found)
        gates = {
            api.api_name: facts.gate
            for api in plan.commit.published
            if (facts := contracts[api.id]).gate is not None
        }
        commit = replace(done.commit, contracts=contracts, edits=edits)
        return replace(done, warnings=tuple(issues), gates=gates, commit=commit)

    def apply(
        self,
        folder: Folder,
        caller: Caller,
        *,
        prune: bool = False,
        accept_changes: bool = False,
        note: str = "",
        step: Step = lambda _: None,
    ) -> Plan:
        """Make the instance what the folder says, in one transaction; returns what was done.

        Drafts stay as they are. Applying again changes nothing.

        Raises:
            DefinitionInvalidError, ConflictError: As `check`, or somebody changed something
                meanwhile; nothing was changed.
        """
        plan = self.check(folder, caller, prune=prune, accept_changes=accept_changes, step=step)
        if not plan.changes:
            return plan
        step("writing")
        touched = touched_by(
            [*plan.commit.assets, *plan.commit.deleted_assets], self._store.all(caller.tenant_id)
        )
        words = {kept.kind.folder: kept.audit for kept in self._kinds}
        self._store.apply(
            caller.tenant_id,
            plan.commit,
            note=note or "applied from files",
            by=caller.subject,
            audit=[audit_entry(change, caller, words) for change in plan.changes],
        )
        for api in (*plan.commit.published, *plan.commit.deleted):
            self._forget(api)
        for name in touched:
            with suppress(NotFoundError):
                self._forget(self._store.get(caller.tenant_id, name))
        return plan

    def _planned(
        self, folder: Folder, live: Sequence[ApiDefinition], caller: Caller, *, prune: bool
    ) -> tuple[Plan, AssetPlan, tuple[KindPlan[Any], ...]]:
        authorize(caller, "assets:read")
        refuse_bad_labels(folder.assets)
        every = self._assets.all(caller.tenant_id)
        cases = self._cases.all(caller.tenant_id)
        kinds = []
        for kept in self._kinds:
            authorize(caller, kept.read)
            files = folder.named.get(kept.kind.folder, ())
            kinds.append(planned_kind(kept, files, caller, _names(live), prune=prune))
        return (
            planned(folder.apis, live, cases, caller, prune=prune),
            planned_assets(folder.assets, every, caller, prune=prune),
            tuple(kinds),
        )

    def _check_assets(
        self,
        plan: AssetPlan,
        files: Sequence[AssetFile],
        outcome: Outcome,
        caller: Caller,
    ) -> None:
        if plan.changes:
            authorize(caller, "assets:write")
        lookup = plan.over(self._assets)
        check = ContentCheck(self._compiler.over(lookup), lookup, outcome, self._connection)
        by_name = {file.name: file for file in files}
        issues: list[Issue] = []
        for each in plan.commit:
            asset = each.asset
            try:
                check.check(caller.tenant_id, asset.name, asset.asset_type, asset.content)
            except DefinitionInvalidError as error:
                issues += map(by_name[asset.name].located, error.issues)
        refuse_errors(issues)

    def _compiled(
        self,
        files: Sequence[DefinitionFile],
        assets: AssetPlan,
        outcome: Outcome,
        step: Step,
    ) -> tuple[list[Issue], dict[UUID, CompiledApi]]:
        """What compiling finds with file and line, and what comes of it."""
        by_name = {file.name: file for file in files}
        issues: list[Issue] = []
        compiled: dict[UUID, CompiledApi] = {}
        compiler = self._compiler.over(assets.over(self._assets)).around(outcome.with_planned_apis)
        for api in outcome.to_compile():
            step(f"checking {api.api_name}")
            try:
                compiled[api.id] = compiler.compile(api)
                found = compiled[api.id].warnings
            except DefinitionInvalidError as error:
                found = error.issues
            if file := by_name.get(api.api_name):
                issues += map(file.located, found)
            elif api.id not in compiled and self._compiles(api):
                issues += _broken(api, found)
        return issues, compiled

    def _compiles(self, api: ApiDefinition) -> bool:
        try:
            self._compiler.compile(api)
        except DefinitionInvalidError:
            return False
        return True

    def _contracts_of(
        self,
        plan: Plan,
        live: Sequence[ApiDefinition],
        compiled: Mapping[UUID, CompiledApi],
        caller: Caller,
    ) -> dict[UUID, ContractFacts]:
        before = {api.id: api for api in live}
        changing = {change.name for change in plan.changes}
        return {
            api.id: self._contracts.facts(
                before.get(api.id),
                api,
                compiled[api.id].logic.columns,
                caller,
                is_changing=lambda use: _user_label(use) in changing,
            )
            for api in (*plan.commit.created, *plan.commit.published)
        }


def _beside(kept: Kept[Any], caller: Caller, names: Mapping[str, str]) -> Beside:
    authorize(caller, kept.read)
    kind = kept.kind
    said = {kind.name(thing): kind.said(thing, names) for thing in kept.all(caller.tenant_id)}
    return Beside(folder=kind.folder, read=kind.read, said=said)


def _names(apis: Sequence[ApiDefinition]) -> dict[str, str]:
    return {str(api.id): api.api_name for api in apis}


def _together(plan: Plan, assets: AssetPlan, kinds: Sequence[KindPlan[Any]]) -> Plan:
    return replace(
        plan,
        changes=(*assets.changes, *plan.changes, *(c for kind in kinds for c in kind.changes)),
        unchanged=(*assets.unchanged, *plan.unchanged, *(n for k in kinds for n in k.unchanged)),
        others=(*plan.others, *assets.others, *(name for kind in kinds for name in kind.others)),
        commit=replace(plan.commit, assets=assets.commit, deleted_assets=assets.deleted),
    )


def _users(
    api: ApiDefinition, assets: AssetPlan, kinds: Sequence[KindPlan[Any]]
) -> tuple[str, ...]:
    """What will use an API besides APIs; a tool is its own user, and goes with it."""
    named = (label for kind in kinds for label in kind.users_of(api.api_name))
    return (*assets.users_of(api), *named)


def _user_label(use: Use) -> str:
    folder = _FOLDERS.get(use.kind)
    return f"{folder}/{use.name}" if folder else use.name


def _kind_issues(
    plan: Plan,
    kinds: Sequence[KindPlan[Any]],
    live: Sequence[ApiDefinition],
    outcome: Outcome,
    caller: Caller,
) -> list[Issue]:
    changed = frozenset(api.api_name for api in plan.commit.published)
    find = partial(outcome.find, caller.tenant_id)
    by_ref = {ref: api for api in live for ref in (api.api_name, str(api.id))}
    return [issue for kind in kinds for issue in kind.issues(changed, find, by_ref.get)]


def _broken(api: ApiDefinition, found: Sequence[Issue]) -> tuple[Issue, ...]:
    """What would be wrong with a workflow that has no file, by what it calls."""
    broken = f"{api.api_name!r}, which is live and has no file, would break"
    return tuple(
        issue.model_copy(update={"message": f"{broken}: {issue.message}"})
        for issue in found
        if issue.severity == "error"
    )

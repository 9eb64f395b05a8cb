"""Brings an instance to what a folder of definitions says, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from engine.asset_check import ContentCheck
from engine.asset_files import FOLDER, AssetFile
from engine.asset_sync import AssetPlan, needed_by, planned_assets, refuse_bad_labels, touched_by
from engine.auth import Action as Permitted
from engine.auth import authorize
from engine.compilation import Compiler
from engine.contract import ContractGuard
from engine.definition_export import ExportReport, joined, write_assets, write_folder
from engine.definition_plan import TESTS_ONLY, Action, Change, Plan, planned, portable
from engine.definitions import DefinitionFile
from engine.errors import ConflictError, DefinitionInvalidError, NotFoundError
from engine.executor_workflow import WorkflowExecutor
from engine.model import ApiDefinition, Caller, Column, Issue
from engine.ports import (
    AssetStore,
    AuditEntry,
    CaseStore,
    ContractFacts,
    DefinitionChanges,
    DefinitionStore,
    Executor,
)
from engine.references import called_apis

Columns = tuple[Column, ...] | None
_AUDIT: Mapping[Action, str] = {
    "create": "api.create",
    "update": "api.publish",
    "delete": "api.delete",
}


class DefinitionSync:
    """Definitions as code: the caller's tenant written to a folder, compared with it, set by it.

    Args:
        store: Where definitions are kept.
        cases: Where their test cases are kept.
        assets: Where the assets are kept that they name.
        connection: Finds a connection of a tenant; raises NotFoundError.
        compiler: Checks what would be published.
        contracts: Tells what it would break.
        forget: Is told of each API that was changed or deleted, to drop what is kept of it.
    """

    def __init__(
        self,
        store: DefinitionStore,
        cases: CaseStore,
        assets: AssetStore,
        connection: Callable[[str, str], object],
        compiler: Compiler,
        contracts: ContractGuard,
        forget: Callable[[ApiDefinition], object],
    ) -> None:
        self._store = store
        self._cases = cases
        self._assets = assets
        self._connection = connection
        self._compiler = compiler
        self._contracts = contracts
        self._forget = forget

    def export(
        self,
        folder: Path,
        caller: Caller,
        *,
        names: Sequence[str] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> ExportReport:
        """Write the live definitions, or those of `names`, into a folder; see `write_folder`.

        With them go the assets that they stand on, and without names every published one.

        Raises:
            NotFoundError: A name is no live API's.
        """
        authorize(caller, "apis:read")
        live = {api.api_name: api for api in portable(self._store.all(caller.tenant_id))}
        published = {name: api for name, api in live.items() if api.version}
        unknown = [name for name in names if name not in published]
        if unknown:
            raise NotFoundError(f"there is no published API {unknown[0]!r}")
        wanted = [api for name, api in published.items() if not names or name in names]
        every = self._assets.all(caller.tenant_id)
        shared = (
            needed_by(wanted, every) if names else tuple(each for each in every if each.version)
        )
        return joined(
            write_folder(folder, wanted, variables, tests=self._cases.all(caller.tenant_id)),
            write_assets(folder, shared, variables),
        )

    def plan(
        self,
        files: Sequence[DefinitionFile],
        caller: Caller,
        *,
        assets: Sequence[AssetFile] = (),
        prune: bool = False,
    ) -> Plan:
        """What applying these files would change; nothing is compiled and nothing changed.

        Args:
            files: As `read_folder` reads them.
            caller: In whose tenant.
            assets: As `read_assets` reads them; assets without a file stay.
            prune: Delete live APIs that have no file, and test cases that a file does not say.
        """
        authorize(caller, "apis:read")
        shared = self._planned_assets(assets, caller, "assets:read")
        live = self._store.all(caller.tenant_id)
        plan = planned(files, live, self._cases.all(caller.tenant_id), caller, prune=prune)
        return _with_assets(plan, shared)

    def check(
        self,
        files: Sequence[DefinitionFile],
        caller: Caller,
        *,
        assets: Sequence[AssetFile] = (),
        prune: bool = False,
    ) -> Plan:
        """The plan, once everything in it is known to compile; nothing is changed.

        Raises:
            DefinitionInvalidError: With every issue of every file, and of the workflows that the
                changes would break; each message begins with file and line.
            ConflictError: What would be deleted is called by what stays, or what would be
                published breaks others and this instance refuses that.
        """
        authorize(caller, "apis:write")
        live = self._store.all(caller.tenant_id)
        plan = planned(files, live, self._cases.all(caller.tenant_id), caller, prune=prune)
        shared = self._planned_assets(assets, caller, "assets:write")
        outcome = _Outcome(live, plan.commit, touched_by(shared.commit, live))
        outcome.refuse_orphans()
        self._check_assets(shared, assets, outcome, caller)
        by_name = {file.name: file for file in files}
        issues: list[Issue] = []
        columns: dict[UUID, Columns] = {}
        compiler = self._compiler.over(shared.over(self._assets)).around(outcome.with_planned_apis)
        for api in outcome.to_compile():
            found, columns[api.id] = _compiled(api, compiler)
            if file := by_name.get(api.api_name):
                issues += map(file.located, found)
            elif not _errors(_compiled(api, self._compiler)[0]):
                issues += _broken(api, _errors(found))
        if errors := _errors(issues):
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise DefinitionInvalidError(f"{errors[0].message}{more}", issues=tuple(issues))
        contracts = self._contracts_of(plan, live, columns, caller)
        for api in plan.commit.published:
            issues += map(by_name[api.api_name].located, contracts[api.id].breaking)
        commit = replace(plan.commit, contracts=contracts)
        return _with_assets(replace(plan, warnings=tuple(issues), commit=commit), shared)

    def _planned_assets(
        self, files: Sequence[AssetFile], caller: Caller, action: Permitted
    ) -> AssetPlan:
        if not files:
            return AssetPlan()
        authorize(caller, action)
        refuse_bad_labels(files)
        return planned_assets(files, self._assets.all(caller.tenant_id), caller)

    def _check_assets(
        self,
        shared: AssetPlan,
        files: Sequence[AssetFile],
        outcome: _Outcome,
        caller: Caller,
    ) -> None:
        lookup = shared.over(self._assets)
        check = ContentCheck(self._compiler.over(lookup), lookup, outcome, self._connection)
        by_name = {file.name: file for file in files}
        issues: list[Issue] = []
        for each in shared.commit:
            asset = each.asset
            try:
                check.check(caller.tenant_id, asset.name, asset.asset_type, asset.content)
            except DefinitionInvalidError as error:
                issues += map(by_name[asset.name].located, error.issues)
        if issues:
            more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
            raise DefinitionInvalidError(f"{issues[0].message}{more}", issues=tuple(issues))

    def _contracts_of(
        self,
        plan: Plan,
        live: Sequence[ApiDefinition],
        columns: Mapping[UUID, Columns],
        caller: Caller,
    ) -> dict[UUID, ContractFacts]:
        before = {api.id: api for api in live}
        changing = {change.name for change in plan.changes}
        return {
            api.id: self._contracts.facts(
                before.get(api.id), api, columns[api.id], caller, changing=changing
            )
            for api in (*plan.commit.created, *plan.commit.published)
        }

    def apply(
        self,
        files: Sequence[DefinitionFile],
        caller: Caller,
        *,
        assets: Sequence[AssetFile] = (),
        prune: bool = False,
        note: str = "",
    ) -> Plan:
        """Make the instance what the files say, in one transaction; returns what was done.

        Drafts stay as they are. Applying again changes nothing.

        Raises:
            DefinitionInvalidError, ConflictError: As `check`, or somebody published meanwhile;
                nothing was changed.
        """
        plan = self.check(files, caller, assets=assets, prune=prune)
        if not plan.changes:
            return plan
        touched = touched_by(plan.commit.assets, self._store.all(caller.tenant_id))
        audit = [_audit_entry(change, caller) for change in plan.changes]
        self._store.apply(
            caller.tenant_id,
            plan.commit,
            note=note or "applied from files",
            by=caller.subject,
            audit=audit,
        )
        for api in (*plan.commit.published, *plan.commit.deleted):
            self._forget(api)
        for name in touched:
            with suppress(NotFoundError):
                self._forget(self._store.get(caller.tenant_id, name))
        return plan


class _Outcome:
    """The tenant's definitions as they would be after the changes."""

    def __init__(
        self,
        live: Sequence[ApiDefinition],
        changes: DefinitionChanges,
        touched: Collection[str] = (),
    ) -> None:
        self._changes = changes
        self._touched = touched
        gone = {api.id for api in changes.deleted}
        stays = {api.id: api for api in live if api.id not in gone}
        changed = {api.id: api for api in (*changes.published, *changes.created)}
        self.apis = tuple({**stays, **changed}.values())
        self._by_ref = {str(api.id): api for api in self.apis}
        self._by_ref |= {api.api_name: api for api in self.apis}

    def find(self, tenant_id: str, ref: str) -> ApiDefinition | None:  # noqa: ARG002 - all are of one tenant
        """The definition by name or id, or None."""
        return self._by_ref.get(ref)

    def get(self, tenant_id: str, ref: str) -> ApiDefinition:  # noqa: ARG002 - all are of one tenant
        """The definition by name or id; raises NotFoundError."""
        found = self._by_ref.get(ref)
        if found is None:
            raise NotFoundError(f"there is no API {ref!r}")
        return found

    def names(self, tenant_id: str) -> tuple[str, ...]:  # noqa: ARG002 - all are of one tenant
        """Names to suggest for one that is not there."""
        return tuple(api.api_name for api in self.apis)

    def with_planned_apis(self, executor: Executor) -> Executor:
        """The executor, seeing the definitions as they would be."""
        return WorkflowExecutor(self) if executor.logic_type == "workflow" else executor

    def refuse_orphans(self) -> None:
        """Raise ConflictError when something that is deleted is called by something that stays."""
        for gone in self._changes.deleted:
            users = self._callers({gone.api_name, str(gone.id)})
            if users:
                names = ", ".join(repr(api.api_name) for api in users)
                raise ConflictError(
                    f"{gone.api_name!r} cannot be deleted: it is called by {names}",
                    details={"used_by": [api.api_name for api in users]},
                    hint="Delete or change what calls it as well.",
                )

    def to_compile(self) -> tuple[ApiDefinition, ...]:
        """What is new or changed, the live workflows that call it, and what stands on assets."""
        fresh = {api.id: api for api in (*self._changes.created, *self._changes.published)}
        refs = {ref for api in self._changes.published for ref in (api.api_name, str(api.id))}
        callers = {api.id: api for api in self._callers(refs)}
        standing = {api.id: api for api in self.apis if api.api_name in self._touched}
        return tuple({**standing, **callers, **fresh}.values())

    def _callers(self, refs: set[str]) -> tuple[ApiDefinition, ...]:
        return tuple(
            api
            for api in self.apis
            if api.version and refs & set(called_apis(api.logic_type, api.logic_body))
        )


def _with_assets(plan: Plan, shared: AssetPlan) -> Plan:
    return replace(
        plan,
        changes=(*shared.changes, *plan.changes),
        unchanged=(*shared.unchanged, *plan.unchanged),
        commit=replace(plan.commit, assets=shared.commit),
    )


def _compiled(api: ApiDefinition, compiler: Compiler) -> tuple[tuple[Issue, ...], Columns]:
    """What compiling finds, and the columns of the answer where it can tell."""
    try:
        compiled = compiler.compile(api)
    except DefinitionInvalidError as error:
        return error.issues, None
    return compiled.warnings, compiled.logic.columns


def _errors(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    return tuple(issue for issue in issues if issue.severity == "error")


def _broken(api: ApiDefinition, errors: Sequence[Issue]) -> tuple[Issue, ...]:
    """What would be wrong with a workflow that has no file, by what it calls."""
    broken = f"{api.api_name!r}, which is live and has no file, would break"
    return tuple(
        issue.model_copy(update={"message": f"{broken}: {issue.message}"}) for issue in errors
    )


def _audited(change: Change) -> str:
    if change.name.startswith(f"{FOLDER}/"):
        return "asset.publish"
    return "test.apply" if change.fields == TESTS_ONLY else _AUDIT[change.action]


def _audit_entry(change: Change, caller: Caller) -> AuditEntry:
    return AuditEntry(
        tenant_id=caller.tenant_id,
        actor=caller.subject,
        action=_audited(change),
        target=change.name,
        at=datetime.now(UTC),
        detail={"from": "files", "fields": list(change.fields)},
    )

"""Makes the APIs of a proposal, all of them or none, as drafts or live."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from engine.auth import authorize
from engine.compilation import Compiler
from engine.definition_fields import authored_fields, new_definition
from engine.errors import ConflictError, DefinitionInvalidError, EngineError
from engine.importing.proposal import LeftOut, Proposal, Proposed, api_name, unique_name
from engine.model import ApiDefinition, ApiDraft, Caller, Column, Issue, ParamSpec
from engine.ports import (
    AuditEntry,
    ContractFacts,
    DefinitionChanges,
    DefinitionStore,
    Dialect,
    SettingStore,
)


class Inspection(Protocol):
    """What is known of a statement."""

    @property
    def params(self) -> Mapping[str, ParamSpec]: ...


class SqlInspector(Protocol):
    """Infers the parameters of a statement."""

    def inspect(
        self, sql: str, *, tenant_id: str, connection: str | None, dialect: Dialect | None
    ) -> Inspection: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedApi:
    """One API that an import would make.

    Attributes:
        definition: As it would be, with version 0.
        origin: Where it was found.
        notes: What of the source it does not keep, or what is left to do.
        issues: What compiling it found; an error keeps it from being published.
        exists: An API of its name is there already.
        columns: Of its answer, where compiling can tell.
    """

    definition: ApiDefinition
    origin: str
    notes: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    exists: bool = False
    columns: tuple[Column, ...] | None = None

    @property
    def name(self) -> str:
        """Of the API."""
        return self.definition.api_name

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that keep it from being published."""
        return tuple(issue for issue in self.issues if issue.severity == "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import would make, what becomes no API, and the secrets that are not stored yet."""

    apis: tuple[PlannedApi, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    missing_secrets: tuple[str, ...] = ()


class Imports:
    """Imports into the caller's tenant; needs the role analyst.

    Args:
        store: Where definitions are kept.
        compiler: Checks them.
        sql: Infers the parameters of statements.
        settings: Knows which secrets are stored, and keeps the audit log.
        completed: Fills up the fields of a new API with the tenant's defaults.
    """

    def __init__(
        self,
        store: DefinitionStore,
        compiler: Compiler,
        sql: SqlInspector,
        settings: SettingStore,
        completed: Callable[[Mapping[str, Any], Caller], Mapping[str, Any]],
    ) -> None:
        self._store = store
        self._compiler = compiler
        self._sql = sql
        self._settings = settings
        self._completed = completed

    def plan(
        self,
        proposal: Proposal,
        caller: Caller,
        *,
        prefix: str = "",
        tags: Sequence[str] = (),
        only: Collection[str] = (),
    ) -> Plan:
        """What importing would make; nothing is changed.

        Args:
            proposal: What a reader found.
            caller: Who would import, into whose tenant.
            prefix: Put before each name.
            tags: Given to each API, besides those of the source.
            only: Names or origins of those wanted; all without any.
        """
        authorize(caller, "apis:write")
        there = {api.api_name for api in self._store.all(caller.tenant_id)}
        planned: list[PlannedApi] = []
        left_out = list(proposal.left_out)
        for proposed in proposal.apis:
            name = unique_name(api_name(prefix + proposed.name), {each.name for each in planned})
            if only and not {proposed.name, name, proposed.origin} & set(only):
                continue
            try:
                definition = self._definition(proposed, name, tags, caller)
            except DefinitionInvalidError as error:
                left_out.append(LeftOut(proposed.origin, error.message))
                continue
            issues, columns = self._compiled(definition)
            planned.append(
                PlannedApi(
                    definition=definition,
                    origin=proposed.origin,
                    notes=proposed.notes,
                    issues=issues,
                    exists=name in there,
                    columns=columns,
                )
            )
        secrets = dict.fromkeys(
            name
            for each in proposal.apis
            if any(each.origin == one.origin for one in planned)
            for name in each.secrets
        )
        stored = set(self._settings.secret_names(caller.tenant_id))
        missing = tuple(name for name in secrets if name not in stored)
        return Plan(apis=tuple(planned), left_out=tuple(left_out), missing_secrets=missing)

    def create(
        self, plan: Plan, caller: Caller, *, publish: bool = False, skip_existing: bool = False
    ) -> tuple[PlannedApi, ...]:
        """Make the APIs of a plan in one transaction; those that were made.

        Args:
            plan: As `plan` gave it.
            caller: Who imports.
            publish: Live at once as version 1, instead of drafts.
            skip_existing: Leave those alone whose name is taken, instead of refusing all.

        Raises:
            ConflictError: A name is taken; nothing was made.
            DefinitionInvalidError: Publishing something that does not compile, with every issue;
                nothing was made.
            PermissionDeniedError: The caller's scope does not cover an API.
        """
        authorize(caller, "apis:write")
        wanted = tuple(each for each in plan.apis if not (skip_existing and each.exists))
        for each in wanted:
            authorize(caller, "apis:write", each.definition)
        _refuse_taken(wanted)
        if publish:
            _refuse_broken(wanted)
        changes = _published(wanted) if publish else _drafted(wanted, caller)
        if wanted:
            self._store.apply(
                caller.tenant_id,
                changes,
                note="imported",
                by=caller.subject,
                audit=[_audit_entry(each, caller, publish=publish) for each in wanted],
            )
        return wanted

    def _definition(
        self, proposed: Proposed, name: str, tags: Sequence[str], caller: Caller
    ) -> ApiDefinition:
        own = [str(tag) for tag in proposed.fields.get("tags") or ()]
        fields = {
            **proposed.fields,
            "api_name": name,
            "tags": list(dict.fromkeys([*own, *tags])),
        }
        definition = new_definition(self._completed(fields, caller), caller)
        if definition.logic_type != "sql":
            return definition
        return definition.model_copy(update={"param_schema": self._params(definition)})

    def _params(self, definition: ApiDefinition) -> Mapping[str, ParamSpec]:
        """The declared parameters, and the inferred ones that are not."""
        try:
            found = self._sql.inspect(
                definition.logic_body,
                tenant_id=definition.tenant_id,
                connection=definition.connection,
                dialect=None,
            )
        except EngineError:
            return definition.param_schema  # compiling says what is wrong, in its own words
        return {**found.params, **definition.param_schema}

    def _compiled(
        self, definition: ApiDefinition
    ) -> tuple[tuple[Issue, ...], tuple[Column, ...] | None]:
        try:
            compiled = self._compiler.compile(definition)
        except DefinitionInvalidError as error:
            return error.issues, None
        return compiled.warnings, compiled.logic.columns


def _refuse_taken(wanted: Sequence[PlannedApi]) -> None:
    taken = [each.name for each in wanted if each.exists]
    if taken:
        raise ConflictError(
            f"there are APIs of these names already: {', '.join(taken)}; nothing was imported",
            details={"exists": taken},
            hint="Import with a prefix, or leave out those that are there.",
        )


def _refuse_broken(wanted: Sequence[PlannedApi]) -> None:
    issues = tuple(
        issue.model_copy(update={"message": f"{each.origin}: {issue.message}"})
        for each in wanted
        for issue in each.errors
    )
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        raise DefinitionInvalidError(
            f"{issues[0].message}{more}; nothing was imported", issues=issues
        )


def _published(wanted: Sequence[PlannedApi]) -> DefinitionChanges:
    return DefinitionChanges(
        created=tuple(each.definition for each in wanted),
        contracts={each.definition.id: ContractFacts(columns=each.columns) for each in wanted},
    )


def _drafted(wanted: Sequence[PlannedApi], caller: Caller) -> DefinitionChanges:
    return DefinitionChanges(
        begun=tuple(
            (
                each.definition,
                ApiDraft(
                    api_id=each.definition.id,
                    fields=authored_fields(each.definition),
                    base_version=0,
                    updated_by=caller.subject,
                    updated_at=datetime.now(UTC),
                ),
            )
            for each in wanted
        )
    )


def _audit_entry(planned: PlannedApi, caller: Caller, *, publish: bool) -> AuditEntry:
    return AuditEntry(
        caller.tenant_id,
        caller.subject,
        "api.create",
        planned.name,
        datetime.now(UTC),
        {"from": "import", "origin": planned.origin, "publish": publish},
    )

"""Checks definitions that are still being written: never raises for a wrong one, never runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.auth import authorize, may
from engine.compilation import Compiler
from engine.contract import ContractGuard
from engine.definition_fields import new_definition
from engine.errors import BadRequestError, DefinitionInvalidError, NotFoundError
from engine.model import ApiDefinition, Caller, Column, Issue, ParamSpec
from engine.ports import DefinitionStore, Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What checking found; `params` are the parameters declared, or inferred from a statement."""

    issues: tuple[Issue, ...] = ()
    params: Mapping[str, ParamSpec] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    columns: tuple[Column, ...] | None = None

    @property
    def valid(self) -> bool:
        """Whether no issue is an error, so that the definition could be published."""
        return not any(issue.severity == "error" for issue in self.issues)


class Inspection(Protocol):
    """What is known of a bare statement."""

    @property
    def issues(self) -> tuple[Issue, ...]: ...
    @property
    def params(self) -> Mapping[str, ParamSpec]: ...
    @property
    def tables(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> tuple[Column, ...] | None: ...


class SqlInspector(Protocol):
    """Guards a statement and infers its parameters, tables and columns."""

    def inspect(
        self, sql: str, *, tenant_id: str, connection: str | None, dialect: Dialect | None
    ) -> Inspection:
        """Inspect against a connection, or for a dialect alone."""
        ...


class Checker:
    """Validation as a service: for editors while one types, and for callers before they save."""

    def __init__(
        self,
        compiler: Compiler,
        sql: SqlInspector,
        store: DefinitionStore,
        contracts: ContractGuard,
    ) -> None:
        self._compiler = compiler
        self._sql = sql
        self._store = store
        self._contracts = contracts

    def check(self, fields: Mapping[str, Any], caller: Caller) -> CheckReport:
        """Everything wrong with a definition, and what is known of it.

        Where an API of its name is live, also what publishing it would break.
        """
        authorize(caller, "apis:read")
        try:
            api = new_definition({"api_name": "unnamed", **fields}, caller)
            compiled = self._compiler.compile(api)
        except DefinitionInvalidError as error:
            return CheckReport(issues=error.issues)
        return CheckReport(
            issues=(*compiled.warnings, *self._breaks(api, compiled.logic.columns, caller)),
            params=api.param_schema,
            tables=compiled.logic.tables,
            columns=compiled.logic.columns,
        )

    def _breaks(
        self, api: ApiDefinition, columns: tuple[Column, ...] | None, caller: Caller
    ) -> tuple[Issue, ...]:
        try:
            live = self._store.get(caller.tenant_id, api.api_name)
        except NotFoundError:
            return ()
        if not may(caller, "apis:read", live):
            return ()
        return self._contracts.warnings(live, api, columns, caller)

    def check_sql(
        self,
        sql: str,
        caller: Caller,
        *,
        connection: str | None = None,
        dialect: Dialect | None = None,
    ) -> CheckReport:
        """Guard and describe a bare statement, against a connection or for a dialect alone."""
        authorize(caller, "apis:read")
        if connection and dialect:
            raise BadRequestError("give either a connection or a dialect, not both")
        found = self._sql.inspect(
            sql, tenant_id=caller.tenant_id, connection=connection, dialect=dialect
        )
        return CheckReport(
            issues=found.issues, params=found.params, tables=found.tables, columns=found.columns
        )

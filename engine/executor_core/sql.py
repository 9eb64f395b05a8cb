"""The logic type `sql`: one guarded SELECT with `:name` binds, on a named query target."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from engine.errors import (
    DeadlineExceededError,
    DefinitionInvalidError,
    NotFoundError,
    OverloadedError,
    QueryFailedError,
    TargetError,
)
from engine.executor_core.sql_guard import CallableFunctions, callable_functions, guard
from engine.executor_core.sql_guard.binds import BoundText, bind
from engine.executor_core.sql_guard.strictness import suspicious_values
from engine.executor_core.sql_inspection import (
    SqlInspection,
    Surroundings,
    inspect_statement,
    relocated,
)
from engine.model import ApiDefinition, Issue, LogicType, ParamSpec, Payload
from engine.model.tabular import document_end, document_start
from engine.ports import (
    AnswerSink,
    BoundQuery,
    Compiled,
    Dialect,
    ExecutionContext,
    Params,
    QueryTarget,
)

ResolveTarget = Callable[[str, str], QueryTarget]


@dataclass(frozen=True, kw_only=True)
class CompiledSql(Compiled):
    """A guarded statement, rewritten for its target; the target is looked up anew by each call."""

    tenant_id: str
    connection: str
    bound: BoundText


class SqlExecutor:
    """Compiles and runs SQL definitions.

    Args:
        targets: Finds the target of a tenant's connection; raises NotFoundError for an unknown one.
    """

    logic_type: ClassVar[LogicType] = "sql"

    def __init__(self, targets: ResolveTarget) -> None:
        self._targets = targets
        self._functions: weakref.WeakKeyDictionary[QueryTarget, CallableFunctions] = (
            weakref.WeakKeyDictionary()
        )

    def compile(self, api: ApiDefinition) -> CompiledSql:
        """Check and rewrite a definition's statement; see `Executor.compile`.

        A target that is away does not make a definition wrong: it costs the description of
        columns, and a warning says so.
        """
        inspection = self._inspected(
            api.logic_body,
            self._target(api),
            declared=api.param_schema,
            strict=api.runtime_policy.sql_strict,
        )
        if not inspection.valid:
            raise DefinitionInvalidError("the SQL cannot be used", issues=inspection.issues)
        return CompiledSql(
            warnings=inspection.issues,
            tables=inspection.tables,
            columns=inspection.columns,
            tenant_id=api.tenant_id,
            connection=str(api.connection),
            bound=inspection.bound,
        )

    def execute(self, compiled: CompiledSql, params: Params, ctx: ExecutionContext) -> Payload:
        """Run the statement with bound values and the policy's row cap."""
        target = self._targets(compiled.tenant_id, compiled.connection)
        run = _fetched if ctx.sink is None else partial(_streamed, ctx.sink)
        try:
            payload = run(target, _query(compiled, params), ctx)
        except QueryFailedError as error:
            raise relocated(error, compiled.bound) from error
        warnings = suspicious_values(params)
        return replace(payload, warnings=warnings) if warnings else payload

    def dry_run(
        self, compiled: CompiledSql, params: Params, ctx: ExecutionContext
    ) -> Mapping[str, Any]:
        """The final SQL, which parameter each placeholder stands for, and the target's plan."""
        target = self._targets(compiled.tenant_id, compiled.connection)
        try:
            plan = target.explain(_query(compiled, params), deadline=ctx.deadline)
        except QueryFailedError as error:
            raise relocated(error, compiled.bound) from error
        return {
            "sql": compiled.bound.sql,
            "binds": {f"${number}": name for number, name in enumerate(compiled.bound.names, 1)},
            "max_rows": ctx.policy.max_rows,
            "tables": list(compiled.tables),
            "plan": plan,
        }

    def inspect(
        self, sql: str, *, tenant_id: str, connection: str | None, dialect: Dialect | None
    ) -> SqlInspection:
        """Guard a bare statement; with a connection, infer its parameters and columns too.

        Raises:
            NotFoundError: The connection is unknown.
        """
        if connection is None:
            return validate_select_sql(sql, dialect or "duckdb")
        return self._inspected(sql, self._targets(tenant_id, connection))

    def tables(self, api: ApiDefinition) -> tuple[str, ...]:
        """The tables a definition's statement reads, by its text alone; no database is asked.

        Raises:
            NotFoundError: Its connection is unknown.
        """
        target = self._targets(api.tenant_id, str(api.connection))
        functions = self._functions.get(target) or callable_functions(target.dialect, None)
        return guard(bind(api.logic_body, api.param_schema).sql, target.dialect, functions).tables

    def _target(self, api: ApiDefinition) -> QueryTarget:
        if not api.connection:
            message = "a SQL API needs a connection to run on"
            issue = Issue(code="missing_connection", message=message, path="connection")
            raise DefinitionInvalidError(message, issues=(issue,))
        try:
            return self._targets(api.tenant_id, api.connection)
        except NotFoundError as error:
            issue = Issue(
                code="unknown_connection",
                message=error.message,
                path="connection",
                suggestion=error.hint,
            )
            raise DefinitionInvalidError(error.message, issues=(issue,)) from error

    def _inspected(
        self,
        sql: str,
        target: QueryTarget,
        *,
        declared: Mapping[str, ParamSpec] | None = None,
        strict: bool = False,
    ) -> SqlInspection:
        known = self._functions.get(target)
        functions = known or self._read_functions(target)
        around = Surroundings(
            dialect=target.dialect,
            functions=functions,
            target=target,
            declared=declared,
            strict=strict,
        )
        inspection = inspect_statement(sql, around)
        if known and any(issue.code == "function_not_allowed" for issue in inspection.issues):
            # The function may have been created since the catalogue was read.
            around = replace(around, functions=self._read_functions(target))
            inspection = inspect_statement(sql, around)
        return inspection

    def _read_functions(self, target: QueryTarget) -> CallableFunctions:
        try:
            catalogue = target.functions()
        except (TargetError, DeadlineExceededError, OverloadedError):
            return callable_functions(target.dialect, None)
        self._functions[target] = functions = callable_functions(target.dialect, catalogue)
        return functions


def validate_select_sql(
    sql: str, dialect: Dialect = "duckdb", *, strict: bool = False
) -> SqlInspection:
    """Guard a statement without a database: grammar, functions, tables, advice."""
    functions = callable_functions(dialect, None)
    return inspect_statement(sql, Surroundings(dialect=dialect, functions=functions, strict=strict))


def _query(compiled: CompiledSql, params: Params) -> BoundQuery:
    return BoundQuery(compiled.bound.sql, tuple(params.get(name) for name in compiled.bound.names))


def _fetched(target: QueryTarget, query: BoundQuery, ctx: ExecutionContext) -> Payload:
    rows = target.fetch(query, max_rows=ctx.policy.max_rows, deadline=ctx.deadline)
    start = document_start(rows.columns)
    end = document_end(rows.row_count, truncated=rows.truncated)
    return Payload(
        json=start + rows.rows_json[1:-1] + end,
        row_count=rows.row_count,
        truncated=rows.truncated,
        columns=rows.columns,
    )


def _streamed(
    sink: AnswerSink, target: QueryTarget, query: BoundQuery, ctx: ExecutionContext
) -> Payload:
    truncated = target.stream(query, sink, max_rows=ctx.policy.max_rows, deadline=ctx.deadline)
    return sink.payload(truncated=truncated)

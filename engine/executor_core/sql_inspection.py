"""What can be known of a SQL statement before it runs: issues, parameters, tables, columns."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.errors import DeadlineExceededError, OverloadedError, QueryFailedError, TargetError
from engine.executor_core.sql_guard import CallableFunctions, Finding, guard
from engine.executor_core.sql_guard.advice import LARGE_TABLE_ROWS, advise
from engine.executor_core.sql_guard.binds import BoundText, bind
from engine.executor_core.sql_guard.lexer import Lexeme, line_and_column, words
from engine.executor_core.sql_guard.strictness import strict_findings
from engine.model import Column, Issue, ParamSpec
from engine.model.definition import ParamType
from engine.model.sql_types import SqlType, parse_type
from engine.ports import Description, Dialect, QueryTarget

_AWAY = (TargetError, DeadlineExceededError, OverloadedError)
_PARAM_TYPES: Mapping[str, ParamType] = {
    "boolean": "boolean",
    "date": "date",
    "uuid": "uuid",
    "json": "object",
    "jsonb": "object",
    **dict.fromkeys(
        words(
            """
            tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint
            bignum oid
            """
        ),
        "integer",
    ),
    **dict.fromkeys(
        ("decimal", "numeric", "real", "float", "double", "double precision", "money"), "number"
    ),
}


@dataclass(frozen=True)
class SqlInspection:
    """What was found out about a statement, errors first; `params` are those it binds.

    `bound` is the rewritten statement; `columns` is None where no target told.
    """

    bound: BoundText
    issues: tuple[Issue, ...] = ()
    params: Mapping[str, ParamSpec] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    columns: tuple[Column, ...] | None = None

    @property
    def valid(self) -> bool:
        """Whether no issue is an error."""
        return not any(issue.severity == "error" for issue in self.issues)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a statement is judged against.

    Attributes:
        dialect: The grammar.
        functions: What it may call.
        target: Who describes it; None for a check without a database.
        declared: The parameters of its definition; None for a bare statement.
        strict: Refuse UNION and comments too.
    """

    dialect: Dialect
    functions: CallableFunctions
    target: QueryTarget | None = None
    declared: Mapping[str, ParamSpec] | None = None
    strict: bool = False


def inspect_statement(sql: str, around: Surroundings) -> SqlInspection:
    """Guard a statement, have its target describe it, and advise on it; never raises for it."""
    bound = bind(sql, around.declared)
    verdict = guard(bound.sql, around.dialect, around.functions)
    issues = [
        *_placeholder_issues(bound, around.dialect),
        *_param_issues(bound, around.declared),
        *(_issue(bound, each) for each in verdict.findings),
    ]
    if around.strict:
        issues += [_issue_at(sql, finding) for finding in strict_findings(sql)]
    description = None
    large_tables: frozenset[str] = frozenset()
    if around.target is not None and not any(issue.severity == "error" for issue in issues):
        description, found = _described(bound, around.target)
        issues += found
        large_tables = _large_tables(around.target) if description else large_tables
    if verdict.allowed:
        advice = advise(sql, around.dialect, large_tables)
        issues += [_issue_at(sql, finding, "warning") for finding in advice]
    return SqlInspection(
        bound=bound,
        issues=tuple(sorted(issues, key=lambda issue: issue.severity != "error")),
        params=_inferred(bound, description),
        tables=verdict.tables,
        columns=description.columns if description else None,
    )


def relocated(error: QueryFailedError, bound: BoundText) -> QueryFailedError:
    """The same failure at its place in the analyst's text."""
    offset = _offset_of(error, bound)
    if offset is None:
        return error
    line, column = line_and_column(bound.source, offset)
    return QueryFailedError(
        error.message,
        details={**error.details, "line": line, "column": column},
        hint=error.hint,
    )


def _described(
    bound: BoundText, target: QueryTarget
) -> tuple[Description | None, tuple[Issue, ...]]:
    try:
        return target.describe(bound.sql), ()
    except QueryFailedError as error:
        offset = _offset_of(error, bound)
        line, column = (None, None) if offset is None else line_and_column(bound.source, offset)
        return None, (
            Issue(
                code="query_failed",
                message=error.message,
                line=line,
                column=column,
                suggestion=error.hint,
            ),
        )
    except _AWAY as error:
        return None, (
            Issue(
                severity="warning",
                code="target_unavailable",
                message=f"the statement could not be described: {error.message}",
            ),
        )


def _large_tables(target: QueryTarget) -> frozenset[str]:
    try:
        tables = target.schema()
    except _AWAY:
        return frozenset()
    return frozenset(
        table.name.lower() for table in tables if (table.row_estimate or 0) >= LARGE_TABLE_ROWS
    )


def _offset_of(error: QueryFailedError, bound: BoundText) -> int | None:
    line, column = error.details.get("line"), error.details.get("column")
    if line is None or column is None:
        return None
    lines = bound.sql.split("\n")
    return bound.source_offset(sum(len(each) + 1 for each in lines[: line - 1]) + column - 1)


def _placeholder_issues(bound: BoundText, dialect: Dialect) -> Iterator[Issue]:
    for lexeme in bound.lexemes:
        if lexeme.kind == "placeholder" or (dialect == "duckdb" and _is_question_mark(lexeme)):
            yield _issue_at(
                bound.source,
                Finding(
                    "placeholder",
                    f"parameters are written :name, not {lexeme.text}",
                    lexeme.start,
                ),
            )


def _is_question_mark(lexeme: Lexeme) -> bool:
    return lexeme.kind == "symbol" and lexeme.text == "?"


def _param_issues(bound: BoundText, declared: Mapping[str, ParamSpec] | None) -> Iterator[Issue]:
    if declared is None:
        return
    reported: set[str] = set()
    for each in bound.binds:
        if each.name not in declared and each.name not in reported:
            reported.add(each.name)
            yield _issue_at(
                bound.source,
                Finding(
                    "unknown_param",
                    f":{each.name} is not a declared parameter",
                    each.offset,
                    _near(each.name, declared) or f"Declare {each.name!r} as a parameter.",
                ),
            )
    for name in declared:
        if name not in bound.names:
            yield Issue(
                severity="warning",
                code="unused_param",
                message=f"parameter {name!r} is declared and not used by the statement",
                path=f"param_schema.{name}",
                suggestion=_near(name, [each for each in bound.names if each not in declared]),
            )


def _near(name: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean :{close[0]}?" if close else None


def _issue(bound: BoundText, finding: Finding) -> Issue:
    if finding.offset is None:
        return _issue_at(bound.source, finding)
    return _issue_at(bound.source, finding, offset=bound.source_offset(finding.offset))


def _issue_at(
    source: str,
    finding: Finding,
    severity: str = "error",
    *,
    offset: int | None = None,
) -> Issue:
    place = finding.offset if offset is None else offset
    line, column = (None, None) if place is None else line_and_column(source, place)
    return Issue(
        severity="warning" if severity == "warning" else "error",
        code=finding.code,
        message=finding.message,
        line=line,
        column=column,
        suggestion=finding.suggestion,
    )


def _inferred(bound: BoundText, description: Description | None) -> dict[str, ParamSpec]:
    types = description.param_types if description else ()
    return {
        name: _param_spec(parse_type(types[index]))
        if index < len(types)
        else ParamSpec(required=True)
        for index, name in enumerate(bound.names)
    }


def _param_spec(sql_type: SqlType) -> ParamSpec:
    if sql_type.base == "list":
        items = _param_spec(sql_type.children[0]).model_copy(update={"required": False})
        return ParamSpec(type="array", items=items, required=True)
    if sql_type.base.startswith("timestamp"):
        return ParamSpec(type="datetime", required=True)
    return ParamSpec(type=_PARAM_TYPES.get(sql_type.base, "text"), required=True)

"""The guard for PostgreSQL: the server's own grammar, and a walk that knows what it allows.

libpg_query is PostgreSQL 17's parser. Everything the walk does not know is refused: kinds of nodes,
functions, system catalogues. What no text shows (views, operators, expensive plans) is for the
session and the role behind it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pgparse

from engine.executor_core.sql_guard.lexer import scan, statement_start, words
from engine.executor_core.sql_guard.verdict import (
    TOO_DEEP,
    CallableFunctions,
    Finding,
    Verdict,
    byte_offset_to_chars,
    refused_unread,
    several_statements,
    sort_functions,
)
from engine.ports import FunctionInfo

_NODES = words(
    """
    SelectStmt ResTarget ColumnRef A_Star A_Const A_Expr BoolExpr NullTest BooleanTest
    FuncCall TypeCast TypeName SubLink CaseExpr CaseWhen CoalesceExpr MinMaxExpr
    SQLValueFunction A_ArrayExpr A_Indirection A_Indices RowExpr GroupingFunc GroupingSet
    WindowDef SortBy RangeVar RangeSubselect RangeFunction RangeTableSample RangeTableFunc
    RangeTableFuncCol JoinExpr Alias WithClause CommonTableExpr CTESearchClause CTECycleClause
    ColumnDef
    CollateClause NamedArgExpr ParamRef List String Integer Float Boolean BitString XmlExpr
    XmlSerialize JsonObjectConstructor JsonArrayConstructor JsonArrayQueryConstructor
    JsonObjectAgg JsonArrayAgg JsonAggConstructor JsonKeyValue JsonValueExpr JsonOutput
    JsonReturning JsonFormat JsonIsPredicate JsonParseExpr JsonScalarExpr JsonSerializeExpr
    JsonFuncExpr JsonTable JsonTableColumn JsonTablePathSpec JsonTablePath JsonArgument
    JsonBehavior
    """
)
_STATEMENTS = {
    "InsertStmt": "INSERT",
    "UpdateStmt": "UPDATE",
    "DeleteStmt": "DELETE",
    "MergeStmt": "MERGE",
    "LockingClause": "FOR UPDATE or FOR SHARE",
    "CopyStmt": "COPY",
    "CallStmt": "CALL",
    "DoStmt": "DO",
    "ExplainStmt": "EXPLAIN",
    "VariableSetStmt": "SET",
    "VariableShowStmt": "SHOW",
}
_ADVICE = {
    "EXPLAIN": "A dry run shows the plan.",
    "SHOW": "Write one SELECT or WITH … SELECT.",
}
_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LOCK_STRENGTHS = {"update", "no", "share", "key"}
_SAMPLING = {"bernoulli", "system"}
_SYSTEM_SCHEMAS = {"pg_catalog", "information_schema", "pg_toast"}

_HARMLESS_VOLATILE = words(
    """
    random random_normal gen_random_uuid uuidv4 uuidv7 uuid_generate_v1 uuid_generate_v1mc
    uuid_generate_v4 clock_timestamp timeofday array_shuffle array_sample
    """
)
_HARMLESS_PG = words(
    """
    pg_typeof pg_size_pretty pg_size_bytes pg_input_is_valid pg_column_size pg_collation_for
    """
)
_DENIED = words(
    """
    current_setting currval lastval nextval setval set_config setseed crosstab crosstab2
    crosstab3 crosstab4 crosstabn connectby xpath_table ts_stat ts_rewrite inet_client_addr
    inet_client_port inet_server_addr inet_server_port row_security_active current_query
    binary_upgrade
    """
)
_DENIED_PREFIXES = (
    "pg_",
    "lo_",
    "lowrite",
    "loread",
    "has_",
    "txid_",
    "dblink",
    "query_to_xml",
    "table_to_xml",
    "schema_to_xml",
    "database_to_xml",
    "cursor_to_xml",
    "binary_upgrade_",
)


def check_postgres(sql: str, functions: CallableFunctions) -> Verdict:
    """Judge one statement with `$n` placeholders."""
    unread = refused_unread(sql)
    if unread:
        return Verdict((unread,))
    try:
        statements = pgparse.parse(sql)
    except pgparse.PGQueryError as error:
        return Verdict((_syntax_error(error),))
    except RecursionError:
        return Verdict((TOO_DEEP,))
    if len(statements) != 1:
        return Verdict((_count_finding(sql, statements),))
    walk = _Walk(sql, functions)
    try:
        walk.top(statements[0]["stmt"])
    except RecursionError:
        return Verdict((TOO_DEEP,))
    return Verdict(tuple(walk.findings), tuple(dict.fromkeys(walk.tables)))


def callable_in_postgres(catalogue: tuple[FunctionInfo, ...]) -> CallableFunctions:
    """What a catalogue's functions mean to the guard."""
    return sort_functions(catalogue, _is_harmless)


def _is_harmless(function: FunctionInfo) -> bool:
    name = function.name
    if name in _HARMLESS_PG or name in _HARMLESS_VOLATILE:
        return True
    if function.volatile or not function.trusted:
        return False
    denied = name in _DENIED or name.startswith(_DENIED_PREFIXES)
    return not (denied and function.built_in)


def _syntax_error(error: pgparse.PGQueryError) -> Finding:
    offset = error.position - 1 if error.position > 0 else None
    return Finding("syntax_error", error.message, offset)


def _count_finding(sql: str, statements: list[Any]) -> Finding:
    if not statements:
        return Finding("empty", "there is no statement", 0)
    return several_statements(sql, len(statements))


class _Walk:
    """One pass over the tree, with the names of the CTEs in force."""

    def __init__(self, sql: str, functions: CallableFunctions) -> None:
        self._sql = sql
        self._functions = functions
        self.findings: list[Finding] = []
        self.tables: list[str] = []

    def top(self, statement: Mapping[str, Any]) -> None:
        (kind,) = statement
        if kind == "SelectStmt":
            self._visit(statement, frozenset())
        else:
            self._refuse_node(kind, {"location": statement_start(self._sql)})

    def _visit(self, value: Any, ctes: frozenset[str]) -> None:
        if isinstance(value, list):
            for item in value:
                self._visit(item, ctes)
        elif isinstance(value, dict):
            for key, check in _CHECKS.items():
                if key in value:
                    check(self, value, ctes)
            for key, child in value.items():
                if key[:1].isupper():
                    self._node(key, child, ctes)
                else:
                    self._field(key, child, ctes)

    def _field(self, name: str, value: Any, ctes: frozenset[str]) -> None:
        if name == "intoClause":
            self._refuse("select_into", "SELECT INTO creates a table and is not allowed", value)
        else:
            self._visit(value, ctes)

    def _node(self, kind: str, body: Any, ctes: frozenset[str]) -> None:
        if kind not in _NODES:
            self._refuse_node(kind, body)
            return
        if kind == "SelectStmt":
            self._select(body, ctes)
        else:
            self._visit(body, ctes)

    def _select(self, body: Mapping[str, Any], ctes: frozenset[str]) -> None:
        clause = body.get("withClause", {})
        known = ctes
        recursive = bool(clause.get("recursive"))
        if recursive:
            known |= {_cte(each)["ctename"] for each in clause["ctes"]}
        for each in clause.get("ctes", ()):
            self._visit(each, known)
            known |= {_cte(each)["ctename"]}
        for name, value in body.items():
            if name in {"larg", "rarg"}:
                self._select(value, known)  # the arms of a set operation, named without their kind
            elif name != "withClause":
                self._field(name, value, known)

    def _function(self, body: Mapping[str, Any], _: frozenset[str]) -> None:
        name = _last(body["funcname"])
        if name not in self._functions.allowed:
            self._refuse("function_not_allowed", f"the function {name}() is not allowed", body)

    def _column(self, body: Mapping[str, Any], _: frozenset[str]) -> None:
        # `t.pg_read_file` calls the function when t has no such column.
        if len(body["fields"]) > 1 and "String" in body["fields"][-1]:
            self._refuse_notation(_last(body["fields"]), body)

    def _indirection(self, body: Mapping[str, Any], _: frozenset[str]) -> None:
        for step in body["indirection"]:
            if "String" in step:
                self._refuse_notation(step["String"]["sval"], body)

    def _refuse_notation(self, name: str, body: Mapping[str, Any]) -> None:
        if name in self._functions.unary_denied:
            self._refuse(
                "function_not_allowed",
                f".{name} may call the function {name}(), which is not allowed",
                body,
            )

    def _table(self, body: Mapping[str, Any], ctes: frozenset[str]) -> None:
        name, schema = body["relname"], body.get("schemaname")
        if schema is None and name in ctes:
            return
        if (
            schema in _SYSTEM_SCHEMAS
            or (schema or "").startswith("pg_")
            or (schema is None and name.startswith("pg_"))
        ):
            shown = f"{schema}.{name}" if schema else name
            self._refuse("system_table", f"the system table {shown} is not allowed", body)
            return
        self.tables.append(f"{schema}.{name}" if schema else name)

    def _sample(self, body: Mapping[str, Any], _: frozenset[str]) -> None:
        method = _last(body["method"])
        if method not in _SAMPLING:
            self._refuse("function_not_allowed", f"TABLESAMPLE {method} is not allowed", body)

    def _refuse_node(self, kind: str, body: Any) -> None:
        words = _STATEMENTS.get(kind) or _CAMEL_HUMP.sub(" ", kind.removesuffix("Stmt")).upper()
        if kind == "LockingClause":
            body = {"location": _locking_start(self._sql)}
        self._refuse(
            "statement_not_allowed",
            f"{words} is not allowed: only SELECT and WITH … SELECT are",
            body,
            _ADVICE.get(words),
        )

    def _refuse(self, code: str, message: str, body: Any, suggestion: str | None = None) -> None:
        location = next(_locations(body), None)
        offset = None if location is None else byte_offset_to_chars(self._sql, location)
        self.findings.append(Finding(code, message, offset, suggestion))


def _locking_start(sql: str) -> int:
    """Bytes before the `FOR` of `FOR UPDATE`, of which the tree tells no position."""
    code = [lexeme for lexeme in scan(sql) if lexeme.is_code]
    for lexeme, following in itertools.pairwise(code):
        if lexeme.text.lower() == "for" and following.text.lower() in _LOCK_STRENGTHS:
            return len(sql[: lexeme.start].encode())
    return 0


def _cte(node: Mapping[str, Any]) -> Mapping[str, Any]:
    expression: Mapping[str, Any] = node["CommonTableExpr"]
    return expression


def _last(names: list[Any]) -> str:
    return str(names[-1]["String"]["sval"])


def _locations(value: Any) -> Iterator[int]:
    """Positions in a subtree, the node's own first."""
    if isinstance(value, dict):
        if isinstance(value.get("location"), int):
            yield value["location"]
        for child in value.values():
            yield from _locations(child)
    elif isinstance(value, list):
        for child in value:
            yield from _locations(child)


# By a field that only such a node has: the tree names the kind of some nodes and not of others.
_CHECKS = {
    "funcname": _Walk._function,
    "fields": _Walk._column,
    "indirection": _Walk._indirection,
    "relname": _Walk._table,
    "method": _Walk._sample,
}

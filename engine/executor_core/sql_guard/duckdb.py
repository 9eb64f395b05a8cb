"""The guard for DuckDB: its own parser's tree, and a walk that knows what it allows.

DuckDB has data-modifying CTEs whose statement type is SELECT, and reads files by the names of
tables, so neither the type nor the text decides, but every node.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import duckdb
import orjson

from engine.executor_core.sql_guard.lexer import statement_start, words
from engine.executor_core.sql_guard.pivot import offset_before_listing, with_listed_pivots
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

_QUERY_NODES = words(
    """
    SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE
    """
)
_TABLE_NODES = words(
    """
    EMPTY BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EXPRESSION_LIST PIVOT
    """
)
_EXPRESSIONS = words(
    """
    CONSTANT COLUMN_REF FUNCTION OPERATOR COMPARISON CONJUNCTION CAST CASE BETWEEN SUBQUERY
    STAR PARAMETER WINDOW LAMBDA COLLATE TYPE POSITIONAL_REFERENCE
    """
)
_PARTS = words(
    """
    ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT
    ASCENDING DESCENDING
    """
)
_REFUSED_NODES = {"SHOW_REF": "SHOW, DESCRIBE or SUMMARIZE", "COPY_QUERY_NODE": "COPY"}
_JSON_REPORT = re.compile(r"\{.*\}\s*$", re.DOTALL)
_NOWHERE = 2**64 - 1
_NAME_OF_A_FILE = re.compile(r"[./\\:*?]")
_SYSTEM_SCHEMAS = {"information_schema", "pg_catalog"}
_SYSTEM_NAMES = ("duckdb_", "pragma_", "sqlite_")
_SYSTEM_CATALOGS = {"system", "temp"}
_GRAMMAR = words("unnest")
"""Functions of the grammar that no catalogue lists."""

_DENIED = words(
    """
    assert_true current_connection_id current_query current_query_id current_setting
    current_transaction_id currval error getenv getvariable in_search_path inet_client_addr
    inet_client_port inet_server_addr inet_server_port json_deserialize_sql
    json_execute_serialized_sql json_serialize_plan json_serialize_sql nextval
    parse_duckdb_log_message query query_table setseed setval sleep_ms stats txid_current
    vector_type write_log
    """
)
_DENIED_PREFIXES = ("__internal", "pg_", "has_")
_HARMLESS_PG = words("pg_typeof pg_size_pretty")
_TABLE_FUNCTIONS = words("range generate_series unnest json_each json_tree repeat repeat_row")


def check_duckdb(sql: str, functions: CallableFunctions) -> Verdict:
    """Judge one statement with `$n` placeholders."""
    unread = refused_unread(sql)
    if unread:
        return Verdict((unread,))
    try:
        types = _parser().types(sql)
    except duckdb.ParserException as error:
        return Verdict((_syntax_error(sql, error),))
    except ValueError:
        # The Python package has no name for this statement type: it lags behind the parser.
        types = ["UNKNOWN STATEMENT"]
    refused = _refused_type(sql, types)
    if refused:
        return Verdict((refused,))
    text, places = with_listed_pivots(sql) if types == ["MULTI"] else (sql, ())
    try:
        report = _parser().tree(text)
    except orjson.JSONDecodeError:
        return Verdict((TOO_DEEP,))
    if report["error"]:
        return Verdict((_unreadable(sql),))
    walk = _Walk(text, functions, _parser().system_views)
    try:
        walk.visit(report["statements"][0], frozenset())
    except RecursionError:
        return Verdict((TOO_DEEP,))
    findings = (_moved(finding, places) for finding in walk.findings)
    return Verdict(tuple(findings), tuple(dict.fromkeys(walk.tables)))


def callable_in_duckdb(catalogue: tuple[FunctionInfo, ...]) -> CallableFunctions:
    """What a catalogue's functions mean to the guard; the macros of a file are its owner's."""
    own = {each.name for each in catalogue if each.returns_rows_only and not each.built_in}
    return sort_functions(catalogue, _is_harmless, _TABLE_FUNCTIONS | own)


@cache
def duckdb_functions() -> CallableFunctions:
    """The functions of a DuckDB without macros of its own, for a check without a target."""
    return callable_in_duckdb(_parser().functions())


def _is_harmless(function: FunctionInfo) -> bool:
    name = function.name
    if name in _HARMLESS_PG or not function.built_in:
        return True
    return name not in _DENIED and not name.startswith(_DENIED_PREFIXES)


class _Parser:
    """A DuckDB in memory, of which only the parser and the catalogue are used."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": 1,
                "memory_limit": "256MB",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "errors_as_json": "true",
            },
        )
        self._connection.execute("SET enable_external_access=false")
        self._connection.execute("SET lock_configuration=true")
        self._lock = threading.Lock()
        self.system_views = frozenset(
            name for (name,) in self._rows("select view_name from duckdb_views() where internal")
        )

    def types(self, sql: str) -> list[str]:
        """The statement types of a text; raises duckdb.ParserException."""
        with self._lock:
            return [each.type.name for each in self._connection.extract_statements(sql)]

    def tree(self, sql: str) -> dict[str, Any]:
        """The parse tree, or a report with `error` true."""
        [(tree,)] = self._rows("select json_serialize_sql($1::varchar)", sql)
        report: dict[str, Any] = orjson.loads(tree)
        return report

    def functions(self) -> tuple[FunctionInfo, ...]:
        """The built-in functions."""
        return tuple(
            FunctionInfo(name, returns_rows_only=kind in {"table", "table_macro"})
            for name, kind in self._rows(
                "select distinct lower(function_name), function_type from duckdb_functions() "
                "where function_type <> 'pragma'"
            )
        )

    def _rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


@cache
def _parser() -> _Parser:
    return _Parser()


def _refused_type(sql: str, types: list[str]) -> Finding | None:
    start = byte_offset_to_chars(sql, statement_start(sql))
    if not types:
        return Finding("empty", "there is no statement", 0)
    if len(types) > 1:
        return several_statements(sql, len(types))
    # MULTI is a PIVOT whose columns come from the data; with its values listed it is a SELECT.
    if types[0] not in {"SELECT", "MULTI"}:
        return Finding(
            "statement_not_allowed",
            f"{types[0].replace('_', ' ')} is not allowed: only SELECT and WITH … SELECT are",
            start,
        )
    return None


def _syntax_error(sql: str, error: duckdb.ParserException) -> Finding:
    report = _JSON_REPORT.search(str(error))
    facts = orjson.loads(report[0]) if report else {"exception_message": str(error)}
    message, _, suggestion = str(facts["exception_message"]).partition("\n")
    offset = byte_offset_to_chars(sql, int(facts["position"])) if "position" in facts else None
    return Finding("syntax_error", message, offset, suggestion.strip() or None)


def _unreadable(sql: str) -> Finding:
    return Finding(
        "statement_not_allowed",
        "the guard cannot read this statement",
        byte_offset_to_chars(sql, statement_start(sql)),
        "In a PIVOT, list the values: PIVOT … ON column IN (value, …).",
    )


def _moved(finding: Finding, places: tuple[int, ...]) -> Finding:
    if finding.offset is None or not places:
        return finding
    return replace(finding, offset=offset_before_listing(finding.offset, places))


class _Walk:
    """One pass over the tree, with the names of the CTEs in force."""

    def __init__(
        self, sql: str, functions: CallableFunctions, system_views: frozenset[str]
    ) -> None:
        self._sql = sql
        self._functions = functions
        self._system_views = system_views
        self.findings: list[Finding] = []
        self.tables: list[str] = []

    def visit(self, value: Any, ctes: frozenset[str]) -> None:
        if isinstance(value, list):
            for item in value:
                self.visit(item, ctes)
        elif isinstance(value, dict):
            if not self._is_known(value):
                self._refuse_node(value)
                return
            known = self._with_ctes(value, ctes)
            if "class" not in value and value.get("type") == "TABLE_FUNCTION":
                self._table_function(value)
                value = {"arguments": value["function"]["arguments"]}
            self._check(value, known)
            for key, child in value.items():
                if key != "cte_map":
                    self.visit(child, known)

    def _check(self, node: Mapping[str, Any], ctes: frozenset[str]) -> None:
        """What the kind of a node asks for, besides its children."""
        if node.get("class") in {"FUNCTION", "WINDOW"}:
            self._function(node)
        elif "class" not in node and node.get("type") == "BASE_TABLE":
            self._table(node, ctes)

    def _is_known(self, node: Mapping[str, Any]) -> bool:
        if "class" in node:
            return node["class"] in _EXPRESSIONS
        kind = node.get("type")
        return not isinstance(kind, str) or kind in _QUERY_NODES | _TABLE_NODES | _PARTS

    def _with_ctes(self, node: Mapping[str, Any], ctes: frozenset[str]) -> frozenset[str]:
        """Visit the CTEs of a query; each sees those before it, a recursive one itself too."""
        for entry in node.get("cte_map", {}).get("map", ()):
            name = entry["key"].lower()
            query = entry["value"]["query_node"]
            recursive = query["type"] == "RECURSIVE_CTE_NODE"
            self.visit(entry["value"], ctes | {name} if recursive else ctes)
            ctes |= {name}
        return ctes

    def _function(self, node: Mapping[str, Any]) -> None:
        name = str(node["function_name"]).lower()
        if not (node.get("is_operator") or name in _GRAMMAR or name in self._functions.allowed):
            self._refuse("function_not_allowed", f"the function {name}() is not allowed", node)

    def _table_function(self, node: Mapping[str, Any]) -> None:
        name = str(node["function"]["function_name"]).lower()
        if name not in self._functions.tables:
            self._refuse(
                "function_not_allowed",
                f"the table function {name}() is not allowed",
                node,
                f"Those allowed are {', '.join(sorted(_TABLE_FUNCTIONS))}.",
            )

    def _table(self, node: Mapping[str, Any], ctes: frozenset[str]) -> None:
        path = [str(part) for part in node["qualified_name"]["path"]]
        name, schema = path[-1].lower(), path[-2].lower() if len(path) > 1 else ""
        if len(path) == 1 and name in ctes:
            return
        if _NAME_OF_A_FILE.search(path[-1]):
            self._refuse(
                "file_not_allowed", f"the file {path[-1]} is not allowed: only tables are", node
            )
        elif (
            schema in _SYSTEM_SCHEMAS
            or path[0].lower() in _SYSTEM_CATALOGS
            or (not schema and (name in self._system_views or name.startswith(_SYSTEM_NAMES)))
        ):
            shown = ".".join(path)
            self._refuse("system_table", f"the system table {shown} is not allowed", node)
        else:
            self.tables.append(".".join(path[-2:]))

    def _refuse_node(self, node: Mapping[str, Any]) -> None:
        kind = str(node.get("class") or node["type"])
        words = _REFUSED_NODES.get(kind) or kind.removesuffix("_QUERY_NODE").removesuffix("_NODE")
        self._refuse(
            "statement_not_allowed",
            f"{words} is not allowed: only SELECT and WITH … SELECT are",
            node,
        )

    def _refuse(self, code: str, message: str, node: Any, suggestion: str | None = None) -> None:
        location = next(_locations(node), None)
        if location is None:
            location = statement_start(self._sql)
        offset = byte_offset_to_chars(self._sql, location)
        self.findings.append(Finding(code, message, offset, suggestion))


def _locations(value: Any) -> Iterator[int]:
    """Positions in a subtree, the node's own first."""
    if isinstance(value, dict):
        if value.get("query_location", _NOWHERE) != _NOWHERE:
            yield value["query_location"]
        for child in value.values():
            yield from _locations(child)
    elif isinstance(value, list):
        for child in value:
            yield from _locations(child)

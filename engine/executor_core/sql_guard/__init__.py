"""Decides which SQL may run, by the databases' own parsers; the first wall of several."""

from __future__ import annotations

from functools import lru_cache

from engine.executor_core.sql_guard.duckdb import (
    callable_in_duckdb,
    check_duckdb,
    duckdb_functions,
)
from engine.executor_core.sql_guard.postgres import callable_in_postgres, check_postgres
from engine.executor_core.sql_guard.postgres_catalogue import POSTGRES_FUNCTIONS
from engine.executor_core.sql_guard.verdict import CallableFunctions, Finding, Verdict
from engine.ports import Dialect, FunctionInfo

__all__ = ["CallableFunctions", "Finding", "Verdict", "callable_functions", "guard"]


@lru_cache(maxsize=1024)
def guard(sql: str, dialect: Dialect, functions: CallableFunctions) -> Verdict:
    """Judge a statement whose binds are `$1`-style placeholders; kept by text."""
    check = check_duckdb if dialect == "duckdb" else check_postgres
    return check(sql, functions)


def callable_functions(
    dialect: Dialect, catalogue: tuple[FunctionInfo, ...] | None
) -> CallableFunctions:
    """Functions a statement may call, by a target's catalogue or else by the database's own."""
    if dialect == "duckdb":
        return duckdb_functions() if catalogue is None else callable_in_duckdb(catalogue)
    return POSTGRES_FUNCTIONS if catalogue is None else callable_in_postgres(catalogue)

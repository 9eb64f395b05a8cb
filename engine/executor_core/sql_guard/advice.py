"""Advice on a statement that is allowed: what will be slow or surprising, never a refusal.

Read with sqlglot, one tree for both dialects; where it cannot read a statement there is no advice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import sqlglot
from sqlglot import exp

from engine.executor_core.sql_guard.verdict import Finding
from engine.ports import Dialect

MAX_JOINS = 5
MAX_ORS = 5
LARGE_TABLE_ROWS = 100_000

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like)
_CONSTANTS = (exp.Literal, exp.Placeholder, exp.Parameter)


def advise(
    sql: str, dialect: Dialect, large_tables: Collection[str] = frozenset()
) -> tuple[Finding, ...]:
    """Advice on a statement, at most one of each kind, at offsets of `sql`.

    Args:
        sql: The statement with its `:name` binds.
        dialect: Whose grammar it is in.
        large_tables: Lower-case names of tables with at least `LARGE_TABLE_ROWS` rows.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return ()
    found = [next(check(tree), None) for check in _CHECKS]
    found.append(next(_no_where(tree, large_tables), None))
    return tuple(finding for finding in found if finding is not None)


def _select_star(tree: exp.Expr) -> Iterator[Finding]:
    for select in tree.find_all(exp.Select):
        for item in select.expressions:
            star = item.find(exp.Star) if isinstance(item, exp.Column | exp.Star) else None
            if star is not None and not star.args.get("except_"):
                yield Finding(
                    "select_star",
                    "SELECT * returns every column, also those added later",
                    _offset(star),
                    "Name the columns that callers need.",
                )


def _many_joins(tree: exp.Expr) -> Iterator[Finding]:
    for select in tree.find_all(exp.Select):
        joins = select.args.get("joins") or []
        if len(joins) > MAX_JOINS:
            yield Finding(
                "many_joins", f"{len(joins)} joins in one SELECT", _offset(joins[MAX_JOINS])
            )


def _many_ors(tree: exp.Expr) -> Iterator[Finding]:
    ors = list(tree.find_all(exp.Or))
    if len(ors) > MAX_ORS:
        yield Finding(
            "many_ors",
            f"{len(ors)} ORs: indexes help little",
            _offset(ors[-1]),
            "Try IN (…) or = ANY(:values).",
        )


def _leading_wildcard(tree: exp.Expr) -> Iterator[Finding]:
    for like in tree.find_all(exp.Like, exp.ILike):
        pattern = like.expression
        if isinstance(pattern, exp.Literal) and str(pattern.this).startswith(("%", "_")):
            yield Finding(
                "leading_wildcard",
                "a pattern that begins with a wildcard reads every row",
                _offset(pattern),
            )


def _missing_limit(tree: exp.Expr) -> Iterator[Finding]:
    if not isinstance(tree, exp.Query) or tree.args.get("limit") or _is_one_row(tree):
        return
    yield Finding(
        "missing_limit",
        "without LIMIT the answer is cut at the policy's max_rows, wherever that falls",
        None,
        "Add ORDER BY and LIMIT, or a :limit parameter.",
    )


def _is_one_row(tree: exp.Query) -> bool:
    if not isinstance(tree, exp.Select) or tree.args.get("group"):
        return False
    return not tree.args.get("from_") or all(
        item.find(exp.AggFunc) and not item.find(exp.Window) for item in tree.expressions
    )


def _cartesian_join(tree: exp.Expr) -> Iterator[Finding]:
    for select in tree.find_all(exp.Select):
        for join in select.args.get("joins") or []:
            if _is_unbound(join) and not _equates_columns(select.args.get("where")):
                yield Finding(
                    "cartesian_join",
                    "a join without a condition multiplies the rows of both tables",
                    _offset(join),
                    "Add ON or USING.",
                )


def _is_unbound(join: exp.Join) -> bool:
    if join.args.get("on") or join.args.get("using") or not isinstance(join.this, exp.Table):
        return False
    natural_or_positional = join.args.get("method")
    return not natural_or_positional and isinstance(join.this.this, exp.Identifier)


def _equates_columns(where: exp.Expr | None) -> bool:
    return where is not None and any(
        isinstance(each.this, exp.Column) and isinstance(each.expression, exp.Column)
        for each in where.find_all(exp.EQ)
    )


def _function_on_column(tree: exp.Expr) -> Iterator[Finding]:
    for where in tree.find_all(exp.Where):
        for comparison in where.find_all(*_COMPARISONS):
            function = comparison.this
            if (
                isinstance(function, exp.Func)
                and not isinstance(function, exp.AggFunc | exp.Cast | exp.Connector)
                and function.find(exp.Column)
                and not comparison.args.get("query")
                and isinstance(comparison.expression or exp.Literal.string(""), _CONSTANTS)
            ):
                yield Finding(
                    "function_on_column",
                    "a function around a column keeps an index on it from being used",
                    _offset(function),
                    "Compare the bare column, or index the expression.",
                )


def _no_where(tree: exp.Expr, large_tables: Collection[str]) -> Iterator[Finding]:
    for select in tree.find_all(exp.Select):
        source = select.args.get("from_")
        table = source.this if source else None
        if (
            isinstance(table, exp.Table)
            and table.name.lower() in large_tables
            and not select.args.get("where")
            and not select.args.get("limit")
        ):
            yield Finding(
                "no_where_on_large_table",
                f"{table.name} is large and is read as a whole",
                _offset(table),
                "Add a WHERE condition.",
            )


def _offset(node: exp.Expr) -> int | None:
    """Where the first token of a subtree that sqlglot remembers a position of begins."""
    starts = [each.meta["start"] for each in node.walk() if "start" in each.meta]
    return min(starts, default=None)


_CHECKS: tuple[Callable[[exp.Expr], Iterator[Finding]], ...] = (
    _select_star,
    _many_joins,
    _many_ors,
    _leading_wildcard,
    _missing_limit,
    _cartesian_join,
    _function_on_column,
)

"""Statements made by hypothesis: what the guard allows, the database runs; writes never pass."""

# ruff: noqa: S608  # SQL is what these tests are about

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.deadline import Deadline
from engine.errors import QueryFailedError
from engine.executor_core.sql_guard import callable_functions, guard
from engine.ports import BoundQuery

SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = st.sampled_from(["id", "1", "2.5", "length(carrier)", "abs(id - 3)", "(id + 1) * 2"])
TEXTS = st.sampled_from(["carrier", "'AA'", "'; drop table x --'", "upper(carrier)", "''", "'é'"])


@st.composite
def conditions(draw, depth=0):
    kind = draw(st.integers(0, 3 if depth > 2 else 6))
    if kind == 0:
        return f"{draw(NUMBERS)} {draw(st.sampled_from(['=', '<>', '<', '>=']))} {draw(NUMBERS)}"
    if kind == 1:
        return f"{draw(TEXTS)} like {draw(TEXTS)}"
    if kind == 2:
        return f"{draw(NUMBERS)} between {draw(NUMBERS)} and {draw(NUMBERS)}"
    if kind == 3:
        return f"{draw(TEXTS)} in ({draw(TEXTS)}, {draw(TEXTS)})"
    if kind == 4:
        return f"not ({draw(conditions(depth + 1))})"
    if kind == 5:
        return f"exists (select 1 from carriers where code = carrier and {draw(TEXTS)} is not null)"
    word = draw(st.sampled_from(["and", "or"]))
    return f"({draw(conditions(depth + 1))} {word} {draw(conditions(depth + 1))})"


@st.composite
def selects(draw, depth=0):
    columns = [f"{draw(NUMBERS)} as n", f"{draw(TEXTS)} as t"]
    source = (
        "flights" if depth > 1 or draw(st.booleans()) else f"(select * from flights) as f{depth}"
    )
    sql = f"select {', '.join(columns)} from {source}"
    if draw(st.booleans()):
        sql += f" where {draw(conditions())}"
    if depth < 2 and draw(st.booleans()):
        sql += (
            f" {draw(st.sampled_from(['union all', 'union', 'except']))} {draw(selects(depth + 1))}"
        )
    if depth == 0:
        sql = draw(
            st.sampled_from(["{}", "with c as ({}) select * from c", "select * from ({}) q"])
        ).format(sql)
        sql += draw(st.sampled_from(["", " limit 3", " order by 1 limit 2", " -- end", "; "]))
    return sql


WRITES = st.sampled_from(
    [
        "delete from carriers",
        "insert into carriers values ('Z', 'z')",
        "update carriers set name = 'x'",
    ]
)


@st.composite
def hidden_writes(draw):
    write = f"w as ({draw(WRITES)} returning code)"
    before = draw(st.sampled_from(["", "a as (select 1), ", "a(x) as (values (1)), "]))
    body = draw(
        st.sampled_from(["select 1", "select * from w", "select count(*) from w where true"])
    )
    sql = f"with {before}{write} {body}"
    for shape in draw(
        st.lists(st.sampled_from(["({})", "select * from ({}) q", "select ({})"]), max_size=2)
    ):
        sql = shape.format(sql)
    return sql


def run(target, sql):
    return target.fetch(BoundQuery(sql.rstrip("; ")), max_rows=5, deadline=Deadline.after(20))


@SLOW
@given(sql=selects())
def test_a_generated_query_is_allowed_and_runs_on_duckdb(guarded_duckdb, sql):
    assert guard(sql, "duckdb", callable_functions("duckdb", None)).findings == ()
    assert run(guarded_duckdb, sql).columns


@SLOW
@given(sql=selects())
def test_a_generated_query_is_allowed_and_runs_on_postgres(guarded_postgres, sql):
    assert guard(sql, "postgres", callable_functions("postgres", None)).findings == ()
    assert run(guarded_postgres, sql).columns


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@SLOW
@given(sql=hidden_writes())
def test_a_write_is_found_wherever_it_hides(dialect, sql):
    assert not guard(sql, dialect, callable_functions(dialect, None)).allowed


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@SLOW
@given(sql=st.text(max_size=60))
def test_any_text_gets_a_verdict(dialect, sql):
    verdict = guard(sql, dialect, callable_functions(dialect, None))

    assert all(finding.offset is None or finding.offset <= len(sql) for finding in verdict.findings)


SCRAPS = [*"(),*1=;'$x", "select", "from", "where", "flights", "id", "and", "with", "as", "union"]


@SLOW
@given(sql=st.lists(st.sampled_from(SCRAPS), max_size=14).map(" ".join))
def test_what_the_guard_reads_duckdb_reads(guarded_duckdb, sql):
    verdict = guard(sql, "duckdb", callable_functions("duckdb", None))
    if not verdict.allowed:
        return
    try:
        run(guarded_duckdb, sql)
    except QueryFailedError as error:
        assert error.details["kind"] != "Parser"  # noqa: PT017

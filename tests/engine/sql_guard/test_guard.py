"""Verdicts: where, why, and what is read."""

# ruff: noqa: S608  # SQL is what these tests are about

import pytest

from engine.executor_core.sql_guard import callable_functions, guard
from engine.executor_core.sql_guard.advice import advise
from engine.executor_core.sql_guard.pivot import with_listed_pivots
from engine.executor_core.sql_guard.postgres_catalogue import POSTGRES_FUNCTIONS
from engine.executor_core.sql_guard.strictness import strict_findings, suspicious_values
from engine.executor_core.sql_guard.verdict import MAX_SQL_CHARS
from engine.ports import FunctionInfo

DIALECTS = ("duckdb", "postgres")


def verdict(sql, dialect):
    return guard(sql, dialect, callable_functions(dialect, None))


@pytest.mark.parametrize(
    ("sql", "dialect", "marked"),
    [
        ("select 'é', pg_sleep(1)", "postgres", "pg_sleep"),
        ("select 'é', getenv('x')", "duckdb", "getenv"),
        ("select 1; drop table x", "postgres", "drop"),
        ("select 1 ; drop table x", "duckdb", "drop"),
        ("  /* é */ drop table x", "postgres", "drop"),
        ("  /* é */ drop table x", "duckdb", "drop"),
        ("select * from a for update", "postgres", "for"),
        ("with é as (delete from carriers) select 1", "postgres", "carriers"),
        ("select * from carriers, 'x.csv'", "duckdb", "'x.csv'"),
        ("select 1 frm x y", "postgres", "x y"),
        ("pivot t on a using sum(getenv('x'))", "duckdb", "getenv"),
    ],
)
def test_a_refusal_says_where(sql, dialect, marked):
    found = verdict(sql, dialect).findings[0]

    assert sql[found.offset :].startswith(marked)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select * from flights", ("flights",)),
        ("select * from s.flights f join carriers c on true", ("s.flights", "carriers")),
        ("select * from flights where id in (select id from late)", ("flights", "late")),
        (
            "with a as (select * from flights) select * from a join carriers on true",
            ("flights", "carriers"),
        ),
        ("with flights as (select * from flights) select * from flights", ("flights",)),
        ("with recursive a as (select 1 as n union all select n from a) select * from a", ()),
        ("select * from (with a as (select 1) select * from a) q, a", ("a",)),
        ("select * from flights union all select * from flights", ("flights",)),
        ("select 1", ()),
    ],
)
def test_the_tables_read_are_known(dialect, sql, tables):
    assert verdict(sql, dialect).tables == tables


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select 1\0; drop table x", "nul_character"),
        ("select '\ud800'", "not_unicode"),
        ("", "empty"),
        (" ;; ", "empty"),
        ("-- nothing", "empty"),
        (f"select '{'x' * MAX_SQL_CHARS}'", "too_long"),
        (f"select * from {'(select * from ' * 400}t{') x' * 400}", "too_deep"),
        (f"select {'1+' * 45_000}1", None),
        (f"select {'not ' * 20_000}true", None),
        (f"select {'(' * 45_000}1{')' * 45_000}", None),
    ],
)
def test_a_text_no_parser_should_see_is_refused(dialect, sql, code):
    found = verdict(sql, dialect)

    assert not found.allowed
    assert code in {None, found.findings[0].code}


def test_a_name_with_one_harmful_overload_is_denied():
    catalogue = (
        FunctionInfo("report", built_in=False),
        FunctionInfo("report", built_in=False, volatile=True),
        FunctionInfo("total", built_in=False),
    )

    functions = callable_functions("postgres", catalogue)

    assert functions.allowed == {"total"}


@pytest.mark.parametrize(
    "function",
    [
        FunctionInfo("f", built_in=False, volatile=True),
        FunctionInfo("f", built_in=False, trusted=False),
        FunctionInfo("dblink_current_query"),
        FunctionInfo("pg_read_file"),
    ],
)
def test_a_harmful_function_is_denied_by_what_it_is(function):
    assert callable_functions("postgres", (function,)).allowed == frozenset()


def test_the_kept_catalogue_of_postgres_is_that_of_the_server(guarded_postgres):
    found = callable_functions("postgres", guarded_postgres.functions())

    assert found.allowed == POSTGRES_FUNCTIONS.allowed
    assert found.unary_denied == POSTGRES_FUNCTIONS.unary_denied


@pytest.mark.parametrize(
    ("sql", "listed"),
    [
        ("pivot t on a using sum(b)", "pivot t on a IN ('') using sum(b)"),
        ("pivot t on a, f(b, c)", "pivot t on a IN (''), f(b, c) IN ('')"),
        ("pivot t on a in (1), b group by c", "pivot t on a in (1), b IN ('') group by c"),
        ("select * from (pivot t on a) q", "select * from (pivot t on a IN ('')) q"),
        ("pivot (pivot t on a) on b", "pivot (pivot t on a IN ('')) on b IN ('')"),
        ("select ' pivot t on a '", "select ' pivot t on a '"),
    ],
)
def test_pivots_are_listed_for_reading(sql, listed):
    assert with_listed_pivots(sql)[0] == listed


ADVICE = {
    "select_star": "select * from t limit 1",
    "many_joins": "select 1 from a"
    + "".join(f" join t{n} using (i)" for n in range(6))
    + " limit 1",
    "many_ors": "select 1 from t where " + " or ".join(f"a = {n}" for n in range(7)) + " limit 1",
    "leading_wildcard": "select a from t where a like '%x' limit 1",
    "missing_limit": "select a from t",
    "cartesian_join": "select 1 from a, b limit 1",
    "function_on_column": "select 1 from t where lower(a) = 'x' limit 1",
    "no_where_on_large_table": "select a, count(*) from big group by a",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("code", list(ADVICE))
def test_advice_is_given(code, dialect):
    assert code in {finding.code for finding in advise(ADVICE[code], dialect, {"big"})}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    [
        "select a, b from t where a = :a and b like 'x%' order by a limit :n",
        "select count(*), max(a) from t where b = 1",
        "select a.x, b.y from a, b where a.id = b.id limit 5",
        "select a.x from a join b on a.id = b.id left join c using (k) limit 5",
        "select n from generate_series(1, 3) as g(n), unnest(array[1]) as u limit 3",
        "select count(*) from t",
        "select a from big where a = 1 limit 1",
    ],
)
def test_a_sound_statement_gets_no_advice(dialect, sql):
    assert advise(sql, dialect, {"big"}) == ()


def test_advice_says_where():
    sql = "select a from t\nwhere lower(a) = 'x' limit 1"

    (finding,) = advise(sql, "postgres")

    assert sql[finding.offset :].startswith("lower")


def test_strict_mode_finds_unions_and_comments_but_not_in_literals():
    sql = "select 'union -- x' as \"union\" union select 1 /* c */ -- d"

    assert [finding.code for finding in strict_findings(sql)] == [
        "strict_union",
        "strict_comment",
        "strict_comment",
    ]


@pytest.mark.parametrize(
    "value",
    [
        "x' UNION SELECT password FROM users",
        "1; DROP TABLE carriers",
        "x' -- ",
        "x /* y */",
        "x' or 1=1",
        "x' OR 'a'='a",
        ["fine", "1; delete from t"],
    ],
)
def test_a_value_that_looks_like_an_injection_is_warned_of(value):
    (warning, *_) = suspicious_values({"name": value})

    assert "'name'" in warning
    assert "bound as a value" in warning


@pytest.mark.parametrize("value", ["Select Comfort", "union station", "a - b", 5, None, "or else"])
def test_an_ordinary_value_is_not_warned_of(value):
    assert suspicious_values({"name": value}) == ()

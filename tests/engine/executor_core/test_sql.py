"""The SQL executor over both targets: compile, execute, dry run, inspect."""

# SQL is what these tests are about

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import orjson
import psycopg
import pytest

from engine.deadline import Deadline
from engine.errors import (
    DefinitionInvalidError,
    NotFoundError,
    QueryFailedError,
    TargetUnavailableError,
)
from engine.executor_core.sql import SqlExecutor, validate_select_sql
from engine.model import ApiDefinition, Caller, ParamSpec, RuntimePolicy
from engine.ports import ExecutionContext, NestedCall, QueryTarget
from storage.targets.duckdb import DuckDbTarget
from storage.targets.postgres import PostgresTarget

TABLES = (
    "CREATE TABLE flights (id INTEGER, carrier VARCHAR(2), day DATE, delay DECIMAL(8,2))",
    "INSERT INTO flights VALUES (1, 'AA', DATE '2013-01-01', 1.10)",
    "INSERT INTO flights VALUES (2, 'B6', DATE '2013-01-02', -3)",
)


@pytest.fixture(scope="module")
def duckdb_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryTarget]:
    path: Path = tmp_path_factory.mktemp("sql") / "flights.duckdb"
    with duckdb.connect(path) as connection:
        for statement in TABLES:
            connection.execute(statement)
    target = DuckDbTarget(path, memory_mb=128)
    yield target
    target.close()


@pytest.fixture
def postgres_target(postgres_database: str) -> Iterator[QueryTarget]:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        for statement in TABLES:
            connection.execute(statement)
    target = PostgresTarget(postgres_database, pool_size=2)
    yield target
    target.close()


@pytest.fixture(params=["duckdb", "postgres"])
def executor(request: pytest.FixtureRequest) -> SqlExecutor:
    return over(request.getfixturevalue(f"{request.param}_target"))


@pytest.fixture
def on_duckdb(duckdb_target: QueryTarget) -> SqlExecutor:
    return over(duckdb_target)


def over(target: QueryTarget) -> SqlExecutor:
    def resolve(tenant_id: str, connection: str) -> QueryTarget:
        if connection != "flights":
            raise NotFoundError(f"no connection {connection!r}", hint="Did you mean 'flights'?")
        return target

    return SqlExecutor(resolve)


def definition(
    sql: str, *, connection: str | None = "flights", strict=False, max_rows=1000, **params
):
    now = datetime.now(UTC)
    return ApiDefinition(
        id=uuid4(),
        api_name="flights-api",
        logic_type="sql",
        logic_body=sql,
        connection=connection,
        param_schema={name: ParamSpec(type=kind) for name, kind in params.items()},
        runtime_policy=RuntimePolicy(sql_strict=strict, max_rows=max_rows),
        created_at=now,
        updated_at=now,
    )


def context(api: ApiDefinition) -> ExecutionContext:
    return ExecutionContext(
        execution_id=uuid4(),
        trace_id="t",
        tenant_id=api.tenant_id,
        caller=Caller(subject="tester"),
        source="test",
        policy=api.runtime_policy,
        deadline=Deadline.after(10),
        input_payload=None,
        depth=0,
        attempt=1,
        call=_no_call,
        secret=_no_secret,
    )


def _no_call(call: NestedCall) -> Any:
    raise AssertionError("a statement calls no API")


def _no_secret(name: str) -> str:
    raise AssertionError("a statement reads no secret")


def run(executor: SqlExecutor, api: ApiDefinition, **values):
    return executor.execute(executor.compile(api), values, context(api))


def issues_of(executor: SqlExecutor, api: ApiDefinition):
    with pytest.raises(DefinitionInvalidError) as refusal:
        executor.compile(api)
    return refusal.value.issues


def test_a_call_answers_columns_rows_and_counts(executor):
    api = definition(
        "select id, delay from flights where carrier = :carrier order by id limit :n",
        carrier="text",
        n="integer",
    )

    payload = run(executor, api, carrier="AA", n=5)

    document = orjson.loads(payload.json)
    assert [column["name"] for column in document["columns"]] == ["id", "delay"]
    assert document["rows"] == [{"id": 1, "delay": 1.1}]
    assert (document["row_count"], document["truncated"]) == (1, False)
    assert b'"delay":1.10' in payload.json


def test_max_rows_of_the_policy_caps_the_answer(executor):
    payload = run(executor, definition("select id from flights order by id", max_rows=1))

    assert (payload.row_count, payload.truncated) == (1, True)
    assert orjson.loads(payload.json)["rows"] == [{"id": 1}]


def test_an_absent_parameter_is_null(executor):
    api = definition(
        "select id from flights where (:carrier::varchar is null or carrier = :carrier)",
        carrier="text",
    )

    assert run(executor, api).row_count == 2
    assert run(executor, api, carrier="AA").row_count == 1


def test_a_list_parameter_works_with_any(executor):
    api = definition("select id from flights where id = any(:ids) order by id", ids="array")

    assert run(executor, api, ids=[2, 3]).row_count == 1


def test_compiling_tells_tables_columns_and_advice(executor):
    compiled = executor.compile(definition("select * from flights"))

    assert compiled.tables == ("flights",)
    assert compiled.columns is not None
    assert [column.name for column in compiled.columns] == ["id", "carrier", "day", "delay"]
    assert {warning.code for warning in compiled.warnings} == {"select_star", "missing_limit"}


def test_an_injected_value_is_bound_and_warned_of(executor):
    api = definition("select id from flights where carrier = :carrier limit 5", carrier="text")

    payload = run(executor, api, carrier="AA' or '1'='1")

    assert payload.row_count == 0
    assert "'carrier'" in payload.warnings[0]


def test_every_mistake_of_the_binds_is_named_with_its_place(executor):
    api = definition(
        "select id\nfrom flights where carrier = :carier and id = :id limit 1", carrier="text"
    )

    found = {(issue.code, issue.line, issue.column) for issue in issues_of(executor, api)}

    assert ("unknown_param", 2, 30) in found
    assert ("unknown_param", 2, 47) in found
    assert ("unused_param", None, None) in found


def test_a_misspelt_bind_gets_a_suggestion(executor):
    api = definition("select id from flights where carrier = :carier", carrier="text")

    suggestions = {issue.code: issue.suggestion for issue in issues_of(executor, api)}

    assert suggestions["unknown_param"] == "Did you mean :carrier?"
    assert suggestions["unused_param"] == "Did you mean :carier?"


def test_an_unused_parameter_is_no_error(executor):
    compiled = executor.compile(definition("select 1 as one", carrier="text"))

    assert [warning.code for warning in compiled.warnings] == ["unused_param"]


@pytest.mark.parametrize(
    ("sql", "code", "line", "column"),
    [
        ("select id\nfrom flights; drop table flights", "multiple_statements", 2, 15),
        ("delete from flights", "statement_not_allowed", 1, 1),
        ("select :carrier, id\n, missing from flights", "query_failed", 2, 3),
        ("select :carrier,\n pg_sleep(1)", "function_not_allowed", 2, 2),
        ("select :carrier from flights wher x = 1", "syntax_error", 1, 35),
        ("select $1", "placeholder", 1, 8),
    ],
)
def test_a_wrong_statement_is_refused_at_its_place_in_the_text(executor, sql, code, line, column):
    issue = issues_of(executor, definition(sql, carrier="text"))[0]

    assert (issue.code, issue.line, issue.column) == (code, line, column)


def test_a_failure_at_run_time_is_placed_in_the_text(executor):
    api = definition("select :text_value::varchar as t,\n  cast(:number_text as integer) as n",
                     text_value="text", number_text="text")  # fmt: skip

    with pytest.raises(QueryFailedError) as failure:
        run(executor, api, text_value="x", number_text="not a number")

    assert failure.value.details.get("line") in {None, 2}
    assert "not a number" not in failure.value.message


def test_strict_mode_refuses_union_and_comments(executor):
    sql = "select id from flights union select 1 -- why"

    codes = {issue.code for issue in issues_of(executor, definition(sql, strict=True))}

    assert {"strict_union", "strict_comment"} <= codes
    assert executor.compile(definition(sql)).tables == ("flights",)


@pytest.mark.parametrize(
    ("connection", "code"), [(None, "missing_connection"), ("fligths", "unknown_connection")]
)
def test_a_wrong_connection_is_an_issue(executor, connection, code):
    (issue,) = issues_of(executor, definition("select 1", connection=connection))

    assert (issue.code, issue.path) == (code, "connection")


def test_a_target_that_is_away_costs_a_warning_at_compile_and_an_error_at_call():
    executor = over(PostgresTarget("postgresql://nobody@127.0.0.1:1/nowhere"))
    api = definition("select id from flights limit 1")

    compiled = executor.compile(api)

    assert compiled.columns is None
    assert compiled.tables == ("flights",)
    assert "target_unavailable" in {warning.code for warning in compiled.warnings}
    with pytest.raises(TargetUnavailableError):
        executor.execute(compiled, {}, context(api))


def test_the_guard_holds_when_the_target_is_away():
    executor = over(PostgresTarget("postgresql://nobody@127.0.0.1:1/nowhere"))

    codes = {issue.code for issue in issues_of(executor, definition("select pg_sleep(1)"))}

    assert codes == {"function_not_allowed"}


def test_a_dry_run_shows_sql_binds_and_plan(executor):
    api = definition("select id from flights where carrier = :carrier limit 1", carrier="text")

    shown = executor.dry_run(executor.compile(api), {"carrier": "AA"}, context(api))

    assert shown["sql"] == "select id from flights where carrier = $1 limit 1"
    assert shown["binds"] == {"$1": "carrier"}
    assert "flights" in shown["plan"]


def test_parameters_and_columns_are_inferred_from_a_pasted_statement(executor):
    inspection = executor.inspect(
        "select id, delay from flights where day >= :since and carrier = :carrier "
        "and id = any(:ids) and delay > :delay limit :n",
        tenant_id="default",
        connection="flights",
        dialect=None,
    )

    types = {name: spec.type for name, spec in inspection.params.items()}
    assert types == {
        "since": "date",
        "carrier": "text",
        "ids": "array",
        "delay": "number",
        "n": "integer",
    }
    assert inspection.params["ids"].items == ParamSpec(type="integer")
    assert [column.name for column in inspection.columns or ()] == ["id", "delay"]
    assert inspection.tables == ("flights",)
    assert inspection.valid


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_a_statement_can_be_checked_without_a_database(dialect):
    inspection = validate_select_sql("select id from flights where id = :id limit 1", dialect)

    assert inspection.valid
    assert list(inspection.params) == ["id"]
    assert not validate_select_sql("drop table flights", dialect).valid
    assert not validate_select_sql("select 1 union select 2", dialect, strict=True).valid


def test_a_function_created_after_the_first_check_is_allowed(postgres_target, postgres_database):
    executor = over(postgres_target)
    executor.compile(definition("select 1 as one"))
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        owner.execute("create function late() returns int language sql stable as 'select 7'")

    compiled = executor.compile(definition("select late() as n"))

    assert compiled.columns is not None


def test_a_volatile_function_of_the_database_is_refused(postgres_target, postgres_database):
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        owner.execute("create function harm() returns int language sql volatile as 'select 7'")
        owner.execute("create function harm(text) returns int language sql stable as 'select 7'")
        owner.execute(
            "create function sly() returns int language sql stable security definer as 'select 7'"
        )

    codes = [
        issues_of(over(postgres_target), definition(f"select {call}"))[0].code
        for call in ("harm()", "harm('x')", "('x'::text).harm", "sly()")
    ]

    assert codes == ["function_not_allowed"] * 4

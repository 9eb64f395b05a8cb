"""What is PostgreSQL's own: sessions, their reset, the role, and a server that goes away."""

import threading
import time

import orjson
import psycopg
import pytest

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    OverloadedError,
    QueryFailedError,
    TargetTransientError,
    TargetUnavailableError,
)
from engine.ports import BoundQuery
from storage.targets.postgres import PostgresTarget
from storage.targets.postgres_types import parse_array

SECRET = "s3cret-pa55"


def fetch(target, sql, *values, timeout_s=10.0):
    deadline = Deadline.after(timeout_s)
    return target.fetch(BoundQuery(sql, values), max_rows=100, deadline=deadline)


def rows(target, sql, *values, **options):
    return orjson.loads(fetch(target, sql, *values, **options).rows_json)


@pytest.fixture
def one_session(postgres_urls):
    target = PostgresTarget(postgres_urls.reader, pool_size=1)
    yield target
    target.close()


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://someone:{SECRET}@127.0.0.1:1/nowhere",
        f"postgresql://someone:{SECRET}@no-such-host.invalid/nowhere",
        f"password={SECRET} host",
    ],
)
def test_a_server_out_of_reach_is_said_at_once_and_without_the_dsn(dsn):
    started = time.monotonic()

    with pytest.raises(TargetUnavailableError) as failure:
        PostgresTarget(dsn).ping()

    assert time.monotonic() - started < 2
    assert SECRET not in f"{failure.value} {failure.value.hint} {failure.value.__cause__}"


def test_a_wrong_password_is_named_as_the_reason(postgres_urls):
    host = postgres_urls.reader.partition("@")[2]

    with pytest.raises(TargetUnavailableError, match="refused the user or the password"):
        PostgresTarget(f"postgresql://nobody:{SECRET}@{host}").ping()


def test_a_session_is_read_only_even_for_the_owner_of_the_tables(postgres_urls):
    owner = PostgresTarget(postgres_urls.owner)

    with pytest.raises(QueryFailedError, match="read-only"):
        fetch(owner, "select lo_create(0)")
    owner.close()


def test_an_owner_s_connection_is_warned_of(postgres_urls):
    owner = PostgresTarget(postgres_urls.owner)

    warnings = " ".join(owner.audit())

    assert "superuser" in warnings
    assert "read files of the server" in warnings
    owner.close()


def test_a_session_lock_does_not_outlive_its_call(one_session, postgres_urls):
    fetch(one_session, "select pg_advisory_lock(4711)::text")
    one_session.ping()

    with psycopg.connect(postgres_urls.owner) as other:
        taken = other.execute("select pg_try_advisory_lock(4711)").fetchone()

    assert taken == (True,)


def test_a_setting_does_not_outlive_its_call(one_session):
    fetch(one_session, "select set_config('default_transaction_read_only', 'off', false)")

    found = rows(one_session, "select current_setting('default_transaction_read_only') as value")

    assert found == [{"value": "on"}]


def test_no_free_session_until_the_deadline_is_an_overload(one_session):
    one_session.ping()
    busy = threading.Thread(target=fetch, args=(one_session, "select pg_sleep(0.6)::text"))
    busy.start()
    time.sleep(0.1)  # until the other thread holds the only session

    with pytest.raises(OverloadedError):
        fetch(one_session, "select 1", timeout_s=0.2)
    busy.join()


def test_sessions_ended_by_the_server_are_replaced(one_session, postgres_urls):
    one_session.ping()
    with psycopg.connect(postgres_urls.owner, autocommit=True) as owner:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where usename = 'reader' and datname = current_database()"
        )
    time.sleep(0.1)  # until the server has closed the socket

    assert rows(one_session, "select 1 as one") == [{"one": 1}]


def test_a_session_ended_during_a_call_is_told_to_try_again(one_session, postgres_urls):
    def end_it():
        with psycopg.connect(postgres_urls.owner, autocommit=True) as owner:
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where query like '%zz_end%'"
                " and pid <> pg_backend_pid()"
            )

    one_session.ping()
    threading.Timer(0.2, end_it).start()

    with pytest.raises(TargetUnavailableError) as failure:
        fetch(one_session, "select pg_sleep(5)::text as zz_end")
    assert failure.value.retryable


def test_a_statement_past_its_deadline_does_not_run_on_in_the_server(one_session, postgres_urls):
    endless = (
        "select count(*) as zz_past from generate_series(1, 9000000) a, generate_series(1, 9) b"
    )
    with pytest.raises(DeadlineExceededError):
        fetch(one_session, endless, timeout_s=0.3)

    with psycopg.connect(postgres_urls.owner) as owner:
        running = owner.execute(
            "select count(*) from pg_stat_activity where query like %s and state = 'active' "
            "and pid <> pg_backend_pid()",
            ["%zz_past%"],
        ).fetchone()

    assert running == (0,)


def test_a_lock_held_by_another_is_no_fault_of_the_statement(one_session, postgres_urls):
    with psycopg.connect(postgres_urls.owner) as owner:
        owner.execute("lock table carriers in access exclusive mode")

        with pytest.raises(TargetTransientError):
            fetch(one_session, "select code from carriers", timeout_s=8)


def test_a_column_added_after_the_first_call_is_answered(one_session, postgres_urls):
    with psycopg.connect(postgres_urls.owner, autocommit=True) as owner:
        owner.execute("drop table if exists changing")
        owner.execute("create table changing as select 1 as a")
        assert rows(one_session, "select * from changing") == [{"a": 1}]

        owner.execute("alter table changing add b date default '2013-01-31'")

        found = fetch(one_session, "select * from changing")
        owner.execute("drop table changing")
    assert orjson.loads(found.rows_json) == [{"a": 1, "b": "2013-01-31"}]
    assert [column.type for column in found.columns] == ["integer", "date"]


def test_a_nul_character_in_a_value_is_refused(one_session):
    with pytest.raises(QueryFailedError, match="NUL"):
        fetch(one_session, "select $1::text", "a\0b")


def test_half_a_surrogate_pair_in_a_value_is_refused(one_session):
    with pytest.raises(QueryFailedError, match="UTF-8"):
        fetch(one_session, "select $1::text", "\ud800")


def test_a_parameter_without_a_type_gets_advice(one_session):
    with pytest.raises(QueryFailedError) as failure:
        fetch(one_session, "select $1 is null", None)

    assert "::date" in str(failure.value.hint)


def test_a_composite_is_an_object_with_its_field_names(one_session):
    found = rows(one_session, "select c from carriers as c order by code limit 1")

    assert found == [{"c": {"code": "AA", "name": "American"}}]


def test_a_select_without_columns_has_empty_rows(one_session):
    assert rows(one_session, "select from carriers") == [{}, {}, {}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", []),
        ("{1,NULL}", ["1", None]),
        ('{"NULL","a\\"b",""}', ["NULL", 'a"b', ""]),
        ("{{a,b},{c,d}}", [["a", "b"], ["c", "d"]]),
        ("[0:1]={1,2}", ["1", "2"]),
        ('{"a,b{c}",x y}', ["a,b{c}", "x y"]),
    ],
)
def test_array_literals_are_read(text, expected):
    assert parse_array(text, None) == expected

"""The contract that every query target keeps, over real databases."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from uuid import UUID

import orjson
import pytest

from engine.cancellation import Cancellation
from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    EngineError,
    OverloadedError,
    QueryFailedError,
)
from engine.ports import BoundQuery, FetchedRows, ForeignKey, QueryTarget

CROSS_JOIN = {
    "duckdb": "select count(*) from range(9000000) a(i), range(9000000) b(j) where i <> j",
    "postgres": "select count(*) from generate_series(1, 9000000) a, generate_series(1, 9000000) b",
}


def fetch(target: QueryTarget, sql: str, *values, max_rows=1000, timeout_s=10.0) -> FetchedRows:
    deadline = Deadline.after(timeout_s)
    return target.fetch(BoundQuery(sql, values), max_rows=max_rows, deadline=deadline)


def rows(target: QueryTarget, sql: str, *values, **options):
    return orjson.loads(fetch(target, sql, *values, **options).rows_json)


class Taken:
    """A sink that keeps what it is given, and can refuse it."""

    def __init__(self, refuse_after: int | None = None, cancel: Cancellation | None = None) -> None:
        self.columns: list[str] = []
        self.batches: list[list[dict[str, object]]] = []
        self._refuse_after = refuse_after
        self._cancel = cancel

    def begin(self, columns):
        self.columns = [column.name for column in columns]

    def add(self, rows_json, row_count):
        if len(self.batches) == self._refuse_after:
            raise OverloadedError("there is no room")
        self.batches.append(orjson.loads(rows_json))
        assert len(self.batches[-1]) == row_count
        if self._cancel:
            self._cancel.cancel()

    @property
    def rows(self):
        return [row for batch in self.batches for row in batch]


def stream(target: QueryTarget, sink: Taken, sql: str, *values, max_rows=1000, **options) -> bool:
    deadline = Deadline.after(options.get("timeout_s", 10.0), **options.get("stop", {}))
    return target.stream(BoundQuery(sql, values), sink, max_rows=max_rows, deadline=deadline)


def numbers(target: QueryTarget, upto: str) -> str:
    source = {"duckdb": "range(1, {} + 1)", "postgres": "generate_series(1, {})"}
    from_numbers = source[target.dialect].format(upto)
    return "select i, 'n' || i as name from " + from_numbers + " as t(i)"  # noqa: S608


def test_rows_are_objects_in_the_order_of_the_statement(target):
    found = rows(target, "select code, name from carriers order by code desc")

    assert found == [
        {"code": "UA", "name": "United"},
        {"code": "B6", "name": "JetBlue"},
        {"code": "AA", "name": "American"},
    ]


def test_columns_carry_the_target_s_own_type_names(target):
    found = fetch(target, "select id, day, delay from flights limit 1")

    expected = {
        "duckdb": ["INTEGER", "DATE", "DECIMAL(8,2)"],
        "postgres": ["integer", "date", "numeric(8,2)"],
    }
    assert [column.type for column in found.columns] == expected[target.dialect]


def test_the_row_cap_cuts_an_unlimited_statement_and_says_so(target):
    found = fetch(target, "select id from flights order by id", max_rows=7)

    assert (found.row_count, found.truncated) == (7, True)
    assert orjson.loads(found.rows_json)[-1] == {"id": 6}


def test_the_row_cap_holds_under_a_larger_limit(target):
    found = fetch(target, "select id from flights limit 500", max_rows=3)

    assert (found.row_count, found.truncated) == (3, True)


def test_the_row_cap_ends_a_statement_that_would_never_end(target):
    endless = {
        "duckdb": "select i from range(1000000000000000) as t(i)",
        "postgres": "with recursive t as (select 1 as n union all select n + 1 from t) table t",
    }

    found = fetch(target, endless[target.dialect], max_rows=3, timeout_s=5)

    assert (found.row_count, found.truncated) == (3, True)


@pytest.mark.parametrize("count", [0, 4, 5])
def test_an_answer_within_the_cap_is_not_truncated(target, count):
    found = fetch(target, "select id from flights where id < $1", count, max_rows=5)

    assert (found.row_count, found.truncated) == (count, False)


def test_the_order_of_a_big_sort_survives_the_row_cap(target):
    found = rows(target, "select id, delay from flights order by delay desc, id", max_rows=1500)

    assert [row["id"] for row in found] == list(range(1999, 499, -1))


def test_an_order_by_inside_a_union_survives_the_row_cap(target):
    arm = "select {}id from flights where id < 3"
    sql = f"{arm.format('')} union all {arm.format('-')} order by 1"

    assert [row["id"] for row in rows(target, sql)] == [-2, -1, 0, 0, 1, 2]


def test_a_statement_may_end_in_a_comment(target):
    assert rows(target, "select 1 as one -- the end") == [{"one": 1}]


def test_columns_of_one_name_are_told_apart(target):
    assert rows(target, "select 1 as a, 2 as a, 3 as b") == [{"a": 1, "a_1": 2, "b": 3}]


def test_values_are_bound_by_place(target):
    found = rows(
        target,
        "select id, delay from flights where id between $1 and $2 and carrier = $3 order by id",
        3,
        4,
        "AA",
    )

    assert found == [{"id": 3, "delay": 0.75}, {"id": 4, "delay": 1.0}]


@pytest.mark.parametrize(
    ("cast", "value", "expected"),
    [
        ("integer", 7, 7),
        ("bigint", 2**60, str(2**60)),
        ("varchar", "it's; drop table carriers --", "it's; drop table carriers --"),
        ("varchar", 'quotes "and" {braces}', 'quotes "and" {braces}'),
        ("varchar", "back\\slash", "back\\slash"),
        ("varchar", "", ""),
        ("boolean", True, True),
        ("date", date(2013, 1, 31), "2013-01-31"),
        ("decimal(10,3)", Decimal("1.100"), 1.1),
        ("double precision", 0.1, 0.1),
        ("uuid", UUID(int=5), str(UUID(int=5))),
        ("integer", None, None),
        ("integer[]", [1, 2], [1, 2]),
        ("varchar[]", ['a,"b', "c\\d", "NULL", ""], ['a,"b', "c\\d", "NULL", ""]),
        ("json", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    ],
)
def test_a_bound_value_arrives_unchanged(target, cast, value, expected):
    assert rows(target, f"select cast($1 as {cast}) as value", value) == [{"value": expected}]


def test_a_list_is_bound_to_any(target):
    found = rows(target, "select code from carriers where code = any($1) order by 1", ["UA", "AA"])

    assert [row["code"] for row in found] == ["AA", "UA"]


def test_the_decimals_of_an_answer_keep_their_digits(target):
    found = fetch(target, "select delay from flights where id in (2, 6) order by id")

    assert found.rows_json == b'[{"delay":0.50},{"delay":1.50}]'


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("select nope from flights", 1, 8),
        ("select id\nfrom flights\nwhere nope = 1", 3, 7),
        ("select 'é',\n  missing(1)", 2, 3),
        ("select * from nowhere", 1, 15),
        ("select id from flights limit x y", 1, 32),
    ],
)
def test_a_wrong_statement_fails_with_its_place(target, sql, line, column):
    with pytest.raises(QueryFailedError) as failure:
        fetch(target, sql)

    assert (failure.value.details["line"], failure.value.details["column"]) == (line, column)


def test_a_value_that_does_not_fit_is_not_repeated_in_the_message(target):
    with pytest.raises(QueryFailedError) as failure:
        fetch(target, "select id from flights where id = $1", "secret-value")

    assert "secret-value" not in f"{failure.value.message} {failure.value.hint}"
    assert "types" in str(failure.value.hint)


def test_two_statements_are_refused(target):
    with pytest.raises(QueryFailedError):
        fetch(target, "select 1; select 2")


@pytest.mark.parametrize("attempt", range(2))
def test_a_cross_join_of_millions_of_rows_stops_at_the_deadline(target, attempt):
    fetch(target, "select 1")
    started = time.monotonic()

    with pytest.raises(DeadlineExceededError):
        fetch(target, CROSS_JOIN[target.dialect], timeout_s=0.4)

    assert 0.39 <= time.monotonic() - started < 0.4 + 1.0  # minutes without the deadline
    assert rows(target, "select 1 as one") == [{"one": 1}]


def test_a_deadline_that_is_over_stops_before_the_target_is_asked(target):
    with pytest.raises(EngineError) as failure:
        fetch(target, "select 1", timeout_s=0.0)

    assert failure.value.outcome in {"timeout", "rejected"}


def test_sixteen_threads_get_their_own_answers(target):
    def call(number: int) -> bool:
        found = rows(target, "select id, id + $1 as sum from flights where id = $2", 1000, number)
        return bool(found == [{"id": number, "sum": number + 1000}])

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(call, range(320)))


def test_a_slow_statement_does_not_hold_up_the_others(target):
    fetch(target, "select 1")

    def run_into_the_deadline():
        with pytest.raises(DeadlineExceededError):
            fetch(target, CROSS_JOIN[target.dialect], timeout_s=1.0)

    slow = threading.Thread(target=run_into_the_deadline)
    slow.start()
    started = time.monotonic()

    assert rows(target, "select 1 as one") == [{"one": 1}]
    assert time.monotonic() - started < 0.6
    slow.join()


def test_describe_tells_parameters_and_columns_without_running(target):
    described = target.describe(
        "select id, day from flights where day >= $1 and id = any($2) limit $3"
    )

    assert [column.name for column in described.columns] == ["id", "day"]
    expected = {
        "duckdb": ("DATE", "BIGINT[]", "BIGINT"),
        "postgres": ("date", "integer[]", "bigint"),
    }
    assert described.param_types == expected[target.dialect]


def test_describe_fails_with_the_place_of_the_mistake(target):
    with pytest.raises(QueryFailedError) as failure:
        target.describe("select id,\n nope from flights")

    assert (failure.value.details["line"], failure.value.details["column"]) == (2, 2)


def test_explain_shows_the_plan_of_a_bound_statement(target):
    plan = target.explain(
        BoundQuery("select id from flights where id = $1", (1,)), deadline=Deadline.after(5)
    )

    assert "flights" in plan


def test_schema_lists_tables_and_views_with_columns(target):
    tables = {table.name: table for table in target.schema()}

    assert {name: table.kind for name, table in tables.items()} == {
        "carriers": "table",
        "flights": "table",
        "delayed": "view",
    }
    assert [column.name for column in tables["flights"].columns] == [
        "id",
        "carrier",
        "day",
        "delay",
    ]
    assert tables["flights"].row_estimate == 2000
    assert tables["delayed"].row_estimate is None


def test_schema_tells_the_declared_keys(target):
    tables = {table.name: table for table in target.schema()}

    carriers, flights = tables["carriers"], tables["flights"]
    assert carriers.primary_key == ("code",)
    assert carriers.foreign_keys == ()
    assert flights.primary_key == ()
    assert flights.foreign_keys == (
        ForeignKey(("carrier",), carriers.schema, "carriers", ("code",)),
    )


def test_functions_name_what_the_database_has(target):
    names = {function.name for function in target.functions()}

    assert {"lower", "count", "date_trunc"} <= names


def test_the_session_walls_are_complete_for_a_plain_reader(target):
    assert target.audit() == ()


def test_ping_answers(target):
    target.ping()


# Streams of rows


def test_a_stream_has_the_rows_of_the_statement_in_batches(target):
    sink = Taken()

    truncated = stream(target, sink, numbers(target, "$1::int"), 5001, max_rows=10_000)

    assert sink.columns == ["i", "name"]
    assert sink.rows == [{"i": i, "name": f"n{i}"} for i in range(1, 5002)]
    assert len(sink.batches) > 1
    assert truncated is False


def test_a_stream_is_encoded_as_an_answer_is(target):
    sql = "select 1.50::numeric(8,2) as d, null::date as n, date '2013-01-31' as day, true as b"
    sink = Taken()

    stream(target, sink, sql)

    assert sink.rows == rows(target, sql)


@pytest.mark.parametrize(("max_rows", "truncated"), [(4999, True), (5000, False), (4000, True)])
def test_the_row_cap_cuts_a_stream_and_says_so(target, max_rows, truncated):
    sink = Taken()

    assert stream(target, sink, numbers(target, "5000"), max_rows=max_rows) is truncated
    assert len(sink.rows) == max_rows


def test_a_stream_without_rows_has_its_columns(target):
    sink = Taken()

    assert stream(target, sink, numbers(target, "0")) is False
    assert (sink.columns, sink.rows) == (["i", "name"], [])


def test_an_error_in_the_middle_of_a_stream_is_one_of_the_statement(target):
    # DuckDB computes as many rows ahead as its buffer holds, so the faulty one comes far behind.
    sql = {
        "duckdb": "select if(i < 1000000, i, error('late')) as n from range(1500000) t(i)",
        "postgres": "select 1 / (50000 - i) as n from generate_series(1, 90000) t(i)",
    }
    sink = Taken()

    with pytest.raises(QueryFailedError):
        stream(target, sink, sql[target.dialect], max_rows=2_000_000)

    assert sink.rows
    assert rows(target, "select 1 as one") == [{"one": 1}]


def test_what_a_sink_raises_ends_the_statement(target):
    sink = Taken(refuse_after=2)

    with pytest.raises(OverloadedError):
        stream(target, sink, numbers(target, "100000000"), max_rows=100_000_000)

    assert rows(target, "select 1 as one") == [{"one": 1}]


def test_a_stream_ends_at_its_deadline(target):
    with pytest.raises(DeadlineExceededError):
        stream(target, Taken(), CROSS_JOIN[target.dialect], timeout_s=0.2)


def test_a_cancelled_stream_ends(target):
    cancellation = Cancellation()
    sink = Taken(cancel=cancellation)

    with pytest.raises(EngineError):
        stream(
            target,
            sink,
            numbers(target, "100000000"),
            max_rows=100_000_000,
            timeout_s=60,
            stop={"cancellation": cancellation},
        )

    assert rows(target, "select 1 as one") == [{"one": 1}]

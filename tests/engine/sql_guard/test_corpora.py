"""The corpora: what the guard allows really runs, and what it rejects is tried without the guard.

A line is `statement -- reason: why`, of a rejected one `… -- reason: code: why -- wall: which`.
`wall` names what stops the statement when the guard is off:

- `wrapping`: only that it is run as a subquery, which takes nothing but SELECT;
- `one statement`, `read-only`, `role`, `no access`, `locked settings`: a wall of the session;
- `database`: the database itself refuses (no such object, outside a transaction, not its SQL);
- `guard only`: nothing. Such a statement must leave nothing behind when its call has ended.
"""

from pathlib import Path

import duckdb
import psycopg
import pytest

from engine.deadline import Deadline
from engine.errors import EngineError
from engine.executor_core.sql_guard import callable_functions, guard
from engine.executor_core.sql_guard.binds import bind
from engine.ports import BoundQuery
from storage.targets.duckdb_session import open_database
from storage.targets.postgres_pool import SessionPool

HERE = Path(__file__).parent
SQLSTATE_WALLS = {"25006": "read-only", "42501": "role"}
DUCKDB_WALLS = (
    ("read-only", "read-only"),
    ("read only", "read-only"),
    ("locked", "locked settings"),
    ("disabled", "no access"),
)
BESIDES_THE_GUARD = 5.0


def corpus(name):
    lines = (HERE / f"{name}.sql").read_text().splitlines()
    return [line for line in lines if line.strip()]


def allowed(dialect):
    return [line.rpartition(" -- reason: ")[0] for line in corpus(f"{dialect}_allowed")]


def rejected(dialect):
    cases = []
    for line in corpus(f"{dialect}_rejected"):
        statement, _, notes = line.rpartition(" -- reason: ")
        reason, _, wall = notes.rpartition(" -- wall: ")
        cases.append((statement, reason.partition(": ")[0], wall))
    return cases


@pytest.fixture(scope="module")
def duckdb_functions(guarded_duckdb):
    return callable_functions("duckdb", guarded_duckdb.functions())


@pytest.fixture(scope="module")
def postgres_functions(guarded_postgres):
    return callable_functions("postgres", guarded_postgres.functions())


@pytest.mark.parametrize("statement", allowed("duckdb"))
def test_an_allowed_statement_runs_on_duckdb(guarded_duckdb, duckdb_functions, statement):
    bound = bind(statement, ())

    verdict = guard(bound.sql, "duckdb", duckdb_functions)

    assert verdict.findings == ()
    assert bound.names == ()
    deadline = Deadline.after(20)
    assert guarded_duckdb.fetch(BoundQuery(bound.sql), max_rows=50, deadline=deadline).columns


@pytest.mark.parametrize("statement", allowed("postgres"))
def test_an_allowed_statement_runs_on_postgres(guarded_postgres, postgres_functions, statement):
    bound = bind(statement, ())

    verdict = guard(bound.sql, "postgres", postgres_functions)

    assert verdict.findings == ()
    assert bound.names == ()
    deadline = Deadline.after(20)
    assert guarded_postgres.fetch(BoundQuery(bound.sql), max_rows=50, deadline=deadline).columns


@pytest.mark.parametrize(("statement", "code", "wall"), rejected("duckdb"))
def test_a_rejected_statement_is_refused_for_duckdb(duckdb_functions, statement, code, wall):
    verdict = guard(bind(statement, ()).sql, "duckdb", duckdb_functions)

    assert code in {finding.code for finding in verdict.findings}
    assert all(finding.offset is not None for finding in verdict.findings)


@pytest.mark.parametrize(("statement", "code", "wall"), rejected("postgres"))
def test_a_rejected_statement_is_refused_for_postgres(postgres_functions, statement, code, wall):
    verdict = guard(bind(statement, ()).sql, "postgres", postgres_functions)

    assert code in {finding.code for finding in verdict.findings}
    assert all(finding.offset is not None for finding in verdict.findings)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_every_corpus_is_broad(dialect):
    assert len(set(allowed(dialect))) >= 150
    assert len({statement for statement, _, _ in rejected(dialect)}) >= 150


def test_without_the_guard_duckdb_s_walls_hold_as_recorded(guarded_duckdb, guarded_duckdb_file):
    before = state_of_the_folder(guarded_duckdb_file.parent)

    found = {
        statement: duckdb_wall(guarded_duckdb, guarded_duckdb_file, statement)
        for statement, _, _ in rejected("duckdb")
    }

    assert found == {statement: wall for statement, _, wall in rejected("duckdb")}
    assert state_of_the_folder(guarded_duckdb_file.parent) == before
    assert not list(Path("/tmp").glob("api_engine_guard*"))  # noqa: S108  # named in the corpus


def test_without_the_guard_postgres_s_walls_hold_as_recorded(
    guarded_postgres, guarded_postgres_urls
):
    before = state_of_the_database(guarded_postgres_urls.owner)

    found = {
        statement: postgres_wall(guarded_postgres, guarded_postgres_urls.reader, statement)
        for statement, _, _ in rejected("postgres")
    }

    assert found == {statement: wall for statement, _, wall in rejected("postgres")}
    assert state_of_the_database(guarded_postgres_urls.owner) == before


def duckdb_wall(target, path, statement):
    try:
        target.fetch(BoundQuery(statement), max_rows=5, deadline=Deadline.after(BESIDES_THE_GUARD))
    except EngineError as error:
        if error.details.get("kind") != "Parser":
            return wall_in(str(error))
    else:
        return "guard only"
    connection = open_database(path, memory_mb=64, threads=1, temporary=path.parent / "none")
    try:
        if len(duckdb.extract_statements(statement)) > 1:
            return "one statement"
        connection.cursor().execute(statement).fetchall()
    except duckdb.Error as error:
        return "database" if isinstance(error, duckdb.ParserException) else wall_in(str(error))
    finally:
        connection.close()
    return "wrapping"


def wall_in(message):
    words = message.lower()
    return next((wall for part, wall in DUCKDB_WALLS if part in words), "database")


def postgres_wall(target, reader_url, statement):
    deadline = Deadline.after(BESIDES_THE_GUARD)
    try:
        target.fetch(BoundQuery(statement), max_rows=5, deadline=deadline)
    except EngineError as error:
        state = str(error.details.get("sqlstate"))
        if state not in {"42601", "42P13"}:
            return SQLSTATE_WALLS.get(state, "database")
    else:
        return "guard only"
    pool = SessionPool(reader_url, 1)
    try:
        with pool.session(deadline) as session:
            session.fetch(statement, (), timeout_ms=1000)
    except psycopg.Error as error:
        if "multiple commands" in str(error):
            return "one statement"
        return SQLSTATE_WALLS.get(error.sqlstate or "", "database")
    finally:
        pool.close()
    return "wrapping"


def state_of_the_folder(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def state_of_the_database(url):
    with psycopg.connect(url) as connection:
        return [
            connection.execute(query).fetchall()
            for query in (
                "select * from carriers order by 1",
                "select count(*), sum(delay) from flights",
                "select relname, relkind, relacl::text from pg_class order by 1, 2",
                "select proname from pg_proc order by 1",
                "select rolname, rolsuper, rolconfig from pg_roles order by 1",
                "select nspname from pg_namespace where nspname !~ '^pg_t' order by 1",
                "select oid from pg_largeobject_metadata",
                "select * from pg_prepared_xacts",
                "select slot_name from pg_replication_slots",
                "select name, setting from pg_settings where name !~ 'transaction' order by 1",
                "select count(*) from pg_locks where locktype = 'advisory'",
            )
        ]

"""Connects to the metadata database, SQLite (WAL) or PostgreSQL, and hands out transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Delete,
    Dialect,
    Engine,
    Executable,
    Insert,
    Select,
    Update,
    create_engine,
    delete,
    event,
    exc,
    func,
    insert,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import BadRequestError, SettingsError, StoreUnavailableError
from storage.tables import TenantRow, table_of

BUSY_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_S = 5
_BEGIN = "sqlite_begin"
_CACHE_KIB = 16_384
"""Pages a connection keeps. SQLite's own 2 MB are less than one batch of the log changes."""
_WAL_PAGES = 4_000
"""Pages in the write-ahead log before they are copied into the file; SQLite's own 1,000 would copy,
and wait for the disk, at every batch."""


class TenantRows:
    """One tenant's rows in one transaction: every statement made here is filtered by tenant."""

    def __init__(self, connection: Connection, tenant_id: str) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    def select(self, row: type[TenantRow], *columns: Any) -> Select[Any]:
        """The given columns, or all, of the tenant's rows."""
        wanted = columns or (table_of(row),)
        return select(*wanted).where(row.tenant_id == self._tenant_id)

    def insert(self, row: type[TenantRow], **values: Any) -> Insert:
        """A new row of the tenant."""
        return insert(table_of(row)).values(tenant_id=self._tenant_id, **values)

    def upsert(self, row: type[TenantRow], unique: str, /, **values: Any) -> Insert:
        """A row of the tenant, or new values for the one that has this value of `unique`."""
        on_sqlite = self._connection.dialect.name == "sqlite"
        new = sqlite.insert if on_sqlite else postgresql.insert
        addition = new(table_of(row)).values(tenant_id=self._tenant_id, **values)
        changed = {name: addition.excluded[name] for name in values if name != unique}
        target = ["tenant_id", unique]
        statement: Insert = addition.on_conflict_do_update(index_elements=target, set_=changed)
        return statement

    def update(self, row: type[TenantRow]) -> Update:
        """A change to the tenant's rows."""
        return update(table_of(row)).where(row.tenant_id == self._tenant_id)

    def delete(self, row: type[TenantRow]) -> Delete:
        """A removal among the tenant's rows."""
        return delete(table_of(row)).where(row.tenant_id == self._tenant_id)

    def wait_for_turn(self, subject: str) -> None:
        """Let no other transaction of the tenant that asks for its turn pass until this one ends.

        SQLite has one writing transaction at a time in any case.
        """
        if self._connection.dialect.name == "postgresql":
            name = f"{subject} of {self._tenant_id}"
            turn = func.pg_advisory_xact_lock(func.hashtextextended(name, 0))
            self._connection.execute(select(turn))

    def execute(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement in this transaction."""
        return self._connection.execute(statement)


class Database:
    """The metadata database: a pool of connections, and transactions on them.

    Failures of the database become StoreUnavailableError, a value it cannot hold BadRequestError;
    IntegrityError passes, for the store knows what it means.

    Raises:
        SettingsError: The URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self.name = _display_name(self.url)
        self._engine = _engine_of(self.url)
        self._reader = self._engine.execution_options(**_reading_options(self.url))

    @property
    def dialect(self) -> Dialect:
        """How this database spells SQL and values."""
        return self._engine.dialect

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on which each statement is a transaction of its own."""
        with self.translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block and rolled back by an exception."""
        with self.translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that reads the state of one moment, while others write on."""
        options = (
            {_BEGIN: "BEGIN"}
            if self.is_sqlite
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        engine = self._engine.execution_options(**options)
        with self.translated(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """As `write`, for changes to the tables themselves.

        Foreign keys are off in SQLite: changing a table there means copying it and dropping the
        old one, and the drop would delete the rows that refer to it.
        """
        with self.translated(), self._engine.connect() as connection:
            if self.is_sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                yield connection
            connection.invalidate()

    @contextmanager
    def write_through(self) -> Iterator[Connection]:
        """As `write`, and on disk when the block has ended, even if the machine fails right then.

        SQLite is told so for this one transaction; otherwise it may lose its latest commits with
        the power, never a part of one. PostgreSQL keeps them unless its operator chose otherwise.
        """
        with self.translated(), self._engine.connect() as connection:
            if self.is_sqlite:
                connection.connection.cursor().execute("PRAGMA synchronous = FULL")
            with connection.begin():
                yield connection
            connection.invalidate()

    @contextmanager
    def reading(self, tenant_id: str) -> Iterator[TenantRows]:
        """As `read`, for one tenant's rows."""
        with self.read() as connection:
            yield TenantRows(connection, tenant_id)

    @contextmanager
    def writing(self, tenant_id: str) -> Iterator[TenantRows]:
        """As `write`, for one tenant's rows."""
        with self.write() as connection:
            yield TenantRows(connection, tenant_id)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the failures of the database into ours."""
        try:
            yield
        except exc.IntegrityError:
            raise
        except (exc.DBAPIError, exc.TimeoutError) as error:
            if _is_about_a_value(error):
                message = f"{self.name} cannot store a value: {_reason(error)}"
                raise BadRequestError(message) from error
            raise self._unavailable(error) from error
        except OverflowError as error:
            # SQLite's driver, of an integer beyond 64 bits.
            raise BadRequestError(f"{self.name} cannot store a value: {error}") from error

    def ping(self) -> None:
        """Raise StoreUnavailableError unless the database answers and its tables are there."""
        with self.read() as connection:
            connection.execute(text("SELECT version_num FROM alembic_version"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _unavailable(self, error: exc.DBAPIError | exc.TimeoutError) -> StoreUnavailableError:
        if is_damage(error):
            return damaged(self, _reason(error))
        return StoreUnavailableError(
            f"{self.name} cannot be used: {_reason(error)}",
            hint="Check that the database runs, can be reached and is migrated, then try again.",
            retry_after_s=5,
        )


def default_url(data_dir: Path) -> str:
    """The URL of the SQLite file that is used when no other database is set."""
    return URL.create(
        "sqlite", database=str((data_dir / "metadata.sqlite3").absolute())
    ).render_as_string()


def damaged(database: Database, reason: str) -> StoreUnavailableError:
    """The error that says a SQLite file is damaged, and what to do; the file stays as it is."""
    return StoreUnavailableError(
        f"{database.name} is damaged: {reason}",
        hint="It was left as it is. Put a backup in its place, or move it (with its -wal and -shm "
        "files) elsewhere to begin with an empty one.",
    )


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that its file is not, or no longer, a database."""
    cause = getattr(error, "orig", None)
    if not isinstance(cause, sqlite3.DatabaseError):
        return False
    name: str = getattr(cause, "sqlite_errorname", "")
    return name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def _is_about_a_value(error: exc.DBAPIError | exc.TimeoutError) -> bool:
    # SQLSTATE class 54 is PostgreSQL's "program limit exceeded": too long for an index, say.
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return isinstance(error, exc.DataError) or state.startswith("54")


def _parsed(text_url: str) -> URL:
    try:
        url = make_url(text_url)
    except exc.ArgumentError as error:
        raise SettingsError(
            "the metadata URL cannot be read; write sqlite:///path or postgresql://user@host/name"
        ) from error
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise SettingsError(f"metadata is kept in SQLite or PostgreSQL, not in {backend}")
    if url.database in {None, "", ":memory:"}:
        raise SettingsError(
            "SQLite metadata needs a file: sqlite:///path (in memory no two connections share it)"
        )
    return url.set(drivername="sqlite+pysqlite")


def _display_name(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"metadata file {url.database}"
    host = url.host or url.query.get("host") or "the local socket"
    return f"PostgreSQL metadata database {url.database} on {host}"


def _reason(error: exc.DBAPIError | exc.TimeoutError) -> str:
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    return str(cause).strip().partition("\n")[0]


def _engine_of(url: URL) -> Engine:
    # Parameters stay out of exceptions: they hold what users sent.
    options: dict[str, Any] = {
        "json_serializer": _to_json,
        "json_deserializer": orjson.loads,
        "hide_parameters": True,
    }
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    connect = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "api-engine"}
    return create_engine(url, pool_pre_ping=True, connect_args=connect, **options)


def _reading_options(url: URL) -> dict[str, str]:
    if url.get_backend_name() == "sqlite":
        return {_BEGIN: ""}
    return {"isolation_level": "AUTOCOMMIT"}


def _to_json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver must not begin transactions by itself: it begins deferred ones, whose first write
    # fails at once, without waiting, when another process has written since.
    connection.isolation_level = None
    # LIKE compares by lower(), which in SQLite knows ASCII only.
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        f"cache_size = -{_CACHE_KIB}",
        f"wal_autocheckpoint = {_WAL_PAGES}",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    if begin:
        connection.exec_driver_sql(begin)


def _lower(value: str | bytes | float | None) -> str | bytes | float | None:
    return value.lower() if isinstance(value, str) else value

"""Builds the DuckDB file of the sample data, and loads the same tables into PostgreSQL."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg import sql

from engine.errors import ConflictError, StoreUnavailableError, TargetUnavailableError
from sample_data.source import FOLDER, SELECTS, VIEWS, fingerprint, parquet_file, schema_sql

_MARKER = "sample_data_build"
_POSTGRES_INDEXES = (
    "CREATE INDEX flights_carrier ON flights (carrier)",
    "CREATE INDEX flights_route ON flights (origin, dest)",
    "CREATE INDEX flights_tailnum ON flights (tailnum)",
    "CREATE INDEX flights_weather ON flights (origin, time_hour)",
)


def build_duckdb(path: Path, folder: Path = FOLDER) -> None:
    """Make `path` a DuckDB file of the sample tables and views; idempotent, one process at a time.

    A file already built from the same Parquet files is left alone. Otherwise a new one is built
    beside it and renamed over it, so that readers keep the old one until they open again.

    Raises:
        StoreUnavailableError: A source file is missing, unreadable or damaged, or `path` cannot be
            written (missing rights, disk full); whatever was at `path` stays.
    """
    wanted = fingerprint(folder)
    stamp = path.with_name(f"{path.name}.build")
    with _file_lock(path):
        if _is_current(path, stamp, wanted):
            return
        building = path.with_name(f"{path.name}.building")
        try:
            _discard(building)
            _fill_duckdb(building, folder)
            size = building.stat().st_size
            building.replace(path)
            stamp.write_text(json.dumps({"fingerprint": wanted, "bytes": size}))
        except (duckdb.Error, OSError) as error:
            _discard(building)
            raise StoreUnavailableError(
                f"the sample database {path} cannot be built: {_first_line(error)}",
                hint="Check the free disk space and the rights of the folder, and the Parquet "
                f"files in {folder}.",
            ) from error


def load_into_postgres(dsn: str, folder: Path = FOLDER) -> bool:
    """Load the sample tables and views into the database's default schema, in one transaction.

    Returns:
        True when the data was loaded, False when the same data was there already.

    Raises:
        ConflictError: A table or view of such a name exists and is not ours; nothing changed.
        StoreUnavailableError: A source file is missing, unreadable or damaged.
        TargetUnavailableError: The database cannot be reached or refused a statement.
    """
    wanted = fingerprint(folder)
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_MARKER])
            loaded = _loaded_fingerprint(connection)
            if loaded == wanted:
                return False
            if loaded is None:
                _refuse_foreign_tables(connection)
            else:
                _drop_tables(connection)
            _fill_postgres(connection, folder, wanted)
    except psycopg.Error as error:
        raise TargetUnavailableError(
            f"the sample data cannot be loaded into PostgreSQL: {_first_line(error)}"
        ) from error
    return True


def _fill_duckdb(path: Path, folder: Path) -> None:
    with _silent(path) as connection:
        connection.execute(schema_sql())
        for table, select in SELECTS.items():
            connection.execute(
                f"INSERT INTO {table} BY NAME {select}",  # both are constants
                [str(parquet_file(folder, table))],
            )


def _silent(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that draws no progress bar: it would stand in the output of a command."""
    connection = duckdb.connect(path or ":memory:")
    # In a notebook without ipywidgets there is no bar, and switching it off is an error.
    with suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    return connection


def _is_current(path: Path, stamp: Path, wanted: str) -> bool:
    try:
        return bool(
            json.loads(stamp.read_text()) == {"fingerprint": wanted, "bytes": path.stat().st_size}
        )
    except (OSError, ValueError):
        return False


def _discard(building: Path) -> None:
    for leftover in (building, building.with_name(f"{building.name}.wal")):
        leftover.unlink(missing_ok=True)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnavailableError(
            f"the data folder {path.parent} cannot be used: {error.strerror}",
            hint="Make the folder writable, or set API_ENGINE_DATA_DIR to another one.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _loaded_fingerprint(connection: psycopg.Connection) -> str | None:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [_MARKER]).fetchone()
    if row is None or not row[0]:
        return None
    marker = connection.execute(f"SELECT fingerprint FROM {_MARKER}").fetchone()  # noqa: S608
    return str(marker[0]) if marker else ""


def _refuse_foreign_tables(connection: psycopg.Connection) -> None:
    names = [*SELECTS, *VIEWS]
    taken = connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL", [names]
    ).fetchall()
    if taken:
        raise ConflictError(
            "the database already has "
            + ", ".join(name for (name,) in taken)
            + ", not made by the sample data; nothing was changed",
            hint="Give an empty database, or set another search_path in the DSN.",
        )


def _drop_tables(connection: psycopg.Connection) -> None:
    for view in VIEWS:
        connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(view)))
    for table in (*SELECTS, _MARKER):
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))


def _fill_postgres(connection: psycopg.Connection, folder: Path, wanted: str) -> None:
    connection.execute(sql.SQL(schema_sql()))
    for table in SELECTS:
        _copy(connection, table, folder)
    for index in _POSTGRES_INDEXES:
        connection.execute(sql.SQL(index))
    connection.execute(
        f"CREATE TABLE {_MARKER} AS SELECT %s::text AS fingerprint, now() AS built_at", [wanted]
    )
    for table in SELECTS:
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def _copy(connection: psycopg.Connection, table: str, folder: Path) -> None:
    reader = _read_parquet(table, folder)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, reader.schema.names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in reader:
            copy.write(_csv(batch))


def _read_parquet(table: str, folder: Path) -> pa.RecordBatchReader:
    path = parquet_file(folder, table)
    try:
        with _silent() as source:
            rows: pa.Table = source.sql(SELECTS[table], params=[str(path)]).to_arrow_table()
    except duckdb.Error as error:
        raise StoreUnavailableError(
            f"the sample data file {path} cannot be read: {_first_line(error)}"
        ) from error
    return rows.to_reader()


def _csv(batch: pa.RecordBatch) -> memoryview:
    """One batch as CSV the way COPY reads it: NULL is an empty field, empty text is quoted."""
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(batch, sink, pa_csv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]

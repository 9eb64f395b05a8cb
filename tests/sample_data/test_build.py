import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from engine.errors import ConflictError, StoreUnavailableError, TargetUnavailableError
from sample_data.build import _silent, build_duckdb, load_into_postgres
from sample_data.source import FOLDER, SELECTS, VIEWS, parquet_file

ROWS = {
    "airlines": 16,
    "airports": 1458,
    "planes": 3322,
    "weather": 26115,
    "flights": 336776,
    "carrier_delays": 16,
    "route_delays": 224,
    "daily_punctuality": 1095,
    "flight_weather": 335220,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("built") / "sample.duckdb"
    build_duckdb(path)
    return path


def test_no_progress_bar_is_drawn_into_the_output_of_a_command(tmp_path):
    for path in (None, tmp_path / "a.duckdb"):
        with _silent(path) as connection:
            shown = connection.execute("SELECT current_setting('enable_progress_bar')").fetchone()
            assert shown == (False,)


def small_sources(target: Path) -> Path:
    """The files in a folder of their own, with a day of flights and two of weather."""
    target.mkdir()
    for table in SELECTS:
        shutil.copy(parquet_file(FOLDER, table), target)
    for table, days in (("flights", 1), ("weather", 2)):
        rows = duckdb.read_parquet(str(parquet_file(FOLDER, table)))
        rows.filter(f"month = 1 AND day <= {days}").write_parquet(str(parquet_file(target, table)))
    return target


def other_airlines(folder: Path) -> None:
    duckdb.execute(f"COPY (SELECT 'ZZ' AS carrier, 'Zig' AS name) TO '{folder}/airlines.parquet'")


def duckdb_rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_every_table_and_view_is_there_with_all_its_rows(built):
    assert set(ROWS) == {*SELECTS, *VIEWS}
    counts = {name: duckdb_rows(built, f"SELECT count(*) FROM {name}")[0][0] for name in ROWS}  # noqa: S608

    assert counts == ROWS


def test_a_flight_keeps_its_values(built):
    flight = duckdb_rows(
        built,
        "SELECT flight_date, dep_delay, tailnum, CAST(time_hour AT TIME ZONE 'UTC' AS VARCHAR) "
        "FROM flights WHERE carrier = 'AA' AND flight = 1141 AND flight_date = '2013-01-01'",
    )

    assert flight == [(dt.date(2013, 1, 1), 2, "N619AA", "2013-01-01 10:00:00")]


def test_a_second_build_leaves_the_file_alone(built):
    before = built.stat()

    build_duckdb(built)

    assert (built.stat().st_ino, built.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_changed_source_file_is_built_anew(tmp_path):
    folder = small_sources(tmp_path / "source")
    path = tmp_path / "sample.duckdb"
    build_duckdb(path, folder)
    other_airlines(folder)

    build_duckdb(path, folder)

    assert duckdb_rows(path, "SELECT * FROM airlines") == [("ZZ", "Zig")]


def test_a_reader_of_the_old_file_is_not_disturbed_by_a_new_one(tmp_path):
    folder = small_sources(tmp_path / "source")
    path = tmp_path / "sample.duckdb"
    build_duckdb(path, folder)
    other_airlines(folder)

    with duckdb.connect(path, read_only=True) as reader:
        build_duckdb(path, folder)
        carriers = reader.execute("SELECT count(*) FROM airlines").fetchall()

    assert carriers == [(16,)]


def test_a_truncated_database_is_built_again(tmp_path):
    folder = small_sources(tmp_path / "source")
    path = tmp_path / "sample.duckdb"
    build_duckdb(path, folder)
    os.truncate(path, 100)

    build_duckdb(path, folder)

    assert duckdb_rows(path, "SELECT count(*) FROM planes") == [(3322,)]


def test_processes_that_start_together_build_it_once(tmp_path):
    path = tmp_path / "sample.duckdb"
    program = (
        "import sys; from pathlib import Path; from sample_data.build import build_duckdb; "
        "build_duckdb(Path(sys.argv[1])); print(Path(sys.argv[1]).stat().st_ino)"
    )
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", program, path], stdout=subprocess.PIPE, cwd=FOLDER.parent
        )
        for _ in range(3)
    ]

    inodes = {builder.communicate()[0] for builder in builders}

    assert all(builder.returncode == 0 for builder in builders)
    assert len(inodes) == 1


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreUnavailableError, match=r"sample data folder .*nowhere does not exist"):
        build_duckdb(tmp_path / "sample.duckdb", tmp_path / "nowhere")


def test_a_missing_file_is_named(tmp_path):
    folder = small_sources(tmp_path / "source")
    (folder / "planes.parquet").unlink()

    with pytest.raises(
        StoreUnavailableError, match=r"planes\.parquet cannot be read: No such file"
    ):
        build_duckdb(tmp_path / "sample.duckdb", folder)


def test_a_damaged_file_leaves_the_old_database_in_place(tmp_path):
    folder = small_sources(tmp_path / "source")
    path = tmp_path / "sample.duckdb"
    build_duckdb(path, folder)
    (folder / "planes.parquet").write_bytes(b"not parquet")

    with pytest.raises(StoreUnavailableError, match=r"planes\.parquet"):
        build_duckdb(path, folder)

    assert duckdb_rows(path, "SELECT count(*) FROM planes") == [(3322,)]
    assert not list(tmp_path.glob("*.building*"))


def test_a_data_folder_that_is_a_file_is_named(tmp_path):
    blocked = tmp_path / "data"
    blocked.write_text("")

    with pytest.raises(StoreUnavailableError, match=r"data folder .*data cannot be used"):
        build_duckdb(blocked / "sample.duckdb")


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path):
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from sample_data.build import build_duckdb\n"
        "from engine.errors import StoreUnavailableError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))\n"
        "try: build_duckdb(Path(sys.argv[1]))\n"
        "except StoreUnavailableError as error: print(error.message, error.hint)\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "sample.duckdb"],
        capture_output=True,
        text=True,
        cwd=FOLDER.parent,
    )

    assert "cannot be built" in run.stdout, run.stderr
    assert "free disk space" in run.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["sample.duckdb.lock"]


def test_postgres_holds_the_same_tables_and_views(built, postgres_database):
    loaded = load_into_postgres(postgres_database)

    with psycopg.connect(postgres_database) as connection:
        for name in ROWS:
            expected = duckdb_rows(built, f"SELECT count(*) FROM {name}")  # noqa: S608
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchall() == expected  # noqa: S608
        for view in ("carrier_delays", "route_delays", "daily_punctuality"):
            statement = f"SELECT * FROM {view} ORDER BY 1, 2"  # noqa: S608
            assert connection.execute(statement).fetchall() == duckdb_rows(built, statement)
        # NULL stays apart from text, and the hour is the same point in time.
        statement = (
            "SELECT flight_date, carrier, flight, tailnum, dep_time, dep_delay, air_time, "
            "extract(epoch FROM time_hour)::bigint FROM flights "
            "WHERE flight_date = '2013-02-08' ORDER BY carrier, flight, origin, sched_dep_time"
        )
        assert connection.execute(statement).fetchall() == duckdb_rows(built, statement)
    assert loaded


def test_loading_postgres_twice_changes_nothing(tmp_path, postgres_database):
    folder = small_sources(tmp_path / "source")
    load_into_postgres(postgres_database, folder)

    assert not load_into_postgres(postgres_database, folder)


def test_a_changed_source_file_replaces_the_tables_in_postgres(tmp_path, postgres_database):
    folder = small_sources(tmp_path / "source")
    load_into_postgres(postgres_database, folder)
    other_airlines(folder)

    assert load_into_postgres(postgres_database, folder)

    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("SELECT * FROM airlines").fetchall() == [("ZZ", "Zig")]


def test_tables_of_somebody_else_are_not_touched(postgres_database):
    with psycopg.connect(postgres_database) as connection:
        connection.execute("CREATE TABLE planes AS SELECT 1 AS mine")

    with pytest.raises(ConflictError, match="already has planes, not made by the sample data"):
        load_into_postgres(postgres_database)

    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("SELECT mine FROM planes").fetchall() == [(1,)]


def test_a_damaged_file_leaves_postgres_as_it_was(tmp_path, postgres_database):
    folder = small_sources(tmp_path / "source")
    (folder / "flights.parquet").write_bytes(b"not parquet")

    with pytest.raises(StoreUnavailableError, match=r"flights\.parquet"):
        load_into_postgres(postgres_database, folder)

    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("SELECT to_regclass('airlines')").fetchall() == [(None,)]


def test_an_unreachable_postgres_is_said(free_port):
    with pytest.raises(TargetUnavailableError, match="cannot be loaded into PostgreSQL"):
        load_into_postgres(f"postgresql://nobody@127.0.0.1:{free_port()}/none")

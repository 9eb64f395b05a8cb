"""What is DuckDB's own: the file, the worker process and its walls."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pytest

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    QueryFailedError,
    TargetTransientError,
    TargetUnavailableError,
)
from engine.ports import BoundQuery
from storage.targets.duckdb import DuckDbTarget
from storage.targets.duckdb_session import open_database

ENDLESS = "select count(*) from range(9000000) a(i), range(9000000) b(j) where i <> j"


def rows(target, sql, *values, timeout_s=10.0):
    query = BoundQuery(sql, values)
    return orjson.loads(
        target.fetch(query, max_rows=100, deadline=Deadline.after(timeout_s)).rows_json
    )


@pytest.fixture
def target(duckdb_file, tmp_path):
    path = tmp_path / "own.duckdb"
    shutil.copy(duckdb_file, path)
    target = DuckDbTarget(path, memory_mb=128, threads=2)
    yield target
    target.close()


def worker_pid(target: DuckDbTarget) -> int:
    process = target._process
    assert process is not None
    return process.pid


def test_a_missing_file_is_said_with_its_path(tmp_path):
    target = DuckDbTarget(tmp_path / "none.duckdb")

    with pytest.raises(TargetUnavailableError, match=r"none\.duckdb cannot be read"):
        target.ping()


def test_a_damaged_file_is_said_with_its_path(tmp_path):
    path = tmp_path / "broken.duckdb"
    path.write_bytes(b"not a database" * 1000)

    with pytest.raises(TargetUnavailableError, match=r"broken\.duckdb cannot be opened"):
        DuckDbTarget(path).ping()


def test_a_file_that_is_being_written_is_said_to_be_locked(tmp_path):
    path = tmp_path / "busy.duckdb"
    with duckdb.connect(path), pytest.raises(TargetUnavailableError, match="cannot be opened"):
        DuckDbTarget(path).ping()


def test_a_replaced_file_is_read_by_the_next_call(target, tmp_path):
    assert rows(target, "select count(*) as n from flights") == [{"n": 2000}]
    other = tmp_path / "other.duckdb"
    with duckdb.connect(other) as connection:
        connection.execute("CREATE TABLE flights AS SELECT 1 AS id")

    other.replace(tmp_path / "own.duckdb")

    assert rows(target, "select count(*) as n from flights") == [{"n": 1}]


def test_a_killed_worker_is_started_again(target):
    target.ping()
    os.kill(worker_pid(target), signal.SIGKILL)

    for _ in range(2):  # the first call may still meet the dead one
        try:
            found = rows(target, "select 1 as one")
        except TargetTransientError:
            continue
    assert found == [{"one": 1}]


def test_a_call_whose_worker_dies_is_told_to_try_again(target):
    target.ping()
    pid = worker_pid(target)
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()

    with pytest.raises(TargetTransientError):
        rows(target, ENDLESS)


def test_a_worker_that_does_not_stop_is_killed_within_100_ms_of_the_deadline(target):
    took_s = []
    for _ in range(3):  # the quickest counts: another process may have had the core
        target.ping()
        pid = worker_pid(target)
        stop(pid)
        started = time.monotonic()

        with pytest.raises(DeadlineExceededError):
            rows(target, "select 1", timeout_s=0.3)

        took_s.append(time.monotonic() - started)
        assert not Path(f"/proc/{pid}").exists()
        assert rows(target, "select 1 as one") == [{"one": 1}]

    assert min(took_s) < 0.3 + 0.1


def stop(pid):
    """Stop a process, and wait until it has: a signal is only on its way at first."""
    os.kill(pid, signal.SIGSTOP)
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.001)


def test_the_worker_ends_with_its_target(target):
    target.ping()
    pid = worker_pid(target)

    target.close()

    assert not Path(f"/proc/{pid}").exists()


def test_the_worker_ends_with_a_killed_service(duckdb_file):
    program = (
        "import sys, time; from pathlib import Path;"
        "from storage.targets.duckdb import DuckDbTarget;"
        "target = DuckDbTarget(Path(sys.argv[1])); target.ping();"
        "print(target._process.pid, flush=True); time.sleep(60)"
    )
    service = subprocess.Popen(
        [sys.executable, "-c", program, str(duckdb_file)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert service.stdout is not None
    worker = Path("/proc") / service.stdout.readline().decode().strip()
    assert worker.exists()

    service.kill()
    service.communicate()

    for _ in range(100):
        if not worker.exists():
            break
        time.sleep(0.02)
    assert not worker.exists()


def test_the_worker_inherits_no_environment(target, monkeypatch):
    monkeypatch.setenv("API_ENGINE_SECRET", "canary")
    target.ping()

    environment = Path(f"/proc/{worker_pid(target)}/environ").read_bytes()

    assert b"canary" not in environment


def test_memory_beyond_the_limit_fails_the_statement_and_not_the_worker(target):
    target.ping()
    pid = worker_pid(target)

    with pytest.raises(QueryFailedError):
        rows(target, "select list(md5(i::varchar)) from range(20000000) t(i)", timeout_s=30)

    assert worker_pid(target) == pid
    assert rows(target, "select 1 as one") == [{"one": 1}]


def test_the_variables_of_the_python_process_are_out_of_reach(duckdb_file, tmp_path):
    canary = pa.table({"secret": [1]})
    connection = open_database(duckdb_file, memory_mb=64, threads=1, temporary=tmp_path)
    setting = "select current_setting('python_enable_replacements')"

    assert connection.execute(setting).fetchone() == (False,)
    with pytest.raises(duckdb.CatalogException):
        connection.execute("select * from canary")
    assert canary.num_rows == 1


def test_the_worker_stands_behind_the_walls_it_reports(target):
    assert target.audit() == ()

    status = Path(f"/proc/{worker_pid(target)}/status").read_text()

    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from glob('/*')",
        "select * from read_csv('http://127.0.0.1/x.csv')",
    ],
)
def test_files_and_the_network_are_out_of_reach_without_the_guard(target, sql):
    with pytest.raises(QueryFailedError):
        rows(target, sql)


def test_a_text_parameter_in_a_nested_answer_keeps_every_type(target):
    found = rows(
        target, "select {'i': interval '1 month', 't': [timestamp '2013-01-31 10:00']} as v"
    )

    assert found == [{"v": {"i": "P1M", "t": ["2013-01-31T10:00:00"]}}]


def test_the_type_of_a_column_follows_the_parameter_of_each_call(target):
    sizes = [1, 2**40, 2**70]

    found = [rows(target, "select $1 as v", size)[0]["v"] for size in sizes]

    assert found == [1, 2**40, str(2**70)]


def test_a_pivot_over_the_data_runs(target):
    found = rows(
        target, "select * from (pivot (select code, 1 as n from carriers) on code using sum(n))"
    )

    assert found == [{"AA": 1, "B6": 1, "UA": 1}]

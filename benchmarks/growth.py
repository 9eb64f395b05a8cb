"""What must not grow with the number of APIs, what memory a server takes, how fast it starts."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from uuid import uuid4

from benchmarks.effort import Effort
from benchmarks.postgres import free_port
from benchmarks.rest import servers
from benchmarks.rounds import Figure, Subject, measure, table
from engine.call import ExecutionRequest
from engine.facade import Engine, local_caller
from engine.model import ApiQuery
from engine.settings import Settings

TITLE = "Few APIs and many"
FEW = 20
CALLER = local_caller()
CALLED = "called"
_SQL = {
    "logic_type": "sql",
    "logic_body": "SELECT :n AS n",
    "connection": "sample",
    "param_schema": {"n": {"type": "integer"}},
}


def run(effort: Effort) -> str:
    """Measure a call and a list with few APIs and with many, then a server with the many."""
    many = max(effort.table_rows // 100, FEW + 1)
    with tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder:
        settings = Settings.load(data_dir=Path(folder))
        with Engine.open(settings) as engine:
            before = _figures(engine, FEW, effort)
            after = _figures(engine, many, effort)
        started = [_start(Path(folder)) for _ in range(effort.rounds)]
    ready_s, memory_mb = min(each[0] for each in started), max(each[1] for each in started)
    return "\n\n".join(
        [
            table(before),
            table(after),
            f"REST is ready {ready_s:.1f} s after its process began, at best of "
            f"{len(started)}, and then takes {memory_mb:.0f} MB with its children.",
        ]
    )


def _figures(engine: Engine, count: int, effort: Effort) -> tuple[Figure, ...]:
    _have(engine, count)
    query = ApiQuery(limit=100)
    subjects = [
        Subject(f"a call, {count:,} APIs", lambda n: _call(engine, n)),
        Subject(f"a list of 100, {count:,} APIs", lambda _: engine.apis.search(query, CALLER)),
    ]
    return measure(subjects, rounds=effort.rounds, calls=20, warm_up=3)


def _have(engine: Engine, count: int) -> None:
    """Add APIs until there are so many, by the store: each is a copy of the one that is called."""
    if engine.apis.search(ApiQuery(q=CALLED), CALLER).total == 0:
        engine.apis.create({**_SQL, "api_name": CALLED}, CALLER)
    called = engine.apis.get(CALLED, CALLER)
    for _ in range(count - engine.apis.search(ApiQuery(limit=1), CALLER).total):
        copy = called.model_copy(update={"id": uuid4(), "api_name": f"copy-{uuid4().hex}"})
        engine.policies.store.create(copy, note="")


def _call(engine: Engine, number: int) -> None:
    if not engine.run(ExecutionRequest(api=CALLED, params={"n": number}), CALLER).ok:
        raise RuntimeError("the call failed")


def _start(data_dir: Path) -> tuple[float, float]:
    """Seconds until REST answers, and megabytes of its processes then (shared pages divided)."""
    port = free_port()
    environment = {"API_ENGINE_DATA_DIR": str(data_dir), "API_ENGINE_ENV_FILE": ""}
    command = ["-m", "engine.cli", "serve", "--port", str(port)]
    began = time.monotonic()
    with servers.running(command, environment, port=port, path="/readyz") as process:
        return time.monotonic() - began, sum(map(_proportional_mb, _family(process.pid)))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _proportional_mb(pid: int) -> float:
    """The process's share of memory (PSS of proc(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

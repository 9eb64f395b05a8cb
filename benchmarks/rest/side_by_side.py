"""Calls over REST beside hand-written endpoints: the same database, Redis and upstream for both."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson

from benchmarks.effort import Effort
from benchmarks.engines import redis_url
from benchmarks.postgres import PostgresCluster
from benchmarks.rest import servers
from benchmarks.rest.load import Answers, MakeRequest, load, post
from engine.facade import Engine, local_caller
from engine.settings import Settings

TITLE = "Calls over REST, beside endpoints written by hand"
KEY = "ae_bench.0123456789012345678901234567890123456789"
MANY = "1000000000/day"
GOVERNED: Mapping[str, Any] = {
    "timeout_seconds": 5,
    "max_retries": 3,
    "max_concurrency": 1000,
    "rate_limit": {"per_api": MANY, "per_user": MANY, "per_tenant": MANY},
    "circuit_breaker": {"enabled": True},
    "mask": {"columns": {"secret": "redact"}},
}
CACHED = {**GOVERNED, "cache": {"enabled": True, "ttl_seconds": 600}}
_COLUMNS = ", ".join(
    (
        "g AS id",
        "g * 7 AS n1",
        "g % 100 AS n2",
        "'name ' || g AS t1",
        "repeat('x', 20) AS t2",
        "g / 3.0::float8 AS f1",
        "g * 1.5::float8 AS f2",
        "g % 2 = 0 AS b",
        "timestamptz '2026-01-01' + g * interval '1 minute' AS at",
        "(g % 10000)::numeric(12,2) AS price",
    )
)
_KEPT = "SELECT :n AS n, 'row ' || v AS name, repeat('x', 36) AS text FROM bench LIMIT %d"
_DEFINITIONS: Mapping[str, Mapping[str, Any]] = {
    "row": {"logic_body": "SELECT * FROM bench WHERE id = :n", "connection": "pg"},
    "rows": {
        "logic_body": "SELECT * FROM bench WHERE id > :n ORDER BY id LIMIT 1000",
        "connection": "pg",
    },
    "groups": {
        "logic_body": "SELECT k, count(*) AS n, sum(v) AS total FROM bench WHERE v > :n "
        "GROUP BY k ORDER BY k",
        "connection": "duck",
    },
    "kept": {"logic_body": _KEPT % 1, "connection": "duck", "runtime_policy": CACHED},
    "kept-long": {
        "logic_body": _KEPT % 2500,
        "connection": "duck",
        "runtime_policy": {**CACHED, "max_rows": 5000},
    },
    "double": {
        "logic_type": "script",
        "logic_body": "def main(params, input_payload):\n    return params['n'] * 2\n",
    },
}


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of call, by hand and by the engine.

    Attributes:
        numbers: How many values `n` takes, from `first` on.
        by_hand: The path of the hand-written endpoint; None where there is none.
        redis: Whether the engine that keeps its state in Redis is measured.
    """

    name: str
    api: str
    by_hand: str | None
    first: int = 1
    numbers: int = 100_000
    redis: bool = False
    connections: tuple[int, ...] = (1, 32)


WORKLOADS = (
    Workload(name="1 row, PostgreSQL", api="row", by_hand="row", connections=(1, 32, 256)),
    Workload(name="1000 x 10 rows, PostgreSQL", api="rows", by_hand="rows", numbers=90_000),
    Workload(name="GROUP BY, DuckDB", api="groups", by_hand="groups", numbers=1000,
             connections=(1, 4)),
    Workload(name="cached, 1 row, memory", api="kept", by_hand="kept", numbers=10),
    Workload(name="cached, 200 KB, memory", api="kept-long", by_hand="kept", first=1000,
             numbers=10),
    Workload(name="cached, 1 row, Redis", api="kept", by_hand="kept-in-redis", numbers=10,
             redis=True),
    Workload(name="cached, 200 KB, Redis", api="kept-long", by_hand="kept-in-redis", first=1000,
             numbers=10, redis=True),
    Workload(name="HTTP passed on", api="passed-on", by_hand="passed-on"),
    Workload(name="script, full isolation", api="double", by_hand=None, connections=(1, 4)),
)  # fmt: skip


@dataclass
class Outcome:
    """What the rounds of one workload at one concurrency came to."""

    workload: Workload
    connections: int
    by_hand: list[Answers] = field(default_factory=list)
    engine: list[Answers] = field(default_factory=list)


@dataclass(frozen=True)
class Ports:
    """Where the servers listen."""

    by_hand: int
    engine: int
    engine_on_redis: int


def run(effort: Effort) -> str:
    """Load both servers in turns, with one connection and with more."""
    return table(measure(effort))


def measure(effort: Effort, apis: frozenset[str] = frozenset()) -> list[Outcome]:
    """What each workload came to; of these APIs alone, when any are given."""
    outcomes = []
    with opened(effort.table_rows) as ports:
        for workload in WORKLOADS:
            if apis and workload.api not in apis:
                continue
            for connections in workload.connections[: effort.steps]:
                outcome = Outcome(workload, connections)
                _warm(ports, outcome, effort)
                for turn in range(effort.rounds):
                    _round(ports, outcome, effort.seconds, engine_first=turn % 2 == 1)
                outcomes.append(outcome)
    return outcomes


def _warm(ports: Ports, outcome: Outcome, effort: Effort) -> None:
    unseen = Outcome(outcome.workload, outcome.connections)
    _round(ports, unseen, effort.seconds / 2, engine_first=False)


def _round(ports: Ports, outcome: Outcome, seconds: float, *, engine_first: bool) -> None:
    workload, connections = outcome.workload, outcome.connections
    engine = ports.engine_on_redis if workload.redis else ports.engine
    turns = []
    if workload.by_hand is not None:
        path = f"/{workload.by_hand}"
        turns.append((outcome.by_hand, ports.by_hand, path))
    turns.append((outcome.engine, engine, f"/api-manager/apis/{workload.api}/execute"))
    for answers, port, path in reversed(turns) if engine_first else turns:
        make = _requests(path, port, workload)
        answers.append(load(port, make, connections=connections, seconds=seconds))


def _requests(path: str, port: int, workload: Workload) -> MakeRequest:
    def make(number: int) -> bytes:
        n = workload.first + number * 7919 % workload.numbers
        return post(path, port, {"X-API-Key": KEY}, orjson.dumps({"params": {"n": n}}))

    return make


def table(outcomes: list[Outcome]) -> str:
    """The outcomes as Markdown: medians over the rounds."""
    lines = [
        "| workload | at once | by hand: p50, p99 ms | /s | engine: p50, p99 ms | /s "
        "| p50 of by hand | /s of by hand | refused |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *map(_line, outcomes)])


def _line(outcome: Outcome) -> str:
    engine = _summary(outcome.engine)
    refused = sum(sum(each.statuses.values()) - each.statuses[200] for each in outcome.engine)
    cells = [outcome.workload.name, str(outcome.connections)]
    if outcome.by_hand:
        hand = _summary(outcome.by_hand)
        cells += [f"{hand[0]:.2f}, {hand[1]:.2f}", f"{hand[2]:.0f}"]
    else:
        cells += ["", ""]
    cells += [f"{engine[0]:.2f}, {engine[1]:.2f}", f"{engine[2]:.0f}"]
    if outcome.by_hand:
        pairs = zip(outcome.by_hand, outcome.engine, strict=True)
        ratios = [(_p50(e) / _p50(h), e.per_second / h.per_second) for h, e in pairs]
        cells += [f"{statistics.median(r[place] for r in ratios):.2f}" for place in (0, 1)]
    else:
        cells += ["", ""]
    return f"| {' | '.join([*cells, str(refused)])} |"


def _summary(rounds: list[Answers]) -> tuple[float, float, float]:
    """Medians over rounds: p50 and p99 in milliseconds, answers a second."""
    return (
        statistics.median(map(_p50, rounds)),
        statistics.median(
            sorted(each.milliseconds)[int(len(each.milliseconds) * 0.99)] for each in rounds
        ),
        statistics.median(each.per_second for each in rounds),
    )


def _p50(answers: Answers) -> float:
    return statistics.median(answers.milliseconds)


@contextmanager
def opened(rows: int) -> Iterator[Ports]:
    """Every server, with `rows` rows of DuckDB and a tenth as many of PostgreSQL behind them."""
    with ExitStack() as opening:
        folder = Path(
            opening.enter_context(tempfile.TemporaryDirectory(prefix="api-engine-bench-"))
        )
        postgres = PostgresCluster()
        opening.callback(postgres.stop)
        database = _fill_postgres(postgres, max(rows // 10, 2000))
        _fill_duckdb(folder / "bench.duckdb", rows)
        redis = opening.enter_context(redis_url())
        upstream = opening.enter_context(servers.uvicorn("benchmarks.rest.upstream:app", {}))
        by_hand = {
            "BENCH_KEY": KEY,
            "BENCH_POSTGRES": database,
            "BENCH_DUCKDB": str(folder / "bench.duckdb"),
            "BENCH_REDIS": redis,
            "BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}",
        }
        hand_port = opening.enter_context(servers.uvicorn("benchmarks.rest.by_hand:app", by_hand))
        memory = _environment(folder / "memory", folder, database)
        on_redis = _environment(folder / "redis", folder, database) | {
            "API_ENGINE_REDIS_URL": redis
        }
        for environment in (memory, on_redis):
            _define(environment, upstream)
        yield Ports(
            by_hand=hand_port,
            engine=opening.enter_context(servers.engine(memory)),
            engine_on_redis=opening.enter_context(servers.engine(on_redis)),
        )


def _environment(data_dir: Path, folder: Path, database: str) -> dict[str, str]:
    return {
        "API_ENGINE_ENV_FILE": "",
        "API_ENGINE_DATA_DIR": str(data_dir),
        "API_ENGINE_BOOTSTRAP_KEY": KEY,
        "API_ENGINE_SAMPLE_DATA": "false",
        "API_ENGINE_LOG_LEVEL": "WARNING",
        "API_ENGINE_CONNECTION_PG": database,
        "API_ENGINE_CONNECTION_DUCK": f"duckdb:///{folder / 'bench.duckdb'}",
    }


def _define(environment: Mapping[str, str], upstream: int) -> None:
    prefix = "API_ENGINE_"
    named = {
        name.removeprefix(f"{prefix}CONNECTION_").lower(): value
        for name, value in environment.items()
        if name.startswith(f"{prefix}CONNECTION_")
    }
    fields: dict[str, Any] = {
        "data_dir": Path(environment[f"{prefix}DATA_DIR"]),
        "bootstrap_key": KEY,
        "sample_data": False,
        "environment_connections": named,
    }
    passed_on = {
        "logic_type": "http",
        "logic_body": orjson.dumps(
            {
                "url": f"http://127.0.0.1:{upstream}/item",
                "method": "GET",
                "params": {"n": "{{params.n}}"},
            }
        ).decode(),
        "runtime_policy": {**GOVERNED, "http": {"allow_hosts": [f"127.0.0.1:{upstream}"]}},
    }
    with Engine.open(Settings.load(**fields)) as engine:
        for name, definition in {**_DEFINITIONS, "passed-on": passed_on}.items():
            api = {
                "api_name": name,
                "logic_type": "sql",
                "param_schema": {"n": {"type": "integer"}},
                "runtime_policy": GOVERNED,
                **definition,
            }
            engine.apis.create(api, local_caller())


def _fill_postgres(cluster: PostgresCluster, rows: int) -> str:
    with cluster.connect() as connection:
        table = f"SELECT {_COLUMNS} FROM generate_series(1, {rows}) g"  # noqa: S608 - a number
        connection.execute(f"CREATE TABLE bench AS {table}")
        connection.execute("ALTER TABLE bench ADD PRIMARY KEY (id)")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
        connection.execute("GRANT SELECT ON bench TO reader")
        connection.execute("ANALYZE bench")
    return cluster.url("postgres", "reader").replace(cluster.password, "reader")


def _fill_duckdb(path: Path, rows: int) -> None:
    with duckdb.connect(str(path)) as connection:
        table = f"SELECT (i * 7919) % 200 AS k, i % 10007 AS v FROM range({rows}) t(i)"  # noqa: S608 - a number
        connection.execute(f"CREATE TABLE bench AS {table}")

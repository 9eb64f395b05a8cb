"""The tables that the corpora read, in both databases, and the corpora themselves."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from storage.targets.duckdb import DuckDbTarget
from storage.targets.postgres import PostgresTarget

TABLES = (
    "CREATE TABLE carriers (code VARCHAR(2), name VARCHAR(60))",
    "INSERT INTO carriers VALUES ('AA', 'American'), ('B6', 'JetBlue'), ('UA', 'United')",
    "CREATE TABLE flights (id INTEGER, carrier VARCHAR(2), day DATE, delay DECIMAL(8,2))",
    "CREATE VIEW delayed AS SELECT * FROM flights WHERE delay > 0",
)
FLIGHTS = "INSERT INTO flights SELECT i, 'AA', DATE '2013-01-01' + i % 365, i / 4.0 FROM {} AS g(i)"
MACROS = (
    "CREATE MACRO delay_of(x) AS (SELECT delay FROM flights WHERE id = x)",
    "CREATE MACRO late_than(x) AS TABLE SELECT id FROM flights WHERE delay > x",
)


@pytest.fixture(scope="session")
def guarded_duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("guard") / "flights.duckdb"
    with duckdb.connect(path) as connection:
        flights = FLIGHTS.format("range(2000)").replace("+ i % 365", "+ (i % 365)::INTEGER")
        for statement in (*TABLES, flights, *MACROS):
            connection.execute(statement)
    return path


@dataclass(frozen=True)
class PostgresUrls:
    """One database, as its owner and as a role that may only read."""

    owner: str
    reader: str


@pytest.fixture(scope="session")
def guarded_postgres_urls(postgres_cluster: Any) -> Iterator[PostgresUrls]:
    name = f"guard_{secrets.token_hex(6)}"
    with postgres_cluster.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with postgres_cluster.connect(name) as connection:
        connection.execute("GRANT USAGE ON SCHEMA public TO reader")
        connection.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader")
        for statement in (*TABLES, FLIGHTS.format("generate_series(0, 1999)"), "ANALYZE"):
            connection.execute(statement)
    yield PostgresUrls(postgres_cluster.url(name), postgres_cluster.url(name, "reader"))
    with postgres_cluster.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def guarded_duckdb(guarded_duckdb_file: Path) -> Iterator[DuckDbTarget]:
    target = DuckDbTarget(guarded_duckdb_file, memory_mb=256)
    yield target
    target.close()


@pytest.fixture(scope="session")
def guarded_postgres(guarded_postgres_urls: PostgresUrls) -> Iterator[PostgresTarget]:
    target = PostgresTarget(guarded_postgres_urls.reader, pool_size=2)
    yield target
    target.close()

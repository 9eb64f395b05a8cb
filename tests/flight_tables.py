"""A few small tables of flights, the same in a DuckDB file and in a PostgreSQL database."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

_TABLES = (
    "CREATE TABLE carriers (code VARCHAR(2) PRIMARY KEY, name VARCHAR(60))",
    "INSERT INTO carriers VALUES ('AA', 'American'), ('B6', 'JetBlue'), ('UA', 'United')",
    "CREATE TABLE flights (id INTEGER, carrier VARCHAR(2) REFERENCES carriers (code), "
    "day DATE, delay DECIMAL(8,2))",
    "CREATE VIEW delayed AS SELECT * FROM flights WHERE delay > 0",
)
_FLIGHTS = "INSERT INTO flights SELECT i, 'AA', DATE '2013-01-01' + {}, i / 4.0 FROM {} AS g(i)"
_IN_DUCKDB = _FLIGHTS.format("(i % 365)::INTEGER", "range(2000)")
_IN_POSTGRES = _FLIGHTS.format("i % 365", "generate_series(0, 1999)")


@dataclass(frozen=True)
class PostgresUrls:
    """One database, as its owner and as a role that may only read."""

    owner: str
    reader: str


def make_duckdb_file(folder: Path, *more: str) -> Path:
    """A DuckDB file with the tables, and with what `more` statements add."""
    path = folder / "flights.duckdb"
    with duckdb.connect(path) as connection:
        for statement in (*_TABLES, _IN_DUCKDB, *more):
            connection.execute(statement)
    return path


@contextmanager
def postgres_database_of_flights(cluster: Any) -> Iterator[PostgresUrls]:
    """A database with the tables, for as long as the context lasts."""
    name = f"flights_{secrets.token_hex(6)}"
    with cluster.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with cluster.connect(name) as connection:
        connection.execute("GRANT USAGE ON SCHEMA public TO reader")
        connection.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader")
        for statement in (*_TABLES, _IN_POSTGRES, "ANALYZE"):
            connection.execute(statement)
    yield PostgresUrls(cluster.url(name), cluster.url(name, "reader"))
    with cluster.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

"""The query targets that exist from the start, and how each dialect is opened."""

from __future__ import annotations

from pathlib import Path

from engine.connections import OpenTarget, environment_connection
from engine.model import Connection
from engine.ports import Dialect
from engine.settings import Settings
from storage.targets.duckdb import DuckDbTarget
from storage.targets.postgres import PostgresTarget


def fixed_connections(settings: Settings) -> dict[str, Connection]:
    """The connections that are not stored: `sample`, and those of the environment."""
    fixed = {
        name: environment_connection(name, dsn.get_secret_value())
        for name, dsn in settings.environment_connections.items()
    }
    if settings.sample_data:
        fixed["sample"] = Connection(
            name="sample",
            dialect="duckdb",
            dsn=str(sample_file(settings)),
            description="Flights out of New York City in 2013",
            origin="built_in",
        )
    return fixed


def target_openers(settings: Settings) -> dict[Dialect, OpenTarget]:
    return {
        "duckdb": lambda connection: DuckDbTarget(
            Path(connection.dsn),
            memory_mb=settings.duckdb_memory_mb,
            threads=settings.duckdb_threads,
        ),
        "postgres": lambda connection: PostgresTarget(
            connection.dsn, pool_size=settings.postgres_pool_size
        ),
    }


def sample_file(settings: Settings) -> Path:
    return settings.data_dir / "sample.duckdb"

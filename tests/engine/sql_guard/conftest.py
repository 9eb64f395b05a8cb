"""The tables that the corpora read, in both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.targets.duckdb import DuckDbTarget
from storage.targets.postgres import PostgresTarget
from tests.flight_tables import PostgresUrls, make_duckdb_file, postgres_database_of_flights

_MACROS = (
    "CREATE MACRO delay_of(x) AS (SELECT delay FROM flights WHERE id = x)",
    "CREATE MACRO late_than(x) AS TABLE SELECT id FROM flights WHERE delay > x",
)


@pytest.fixture(scope="session")
def guarded_duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_duckdb_file(tmp_path_factory.mktemp("guard"), *_MACROS)


@pytest.fixture(scope="session")
def guarded_postgres_urls(postgres_cluster: Any) -> Iterator[PostgresUrls]:
    with postgres_database_of_flights(postgres_cluster) as urls:
        yield urls


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

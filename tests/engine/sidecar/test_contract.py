"""A running server keeps what its OpenAPI document says, whatever schemathesis sends it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from engine.facade import Engine, local_caller
from engine.settings import Settings
from engine.sidecar import create_app

PROGRAM = Path(sys.executable).with_name("schemathesis")
EXAMPLES, SEED, LONGEST_S = "4", "7", "15"

# 502 to 504 are answers about a target, a script or a breaker, and documented; 500 never is one.
# What is accepted and what refused, other tests tell: values are converted where that loses
# nothing (0 is a text too), and JSON Schema has no words for all that the engine refuses.
CONFIG = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502, 503, 504]
positive_data_acceptance.enabled = false
negative_data_rejection.enabled = false
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory, free_port):
    """A server of its own, since much is made, changed and deleted; and an admin's key."""
    port = free_port()
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("instance"), log_level="ERROR")
    with Engine.open(settings) as engine:
        key = engine.auth.keys.create(local_caller(), name="contract", roles=["admin"]).text
        config = uvicorn.Config(create_app(engine), port=port, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}", key
        server.should_exit = True
        thread.join()


@pytest.fixture
def schemathesis(served, tmp_path):
    """Runs it over the paths that an option selects; its exit code and report."""

    def run(*selection):
        url, key = served
        settings = tmp_path / "schemathesis.toml"
        settings.write_text(CONFIG, encoding="utf-8")
        command = [
            PROGRAM, "--config-file", settings, "run", f"{url}/openapi.json",
            "--header", f"X-API-Key: {key}", "--max-examples", EXAMPLES, "--seed", SEED,
            "--phases", "examples,coverage,fuzzing", "--max-time", LONGEST_S,
            "--generation-database", "none", "--no-color", *selection,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_published_apis_keep_their_contract(schemathesis):
    code, report = schemathesis("--include-path-regex", "^/call/")

    assert code == 0, report


def test_the_management_api_keeps_its_contract(schemathesis):
    code, report = schemathesis("--exclude-path-regex", "^/call/")

    assert code == 0, report

"""Every block of docs/clients.md runs against a real server, from top to bottom in one folder."""

import os
import re
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
from engine.snippets import snippets

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", PAGE, re.M | re.S)
RUNNERS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
SHOWN = [
    ['"airline":"ExpressJet', "carrier,airline"],
    ["422 [{'param': 'limit'"],
    ["200 304"],
    ["-"],
    ["avg_dep_delay", "float64"],
    [],
    ["JetBlue"],
]


@pytest.fixture(scope="module")
def served(tmp_path_factory, free_port):
    """The variables that the page asks for, and an engine behind them."""
    port = free_port()
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("instance"), log_level="ERROR")
    with Engine.open(settings) as engine:
        key = engine.auth.keys.create(local_caller(), name="client", roles=["viewer"]).text
        server = uvicorn.Server(uvicorn.Config(create_app(engine), port=port, log_config=None))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield engine, {"API_ENGINE_URL": f"http://127.0.0.1:{port}", "API_ENGINE_KEY": key}
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def run(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def run_block(language, code):
        done = subprocess.run(
            [*RUNNERS[language], code],
            env={**served[1], "PATH": programs, "HOME": str(folder), "PYTHONPATH": str(folder)},
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_block


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs_and_shows_what_the_page_says(run, number):
    shown = run(*BLOCKS[number])

    assert all(words in shown for words in SHOWN[number])


@pytest.mark.parametrize(("title", "language"), [("curl", "sh"), ("Python", "python")])
def test_the_snippets_of_a_definition_run(served, run, title, language):
    engine, variables = served
    api = engine.apis.get("delays-by-carrier", local_caller())
    code, _ = snippets(api, variables["API_ENGINE_URL"])[title]

    run(language, code)

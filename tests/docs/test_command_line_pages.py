"""The pages on the command line and on imports are true: commands, files and blocks."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from engine.cli import app, main
from engine.facade import Engine
from engine.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
COMMAND_LINE = (DOCS / "command-line.md").read_text(encoding="utf-8")
IMPORTS = (DOCS / "imports.md").read_text(encoding="utf-8")


def commands_of(group, path="api-engine"):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def shell_lines(page):
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples") / "data"
    Engine.open(Settings.load(data_dir=folder, log_level="ERROR")).close()
    return folder


@pytest.fixture
def run_page(samples, tmp_path, monkeypatch, capfd):
    """Runs the commands of a page in order, on a copy of the samples; what each wrote."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(shutil.copytree(samples, tmp_path / "data")))
    monkeypatch.setenv("API_ENGINE_LOG_LEVEL", "ERROR")

    def run(page):
        outcomes = {}
        for line in shell_lines(page):
            monkeypatch.setattr(sys, "argv", shlex.split(line))
            code = 0
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            written = capfd.readouterr()
            assert code == 0, (line, written.err)
            outcomes[line] = written
        return outcomes

    return run


def test_the_page_lists_every_command_there_is():
    listed = re.findall(r"^\| `(api-engine(?: [a-z-]+)+)[ `]", COMMAND_LINE, re.MULTILINE)

    assert sorted(listed) == sorted(commands_of(typer.main.get_command(app)))


def test_the_commands_of_the_page_run(run_page, tmp_path):
    outcomes = run_page(COMMAND_LINE)

    assert (tmp_path / "delays.parquet").read_bytes()[:4] == b"PAR1"
    assert "rows of" in outcomes["api-engine restore engine.backup --force"].err


def test_the_imports_of_the_page_run(run_page, tmp_path):
    for name, content in re.findall(
        r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```", IMPORTS, re.DOTALL | re.MULTILINE
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")

    said = [outcome.out + outcome.err for outcome in run_page(IMPORTS).values()]

    assert "+ pets-get-pet <- GET /pets/{petId}" in said[0]
    assert "secrets to store: PETS_KEY" in said[0]
    assert "1 made (live)" in said[1]
    assert "+ test-get-pet" in said[2]
    assert "+ top-carriers <- top-carriers.sql" in said[3]
    assert said[4].startswith("carrier,flights\r\n")
    assert "+ item <- cURL" in said[5]
    assert "API_EXAMPLE_ORG_TOKEN" in said[5]
    assert "+ order-by-id <- Orders / Order by id" in said[6]
    assert "secrets to store: SHOP_TOKEN" in said[6]


def test_the_page_has_every_option_that_imports_share():
    options = set(re.findall(r"^\| `(--[a-z-]+)", IMPORTS, re.MULTILINE))
    program: Any = typer.main.get_command(app)
    command = program.commands["import"].commands["openapi"]
    known = {each for param in command.params for each in param.opts if each.startswith("--")}

    assert options == known - {"--server", "--tenant"}

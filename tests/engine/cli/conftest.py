import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cli import main
from engine.facade import Engine
from engine.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an instance with the samples; nobody has it open."""
    folder = tmp_path_factory.mktemp("instance")
    Engine.open(Settings.load(data_dir=folder, log_level="ERROR")).close()
    return folder


@pytest.fixture
def api_engine(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Outcome]:
    """Runs a command line, by default for a fresh instance without samples."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("API_ENGINE_SAMPLE_DATA", "false")
    monkeypatch.setenv("API_ENGINE_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["api-engine", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def on_samples(
    api_engine: Callable[..., Outcome], instance: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """Runs a command line for the instance with the samples."""
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(instance))
    monkeypatch.setenv("API_ENGINE_SAMPLE_DATA", "true")
    return api_engine

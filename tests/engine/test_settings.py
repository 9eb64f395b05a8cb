"""Settings come from the environment and one file, and a bad value is named."""

from pathlib import Path

import pytest

from engine.errors import SettingsError
from engine.settings import Settings


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "settings.env"
    monkeypatch.setenv("API_ENGINE_ENV_FILE", str(file))
    return file


def test_the_environment_wins_over_the_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("API_ENGINE_PORT=9001\nAPI_ENGINE_HOST=localhost\n")
    monkeypatch.setenv("API_ENGINE_PORT", "9002")

    settings = Settings.load()

    assert (settings.port, settings.host) == (9002, "localhost")


def test_connections_are_read_from_both(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("API_ENGINE_CONNECTION_MAIN=postgresql://file/x\n")
    monkeypatch.setenv("API_ENGINE_CONNECTION_DATA_MART", "postgresql://environment/y")

    connections = Settings.load().environment_connections

    assert set(connections) == {"main", "data-mart"}
    assert "environment/y" not in repr(connections)


def test_every_bad_variable_is_named_and_no_value_repeated(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_ENGINE_PORT", "http")
    monkeypatch.setenv("API_ENGINE_LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as refused:
        Settings.load()

    assert "API_ENGINE_PORT" in refused.value.message
    assert "API_ENGINE_LOG_LEVEL" in refused.value.message


def test_an_empty_text_counts_as_unset(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_ENGINE_REDIS_URL", "")

    assert Settings.load().redis_url is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("box", False)],  # noqa: S104
)
def test_only_loopback_addresses_count_as_this_machine(host: str, loopback: bool) -> None:
    assert Settings.load(host=host).listens_on_loopback is loopback

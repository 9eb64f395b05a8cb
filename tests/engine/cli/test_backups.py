"""An instance is backed up and restored on the command line, with its keys and secrets."""

import io
import json

import pytest

from engine.auth import Credentials
from engine.facade import Engine, local_caller
from engine.settings import Settings


@pytest.fixture
def backed_up(api_engine, monkeypatch, tmp_path):
    """A backup of an instance with a key, a secret, an API and a call of it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret"))
    api_engine("secrets", "put", "TOKEN")
    key = api_engine("keys", "create", "mine", "--role", "viewer").out.strip()
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "one.sql").write_text("SELECT 1 AS one")
    api_engine("import", "sql", str(tmp_path / "q"))
    outcome = api_engine("backup", "kept.backup")
    assert outcome.code == 0, outcome.err
    assert "keep the instance key apart" in outcome.err
    return key


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """From here on commands are for another instance, that was never started."""
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(tmp_path / "other"))
    return tmp_path / "other"


def test_everything_works_in_the_place_it_is_restored_to(
    backed_up, elsewhere, api_engine, tmp_path
):
    outcome = api_engine(
        "restore", "kept.backup", "--key-file", str(tmp_path / "data/instance.key")
    )

    assert outcome.code == 0, outcome.err
    assert api_engine("secrets", "list").out == "TOKEN\n"
    assert (elsewhere / "instance.key").stat().st_mode & 0o777 == 0o600
    with Engine.open(Settings.load()) as engine:
        caller = engine.auth.authenticate(Credentials(api_key=backed_up))
        assert caller.roles == {"viewer"}
        assert engine.apis.draft("one", local_caller())
        assert engine.pipeline.read_secret("default", "TOKEN") == "s3cret"


def test_without_its_instance_key_a_backup_is_not_restored(backed_up, elsewhere, api_engine):
    outcome = api_engine("restore", "kept.backup")

    assert outcome.code == 1
    assert "another instance key" in outcome.err
    assert "--key-file" in outcome.err
    assert not (elsewhere / "metadata.sqlite3").exists()


def test_what_is_there_is_replaced_only_when_it_is_forced(backed_up, api_engine):
    api_engine("secrets", "delete", "TOKEN")

    refused = api_engine("restore", "kept.backup")
    assert (refused.code, api_engine("secrets", "list").out) == (1, "")
    assert "is not empty" in refused.err

    forced = api_engine("restore", "kept.backup", "--force", "--json")
    assert json.loads(forced.out)["rows"]["tb_api_definition"] == 1
    assert api_engine("secrets", "list").out == "TOKEN\n"


def test_a_file_that_is_missing_is_named(api_engine):
    assert "there is no file gone.backup" in api_engine("restore", "gone.backup").err
    outcome = api_engine("backup", "no/such/folder.backup")
    assert (outcome.code, "cannot be written" in outcome.err) == (1, True)

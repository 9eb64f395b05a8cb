"""What lists something also writes it as JSON, on standard output alone."""

import io
import json

import pytest

from engine.settings_report import HIDDEN


def test_a_made_key_and_the_list_of_keys(api_engine):
    made = json.loads(api_engine("keys", "create", "mine", "--api", "sales-*", "--json").out)
    listed = api_engine("keys", "list", "--json")

    assert made["key"].startswith(f"ae_{made['id']}.")
    mine = next(each for each in json.loads(listed.out) if each["name"] == "mine")
    assert mine["roles"] == ["viewer"]
    assert mine["scope"]["api_patterns"] == ["sales-*"]
    assert made["key"] not in listed.out
    assert set(mine) == set(made) - {"key"}


def test_the_list_of_users(api_engine, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("twelve characters\n"))
    api_engine("users", "create", "ada", "--role", "admin")

    (user,) = json.loads(api_engine("users", "list", "--json").out)

    assert user == {
        "subject": "user:ada",
        "roles": ["admin"],
        "state": "active",
        "last_login_at": None,
    }


def test_the_settings(api_engine, monkeypatch):
    monkeypatch.setenv("API_ENGINE_CONNECTION_MINE", "postgresql://u:s3cret@127.0.0.1:1/x")

    shown = {each["name"]: each for each in json.loads(api_engine("config", "--json").out)}

    assert shown["API_ENGINE_PORT"]["value"] == "8501"
    assert shown["API_ENGINE_CONNECTION_MINE"]["value"] == HIDDEN


@pytest.mark.parametrize(("origins", "code"), [("*", 1), ("", 0)])
def test_the_findings_of_the_audit(api_engine, monkeypatch, origins, code):
    monkeypatch.setenv("API_ENGINE_CORS_ORIGINS", origins)

    outcome = api_engine("audit", "--json")
    about = {each["about"] for each in json.loads(outcome.out)} - {"sandbox"}

    assert bool(about) is bool(code)

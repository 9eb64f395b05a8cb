"""Without sign-in the pages open for this machine alone."""

from pathlib import Path

import pytest
from streamlit import config

PAGES = [
    "home.py",
    "build/apis.py",
    "build/api.py",
    "build/new.py",
    "build/policy_lab.py",
    "operate/runs.py",
    "operate/breakers.py",
    "operate/cache.py",
    "operate/limits.py",
    "admin/connections.py",
    "admin/secrets.py",
    "admin/access.py",
    "admin/security.py",
]


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.1.5"])  # noqa: S104  # read only
def test_a_server_that_others_can_reach_shows_only_what_to_do(eng, open_page, address):
    config.set_option("server.address", address)

    visit = open_page("home.py")

    assert visit.title[0].value == "Sign-in is not set up"
    assert not visit.metric


@pytest.mark.parametrize("path", PAGES)
def test_every_page_asks_who_calls_before_anything_else(path):
    text = (Path(__file__).parents[2] / "pages" / path).read_text()
    body = [line for line in text.splitlines() if "engine()" in line or "require_caller()" in line]

    assert "caller = require_caller()" in body[0]


def test_settings_that_listen_everywhere_close_the_gate_too(request, open_page, monkeypatch):
    monkeypatch.setenv("API_ENGINE_HOST", "0.0.0.0")  # noqa: S104  # read only
    request.getfixturevalue("empty_eng")

    visit = open_page("home.py")

    assert visit.title[0].value == "Sign-in is not set up"

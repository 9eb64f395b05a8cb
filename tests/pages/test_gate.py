"""Without sign-in the pages open for this machine alone."""

import ast
import re
from pathlib import Path

import pytest
from streamlit import config

from pages.components.site_map import SECTIONS

PAGES = [entry.path for entries in SECTIONS.values() for entry in entries]


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.1.5"])  # noqa: S104  # read only
def test_a_server_that_others_can_reach_shows_only_what_to_do(eng, open_page, address):
    config.set_option("server.address", address)

    visit = open_page("home.py")

    assert visit.title[0].value == "Sign-in is not set up"
    assert not visit.metric


@pytest.mark.parametrize("path", PAGES)
def test_every_page_asks_who_calls_before_anything_else(path):
    text = (Path(__file__).parents[2] / "pages" / path).read_text()
    body = [
        ast.unparse(each) for each in ast.parse(text).body if not isinstance(each, ast.FunctionDef)
    ]

    doing = [
        each for each in body if re.search(r"\bst\.(?!session_state)|\w*caller\(\)|engine\(", each)
    ]
    assert doing[0] == "caller = require_caller()"


def test_settings_that_listen_everywhere_close_the_gate_too(request, open_page, monkeypatch):
    monkeypatch.setenv("API_ENGINE_HOST", "0.0.0.0")  # noqa: S104  # read only
    request.getfixturevalue("empty_eng")

    visit = open_page("home.py")

    assert visit.title[0].value == "Sign-in is not set up"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_longer_than_150_lines(path):
    text = (Path(__file__).parents[2] / "pages" / path).read_text()

    assert len(text.splitlines()) <= 150

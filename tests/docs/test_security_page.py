"""The security page names tests that exist, and its numbers are those in force."""

import re
from pathlib import Path
from typing import get_args

import pytest

from engine.auth import ThrottleRules
from engine.auth.passwords import SHORTEST
from engine.auth.sessions import lifetime
from engine.auth.subjects import SubjectKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_named_test_exists(file, name):
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_risk_of_the_list_has_a_promise_and_a_test():
    rows = re.findall(r"^\| API(\d+) [^|]+\| [^|]+\| `tests/", PAGE, re.MULTILINE)

    assert [int(number) for number in rows] == list(range(1, 11))


def test_every_promise_names_a_test():
    rows = PAGE.partition("## OWASP")[2].splitlines()
    promises = [row for row in rows if row.startswith("|")][2:]

    assert all("::test_" in row for row in promises)


def test_the_numbers_are_those_in_force():
    rules = ThrottleRules()

    assert rules.window_s == 300
    assert (
        f"{rules.per_name_and_address} for a name from one address, {rules.per_address} for an "
        f"address, {rules.per_name} for a name" in PAGE
    )
    assert f"at least {SHORTEST} characters" in PAGE
    hours = lifetime("dashboard").total_seconds() / 3600
    minutes = lifetime("rest").total_seconds() / 60
    assert f"live {hours:.0f} hours, REST's {minutes:.0f} minutes" in PAGE


def test_every_kind_of_subject_is_described():
    assert set(re.findall(r"^\| `(\w+):", PAGE, re.MULTILINE)) == set(get_args(SubjectKind))

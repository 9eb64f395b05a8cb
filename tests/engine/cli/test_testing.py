import json
from xml.etree import ElementTree as ET

import pytest

from engine.facade import Engine, local_caller
from engine.settings import Settings

BODY = "def main(params, input_payload):\n    return {'sum': params['a'] + params['b']}\n"
FIELDS = {
    "api_name": "add",
    "logic_type": "script",
    "logic_body": BODY,
    "param_schema": {"a": {"type": "integer"}, "b": {"type": "integer"}},
}


def case(name, answer):
    expect = {"values": [{"path": "sum", "equals": answer}]}
    return {"name": name, "params": {"a": 2, "b": 2}, "expect": expect}


@pytest.fixture
def tested(api_engine, tmp_path):
    """Gives the instance an API with a test case that passes, and one that fails on the draft."""
    settings = Settings.load(data_dir=tmp_path / "data", sample_data=False, log_level="ERROR")
    with Engine.open(settings) as engine:
        engine.apis.create(FIELDS, local_caller())
        engine.tests.create("add", case("two and two", 4), local_caller())
        draft = {"logic_body": BODY.replace("+", "*") + "\n# and one more\n"}
        engine.apis.save_draft("add", draft, local_caller())
        engine.apis.create({**FIELDS, "api_name": "add-five"}, local_caller())
        engine.tests.create("add-five", case("is five", 5), local_caller())
    return api_engine


def test_a_failing_test_case_makes_the_command_fail(tested):
    outcome = tested("test")

    assert outcome.code == 1
    passed, failed, reason = outcome.out.splitlines()
    assert passed.startswith("passed add: two and two (")
    assert failed.startswith("FAILED add-five: is five (")
    assert reason.strip() == "sum is 4, not 5"
    assert outcome.err.startswith("1 passed, 1 failed in")


def test_the_test_cases_of_some_apis_are_run_on_their_drafts(tested):
    outcome = tested("test", "add", "--against", "draft")

    assert outcome.code == 0
    assert outcome.err.startswith("1 passed, 0 failed")


def test_reports_are_written_for_machines(tested, tmp_path):
    outcome = tested("test", "--json", "--junit", str(tmp_path / "report.xml"))

    report = json.loads(outcome.out)
    assert outcome.code == 1
    assert [each["failures"] for each in report["outcomes"]] == [[], ["sum is 4, not 5"]]
    suites = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314  # our own
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")


def test_an_unknown_api_or_file_is_said(tested):
    unknown = tested("test", "nowhere")
    assert unknown.code == 1
    assert "nowhere" in unknown.err
    assert tested("test", "--junit", "no/such/folder.xml").code == 2

"""The Python workbench: templates that run, findings, prints and what a run used."""

import json

import pytest

from engine.call import ExecutionRequest
from engine.definition_fields import new_definition
from pages.components.script.modules import FAVOURITES, allowed_modules
from pages.components.script.templates import TEMPLATES

API = "delay-scorer"


@pytest.fixture
def editing(eng, open_page):
    return open_page("build/api.py", api=API, tab="Edit")


def work_of(visit):
    [work] = visit.session_state["working_copies"].values()
    return work


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption, *visit.info]]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.title)
def test_a_template_runs_as_it_stands(eng, caller, template):
    fields = {
        "api_name": "from-a-template",
        "logic_type": "script",
        "logic_body": template.body,
        "param_schema": template.param_schema,
    }
    assert not eng.checks.check(fields, caller).valid or not any(
        issue.code.startswith(("param_", "import_", "main_"))
        for issue in eng.checks.check(fields, caller).issues
    )

    api = new_definition(fields, caller)
    result = eng.run(ExecutionRequest(api=api, input_payload=template.sample, test=True), caller)

    assert result.ok, result.error
    assert result.rows


def test_a_template_replaces_script_parameters_and_payload(editing):
    template = TEMPLATES[0]
    key = f"use-{template.title}"

    next(each for each in editing.button if (each.key or "").endswith(key)).click().run()

    work = work_of(editing)
    assert work.fields["logic_body"] == template.body
    assert work.fields["param_schema"] == {"least": {"type": "integer", "default": 15}}
    assert json.loads(editing.text_area(key=work.payload_key).value) == template.sample


def test_a_run_shows_what_it_used_and_what_it_printed(editing):
    work_of(editing).write_body(
        "def main(params, input_payload):\n    print('hello')\n    return 1"
    )
    editing.run()

    editing.button(key="preview").click().run()

    labels = [each.label for each in editing.metric]
    assert labels == ["Processor", "Wall", "Memory", "Isolation"]
    assert any(each.value.strip() == "hello" for each in editing.code)


def test_a_script_that_fails_shows_its_line_its_prints_and_what_it_used(editing):
    script = "def main(params, input_payload):\n    print('so far')\n    return 1 / 0"
    work_of(editing).write_body(script)
    editing.run()

    editing.button(key="preview").click().run()

    assert "line 3" in editing.error[0].value
    assert any(each.value.strip() == "so far" for each in editing.code)
    assert len(editing.metric) == 4


def test_the_check_names_what_is_wrong_without_a_run(editing):
    work_of(editing).write_body("import requests\n\ndef main(params, input_payload):\n    return 1")

    editing.run()

    assert any("line 1" in text and "requests" in text for text in texts(editing))


def test_the_modules_listed_can_be_imported_and_the_refused_are_not_listed():
    allowed = allowed_modules()

    assert {"json", "statistics", "zoneinfo"} <= set(allowed)
    assert not {"socket", "subprocess", "ctypes", "requests"} & set(allowed)
    named = {name.split(".")[0] for names in FAVOURITES for name in names.split(", ")}
    assert named <= set(allowed)

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from engine.cep.rules import compile_rule
from engine.cli.definitions import DIFFERENT
from engine.definition_fields import new_definition
from engine.errors import DefinitionInvalidError
from engine.file_kinds import SCHEMAS
from engine.model import Caller
from engine.yaml_source import YamlSource
from sample_data.source import ALERTS, ASSETS, DEFINITIONS, FOLDER, RULES, SCREENS, TOOLS

ROOT = FOLDER.parent
PAGE = (ROOT / "docs" / "definitions-as-code.md").read_text()
PUBLISHED = {
    kind: json.loads((ROOT / "docs" / f"{kind}.schema.json").read_text()) for kind in SCHEMAS
}
SCHEMA = PUBLISHED["definition"]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shell(tmp_path):
    """A function that runs a script with the installed `api-engine`, for a new instance."""
    programs = Path(sys.executable).parent
    assert (programs / "api-engine").exists(), "install the package: pip install --editable ."
    (tmp_path / "work").mkdir()
    person = {"NAME": "Ana", "EMAIL": "ana@example.com"}
    environment = {
        **os.environ,
        **{
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in person.items()
        },
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "API_ENGINE_DATA_DIR": str(tmp_path / "data"),
        "API_ENGINE_LOG_LEVEL": "ERROR",
    }

    def run(script):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path / "work",
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.timeout(600)  # a dozen processes, each of which starts an engine
def test_the_worked_example_works(shell, tmp_path):
    scripts = blocks("sh")
    outcome = shell("\n".join(scripts))

    assert outcome.returncode == 0, outcome.stderr
    assert "+ create late-flights" in outcome.stdout
    assert "~ update worst-routes (param_schema)" in outcome.stdout
    assert "flight_date,carrier,flight,dest,arr_delay\n2013-" in outcome.stdout
    assert "- delete late-flights" in outcome.stdout
    changes = (tmp_path / "work" / "changes.diff").read_text()
    assert "+    max: 400\n" in changes
    assert "+++ folder/late-flights.sql\n" in changes


def test_the_page_says_the_exit_code_of_a_difference():
    assert f"{DIFFERENT} when something does" in PAGE
    assert f"test $? -eq {DIFFERENT}" in PAGE


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_published_schema_is_that_of_the_models(kind):
    assert SCHEMAS[kind]() == PUBLISHED[kind]
    jsonschema.Draft202012Validator.check_schema(PUBLISHED[kind])
    assert f"./docs/{kind}.schema.json" in PAGE


def test_the_schema_takes_the_example_and_every_sample():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    texts = [*blocks("yaml"), *(path.read_text() for path in DEFINITIONS.glob("*.yaml"))]

    for text in texts:
        validator.validate(YamlSource.parse(text).value)


@pytest.mark.parametrize("folder", [ASSETS, RULES, SCREENS, TOOLS, ALERTS])
def test_the_schema_of_each_kind_takes_every_sample(folder):
    validator = jsonschema.Draft202012Validator(PUBLISHED[folder.name.removesuffix("s")])
    files = sorted(folder.glob("*.yaml"))

    assert files
    for file in files:
        validator.validate(YamlSource.parse(file.read_text()).value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trigger_type": "clock"},
        {"trigger_spec": {"cron": "0 6 * * *", "window": "5m"}},
        {"action_spec": {"params": {}}},
        {"active": True},
    ],
)
def test_the_schema_of_rules_refuses_what_rules_refuse(wrong):
    fields = {
        "trigger_type": "schedule",
        "trigger_spec": {"cron": "0 6 * * *"},
        "action_spec": {"api_id": "a"},
    }
    validator = jsonschema.Draft202012Validator(PUBLISHED["rule"])

    validator.validate(fields)
    compile_rule({"rule_name": "r", **fields})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**fields, **wrong})
    with pytest.raises(DefinitionInvalidError):
        compile_rule({"rule_name": "r", **fields, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 3},
        {"logic_type": "sqll"},
        {"param_schema": {"a": {"type": "dat"}}},
        {"param_schema": {"a": {"maximum": 3}}},
        {"runtime_policy": {"timeout_seconds": 0}},
        {"runtime_policy": {"rate_limit": {"per_api": "many"}}},
        {"tags": "x"},
    ],
)
def test_the_schema_refuses_what_the_models_refuse(wrong):
    fields = {"logic_type": "sql", "logic_body": "SELECT 1", **wrong}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(fields)
    with pytest.raises(DefinitionInvalidError):
        new_definition({"api_name": "a", **fields}, Caller(subject="test"))

"""The code that people copy is complete and valid."""

import ast
import json
import shlex
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from engine.model import ApiDefinition
from engine.snippets import example_params, snippets

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def definition(**fields):
    defaults = {"id": uuid4(), "api_name": "late", "logic_type": "sql", "logic_body": "SELECT 1"}
    return ApiDefinition.model_validate(defaults | {"created_at": NOW, "updated_at": NOW} | fields)


TYPED = definition(
    param_schema={
        "origin": {"type": "text", "required": True, "example": "O'Hare"},
        "limit": {"type": "integer", "default": 10},
        "from": {"type": "date", "required": True},
        "unused": {"type": "text"},
        "tenant": {"type": "text", "required": True, "source": "context.tenant_id"},
    }
)


def test_examples_hold_what_must_be_sent_and_never_what_comes_from_credentials():
    assert example_params(TYPED.param_schema) == {
        "origin": "O'Hare",
        "limit": 10,
        "from": "2013-01-31",
    }


def test_the_curl_line_survives_the_shell():
    code, _ = snippets(TYPED, "http://127.0.0.1:8501/api")["curl"]

    words = shlex.split(code.replace("\\\n", " "))

    assert words[2] == "http://127.0.0.1:8501/api/call/late"
    assert json.loads(words[-1]) == {"params": example_params(TYPED.param_schema)}


@pytest.mark.parametrize("tab", ["Python", "Notebook"])
def test_python_code_parses_also_when_a_parameter_is_named_like_a_keyword(tab):
    code, language = snippets(TYPED, "http://127.0.0.1:8501/api")[tab]

    assert language == "python"
    ast.parse(code)

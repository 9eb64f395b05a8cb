"""The JSON Schema of a definition's YAML file, for editors that check while one types."""

from typing import Any

from engine.model import ApiDefinition
from engine.model.definition import AUTHORED_FIELDS
from engine.model.testing import CaseFields

_LOGIC_TYPES = ["sql", "http", "script", "python", "workflow"]
_PARAM_TYPES = [
    "text",
    "string",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "uuid",
    "array",
    "object",
]
_DESCRIPTIONS = {
    "api_name": "The API's name; when given, it is the file's name without its suffix.",
    "logic_type": "What runs: a statement, a request, a Python function or a graph of APIs.",
    "logic_body": "The body, when it does not stand beside in a .sql, .json or .py file.",
    "connection": "The query target of a SQL API.",
    "param_schema": "The parameters by name, in the order of forms.",
    "runtime_policy": "How long, how often, how much, how safely; each with a default.",
    "description": "What the API answers, for those who look for one.",
    "tags": "Words to find APIs by.",
    "tests": "Test cases by name: what to send, and what the answer has to be like.",
}


def definition_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12), made from the models that files are read into."""
    whole = ApiDefinition.model_json_schema(mode="validation")
    properties = {
        name: {**whole["properties"][name], "description": _DESCRIPTIONS[name]}
        for name in AUTHORED_FIELDS
    }
    # A body in JSON may stand in the file as the mapping it is; the aliases are read as well.
    properties["logic_body"] = {
        "anyOf": [{"type": "string"}, {"type": "object"}],
        "description": _DESCRIPTIONS["logic_body"],
    }
    properties["logic_type"]["enum"] = _LOGIC_TYPES
    parts = whole["$defs"]
    case = CaseFields.model_json_schema(mode="validation")
    parts |= case.pop("$defs")
    del case["properties"]["name"]
    parts["TestCase"] = {**case, "title": "TestCase", "required": []}
    properties["tests"] = {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/TestCase"},
        "description": _DESCRIPTIONS["tests"],
    }
    parts["ParamSpec"]["properties"]["type"]["enum"] = _PARAM_TYPES
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "API definition",
        "description": "One API of API Engine as a file; its body stands beside it.",
        "type": "object",
        "properties": properties,
        "required": ["logic_type"],
        "additionalProperties": False,
        "$defs": parts,
    }

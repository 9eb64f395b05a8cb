"""The JSON Schemas of the files in a folder, for editors that check while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from engine.alerting import FIGURES
from engine.asset_content import content_schema
from engine.cep.triggers import AGGREGATIONS, METRICS, MOST_PER_MINUTE
from engine.conditions.fields import ALIASES, OPERATORS
from engine.definition_schema import definition_schema
from engine.model.asset import LABEL_PATTERN, Asset, AssetType
from engine.model.screen import ScreenSpec
from engine.model.tool import TOOL_FIELDS, Tool

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_NAME = {"type": "string", "minLength": 1}
_LENGTH = {
    "type": "string",
    "pattern": r"^\s*\d{1,6}[smhdw]\s*$",
    "description": "A length of time: 30s, 15m, 24h, 7d.",
}
_API = {**_NAME, "description": "The name of an API."}
_CONDITION = {
    "description": "A comparison, `all`, `any` or `not` of conditions, or an expression.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "field": _NAME,
                "op": {"enum": [*OPERATORS, *ALIASES]},
                "value": True,
                "all": {"type": "array", "items": {"$ref": "#/$defs/Condition"}},
                "any": {"type": "array", "items": {"$ref": "#/$defs/Condition"}},
                "not": {"$ref": "#/$defs/Condition"},
                "expression": _TEXT,
            },
            "additionalProperties": False,
        },
    ],
}
_THRESHOLD = {
    "op": {"enum": [">", ">=", "<", "<=", "gt", "gte", "lt", "lte"]},
    "value": {"type": "number"},
    "clear_value": {"type": "number", "description": "Where it clears, if elsewhere."},
    "hold": {**_LENGTH, "description": "How long it has to be past the value before it fires."},
    "clear_hold": {**_LENGTH, "description": "How long it has to be back before it clears."},
}
_PACE = {
    "cooldown": {**_LENGTH, "description": "How long it keeps still after it fired."},
    "max_per_minute": {"type": "integer", "minimum": 1, "maximum": MOST_PER_MINUTE},
}
_EVENT = {
    "event_type": _NAME,
    "where": {"$ref": "#/$defs/Condition"},
    "field": _NAME,
    "op": {"enum": [*OPERATORS, *ALIASES]},
    "value": True,
    "dedupe_key": {**_NAME, "description": "A template: equal keys fire once in a cooldown."},
    **_PACE,
}
_WINDOW = {
    "source": {"const": "events"},
    "event_type": _NAME,
    "where": {"$ref": "#/$defs/Condition"},
    "field": _NAME,
    "aggregation": {"enum": list(AGGREGATIONS)},
    "window": _LENGTH,
    "group_by": _NAME,
    "min_events": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    **_THRESHOLD,
    **_PACE,
}
_METRIC = {
    "source": {"const": "engine"},
    "field": {"enum": list(METRICS)},
    "api": _API,
    "window": _LENGTH,
    **_THRESHOLD,
    **_PACE,
}
_SCHEDULE = {
    "cron": {**_NAME, "description": "Minute, hour, day, month and weekday: 0 6 * * 1-5."},
    "timezone": {**_NAME, "description": "Europe/Vienna, say; UTC when left out."},
}


def rule_schema() -> dict[str, Any]:
    """Of `rules/*.yaml`."""
    action = {
        "type": {"const": "api_script"},
        "api_id": _API,
        "params": {"type": "object", "description": "What it is called with; templates."},
        "input": True,
    }
    metrics = [_object(_WINDOW, "source", "op", "value"), _object(_METRIC, "field", "op", "value")]
    specs = {
        "event": _object(_EVENT),
        "metric": {"anyOf": metrics},
        "schedule": _object(_SCHEDULE, "cron"),
    }
    return {
        **_whole(
            "Rule",
            "What is watched for, and the API that is called then.",
            {
                "description": {"type": "string", "maxLength": 2000},
                "trigger_type": {"enum": list(specs)},
                "trigger_spec": {"type": "object"},
                "action_spec": _object(action, "api_id"),
                "is_active": {"type": "boolean", "default": True},
            },
            "trigger_type",
            "trigger_spec",
            "action_spec",
        ),
        "allOf": [
            {
                "if": {"properties": {"trigger_type": {"const": name}}},
                "then": {"properties": {"trigger_spec": spec}},
            }
            for name, spec in specs.items()
        ],
        "$defs": {"Condition": _CONDITION},
    }


def alert_schema() -> dict[str, Any]:
    """Of `alerts/*.yaml`."""
    common = {name: _THRESHOLD[name] for name in ("hold", "clear_hold")}
    common |= {"api": _API, "window": _LENGTH}
    line = {name: _THRESHOLD[name] for name in ("op", "value", "clear_value")}
    conditions = {name: {"$ref": "#/$defs/Condition"} for name in ("condition", "clear_condition")}
    webhook = {
        "type": {"const": "webhook"},
        "url": _NAME,
        "headers": {"type": "object"},
        "body": True,
        "allow_hosts": {"type": "array", "items": _NAME},
    }
    return {
        **_whole(
            "Alert",
            "What is watched, and who is told.",
            {
                "description": _TEXT,
                "is_active": {"type": "boolean", "default": True},
                "spec": {
                    "anyOf": [
                        _object(
                            {**common, "field": {"enum": list(FIGURES)}, **line},
                            "field",
                            "op",
                            "value",
                        ),
                        _object({**common, **conditions}, "condition"),
                    ]
                },
                "delivery": {
                    "anyOf": [
                        _object({"type": {"const": "log"}}, "type"),
                        _object(webhook, "type", "url"),
                    ]
                },
            },
            "spec",
        ),
        "$defs": {"Condition": _CONDITION},
    }


def screen_schema() -> dict[str, Any]:
    """Of `screens/*.yaml`."""
    whole = ScreenSpec.model_json_schema()
    return {
        "$schema": _DIALECT,
        **whole,
        "title": "Screen",
        "description": "Inputs at the top, and blocks that show what APIs answer.",
    }


def tool_schema() -> dict[str, Any]:
    """Of `tools/*.yaml`."""
    known = Tool.model_json_schema()["properties"]
    fields = {name: known[name] for name in TOOL_FIELDS if name != "name"}
    fields["description"] = {**fields["description"], "minLength": 1}
    return _whole(
        "Tool",
        "An API as agents see it.",
        {"api": _API, **fields},
        "api",
        "description",
    )


def asset_schema() -> dict[str, Any]:
    """Of `assets/*.yaml`."""
    known = Asset.model_json_schema()["properties"]
    types: tuple[AssetType, ...] = get_args(AssetType)
    contents = {name: content_schema(name) for name in types}
    parts: dict[str, Any] = {}
    for schema in contents.values():
        parts |= schema.pop("$defs", {})
    return {
        **_whole(
            "Asset",
            "A prompt, mapping, policy, query, source or resolver that others refer to.",
            {
                "asset_type": {"enum": list(types)},
                "description": known["description"],
                "tags": known["tags"],
                "content": {"type": "object"},
                "labels": {
                    "type": "array",
                    "items": {"type": "string", "pattern": LABEL_PATTERN},
                    "description": "The labels that point at the version that says this.",
                },
            },
            "asset_type",
            "content",
        ),
        "allOf": [
            {
                "if": {"properties": {"asset_type": {"const": name}}},
                "then": {"properties": {"content": schema}},
            }
            for name, schema in contents.items()
        ],
        "$defs": parts,
    }


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "definition": definition_schema,
    "asset": asset_schema,
    "rule": rule_schema,
    "screen": screen_schema,
    "tool": tool_schema,
    "alert": alert_schema,
}
"""By what they are the schemas of; a definition is the file of an API."""


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _whole(
    title: str, description: str, properties: Mapping[str, Any], *required: str
) -> dict[str, Any]:
    return {
        "$schema": _DIALECT,
        "title": title,
        "description": description,
        **_object(properties, *required),
    }

"""Definitions without what merely repeats a default: what an author wrote, and no more."""

from collections.abc import Mapping
from typing import Any

from engine.model import ParamSpec, RuntimePolicy

POLICY_DEFAULTS: Mapping[str, Any] = RuntimePolicy().model_dump(mode="json")
PARAM_DEFAULTS: Mapping[str, Any] = ParamSpec().model_dump(mode="json")


def without_defaults(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that differ from their defaults, nested ones likewise."""
    terse: dict[str, Any] = {}
    for name, value in values.items():
        default = defaults.get(name)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            if inner := without_defaults(value, default):
                terse[name] = inner
        elif name not in defaults or value != default:
            terse[name] = value
    return terse


def with_defaults(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The entries, completed by the defaults of those that are missing."""
    complete = dict(defaults)
    for name, value in values.items():
        default = defaults.get(name)
        nested = isinstance(value, Mapping) and isinstance(default, Mapping)
        complete[name] = with_defaults(value, default) if nested and default else value
    return complete

"""What a rule watches for, in words."""

from collections.abc import Mapping
from typing import Any

from engine.model.cep import Rule

WORDS = {
    "count": "number",
    "rate": "rate",
    "avg": "average",
    "sum": "sum",
    "min": "least",
    "max": "most",
    "last": "last",
}


def when(rule: Rule) -> str:
    """One line that says when a rule fires."""
    spec = rule.trigger_spec
    if rule.trigger_type == "schedule":
        return f"at {spec.get('cron')} ({spec.get('timezone', 'UTC')})"
    if rule.trigger_type == "event":
        return f"each {spec.get('event_type', 'event')}{_where(spec)}"
    value = f"{spec.get('op')} {spec.get('value')}"
    window = spec.get("window", "5m")
    if spec.get("source") != "events":
        of_api = f" of {spec['api']}" if spec.get("api") else ""
        return f"{spec.get('field')}{of_api} in {window} {value}"
    aggregation = spec.get("aggregation", "count")
    what = WORDS.get(aggregation, aggregation)
    field = f" of {spec['field']}" if spec.get("field") else ""
    group = f" for each {spec['group_by']}" if spec.get("group_by") else ""
    return f"{what}{field} in {window}{group} {value}{_where(spec)}"


def condition(spec: Any) -> str:
    """A condition in words."""
    if isinstance(spec, str):
        return spec
    if not isinstance(spec, Mapping):
        return ""
    for name, joined in (("all", " and "), ("any", " or ")):
        if name in spec:
            return joined.join(map(condition, spec[name]))
    if "not" in spec:
        return f"not ({condition(spec['not'])})"
    if "expression" in spec:
        return str(spec["expression"])
    value = spec.get("value")
    said = "" if value is None else f" {value}"
    return f"{spec.get('field')} {spec.get('op')}{said}"


def _where(spec: Mapping[str, Any]) -> str:
    where = spec.get("where")
    short = {name: spec[name] for name in ("field", "op", "value") if name in spec}
    if where is None and "aggregation" not in spec and spec.get("source") != "events" and short:
        where = short
    return f" with {condition(where)}" if where is not None else ""

"""Reads what a rule calls when it fires, and calls it as the rule's owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from engine.auth import RuleOwners
from engine.call import ExecutionRequest
from engine.cancellation import Cancellation
from engine.errors import DefinitionInvalidError, EngineError
from engine.model import ApiDefinition, Caller, ExecutionResult, Issue
from engine.model.cep import Firing, Rule, TriggerType
from engine.templates import Template, check_template, compile_template

MAX_RESULT_CHARS = 16_384
FIRING_NAMES = ("rule", "group", "value", "count", "at", "event_id", "event_type", "occurred_at")
"""What `{{firing.X}}` may name."""
_KEYS = ("type", "api_id", "params", "input")
Execute = Callable[[ExecutionRequest, Caller], ExecutionResult]
FindApi = Callable[[str, str], ApiDefinition | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A call of an API, with templates in its parameters and its input."""

    api: str
    params: Template
    given: frozenset[str]
    input: Template | None

    def request(self, names: Mapping[str, Any], trace_id: str) -> ExecutionRequest:
        """The call that a firing with these names makes; raises TemplateFailedError."""
        return ExecutionRequest(
            api=self.api,
            params=self.params.render(names),
            input_payload=None if self.input is None else self.input.render(names),
            source="cep",
            trace_id=trace_id,
        )


def compile_action(
    spec: Mapping[str, Any], trigger_type: TriggerType, *, of_events: bool
) -> Action:
    """The action that a rule's fields say.

    Raises:
        DefinitionInvalidError: With an issue for every mistake, each with its path.
    """
    issues = [
        _issue(name, f"no such field here; there are {', '.join(_KEYS)}")
        for name in spec.keys() - set(_KEYS)
    ]
    if spec.get("type", "api_script") != "api_script":
        issues.append(_issue("type", "is api_script: an API is called"))
    api = spec.get("api_id")
    if not isinstance(api, str) or not api:
        issues.append(_issue("api_id", f"names the API that a {trigger_type} rule calls"))
    params = spec.get("params") or {}
    if not isinstance(params, Mapping):
        issues.append(_issue("params", "takes an object of parameters"))
        params = {}
    known: dict[str, tuple[str, ...] | None] = {"firing": FIRING_NAMES}
    if of_events:
        known["event"] = None
    issues += check_template(params, known, "action_spec.params")
    issues += check_template(spec.get("input"), known, "action_spec.input")
    if issues:
        raise DefinitionInvalidError(issues[0].message, issues=tuple(issues))
    return Action(
        api=str(api),
        params=compile_template(params, "action_spec.params"),
        given=frozenset(params),
        input=compile_template(spec["input"], "action_spec.input") if "input" in spec else None,
    )


def reference_issues(action: Action, api: ApiDefinition | None) -> tuple[Issue, ...]:
    """What does not fit between an action and the API that it calls."""
    if api is None:
        return (_issue("api_id", f"there is no API {action.api!r}"),)
    schema = api.param_schema
    unknown = sorted(action.given - schema.keys())
    missing = [
        name
        for name, spec in schema.items()
        if spec.required and spec.default is None and not spec.source and name not in action.given
    ]
    known = ", ".join(schema) or "none"
    return (
        *(
            _issue(f"params.{name}", f"{api.api_name} has no parameter {name!r}; known: {known}")
            for name in unknown
        ),
        *(
            _issue(f"params.{name}", f"{api.api_name} needs the parameter {name!r}")
            for name in missing
        ),
    )


@dataclass(frozen=True, slots=True)
class ActionRunner:
    """Calls the APIs of firings; safe for many threads."""

    execute: Execute
    owners: RuleOwners

    def run(self, rule: Rule, firing: Firing, cancellation: Cancellation) -> Firing:
        """The firing with what came of it; never raises an EngineError."""
        try:
            action = compile_action(rule.action_spec, rule.trigger_type, of_events=True)
            request = replace(
                action.request(firing.names, firing.trace_id), cancellation=cancellation
            )
            caller = self.owners.caller(rule.owner, rule.tenant_id)
        except EngineError as error:
            return ended(firing, status=error.outcome, error=(error.code, error.message))
        return _with_result(firing, self.execute(request, caller))


def ended(firing: Firing, *, status: str, error: tuple[str, str]) -> Firing:
    """The firing, ended without a run."""
    return firing.model_copy(
        update={
            "status": status,
            "finished_at": datetime.now(UTC),
            "error_type": error[0],
            "error_message": error[1],
        }
    )


def _with_result(firing: Firing, result: ExecutionResult) -> Firing:
    error = result.error
    return firing.model_copy(
        update={
            "status": result.status,
            "finished_at": datetime.now(UTC),
            "execution_id": result.execution_id,
            "error_type": error.type if error else None,
            "error_message": error.message if error else None,
            "result": result.data_json[:MAX_RESULT_CHARS].decode(errors="replace"),
        }
    )


def _issue(name: str, message: str) -> Issue:
    path = f"action_spec.{name}"
    return Issue(code="rule_invalid", message=f"{path}: {message}", path=path)

"""Rules as people manage them: made, changed, switched, tried on what happened before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args
from uuid import UUID, uuid4

from engine.auth import authorize
from engine.cep.actions import Action, FindApi, compile_action, reference_issues
from engine.cep.backtest import Backtest, Backtester, Period
from engine.cep.intake import Intake
from engine.cep.triggers import (
    EventTrigger,
    MetricTrigger,
    ScheduleTrigger,
    Trigger,
    WindowTrigger,
    compile_trigger,
)
from engine.errors import ConflictError, DefinitionInvalidError
from engine.model import ApiDefinition, Caller, Issue, Page
from engine.model.cep import (
    Firing,
    FiringQuery,
    Rule,
    RuleOwner,
    RuleQuery,
    TriggerType,
)
from engine.ports import AuditEntry
from engine.ports.cep import EventStore, FiringStore, RuleStore

RULE_FIELDS = (
    "rule_name",
    "description",
    "trigger_type",
    "trigger_spec",
    "action_spec",
    "is_active",
)
_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,98}[a-z0-9])?")
TRIGGER_TYPES: tuple[TriggerType, ...] = get_args(TriggerType)
_OPTIONAL: Mapping[str, Any] = {"description": "", "is_active": True}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """What a rule's fields say."""

    trigger: Trigger
    action: Action


def compile_rule(fields: Mapping[str, Any]) -> CompiledRule:
    """Read the authored fields of a rule.

    Raises:
        DefinitionInvalidError: With every issue, each with its path.
    """
    issues = list(_field_issues(fields))
    trigger_type = next((t for t in TRIGGER_TYPES if t == fields.get("trigger_type")), None)
    trigger, action = None, None
    if trigger_type is not None:
        try:
            trigger = compile_trigger(trigger_type, _object(fields.get("trigger_spec")))
        except DefinitionInvalidError as error:
            issues += error.issues
        of_events = trigger is None or isinstance(trigger, EventTrigger | WindowTrigger)
        try:
            action = compile_action(
                _object(fields.get("action_spec")), trigger_type, of_events=of_events
            )
        except DefinitionInvalidError as error:
            issues += error.issues
    if issues or trigger is None or action is None:
        raise DefinitionInvalidError(issues[0].message, issues=tuple(issues))
    return CompiledRule(trigger, action)


def named_issues(
    rule: CompiledRule, find_api: Callable[[str], ApiDefinition | None]
) -> tuple[Issue, ...]:
    """What does not fit between a rule and the APIs that it names."""
    issues = reference_issues(rule.action, find_api(rule.action.api))
    watched = rule.trigger.api if isinstance(rule.trigger, MetricTrigger) else None
    if watched is not None and find_api(watched) is None:
        issues = (*issues, _issue("trigger_spec.api", f"there is no API {watched!r}"))
    return issues


class Rules:
    """The rules of the caller's tenant; thread-safe.

    Attributes:
        events: Where what happens elsewhere is posted.
    """

    def __init__(
        self,
        *,
        store: RuleStore,
        firings: FiringStore,
        event_store: EventStore,
        events: Intake,
        find_api: FindApi,
        backtester: Backtester,
        nudge: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.events = events
        self._store = store
        self._firings = firings
        self._event_store = event_store
        self._find_api = find_api
        self._backtester = backtester
        self._nudge = nudge
        self._clock = clock

    def get(self, ref: str, caller: Caller) -> Rule:
        """A rule by id or name; raises NotFoundError."""
        authorize(caller, "rules:read")
        return self._store.get(caller.tenant_id, ref)

    def search(self, query: RuleQuery, caller: Caller) -> Page[Rule]:
        """Rules that match, by name."""
        authorize(caller, "rules:read")
        return self._store.search(caller.tenant_id, query)

    def check(self, fields: Mapping[str, Any], caller: Caller) -> CompiledRule:
        """Read a rule that is not saved; raises DefinitionInvalidError with every issue."""
        authorize(caller, "rules:write")
        return self._checked(fields, caller)

    def create(self, fields: Mapping[str, Any], caller: Caller) -> Rule:
        """Save a new rule, which acts from now on in the caller's name if it is switched on.

        Raises:
            DefinitionInvalidError: With every issue; nothing was saved.
            PermissionDeniedError: The caller may not run the API that it calls.
            ConflictError: The name is taken.
        """
        rule = self.planned(fields, caller)
        saved = self._store.create(rule, self._entry("rule.create", rule, caller))
        self._nudge()
        return saved

    def planned(
        self,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        before: Rule | None = None,
        find_api: FindApi | None = None,
    ) -> Rule:
        """The rule that saving these fields would make, in the caller's name; nothing is saved.

        Args:
            fields: Those of an author, all of them.
            caller: Who saves it.
            before: The rule that it replaces, if any.
            find_api: Where the APIs are found that it names, when not among those that are there.

        Raises:
            DefinitionInvalidError, PermissionDeniedError: As `create`.
        """
        authorize(caller, "rules:write")
        complete = {**_OPTIONAL, **fields}
        self._checked(complete, caller, find_api)
        if before is not None:
            return self._changed(before, complete, caller)
        now = self._clock()
        return Rule(
            id=uuid4(),
            tenant_id=caller.tenant_id,
            version=1,
            owner=_owner(caller),
            created_by=caller.subject,
            created_at=now,
            updated_at=now,
            from_seq=self._event_store.newest(caller.tenant_id),
            **complete,
        )

    def update(
        self,
        ref: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        expected_version: int | None = None,
    ) -> Rule:
        """Change the fields given; from now on the rule acts in the caller's name.

        Raises:
            DefinitionInvalidError, PermissionDeniedError, ConflictError: As `create`, or somebody
                else changed it meanwhile.
            NotFoundError: There is no such rule.
        """
        authorize(caller, "rules:write")
        rule = self._store.get(caller.tenant_id, ref)
        _refuse_lost_update(rule, expected_version)
        complete = {**authored(rule), **fields}
        self._checked(complete, caller)
        return self._save(rule, complete, caller, "rule.update")

    def set_active(self, ref: str, caller: Caller, *, active: bool | None) -> Rule:
        """Switch a rule on, in the caller's name, or off; with None the other way than it is.

        Raises:
            DefinitionInvalidError, PermissionDeniedError: It cannot be switched on as it is.
        """
        authorize(caller, "rules:write")
        rule = self._store.get(caller.tenant_id, ref)
        active = not rule.is_active if active is None else active
        if active:
            self._checked(authored(rule), caller)
        action = "rule.activate" if active else "rule.deactivate"
        return self._save(rule, {**authored(rule), "is_active": active}, caller, action)

    def delete(self, ref: str, caller: Caller, *, expected_version: int | None = None) -> None:
        """Delete a rule; what it fired stays in the log."""
        authorize(caller, "rules:write")
        rule = self._store.get(caller.tenant_id, ref)
        _refuse_lost_update(rule, expected_version)
        self._store.delete(rule, self._entry("rule.delete", rule, caller))
        self._nudge()

    def backtest(
        self, fields: Mapping[str, Any], caller: Caller, *, since: datetime, until: datetime
    ) -> Backtest:
        """When a rule would have fired in a period of the past; nothing is called.

        Raises:
            DefinitionInvalidError: With every issue of the rule.
            BadRequestError: The period cannot be looked at.
        """
        authorize(caller, "rules:write")
        compiled = self._checked({"rule_name": "unsaved", **_OPTIONAL, **fields}, caller)
        period = Period.of(since, until, self._clock())
        return self._backtester.run(compiled.trigger, period, caller)

    def backtest_saved(
        self, ref: str, caller: Caller, *, since: datetime, until: datetime
    ) -> Backtest:
        """As `backtest`, of a rule by id or name; raises NotFoundError."""
        authorize(caller, "rules:write")
        fields = authored(self._store.get(caller.tenant_id, ref))
        return self.backtest(fields, caller, since=since, until=until)

    def log(self, query: FiringQuery, caller: Caller) -> Page[Firing]:
        """What rules fired, newest first, without the APIs' results."""
        authorize(caller, "rules:read")
        return self._firings.search(caller.tenant_id, query)

    def firing(self, firing_id: UUID, caller: Caller) -> Firing:
        """One firing with its result; raises NotFoundError."""
        authorize(caller, "rules:read")
        return self._firings.get(caller.tenant_id, firing_id)

    def next_times(self, rule: Rule, count: int = 3) -> tuple[datetime, ...]:
        """When a schedule fires next; empty for other rules."""
        trigger = compile_trigger(rule.trigger_type, rule.trigger_spec)
        if not isinstance(trigger, ScheduleTrigger):
            return ()
        times, moment = [], self._clock()
        for _ in range(count):
            moment = trigger.next_after(moment)
            times.append(moment)
        return tuple(times)

    def _save(self, rule: Rule, fields: Mapping[str, Any], caller: Caller, action: str) -> Rule:
        changed = self._changed(rule, fields, caller)
        entry = self._entry(action, changed, caller)
        saved = self._store.change(changed, expected_version=rule.version, audit=entry)
        self._nudge()
        return saved

    def _changed(self, rule: Rule, fields: Mapping[str, Any], caller: Caller) -> Rule:
        return rule.model_copy(
            update={
                **fields,
                "owner": _owner(caller),
                "updated_at": self._clock(),
                "from_seq": self._start(rule, caller),
            }
        )

    def _start(self, rule: Rule, caller: Caller) -> int:
        """From which event on a changed rule looks: one that is on misses none by the change."""
        return rule.from_seq if rule.is_active else self._event_store.newest(caller.tenant_id)

    def _checked(
        self, fields: Mapping[str, Any], caller: Caller, find_api: FindApi | None = None
    ) -> CompiledRule:
        find = partial(find_api or self._find_api, caller.tenant_id)
        compiled = compile_rule(fields)
        api = find(compiled.action.api)
        if api is not None:
            authorize(caller, "execute:run", api)
        if isinstance(compiled.trigger, MetricTrigger) and compiled.trigger.api is not None:
            authorize(caller, "logs:read")
        issues = named_issues(compiled, find)
        if issues:
            raise DefinitionInvalidError(issues[0].message, issues=issues)
        return compiled

    def _entry(self, action: str, rule: Rule, caller: Caller) -> AuditEntry:
        return AuditEntry(
            tenant_id=caller.tenant_id,
            actor=caller.subject,
            action=action,
            target=rule.rule_name,
            at=self._clock(),
            detail={"rule_id": str(rule.id), "version": rule.version},
        )


def authored(rule: Rule) -> dict[str, Any]:
    """The fields that an author writes."""
    return {name: getattr(rule, name) for name in RULE_FIELDS}


def _owner(caller: Caller) -> RuleOwner:
    claims = dict(caller.claims) if caller.kind == "user" else {}
    return RuleOwner(subject=caller.subject, kind=caller.kind, claims=claims)


def _field_issues(fields: Mapping[str, Any]) -> list[Issue]:
    issues = [
        _issue(name, f"no such field here; there are {', '.join(RULE_FIELDS)}")
        for name in sorted(fields.keys() - set(RULE_FIELDS))
    ]
    name = fields.get("rule_name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        issues.append(
            _issue("rule_name", "takes 1 to 100 small letters, digits, - and _, like late-arrivals")
        )
    if fields.get("trigger_type") not in TRIGGER_TYPES:
        issues.append(_issue("trigger_type", f"is one of {', '.join(TRIGGER_TYPES)}"))
    for name in ("trigger_spec", "action_spec"):
        if not isinstance(fields.get(name), Mapping):
            issues.append(_issue(name, "takes an object"))
    description = fields.get("description", "")
    if not isinstance(description, str) or len(description) > 2000:
        issues.append(_issue("description", "takes a text of at most 2000 characters"))
    if not isinstance(fields.get("is_active", True), bool):
        issues.append(_issue("is_active", "is true or false"))
    return issues


def _issue(path: str, message: str) -> Issue:
    return Issue(code="rule_invalid", message=f"{path}: {message}", path=path)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _refuse_lost_update(rule: Rule, expected: int | None) -> None:
    if expected is not None and expected != rule.version:
        raise ConflictError(
            f"the rule {rule.rule_name!r} is at version {rule.version}, not {expected}: "
            "somebody changed it meanwhile",
            details={"version": rule.version, "expected_version": expected},
            hint="Read it again, look at the difference and repeat the change.",
        )

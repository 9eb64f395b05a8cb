"""Tells which rules use an API."""

from collections.abc import Sequence

from engine.lineage import Use
from engine.model.cep import Rule
from engine.ports.cep import RuleStore


class RuleUsers:
    """The rules that call an API, or watch its metrics."""

    def __init__(self, store: RuleStore) -> None:
        self._store = store

    def users_of(self, tenant_id: str, refs: tuple[str, str]) -> Sequence[Use]:
        """The rules that name one of these, by name."""
        uses = ((rule, _parts(rule, refs)) for rule in self._store.all(tenant_id))
        return [
            Use(kind="rule", name=rule.rule_name, parts=parts, is_active=rule.is_active)
            for rule, parts in uses
            if parts
        ]


def _parts(rule: Rule, refs: tuple[str, str]) -> tuple[str, ...]:
    named = {"action": rule.action_spec.get("api_id"), "metric": rule.trigger_spec.get("api")}
    return tuple(part for part, name in named.items() if name and name in refs)

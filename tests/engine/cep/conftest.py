"""An engine that looks at events only when a test says so, at the time that it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from engine.facade import Engine
from engine.model import Caller
from engine.model.cep import Firing, FiringQuery, Rule, RuleQuery
from engine.settings import Settings


@pytest.fixture(scope="session")
def rule_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("rules")
    settings = Settings.load(data_dir=folder, log_level="ERROR", run_rules=False)
    with Engine.open(settings) as engine:
        yield engine


@dataclass
class Tenant:
    """One tenant of a test's own, with an API that answers what it is asked for."""

    engine: Engine
    caller: Caller

    def rule(self, trigger_type: str, trigger: dict[str, Any], **fields: Any) -> Rule:
        spec = {
            "rule_name": f"r-{uuid4().hex[:8]}",
            "trigger_type": trigger_type,
            "trigger_spec": trigger,
            "action_spec": {"api_id": "echo", "params": {"said": "{{firing.rule}}"}},
        }
        return self.engine.rules.create({**spec, **fields}, self.caller)

    def post(self, *events: dict[str, Any]) -> None:
        self.engine.rules.events.post(events, self.caller)

    def look(self) -> None:
        self.engine.rule_runner.run_once()
        self.engine.rule_runner.wait_for_actions(20)

    def fired(self, rule: Rule) -> list[Firing]:
        page = self.engine.rules.log(FiringQuery(rule_id=rule.id), self.caller)
        return sorted(page.items, key=lambda each: each.fired_at)


@pytest.fixture
def tenant(rule_engine: Engine) -> Iterator[Tenant]:
    caller = Caller(
        subject="ops", kind="system", tenant_id=f"t{uuid4().hex[:8]}", roles=frozenset({"admin"})
    )
    rule_engine.apis.create(
        {
            "api_name": "echo",
            "logic_type": "sql",
            "logic_body": "SELECT :said AS said",
            "connection": "sample",
            "param_schema": {"said": {"type": "text", "required": True}},
        },
        caller,
    )
    made = Tenant(rule_engine, caller)
    yield made
    for rule in rule_engine.rules.search(RuleQuery(limit=500), caller).items:
        rule_engine.rules.delete(str(rule.id), caller)

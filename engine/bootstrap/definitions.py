"""Definitions as files, joined with everything that has files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.alerting import Alerts
from engine.bootstrap.stores import Stores
from engine.cep.rules import Rules
from engine.compilation import Compiler
from engine.contract import ContractGuard
from engine.definition_gate import ReplayGate
from engine.definition_sync import DefinitionSync
from engine.errors import NotFoundError
from engine.file_kinds import AlertKind, FindApi, Kept, RuleKind, ScreenKind, ToolKind
from engine.model import ApiDefinition, Caller
from engine.model.alerting import Alert
from engine.model.cep import Rule
from engine.model.screen import Screen
from engine.model.tool import Tool
from engine.named_files import NamedFile
from engine.publish_gate import PublishGate
from engine.screens.service import Screens
from engine.tools import Tools
from storage.alerts import SqlAlertStore
from storage.cep_rules import SqlRuleStore
from storage.screens import SqlScreenStore
from storage.tools import SqlToolStore


def open_definitions(
    stores: Stores,
    *,
    rules: Rules,
    screens: Screens,
    tools: Tools,
    alerts: Alerts,
    connection: Callable[[str, str], object],
    compiler: Compiler,
    contracts: ContractGuard,
    gate: PublishGate,
    forget: Callable[[ApiDefinition], object],
) -> DefinitionSync:
    return DefinitionSync(
        store=stores.definitions,
        cases=stores.cases,
        assets=stores.assets,
        kinds=(
            _rules(stores, rules),
            _screens(stores, screens),
            _tools(stores, tools),
            _alerts(stores, alerts),
        ),
        connection=connection,
        compiler=compiler,
        contracts=contracts,
        gate=ReplayGate(gate),
        forget=forget,
    )


def _rules(stores: Stores, rules: Rules) -> Kept[Rule]:
    kind = RuleKind()

    def planned(file: NamedFile, before: Rule | None, caller: Caller, find: FindApi) -> Rule:
        fields = kind.fields(file)
        return rules.planned(fields, caller, before=before, find_api=lambda _, ref: find(ref))

    return Kept(
        kind=kind,
        all=SqlRuleStore(stores.database).all,
        planned=planned,
        read="rules:read",
        write="rules:write",
        audit={"create": "rule.create", "update": "rule.update", "delete": "rule.delete"},
    )


def _screens(stores: Stores, screens: Screens) -> Kept[Screen]:
    def planned(file: NamedFile, before: Screen | None, caller: Caller, find: FindApi) -> Screen:
        return screens.planned(
            file.name, file.said, caller, before=before, find_api=lambda _, ref: find(ref)
        )

    return Kept(
        kind=ScreenKind(),
        all=SqlScreenStore(stores.database).all,
        planned=planned,
        read="screens:read",
        write="screens:write",
        audit={"create": "screen.create", "update": "screen.publish", "delete": "screen.delete"},
    )


def _tools(stores: Stores, tools: Tools) -> Kept[Tool]:
    kind = ToolKind()

    def planned(file: NamedFile, before: Tool | None, caller: Caller, find: FindApi) -> Tool:
        return tools.planned(file.said["api"], kind.fields(file), caller, find, before=before)

    return Kept(
        kind=kind,
        all=SqlToolStore(stores.database).all,
        planned=planned,
        read="tools:read",
        write="tools:write",
        audit={"create": "tool.export", "update": "tool.update", "delete": "tool.delete"},
    )


def _alerts(stores: Stores, alerts: Alerts) -> Kept[Alert]:
    kind = AlertKind()

    def planned(file: NamedFile, before: Alert | None, caller: Caller, find: FindApi) -> Alert:
        def api_exists(ref: str, _: Caller) -> Any:
            if find(ref) is None:
                raise NotFoundError(f"there is no API {ref!r}")

        return alerts.planned(kind.fields(file), caller, before=before, api_exists=api_exists)

    return Kept(
        kind=kind,
        all=SqlAlertStore(stores.database).list,
        planned=planned,
        read="alerts:read",
        write="alerts:write",
        audit={"create": "alert.create", "update": "alert.update", "delete": "alert.delete"},
    )

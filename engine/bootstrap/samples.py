"""The sample data and the definitions that read it, loaded at the first start."""

from __future__ import annotations

from engine.alerting import Alerts
from engine.api_manager import ApiManager
from engine.asset_registry import AssetRegistry
from engine.asset_samples import register_assets
from engine.bootstrap.targets import sample_file
from engine.cep.rules import Rules
from engine.definitions import read_folder
from engine.ports import CaseStore, SettingStore
from engine.samples import register_samples
from engine.screens.service import Screens
from engine.settings import Settings
from engine.side_samples import (
    register_alerts,
    register_rules,
    register_screens,
    register_tools,
)
from engine.tools import Tools
from sample_data.build import build_duckdb
from sample_data.source import ALERTS, ASSETS, DEFINITIONS, RULES, SCREENS, TOOLS


def load_samples(
    settings: Settings, apis: ApiManager, cases: CaseStore, store: SettingStore
) -> None:
    build_duckdb(sample_file(settings))
    rest_host = f"127.0.0.1:{settings.port}"
    variables = {"rest_host": rest_host, "rest_url": f"http://{rest_host}/api"}
    register_samples(read_folder(DEFINITIONS, variables), apis, cases, store)


def load_side_samples(
    rules: Rules, screens: Screens, tools: Tools, alerts: Alerts, store: SettingStore
) -> None:
    register_rules(RULES, rules, store)
    register_screens(SCREENS, screens, store)
    register_tools(TOOLS, tools, store)
    register_alerts(ALERTS, alerts, store)


def load_assets(assets: AssetRegistry, store: SettingStore) -> None:
    register_assets(ASSETS, assets, store)

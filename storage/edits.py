"""Makes changes of rules, screens, tools and alerts in a transaction that others are part of."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.model.alerting import Alert
from engine.model.cep import Rule
from engine.model.screen import Screen
from engine.model.tool import Tool
from engine.ports.definitions import Edit
from storage.alerts import edit_alert
from storage.cep_rules import edit_rule
from storage.database import TenantRows
from storage.screens import edit_screen
from storage.tools import edit_tool

_MAKERS: Mapping[type, Callable[[TenantRows, Any, Any], None]] = {
    Rule: edit_rule,
    Screen: edit_screen,
    Tool: edit_tool,
    Alert: edit_alert,
}


def make_edit(rows: TenantRows, edit: Edit) -> None:
    """Insert, replace or remove what the edit is about.

    Raises:
        ConflictError, NotFoundError: Somebody else changed or deleted it meanwhile.
    """
    _MAKERS[type(edit.after or edit.before)](rows, edit.before, edit.after)

"""The table of APIs: one row each, with how it fared in the last 24 hours."""

from collections.abc import Container, Iterable, Mapping
from uuid import UUID

import pandas as pd

from engine.model import ApiDefinition, LogicType
from engine.ports import ApiUsage

LOGIC_TYPES: tuple[LogicType, ...] = ("sql", "http", "script", "workflow")
EDITED = "edited"
"""Live, with unpublished work on it."""

STATES = ("published", "draft", "off", EDITED)
COLUMNS = (
    "Name",
    "Actions",
    "Type",
    "Status",
    "Calls",
    "Success",
    "p95",
    "24 h",
    "Description",
    "Tags",
    "Updated",
)
OPEN, RUN, EDIT, VERSIONS = "Open", "Run", "Edit", "Versions"
CLONE, DISABLE, ENABLE, DELETE = "Clone", "Disable", "Enable", "Delete"
ICONS = {
    OPEN: "open_in_full",
    RUN: "play_arrow",
    EDIT: "edit",
    VERSIONS: "history",
    CLONE: "content_copy",
    DISABLE: "toggle_off",
    ENABLE: "toggle_on",
    DELETE: "delete",
}


def api_frame(
    apis: Iterable[ApiDefinition], usage: Iterable[ApiUsage], drafted: Container[UUID]
) -> pd.DataFrame:
    """The rows of the table, in the order given; `drafted` are the APIs with unpublished work."""
    by_id = {each.api_id: each for each in usage}
    rows = [_row(api, by_id, has_draft=api.id in drafted) for api in apis]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def state_of(api: ApiDefinition) -> str:
    """Whether callers can use an API: published, a draft that never was, or switched off."""
    if api.version == 0:
        return "draft"
    return "published" if api.is_active else "off"


def menu_of(api: ApiDefinition) -> list[str]:
    """What can be done with an API, as labels with icons."""
    switch = DISABLE if api.is_active else ENABLE
    return [_labelled(name) for name in (OPEN, RUN, EDIT, VERSIONS, CLONE, switch, DELETE)]


def action_of(label: str) -> str:
    """The action behind a menu label; Streamlit gives the whole label back, icon included."""
    return next(name for name in ICONS if label == _labelled(name))


def _row(
    api: ApiDefinition, usage: Mapping[UUID, ApiUsage], *, has_draft: bool
) -> tuple[object, ...]:
    used = usage.get(api.id)
    rate = used.success_rate if used else None
    return (
        api.api_name,
        menu_of(api),
        [api.logic_type],
        [state_of(api), EDITED] if has_draft and api.version else [state_of(api)],
        used.calls if used else 0,
        None if rate is None else 100 * rate,
        used.p95_ms if used else None,
        list(used.series) if used else [],
        api.description,
        list(api.tags),
        api.updated_at,
    )


def _labelled(action: str) -> str:
    return f":material/{ICONS[action]}: {action}"

"""Which colour says what: status colours are for status alone."""

from collections.abc import Mapping
from typing import Literal

Color = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "primary"]

STATUS_COLORS: Mapping[str, Color] = {
    "success": "green",
    "fail": "red",
    "timeout": "orange",
    "rejected": "violet",
}
VERDICT_COLORS: Mapping[str, Color] = {
    "ok": "green",
    "hit": "green",
    "miss": "gray",
    "skipped": "gray",
    "stale": "orange",
    "waited": "orange",
    "refused": "violet",
    "failed": "red",
}
STATE_COLORS: Mapping[str, Color] = {
    "published": "green",
    "draft": "gray",
    "off": "red",
    "edited": "orange",
}
TYPE_COLORS: Mapping[str, Color] = {
    "sql": "blue",
    "http": "violet",
    "script": "orange",
    "workflow": "green",
}
JOB_COLORS: Mapping[str, Color] = {
    **STATUS_COLORS,
    "queued": "gray",
    "running": "blue",
    "cancelled": "violet",
}
STEP_COLORS: Mapping[str, Color] = {
    "success": "green",
    "failed": "red",
    "handled": "orange",
    "skipped": "gray",
}

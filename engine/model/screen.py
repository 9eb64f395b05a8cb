"""Screens: inputs at the top, and blocks that show what APIs answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from engine.model.access import Role
from engine.model.listing import WorkOrder

InputType = Literal["choice", "text", "number", "date", "toggle"]
BlockType = Literal["text", "metric", "table", "chart"]
ChartType = Literal["line", "area", "bar", "scatter", "heatmap", "pie"]
COLUMNS = 12


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choices(_Frozen):
    """An API whose rows are offered: `value` and `label` name columns."""

    api_id: str
    value: str
    label: str | None = None


class ScreenInput(_Frozen):
    """A control at the top of a screen; its value is `{{inputs.NAME}}` and part of the link."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    type: InputType = "text"
    label: str = Field(default="", max_length=80)
    default: Any = None
    options: tuple[str | int | float, ...] = Field(default=(), max_length=500)
    choices: Choices | None = None


class Block(_Frozen):
    """One part of a screen; `width` counts in twelfths of it.

    Attributes:
        api_id: The API that is asked, with `params`; a text may do without.
        rows: A JMESPath expression that finds the rows in its answer.
        value, delta, trend: Of a metric: JMESPath expressions over the rows, giving the number,
            what to compare it with, and a list for its sparkline.
        unit: Written behind a metric's number.
        good: Whether more is good, for the colour of the change.
        chart, x, y, color: What a chart draws.
        columns: Of a table: which columns, in which order, under which headings.
        bars: Columns of a table that are drawn as bars.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    type: BlockType
    title: str = Field(default="", max_length=200)
    width: int = Field(default=COLUMNS, ge=2, le=COLUMNS)
    height: int | None = Field(default=None, ge=80, le=1200)
    api_id: str | None = None
    params: Mapping[str, Any] = Field(default_factory=dict)
    rows: str | None = None
    text: str = Field(default="", max_length=10_000)
    value: str | None = None
    delta: str | None = None
    trend: str | None = None
    unit: str = Field(default="", max_length=20)
    decimals: int = Field(default=0, ge=0, le=6)
    good: Literal["more", "less", "neither"] = "more"
    chart: ChartType = "line"
    x: str | None = None
    y: tuple[str, ...] = ()
    color: str | None = None
    columns: Mapping[str, str] = Field(default_factory=dict)
    bars: tuple[str, ...] = ()


class ScreenSpec(_Frozen):
    """What an author writes of a screen.

    Attributes:
        role: The least role that may look at it.
        refresh_seconds: How often it loads anew by itself; 0 for never.
    """

    title: str = Field(min_length=1, max_length=120)
    description: str = Field(default="", max_length=1000)
    role: Role = "viewer"
    refresh_seconds: int = Field(default=0, ge=0, le=86_400)
    inputs: tuple[ScreenInput, ...] = Field(default=(), max_length=12)
    blocks: tuple[Block, ...] = Field(default=(), max_length=40)


class Screen(_Frozen):
    """A screen as it is shown, and the draft that may replace it."""

    id: UUID
    tenant_id: str
    screen_id: str
    version: int
    spec: ScreenSpec
    draft: ScreenSpec | None = None
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


class ScreenQuery(_Frozen):
    """Filters and paging of screens, by title."""

    q: str = ""
    sort: WorkOrder = "name"
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0)

"""Alerts: what is watched, where each stands, and what it told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

AlertPhase = Literal["quiet", "pending", "firing"]
AlertChange = Literal["fired", "cleared", "tried"]
DeliveryStatus = Literal["logged", "waiting", "delivered", "failed"]


class Alert(BaseModel):
    """A threshold on figures, who is told, and where it stands.

    Attributes:
        spec: What is watched, as `docs/alerts.md` says.
        delivery: Who is told: `{"type": "log"}`, or a webhook.
        phase: `pending` is past the threshold, but not yet for the hold time.
        since: Since when; while firing, since when the figure has been back, if it is.
        value: The figure when it was last looked at; None for a compound condition.
        revision: Counts the looks that changed something; whoever comes second has looked in vain.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    tenant_id: str
    alert_name: str
    description: str = ""
    is_active: bool = True
    spec: Mapping[str, Any]
    delivery: Mapping[str, Any] = Field(default_factory=lambda: {"type": "log"})
    phase: AlertPhase = "quiet"
    since: datetime | None = None
    value: float | None = None
    checked_at: datetime | None = None
    revision: int = 0
    created_by: str
    created_at: datetime
    updated_at: datetime


class AlertEvent(BaseModel):
    """One thing that an alert told, once.

    Attributes:
        payload: What was told, in full.
        attempts: How often the webhook was called for it.
        next_at: When it is called again, while it waits.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    tenant_id: str
    alert_id: UUID
    alert_name: str
    change: AlertChange
    at: datetime
    value: float | None
    message: str
    status: DeliveryStatus
    attempts: int = 0
    next_at: datetime | None = None
    error: str | None = None
    payload: Mapping[str, Any] = Field(default_factory=dict)

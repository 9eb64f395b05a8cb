"""The bodies and answers of the endpoints about alerts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from engine.model.alerting import AlertChange, AlertPhase, DeliveryStatus


class AlertFields(BaseModel):
    """The fields of an alert that an author writes.

    OpenAPI describes them; the engine judges them, which finds every mistake at once.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    alert_name: SkipValidation[str] = Field(default="", examples=["slow-delays"])
    description: SkipValidation[str] = ""
    is_active: SkipValidation[bool] = True
    spec: SkipValidation[Mapping[str, Any]] = Field(
        default_factory=dict,
        examples=[{"field": "p95_ms", "op": ">", "value": 500, "window": "5m", "hold": "2m"}],
    )
    delivery: SkipValidation[Mapping[str, Any]] = Field(
        default_factory=lambda: {"type": "log"},
        examples=[{"type": "webhook", "url": "https://hooks.example/{{secrets.hook}}"}],
    )

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as they were sent."""
        kept = self.model_fields_set | set(self.model_extra or {})
        return {name: getattr(self, name) for name in kept}


class AlertView(BaseModel):
    """An alert and where it stands."""

    id: UUID
    alert_name: str
    description: str
    is_active: bool
    spec: dict[str, Any]
    delivery: dict[str, Any]
    phase: AlertPhase
    since: datetime | None
    value: float | None
    checked_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime


class AlertEventView(BaseModel):
    """One thing that an alert told, and whether it arrived."""

    id: UUID
    alert_id: UUID
    alert_name: str
    change: AlertChange
    at: datetime
    value: float | None
    message: str
    status: DeliveryStatus
    attempts: int
    next_at: datetime | None
    error: str | None
    payload: dict[str, Any]

"""The bodies and answers of the endpoints about rules and events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SkipValidation

from engine.cep.backtest import Backtest
from engine.model.cep import FiringStatus, Rule, TriggerType


class RuleFields(BaseModel):
    """The fields of a rule that an author writes.

    OpenAPI describes them; the engine judges them, which finds every mistake at once.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    rule_name: SkipValidation[str] = Field(default="", examples=["late-arrivals"])
    description: SkipValidation[str] = ""
    trigger_type: SkipValidation[TriggerType] = "event"
    trigger_spec: SkipValidation[Mapping[str, Any]] = Field(
        default_factory=dict,
        examples=[{"event_type": "flight.landed", "field": "arr_delay", "op": ">", "value": 60}],
    )
    action_spec: SkipValidation[Mapping[str, Any]] = Field(
        default_factory=dict,
        examples=[{"api_id": "delays-by-carrier", "params": {"origin": "{{event.origin}}"}}],
    )
    is_active: SkipValidation[bool] = True

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as they were sent."""
        kept = self.model_fields_set | set(self.model_extra or {})
        return {name: getattr(self, name) for name in kept if name not in ("since", "until")}


class BacktestPeriod(BaseModel):
    """The stretch of the past to look at; the last 24 hours when nothing is sent."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class UnsavedBacktest(RuleFields, BacktestPeriod):
    """A rule that is not saved, and the period to try it on."""


class RuleView(BaseModel):
    """A rule as it is; `owner` is in whose name it acts."""

    id: UUID
    rule_name: str
    description: str
    trigger_type: TriggerType
    trigger_spec: dict[str, Any]
    action_spec: dict[str, Any]
    is_active: bool
    version: int
    owner: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    next_times: list[datetime] = Field(description="When a schedule fires next.")
    matched: int = Field(description="Events that the rule was about since it was changed.")
    held_back: int = Field(description="Firings that cooldown or rate prevented.")
    unreadable: int = Field(description="Events whose types did not fit the rule.")
    unreadable_why: str

    @classmethod
    def of(cls, rule: Rule, next_times: tuple[datetime, ...]) -> "RuleView":
        """What is told of a rule."""
        counts = ("matched", "held_back", "unreadable")
        return cls(
            **rule.model_dump(exclude={"owner", "state", "from_seq", "tenant_id"}),
            owner=rule.owner.subject,
            next_times=list(next_times),
            unreadable_why=rule.state.get("unreadable_why", ""),
            **{name: rule.state.get(name, 0) for name in counts},
        )


class RuleToggleBody(BaseModel):
    """The state wanted; without one the rule is switched over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_active: bool | None = None


class FiringView(BaseModel):
    """One firing and what its action came to."""

    id: UUID
    rule_id: UUID
    rule_name: str
    rule_version: int
    group: str
    value: float | None
    event_id: str | None
    trace_id: str
    status: FiringStatus
    fired_at: datetime
    finished_at: datetime | None
    execution_id: UUID | None
    error_type: str | None
    error_message: str | None
    names: dict[str, Any]
    result: str | None = Field(description="The head of the API's answer; not in lists.")


class EventView(BaseModel):
    """A recorded event."""

    event_id: str
    event_type: str
    occurred_at: datetime
    received_at: datetime
    trace_id: str
    data: dict[str, Any]


class TakenView(BaseModel):
    """How many events were recorded now, and how many were known by their ids."""

    accepted: int
    duplicates: int


class OccurrenceView(BaseModel):
    """When a rule would have fired or cleared."""

    change: Literal["fired", "cleared"]
    at: datetime
    group: str
    value: float | None
    event_id: str | None
    data: dict[str, Any] | None


class WatchedPoint(BaseModel):
    """What a rule watched, at a time."""

    at: datetime
    group: str
    value: float | None


class BacktestView(BaseModel):
    """When a rule would have fired; nothing was called."""

    fired: int
    occurrences: list[OccurrenceView]
    series: list[WatchedPoint]
    step_s: float | None
    events: int
    matched: int
    held_back: int
    unreadable: int
    unreadable_why: str

    @classmethod
    def of(cls, found: Backtest) -> "BacktestView":
        """What is told of a backtest."""
        return cls(
            fired=found.fired,
            occurrences=[
                OccurrenceView(
                    change=each.change,
                    at=each.at,
                    group=each.group,
                    value=each.value,
                    event_id=each.event.event_id if each.event else None,
                    data=dict(each.event.data) if each.event else None,
                )
                for each in found.occurrences
            ],
            series=[WatchedPoint(at=p.at, group=p.group, value=p.value) for p in found.series],
            step_s=found.step_s,
            events=found.events,
            matched=found.matched,
            held_back=found.held_back,
            unreadable=found.unreadable,
            unreadable_why=found.unreadable_why,
        )

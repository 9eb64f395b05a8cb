"""Rules over events: what is watched for, what it sets off, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from engine.model.execution import ExecutionStatus
from engine.model.listing import WorkOrder

TriggerType = Literal["metric", "event", "schedule"]
FiringStatus = Literal["pending", "running", ExecutionStatus, "cleared"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleOwner(_Frozen):
    """In whose name a rule acts: who saved it last, or switched it on.

    The claims are those of a token; what they are worth is decided when the rule fires.
    """

    subject: str
    kind: Literal["user", "api_key", "system"]
    claims: Mapping[str, Any] = Field(default_factory=dict)


class Rule(_Frozen):
    """What is watched for (`trigger_spec`) and the API that is then called (`action_spec`).

    Attributes:
        version: Raised by every change, for whoever changes it next to notice.
        from_seq: Events up to this one were there before the rule was switched on.
        state: How far it is with hold times and cooldowns; the runner's.
    """

    id: UUID
    tenant_id: str
    rule_name: str
    description: str = ""
    trigger_type: TriggerType
    trigger_spec: Mapping[str, Any]
    action_spec: Mapping[str, Any]
    is_active: bool
    version: int
    owner: RuleOwner
    created_by: str
    created_at: datetime
    updated_at: datetime
    from_seq: int = 0
    state: Mapping[str, Any] = Field(default_factory=dict)


class RuleQuery(_Frozen):
    """Filters and paging of rules, by name."""

    q: str = ""
    trigger_type: TriggerType | None = None
    is_active: bool | None = None
    sort: WorkOrder = "name"
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0)


class Event(_Frozen):
    """Something that happened elsewhere; `seq` is its place among the tenant's events."""

    seq: int = 0
    tenant_id: str
    event_id: str
    event_type: str
    occurred_at: datetime
    received_at: datetime
    trace_id: str
    data: Mapping[str, Any]


class EventQuery(_Frozen):
    """Filters and paging of recorded events, newest first."""

    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0)


class Firing(_Frozen):
    """One time that a rule fired or cleared, and what its action came to.

    Attributes:
        firing_key: The same for the same cause, however many processes see it.
        group: The value that the rule watches by, where it does; else empty.
        execution_id: The run of the API, in the execution log.
        result: The head of the API's answer.
    """

    id: UUID
    tenant_id: str
    rule_id: UUID
    rule_name: str
    rule_version: int
    firing_key: str
    group: str = ""
    value: float | None = None
    event_id: str | None = None
    trace_id: str
    status: FiringStatus
    fired_at: datetime
    finished_at: datetime | None = None
    execution_id: UUID | None = None
    error_type: str | None = None
    error_message: str | None = None
    names: Mapping[str, Any] = Field(default_factory=dict)
    result: str | None = None


class FiringQuery(_Frozen):
    """Filters and paging of the log of firings, newest first."""

    rule_id: UUID | None = None
    status: FiringStatus | None = None
    since: datetime | None = None
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0)

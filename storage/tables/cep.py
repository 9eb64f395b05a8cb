"""Rules, the events they watch, and what they fired."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class RuleRow(TenantRow):
    """A rule, and how far it is."""

    __tablename__ = "tb_cep_rule"
    __table_args__ = (UniqueConstraint("tenant_id", "rule_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule_name: Mapped[str]
    description: Mapped[str]
    trigger_type: Mapped[str]
    is_active: Mapped[bool]
    version: Mapped[int]
    from_seq: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    owner: Mapped[dict[str, Any]]
    trigger_spec: Mapped[dict[str, Any]]
    action_spec: Mapped[dict[str, Any]]
    state: Mapped[dict[str, Any]]


class EventRow(TenantRow):
    """An event as it was posted; `seq` is the order in which events were recorded."""

    __tablename__ = "tb_cep_event"
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id"),
        Index(None, "tenant_id", "seq"),
        Index(None, "tenant_id", "occurred_at"),
        Index(None, "received_at"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[str]
    event_type: Mapped[str]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    trace_id: Mapped[str]
    data: Mapped[dict[str, Any]]


class CursorRow(TenantRow):
    """How far the rules have looked at a tenant's events; `revision` counts the looks."""

    __tablename__ = "tb_cep_cursor"

    tenant_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    seq: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(BigInteger)


class FiringRow(TenantRow):
    """One firing of a rule; it outlives the rule."""

    __tablename__ = "tb_cep_exec_log"
    __table_args__ = (
        UniqueConstraint("rule_id", "firing_key"),
        Index(None, "tenant_id", "fired_at"),
        Index(None, "rule_id", "fired_at"),
        Index(None, "status", "claimed_until"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[UUID]
    rule_name: Mapped[str]
    rule_version: Mapped[int]
    firing_key: Mapped[str]
    group: Mapped[str] = mapped_column("group_key")
    value: Mapped[float | None]
    event_id: Mapped[str | None]
    trace_id: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    fired_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    execution_id: Mapped[UUID | None]
    error_type: Mapped[str | None]
    error_message: Mapped[str | None]
    names: Mapped[dict[str, Any]]
    result: Mapped[str | None]

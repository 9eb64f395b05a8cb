"""Settings and secrets changed at run time."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class SettingRow(TenantRow):
    """A setting changed at run time; the value is wrapped, since it may be any JSON."""

    __tablename__ = "tb_setting"
    __table_args__ = (UniqueConstraint("tenant_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key: Mapped[str]
    updated_at: Mapped[datetime]
    value: Mapped[dict[str, Any]]


class SecretRow(TenantRow):
    """A secret, encrypted with the instance key."""

    __tablename__ = "tb_secret"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    updated_at: Mapped[datetime]
    ciphertext: Mapped[str]

"""What the asset registry keeps."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class AssetRow(TenantRow):
    """An asset as it was published last, and the draft that may replace it."""

    __tablename__ = "tb_asset"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    asset_type: Mapped[str]
    version: Mapped[int]
    tags: Mapped[list[str]]
    description: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    draft_base_version: Mapped[int | None]
    draft_updated_by: Mapped[str | None]
    draft_updated_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any]]
    draft_fields: Mapped[dict[str, Any] | None]


class AssetVersionRow(TenantRow):
    """One published version, never changed."""

    __tablename__ = "tb_asset_version"

    asset_id: Mapped[UUID] = mapped_column(
        ForeignKey("tb_asset.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    tags: Mapped[list[str]]
    change_note: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]


class AssetLabelRow(TenantRow):
    """A name that points at one version of an asset."""

    __tablename__ = "tb_asset_label"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "version"],
            ["tb_asset_version.asset_id", "tb_asset_version.version"],
            ondelete="CASCADE",
        ),
    )

    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]

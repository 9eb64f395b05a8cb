"""Bodies and answers of the asset registry, as OpenAPI documents them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from engine.model.asset import Asset, AssetStatus, AssetType


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetChange(BaseModel):
    """Fields of an asset to replace, each as a whole; the registry judges them.

    Nothing is refused here, unknown names included, so that every mistake is found at once.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    description: SkipValidation[str] = ""
    tags: SkipValidation[list[str]] = Field(default_factory=list)
    content: SkipValidation[Mapping[str, Any]] = Field(
        default_factory=dict, examples=[{"max_rows": 100}]
    )

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as they were sent."""
        kept = self.model_fields_set - {"publish", "change_note"}
        return {name: getattr(self, name) for name in kept}


class NewAsset(AssetChange):
    """A new asset, kept as a draft unless it is to be published at once."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["name", "asset_type", "content"]},
    )

    name: SkipValidation[str] = Field(default="", examples=["gentle"])
    asset_type: SkipValidation[AssetType] = "policy"
    publish: bool = False
    change_note: str = Field(default="", max_length=1000, description="Kept with the version.")


class PublishBody(_Body):
    """What to keep with the version."""

    change_note: str = Field(default="", max_length=1000)


class AssetRollbackBody(_Body):
    """The version that comes back."""

    version: int = Field(ge=1, le=2_147_483_647)
    change_note: str = Field(default="", max_length=1000)


class LabelBody(_Body):
    """The version that a label points at."""

    version: int = Field(ge=1, le=2_147_483_647)


class RenderBody(_Body):
    """The values of a prompt's placeholders."""

    variables: dict[str, Any] = Field(default_factory=dict)


class AssetView(BaseModel):
    """An asset, and whether others can use it."""

    id: UUID
    tenant_id: str
    name: str
    asset_type: AssetType
    status: AssetStatus
    description: str
    tags: tuple[str, ...]
    content: Mapping[str, Any]
    version: int
    labels: Mapping[str, int]
    has_draft: bool
    created_by: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, asset: Asset) -> "AssetView":
        """The view of an asset."""
        return cls(**dict(asset), status=asset.status)


class AssetDiffView(BaseModel):
    """How one version of an asset differs from another; the content as a unified diff."""

    from_version: int
    to_version: int
    changed: dict[str, Any]
    content_diff: str

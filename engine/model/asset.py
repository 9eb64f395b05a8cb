"""What the asset registry keeps: assets, their versions and labels, and how one is referred to."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.model.definition import API_NAME_PATTERN
from engine.model.listing import WorkOrder

AssetType = Literal["prompt", "mapping", "policy", "query", "source", "resolver"]
AssetStatus = Literal["draft", "published"]
ASSET_NAME_PATTERN = API_NAME_PATTERN
LABEL_PATTERN = r"^[a-z][a-z0-9_-]{0,31}$"
ASSET_FIELDS: tuple[str, ...] = ("description", "tags", "content")
"""The fields an author edits and a version keeps; name and type stay what they were."""

_TEXT = re.compile(
    r"^(?P<name>[^@]+)(?:@(?:(?P<version>[1-9]\d{0,8})|(?P<label>[a-z][a-z0-9_-]*)))?$"
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetRef(_Frozen):
    """A reference to an asset: pinned to a version, following a label, or following the latest.

    As JSON `{"asset": "name", "version": 3}`, `{"asset": "name", "label": "production"}` or
    `{"asset": "name"}`; in templates the texts `name@3`, `name@production` and `name`.
    """

    asset: str = Field(pattern=ASSET_NAME_PATTERN)
    version: int | None = Field(default=None, ge=1)
    label: str | None = Field(default=None, pattern=LABEL_PATTERN)

    @model_validator(mode="after")
    def _follows_one_thing(self) -> Self:
        if self.version is not None and self.label is not None:
            raise ValueError("a reference has a version or a label, not both")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name`, `name@3` or `name@production`; raises ValueError otherwise."""
        match = _TEXT.match(text)
        if match is None:
            raise ValueError(f'an asset is written "name", "name@3" or "name@label", not {text!r}')
        version = int(match["version"]) if match["version"] else None
        return cls(asset=match["name"], version=version, label=match["label"])

    def __str__(self) -> str:
        follows = self.version or self.label
        return f"{self.asset}@{follows}" if follows else self.asset


class Asset(_Frozen):
    """One asset: what is published last, or, as long as nothing was, its draft.

    `version` is the number of the latest published version, 0 when there is none; `has_draft`
    tells of unpublished work beside it.
    """

    id: UUID
    tenant_id: str = "default"
    name: str = Field(pattern=ASSET_NAME_PATTERN)
    asset_type: AssetType
    description: str = Field(default="", max_length=2000)
    tags: tuple[str, ...] = ()
    content: Mapping[str, Any]
    version: int = 0
    labels: Mapping[str, int] = Field(default_factory=dict)
    has_draft: bool = False
    created_by: str = "system"
    created_at: datetime
    updated_at: datetime

    @property
    def status(self) -> AssetStatus:
        """Whether others can use it."""
        return "published" if self.version else "draft"


class AssetDraft(_Frozen):
    """Unpublished work on an asset, and the version it was begun from."""

    asset_id: UUID
    description: str = Field(default="", max_length=2000)
    tags: tuple[str, ...] = ()
    content: Mapping[str, Any]
    base_version: int
    updated_by: str
    updated_at: datetime


class AssetVersion(_Frozen):
    """A published version, never changed; rolling back makes a new one equal to an old one."""

    asset_id: UUID
    version: int
    description: str = ""
    tags: tuple[str, ...] = ()
    content: Mapping[str, Any]
    change_note: str = ""
    created_by: str
    created_at: datetime


class PublishedAsset(_Frozen):
    """What a reference leads to: one version's content."""

    name: str
    asset_type: AssetType
    version: int
    content: Mapping[str, Any]


class AssetQuery(_Frozen):
    """Filters and paging of the list; `status` draft finds those with unpublished work."""

    asset_type: AssetType | None = None
    status: AssetStatus | None = None
    q: str = ""
    tag: str | None = None
    sort: WorkOrder = "name"
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2_147_483_647)

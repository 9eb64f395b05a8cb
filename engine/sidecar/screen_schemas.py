"""The bodies and answers of the endpoints about screens."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from engine.model import ErrorInfo
from engine.model.screen import Block, Screen, ScreenInput, ScreenSpec
from engine.screens.loading import BlockAnswer


class ScreenFields(BaseModel):
    """What an author writes of a screen; the engine judges it and tells every mistake at once."""

    model_config = ConfigDict(frozen=True, extra="allow")

    title: SkipValidation[str] = Field(default="", examples=["Operations"])
    description: SkipValidation[str] = ""
    role: SkipValidation[str] = "viewer"
    refresh_seconds: SkipValidation[int] = 0
    inputs: SkipValidation[list[ScreenInput]] = Field(default_factory=list)
    blocks: SkipValidation[list[Block]] = Field(default_factory=list)

    def written(self) -> dict[str, Any]:
        """The specification as it was sent."""
        sent = self.model_fields_set | set(self.model_extra or {})
        apart = ("screen_id", "publish", "values")
        return {name: getattr(self, name) for name in sent if name not in apart}


class NewScreen(ScreenFields):
    """A screen to make."""

    screen_id: SkipValidation[str] = Field(default="", examples=["operations"])


class ScreenChange(ScreenFields):
    """A whole specification, shown at once or kept as a draft."""

    publish: bool = Field(default=True, description="False keeps it as a draft.")


class InputsBody(BaseModel):
    """Values of the inputs; those that are not sent have their defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: dict[str, Any] = Field(default_factory=dict, examples=[{"origin": "JFK"}])


class UnsavedScreen(ScreenFields, InputsBody):
    """A specification that is not saved, and the values of its inputs."""

    model_config = ConfigDict(frozen=True, extra="allow")


class ScreenView(BaseModel):
    """A screen: what is shown, and what may be shown next."""

    id: UUID
    screen_id: str
    version: int
    title: str
    spec: ScreenSpec
    draft: ScreenSpec | None
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime

    @classmethod
    def of(cls, screen: Screen) -> "ScreenView":
        """What is told of a screen."""
        return cls(title=screen.spec.title, **dict(screen.model_copy()))


class BlockView(BaseModel):
    """What one block shows, or why it shows nothing."""

    block_id: str
    title: str
    text: str
    rows: list[Mapping[str, Any]]
    value: Any
    delta: Any
    trend: list[float]
    error: ErrorInfo | None
    execution_id: UUID | None
    cached: bool

    @classmethod
    def of(cls, answer: BlockAnswer) -> "BlockView":
        """What is told of an answer."""
        return cls.model_validate(answer, from_attributes=True)

"""What callers send to a check before publishing, and what they are told of what was published."""

from pydantic import BaseModel, ConfigDict, Field

from engine.model import ApiDefinition, ApiVersion, Issue
from engine.model.gate import GateReport
from engine.publication import PublishPreview
from engine.sidecar.schemas import DefinitionFields


class PreviewBody(BaseModel):
    """What is to be published; the draft when there is no definition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    definition: DefinitionFields | None = None


class PublishDraftBody(BaseModel):
    """How a draft is published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change_note: str = Field(default="", max_length=1000, description="Kept with the version.")
    accept_changes: bool = Field(
        default=False, description="Publish although the gate blocks what differs: it is meant."
    )


class PreviewView(BaseModel):
    """What publishing would break and change; `refused` says why it would not be done."""

    breaking: list[Issue]
    gate: GateReport | None
    refused: str


class PublishedView(ApiDefinition):
    """The live definition, and what its version broke and changed."""

    breaking: tuple[Issue, ...] = Field(default=(), description="With who relies on it.")
    gate: GateReport | None = Field(default=None, description="What the replay of calls found.")


def published_view(api: ApiDefinition, version: ApiVersion | None) -> PublishedView:
    """A definition that was just published, with what is recorded of its version."""
    fields = dict(api)
    if version is not None:
        fields |= {"breaking": version.breaking, "gate": version.gate}
    return PublishedView.model_construct(**fields)


def preview_view(preview: PublishPreview) -> PreviewView:
    """What publishing would do, as callers see it."""
    return PreviewView(breaking=list(preview.breaking), gate=preview.gate, refused=preview.refused)

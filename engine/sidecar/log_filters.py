"""The filters of the execution log as query parameters."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from engine.facade import Engine
from engine.model import (
    Caller,
    ExecutionQuery,
    ExecutionSource,
    ExecutionStatus,
    LogPosition,
)
from engine.sidecar.deps import AsUtc

_POSITION = r"^\d{8}T\d{6}\.\d{1,6}Z[0-9a-f]{32}$"


def _pair(text: str) -> str:
    if not text.partition("=")[0] or "=" not in text:
        raise ValueError("write name=value")
    return text


Pair = Annotated[str, BeforeValidator(_pair), Field(examples=["origin=JFK"])]


class LogFilters(BaseModel):
    """Which executions; everything that is given has to hold."""

    model_config = ConfigDict(extra="forbid")

    status: ExecutionStatus | None = None
    source: ExecutionSource | None = None
    executed_by: str | None = Field(default=None, description="Who called: the caller's subject.")
    version: int | None = Field(default=None, ge=0, le=2_147_483_647)
    since: Annotated[datetime | None, AsUtc] = Field(
        default=None, description="Not older than this; UTC unless it says otherwise."
    )
    until: Annotated[datetime | None, AsUtc] = Field(default=None, description="Older than this.")
    min_duration_ms: float | None = Field(default=None, ge=0)
    max_duration_ms: float | None = Field(default=None, ge=0)
    cached: bool | None = None
    error_type: str | None = Field(default=None, description="An error code: `query_failed`.")
    error_contains: str | None = Field(default=None, description="A part of the error's message.")
    param: list[Pair] = Field(
        default_factory=list, description="A parameter of the call, as `name=value`; repeatable."
    )
    trace_id: str | None = None
    parent_execution_id: UUID | None = None

    @model_validator(mode="after")
    def _has_a_stretch(self) -> Self:
        low, high = self.min_duration_ms, self.max_duration_ms
        if low is not None and high is not None and low > high:
            raise ValueError("min_duration_ms is larger than max_duration_ms")
        return self

    def query(self, engine: Engine, caller: Caller, api: str | None) -> ExecutionQuery:
        """The question to the log; raises NotFoundError for an API that is none."""
        filters = self.model_dump(include=set(LogFilters.model_fields) - {"param", "version"})
        return ExecutionQuery(
            api_id=engine.apis.get(api, caller).id if api is not None else None,
            api_version=self.version,
            params=dict(text.split("=", 1) for text in self.param),
            **filters,
        )


class PageOfLog(LogFilters):
    """The same, by the page."""

    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=2_147_483_647)
    after: str | None = Field(
        default=None,
        pattern=_POSITION,
        description="`next` of the page before; quick however deep in the log.",
    )

    @model_validator(mode="after")
    def _after_is_a_position(self) -> Self:
        if self.after is not None:
            LogPosition.read(self.after)
        return self

    def query(self, engine: Engine, caller: Caller, api: str | None) -> ExecutionQuery:
        """The question to the log, for one page."""
        page = {"limit": self.limit, "offset": self.offset}
        after = LogPosition.read(self.after) if self.after else None
        return super().query(engine, caller, api).model_copy(update={**page, "after": after})


AskedPage = Annotated[PageOfLog, Query()]

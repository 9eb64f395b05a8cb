"""Test cases of an API: what to send, what the answer has to be like, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from engine.model.execution import ExecutionStatus

Against = Literal["live", "draft"] | int
"""Which definition of an API to run: what is live, its draft, or a version by number."""
CASE_NAME_PATTERN = r"^[^\s/\x00-\x1f]([^/\x00-\x1f]{0,98}[^\s/\x00-\x1f])?$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ValueExpectation(_Frozen):
    """One value of the answer, found by a JMESPath (`rows[0].flights`).

    It has to equal `equals`, or to lie between `min` and `max`; with neither it only has to be
    there. `tolerance` is how far numbers may be from those of `equals`, either way.
    """

    path: str = Field(min_length=1, max_length=1000)
    equals: Any = None
    min: int | float | str | None = None
    max: int | float | str | None = None
    tolerance: int | float = Field(default=0, ge=0)

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        try:
            jmespath.compile(value)
        except JMESPathError as error:
            raise ValueError(f"no JMESPath: {error}") from None
        return value


class Expectation(_Frozen):
    """What an answer has to be like.

    Attributes:
        columns: Columns that its rows have to have; they may have more.
        min_rows, max_rows: How many rows it may have.
        max_latency_ms: How long the call may take.
    """

    status: ExecutionStatus = "success"
    error_type: str | None = None
    columns: tuple[str, ...] = ()
    min_rows: int | None = Field(default=None, ge=0)
    max_rows: int | None = Field(default=None, ge=0)
    values: tuple[ValueExpectation, ...] = ()
    max_latency_ms: int | float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.max_rows is not None and (self.min_rows or 0) > self.max_rows:
            raise ValueError("min_rows is more than max_rows")
        if self.status == "success" and self.error_type is not None:
            raise ValueError("a call that succeeds has no error_type")
        return self


class CaseFields(_Frozen):
    """What an author writes of a test case; `name` is unique among those of its API."""

    name: str = Field(pattern=CASE_NAME_PATTERN)
    description: str = Field(default="", max_length=2000)
    params: Mapping[str, Any] = Field(default_factory=dict)
    input_payload: Any = None
    expect: Expectation = Expectation()


class ApiTestCase(CaseFields):
    """A test case as it is kept with its API; each change raises `revision`."""

    id: UUID
    tenant_id: str = "default"
    api_id: UUID
    revision: int = 1
    created_by: str = "system"
    created_at: datetime
    updated_by: str = "system"
    updated_at: datetime


class CaseOutcome(_Frozen):
    """What came of one test case: it passed, or every way in which it did not."""

    api_name: str
    name: str
    failures: tuple[str, ...] = ()
    status: ExecutionStatus
    duration_ms: float
    execution_id: UUID

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.failures


class CaseReport(_Frozen):
    """What came of test cases, in the order they were run."""

    against: Against = "live"
    started_at: datetime
    duration_ms: float
    outcomes: tuple[CaseOutcome, ...] = ()

    @property
    def failed(self) -> tuple[CaseOutcome, ...]:
        """Those that did not pass."""
        return tuple(each for each in self.outcomes if not each.passed)

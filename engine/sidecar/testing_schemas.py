"""The bodies and answers of the endpoints about test cases."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from engine.model import ExecutionStatus
from engine.model.testing import Against, CaseReport


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunTestsBody(_Body):
    """Which test cases to run, on which definition."""

    tests: list[str] = Field(default_factory=list, description="Names; all when empty.")
    against: Against = "live"


class RunAllBody(_Body):
    """The test cases of which APIs to run, on which definition."""

    apis: list[str] = Field(default_factory=list, description="Names; all when empty.")
    against: Against = "live"


class KeepRunBody(_Body):
    """What the test case is to be called."""

    name: str


class CaseOutcomeView(BaseModel):
    """What came of one test case; `failures` says every way in which it did not pass."""

    api_name: str
    name: str
    passed: bool
    failures: list[str]
    status: ExecutionStatus
    duration_ms: float
    execution_id: UUID


class CaseReportView(BaseModel):
    """What came of test cases; `failed` of them did not pass."""

    against: Against
    started_at: datetime
    duration_ms: float
    failed: int
    outcomes: list[CaseOutcomeView]


def report_view(report: CaseReport) -> dict[str, object]:
    """A report as callers see it."""
    outcomes = [{**dict(each), "passed": each.passed} for each in report.outcomes]
    return {**dict(report), "failed": len(report.failed), "outcomes": outcomes}

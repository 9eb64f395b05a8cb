"""Times of jobs in words."""

from datetime import UTC, datetime

from engine.model.job import Job
from pages.components.result_view import duration


def lasted(job: Job, now: datetime | None = None) -> str:
    """How long a job has been running, or ran; empty before it was begun."""
    if job.started_at is None:
        return ""
    end = job.ended_at or now or datetime.now(UTC)
    return duration(max(0.0, (end - job.started_at).total_seconds()) * 1000)


def ago(moment: datetime, now: datetime | None = None) -> str:
    """`3 s ago`."""
    seconds = max(0.0, ((now or datetime.now(UTC)) - moment).total_seconds())
    return f"{seconds:.0f} s ago"

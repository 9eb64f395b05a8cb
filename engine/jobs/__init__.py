"""Durable jobs: executions that nobody waits for and that survive the process that runs them."""

from engine.jobs.orders import JobOrder
from engine.jobs.runner import JobRunner
from engine.jobs.runs import JobRuns
from engine.jobs.service import Jobs

__all__ = ["JobOrder", "JobRunner", "JobRuns", "Jobs"]

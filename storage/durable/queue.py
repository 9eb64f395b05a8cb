"""The queues as whoever puts something into them sees them; any process may, at any time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import StoreUnavailableError
from engine.model.job import Job, QueueRules
from engine.ports.jobs import RunJob, RunningQueue
from storage.database import Database
from storage.durable.place import (
    APPLICATION,
    FILE_NAME,
    RUN_JOB,
    SCHEMA,
    VERSION,
    Place,
)

if TYPE_CHECKING:
    from dbos import DBOSClient


class DurableQueue:
    """The `JobQueue` on DBOS; connects when it is first used. Thread-safe."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._opened: tuple[Place, DBOSClient] | None = None

    def put(self, job: Job) -> None:
        """Queue a job; without effect when it is queued already."""
        with self._client() as client:
            client.enqueue(
                {
                    "workflow_name": RUN_JOB,
                    "queue_name": job.queue,
                    "workflow_id": str(job.id),
                    "priority": job.priority,
                    "queue_partition_key": job.tenant_id,
                    "app_version": VERSION,
                },
                str(job.id),
            )

    def withdraw(self, job_id: UUID) -> None:
        """Take out a job that has not begun."""
        with self._client() as client:
            client.cancel_workflows([str(job_id)])

    def finished_nodes(self, job_id: UUID) -> Mapping[str, str]:
        """What was kept of the nodes of a job that have ended."""
        with self._client() as client:
            steps = client.list_workflow_steps(str(job_id))
        return {step["function_name"]: str(step["output"]) for step in steps if not step["error"]}

    def forget(self, job_ids: Sequence[UUID]) -> None:
        """Remove every trace of jobs that have ended."""
        with self._client() as client:
            client.delete_workflows([str(job_id) for job_id in job_ids])

    def run(self, worker: str, queues: Mapping[str, QueueRules], run_job: RunJob) -> RunningQueue:
        """Begin to take jobs in this process.

        Raises:
            ConflictError: Another engine of this process does.
            StoreUnavailableError: The database cannot be used.
        """
        from storage.durable.process import QueueProcess  # noqa: PLC0415 - see the package

        place = Place.beside(self._database.url, self._data_dir)
        try:
            with _translated():
                return QueueProcess(place, worker, queues, run_job)
        except BaseException:
            place.close()
            raise

    def is_in_use(self) -> bool:
        """Whether anything was ever put in; costs next to nothing."""
        if self._database.is_sqlite:
            return (self._data_dir / FILE_NAME).exists()
        with self._database.read() as connection:
            found = connection.execute(text("SELECT to_regnamespace(:name)"), {"name": SCHEMA})
            return found.scalar() is not None

    def close(self) -> None:
        """Release connections."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            place, client = opened
            client.destroy()
            place.close()

    @contextmanager
    def _client(self) -> Iterator[DBOSClient]:
        with _translated():
            yield self._connected()

    def _connected(self) -> DBOSClient:
        from dbos import DBOSClient  # noqa: PLC0415 - see the package

        with self._lock:
            if self._opened is None:
                place = Place.beside(self._database.url, self._data_dir)
                _make_tables(place)
                client = DBOSClient(
                    system_database_url=place.url,
                    system_database_engine=place.engine,
                    dbos_system_schema=place.schema,
                    application_name=APPLICATION,
                    retry_connection_errors=False,
                )
                self._opened = place, client
            return self._opened[1]


def _make_tables(place: Place) -> None:
    from dbos import DBOS  # noqa: PLC0415 - see the package

    DBOS.migrate(place.url, schema=place.schema or "dbos")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreUnavailableError(
            f"the database of the job queues cannot be used: {str(error).splitlines()[0]}",
            hint="Check that the metadata database runs and that its role may create a schema.",
            retry_after_s=5,
        ) from error

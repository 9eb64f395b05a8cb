"""Keeps jobs, what they are to do, and what came of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import NotFoundError
from engine.model import Page
from engine.model.job import (
    ENDED,
    Job,
    JobOutcome,
    JobQuery,
    JobWork,
    JobWorker,
    NodeProgress,
)
from engine.ports import AuditEntry
from storage.audit import audit_insert
from storage.database import Database
from storage.instance_key import InstanceKey
from storage.sealed import job_place
from storage.tables import JobRow, JobWorkerRow, table_of

DROPPED_AT_ONCE = 500

_JOBS, _WORKERS = table_of(JobRow), table_of(JobWorkerRow)
_LISTED = tuple(column for column in _JOBS.c if column.name not in {"nodes", "work", "answer"})
_SHOWN = (*_LISTED, _JOBS.c.nodes)
_OPEN = _JOBS.c.status.in_(("queued", "running"))


class SqlJobStore:
    """The `JobStore` on the metadata database."""

    def __init__(self, database: Database, instance_key: InstanceKey) -> None:
        self._database = database
        self._key = instance_key

    def add(self, job: Job, work: JobWork) -> None:
        """Keep a new job."""
        sealed = self._key.encrypt(work.model_dump_json(), job_place(job.tenant_id, job.id))
        values = {**job.model_dump(), "error": None, "nodes": _written(job.nodes)}
        with self._database.write() as connection:
            connection.execute(insert(_JOBS).values(**values, work=sealed, answer=None))

    def get(self, tenant_id: str, job_id: UUID) -> Job:
        """A job of the tenant; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(rows.select(JobRow, *_SHOWN).where(_JOBS.c.id == job_id)).first()
        return _job(_found(found, job_id))

    def search(self, tenant_id: str, query: JobQuery) -> Page[Job]:
        """The tenant's jobs, newest first, without their nodes."""
        wanted = query.model_dump(exclude={"limit", "offset"}, exclude_none=True)
        conditions = [_JOBS.c[name] == value for name, value in wanted.items()]
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(JobRow, func.count()).where(*conditions)).scalar_one()
            found = rows.execute(
                rows.select(JobRow, *_LISTED)
                .where(*conditions)
                .order_by(_JOBS.c.created_at.desc(), _JOBS.c.id)
                .limit(query.limit)
                .offset(query.offset)
            ).all()
        items = tuple(_job(row) for row in found)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def work(self, tenant_id: str, job_id: UUID) -> JobWork:
        """What a job is to do."""
        sealed = self._one(tenant_id, job_id, _JOBS.c.work)
        return JobWork.model_validate_json(self._key.decrypt(sealed, job_place(tenant_id, job_id)))

    def answer(self, tenant_id: str, job_id: UUID) -> bytes | None:
        """The answer of a job that succeeded."""
        kept = self._one(tenant_id, job_id, _JOBS.c.answer)
        return None if kept is None else zlib.decompress(kept)

    def begin(self, job_id: UUID, worker: str, now: datetime) -> Job | None:
        """Note that a worker begins a job; None when there is nothing left to do."""
        beginning = (
            update(_JOBS)
            .where(_JOBS.c.id == job_id, _OPEN, _JOBS.c.cancel_requested.is_(False))
            .values(
                status="running",
                worker=worker,
                runs=_JOBS.c.runs + 1,
                started_at=func.coalesce(_JOBS.c.started_at, now),
            )
            .returning(*_SHOWN)
        )
        stopped = (
            update(_JOBS)
            .where(_JOBS.c.id == job_id, _OPEN, _JOBS.c.cancel_requested.is_(True))
            .values(status="cancelled", ended_at=now)
        )
        with self._database.write() as connection:
            begun = connection.execute(beginning).first()
            if begun is None:
                connection.execute(stopped)
        return None if begun is None else _job(begun)

    def note_progress(self, worker: str, progress: Mapping[UUID, Sequence[NodeProgress]]) -> None:
        """Keep how nodes get on, of jobs that this worker still has."""
        with self._database.write() as connection:
            for job_id, nodes in progress.items():
                connection.execute(
                    update(_JOBS).where(_held(job_id, worker)).values(nodes=_written(nodes))
                )

    def end(
        self,
        job_id: UUID,
        worker: str,
        outcome: JobOutcome,
        nodes: Sequence[NodeProgress] | None,
        now: datetime,
    ) -> bool:
        """Note the end of a job; False when another worker has it by now."""
        values: dict[str, Any] = {
            "status": outcome.status,
            "row_count": outcome.row_count,
            "error": outcome.error.model_dump(mode="json") if outcome.error else None,
            "answer": None if outcome.answer is None else zlib.compress(outcome.answer, 1),
            "ended_at": now,
        }
        if nodes is not None:
            values["nodes"] = _written(nodes)
        with self._database.write() as connection:
            ended = connection.execute(update(_JOBS).where(_held(job_id, worker)).values(**values))
        return ended.rowcount == 1

    def ask_to_cancel(
        self, tenant_id: str, job_id: UUID, now: datetime, audit: AuditEntry | None = None
    ) -> Job:
        """End a job that waits, or have the worker of one that runs told; the job as it then is.

        The entry is written if there was something to stop that nobody had asked for before.
        """
        with self._database.writing(tenant_id) as rows:
            own = rows.update(JobRow).where(_JOBS.c.id == job_id)
            unasked = own.where(_OPEN, _JOBS.c.cancel_requested.is_(False))
            asked = rows.execute(unasked.values(cancel_requested=True)).rowcount
            if audit is not None and asked:
                rows.execute(audit_insert(rows, audit))
            waiting = own.where(_JOBS.c.status == "queued")
            rows.execute(waiting.values(status="cancelled", ended_at=now))
            found = rows.execute(rows.select(JobRow, *_SHOWN).where(_JOBS.c.id == job_id)).first()
        return _job(_found(found, job_id))

    def cancelled(self, worker: str) -> frozenset[UUID]:
        """The jobs of a worker that it is to stop."""
        asked = (
            (_JOBS.c.status == "running")
            & (_JOBS.c.worker == worker)
            & _JOBS.c.cancel_requested.is_(True)
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(select(_JOBS.c.id).where(asked)).scalars())

    def waiting_since(self, before: datetime) -> tuple[Job, ...]:
        """Jobs that were queued before a time and have not been begun."""
        waiting = (_JOBS.c.status == "queued") & (_JOBS.c.created_at < before)
        oldest = select(*_SHOWN).where(waiting).order_by(_JOBS.c.created_at).limit(500)
        with self._database.read() as connection:
            return tuple(_job(row) for row in connection.execute(oldest))

    def has_open(self) -> bool:
        """Whether any job of any tenant has not ended."""
        with self._database.read() as connection:
            return connection.execute(select(_JOBS.c.id).where(_OPEN).limit(1)).first() is not None

    def drop_ended(self, before: datetime) -> tuple[UUID, ...]:
        """Remove some jobs that ended before a time; which."""
        is_old = _JOBS.c.status.in_(tuple(ENDED)) & (_JOBS.c.ended_at < before)
        some: Any = select(_JOBS.c.id).where(is_old).limit(DROPPED_AT_ONCE).scalar_subquery()
        dropping = delete(_JOBS).where(_JOBS.c.id.in_(some)).returning(_JOBS.c.id)
        with self._database.write() as connection:
            return tuple(connection.execute(dropping).scalars())

    def seen(self, worker: JobWorker) -> None:
        """Note that a worker is alive."""
        dialect = sqlite if self._database.is_sqlite else postgresql
        noted = dialect.insert(_WORKERS).values(
            **worker.model_dump(exclude={"queues"}), queues=list(worker.queues)
        )
        noted = noted.on_conflict_do_update(
            index_elements=["id"], set_={"seen_at": noted.excluded.seen_at}
        )
        with self._database.write() as connection:
            connection.execute(noted)

    def workers(self) -> tuple[JobWorker, ...]:
        """Every worker that has not left, also those that were lost."""
        with self._database.read() as connection:
            found = connection.execute(select(_WORKERS).order_by(_WORKERS.c.started_at)).all()
        return tuple(JobWorker.model_validate(row._mapping) for row in found)

    def left(self, worker_ids: Iterable[str]) -> None:
        """Forget workers."""
        with self._database.write() as connection:
            connection.execute(delete(_WORKERS).where(_WORKERS.c.id.in_(tuple(worker_ids))))

    def count_by_status(self, tenant_id: str) -> Mapping[str, int]:
        """How many jobs of the tenant there are in each status."""
        with self._database.reading(tenant_id) as rows:
            counted = rows.select(JobRow, _JOBS.c.status, func.count().label("number")).group_by(
                _JOBS.c.status
            )
            return {row.status: row.number for row in rows.execute(counted)}

    def _one(self, tenant_id: str, job_id: UUID, column: Any) -> Any:
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(rows.select(JobRow, column).where(_JOBS.c.id == job_id)).first()
        return _found(found, job_id)[0]


def _held(job_id: UUID, worker: str) -> Any:
    return (_JOBS.c.id == job_id) & (_JOBS.c.status == "running") & (_JOBS.c.worker == worker)


def _found(row: Row[Any] | None, job_id: UUID) -> Row[Any]:
    if row is None:
        raise NotFoundError(f"there is no job {job_id}")
    return row


def _job(row: Row[Any]) -> Job:
    return Job.model_validate(dict(row._mapping))


def _written(nodes: Sequence[NodeProgress]) -> list[dict[str, Any]]:
    return [node.model_dump(mode="json") for node in nodes]

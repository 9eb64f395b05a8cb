"""Jobs in the metadata database: who may begin, end and stop them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from engine.errors import NotFoundError
from engine.model.job import Job, JobOutcome, JobQuery, JobWork, JobWorker, NodeProgress
from engine.ports import AuditEntry
from storage.instance_key import InstanceKey
from storage.jobs import SqlJobStore
from storage.settings import SqlSettingStore
from tests.storage.conftest import NOON

WORK = JobWork(caller={"subject": "ada"}, params={"token": "s3cret"}, timeout_s=60)
DONE = JobOutcome(status="success", row_count=1, answer=b'{"n":1}')


@pytest.fixture
def key():
    return InstanceKey(bytes(32))


@pytest.fixture
def store(database, key):
    return SqlJobStore(database, key)


@pytest.fixture
def job(store, tenant):
    job = Job(
        id=uuid4(),
        tenant_id=tenant,
        api_id=uuid4(),
        api_name="report",
        api_version=1,
        logic_type="workflow",
        queue="default",
        priority=50,
        status="queued",
        created_by="ada",
        source="rest",
        trace_id="t",
        created_at=NOON,
        execution_id=uuid4(),
        nodes=(NodeProgress(node_id="a", state="waiting"),),
    )
    store.add(job, WORK)
    return job


def test_a_job_is_read_as_it_was_written_by_its_tenant_alone(store, tenant, job):
    assert store.get(tenant, job.id) == job
    assert store.work(tenant, job.id) == WORK
    assert store.search(tenant, JobQuery(api_id=job.api_id, status="queued")).total == 1
    assert store.count_by_status(tenant) == {"queued": 1}
    with pytest.raises(NotFoundError):
        store.get("another", job.id)
    assert store.search("another", JobQuery()).total == 0


def test_what_a_job_is_to_do_is_encrypted(store, database, job):
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT work FROM tb_job").scalars()
        assert not any("s3cret" in work for work in found)


def test_a_job_that_was_given_to_another_worker_is_not_ended_by_the_first(store, tenant, job):
    store.begin(job.id, "first", NOON)
    again = store.begin(job.id, "second", NOON + timedelta(seconds=9))

    assert not store.end(job.id, "first", DONE, None, NOON)
    store.note_progress("first", {job.id: (NodeProgress(node_id="a", state="failed"),)})
    assert store.end(job.id, "second", DONE, None, NOON)

    assert (again.runs, again.started_at) == (2, NOON)
    ended = store.get(tenant, job.id)
    assert (ended.status, ended.nodes[0].state) == ("success", "waiting")
    assert store.answer(tenant, job.id) == b'{"n":1}'
    assert store.begin(job.id, "third", NOON) is None


def test_a_job_that_waits_is_cancelled_at_once_and_never_begun(store, tenant, job):
    assert store.ask_to_cancel(tenant, job.id, NOON).status == "cancelled"
    assert store.begin(job.id, "worker", NOON) is None


def test_the_worker_of_a_job_that_runs_is_told_to_stop_it(store, tenant, job):
    store.begin(job.id, "worker", NOON)

    asked = store.ask_to_cancel(tenant, job.id, NOON)

    assert (asked.status, asked.cancel_requested) == ("running", True)
    assert store.cancelled("worker") == {job.id}
    assert store.cancelled("other") == frozenset()
    assert store.begin(job.id, "other", NOON) is None  # lost meanwhile: it is not begun again
    assert store.get(tenant, job.id).status == "cancelled"


def test_who_stops_a_job_is_in_the_audit_log_once(store, database, key, tenant, job):
    entry = AuditEntry(tenant, "eve", "job.cancel", str(job.id), NOON)

    store.ask_to_cancel(tenant, job.id, NOON, entry)
    store.ask_to_cancel(tenant, job.id, NOON, entry)

    logged = SqlSettingStore(database, key).audit(tenant, 10, 0)
    assert [(each.actor, each.target) for each in logged.items] == [("eve", str(job.id))]


def test_jobs_that_ended_long_ago_are_dropped(store, tenant, job):
    store.begin(job.id, "worker", NOON)
    store.end(job.id, "worker", DONE, None, NOON)

    assert job.id not in store.drop_ended(NOON)
    assert job.id in store.drop_ended(NOON + timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        store.get(tenant, job.id)


def test_workers_are_known_until_they_leave(store):
    worker = JobWorker(
        id=uuid4().hex, host="h", pid=1, queues=("default",), started_at=NOON, seen_at=NOON
    )
    later = worker.model_copy(update={"seen_at": NOON + timedelta(seconds=2)})
    store.seen(worker)
    store.seen(later)

    assert later in store.workers()
    store.left([worker.id])
    assert worker.id not in {each.id for each in store.workers()}

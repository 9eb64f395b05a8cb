"""Ids of jobs."""

from uuid import RFC_4122

from engine.jobs.ids import new_job_id

NOON_NS = 1_700_000_000_000_000_000


def test_ids_sort_as_the_jobs_were_made() -> None:
    moments = [NOON_NS, NOON_NS + 1_000, NOON_NS + 999_999, NOON_NS + 1_000_000, NOON_NS * 2]

    clock = iter(moments)
    ids = [new_job_id(lambda: next(clock)) for _ in moments]

    assert ids == sorted(ids)
    assert {(each.version, each.variant) for each in ids} == {(7, RFC_4122)}
    assert new_job_id(lambda: NOON_NS) != new_job_id(lambda: NOON_NS)

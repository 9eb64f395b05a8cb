import logging
import threading
from collections import Counter

import pytest

from engine.errors import StoreUnavailableError
from engine.upkeep import Upkeep

SELDOM_S = 3600.0


@pytest.fixture
def open_upkeep():
    opened = []

    def make(jobs, *, take_lease=lambda _: True, every_s=SELDOM_S):
        opened.append(Upkeep(take_lease, jobs, every_s=every_s))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_jobs_run_again_and_again_by_themselves(open_upkeep):
    ran_twice = threading.Semaphore(0)

    open_upkeep({"job": ran_twice.release}, every_s=0.01)

    assert ran_twice.acquire(timeout=5)
    assert ran_twice.acquire(timeout=5)


def test_without_the_lease_nothing_runs(open_upkeep):
    ran: Counter[str] = Counter()
    upkeep = open_upkeep({"job": lambda: ran.update(["job"])}, take_lease=lambda _: False)

    upkeep.run_once()

    assert not ran


def test_the_lease_outlasts_the_wait_for_the_next_round(open_upkeep):
    asked = []

    def take_lease(ttl_s):
        asked.append(ttl_s)
        return True

    open_upkeep({}, take_lease=take_lease, every_s=60).run_once()

    assert asked[0] > 60


def test_a_job_that_fails_is_logged_and_the_others_run(open_upkeep, caplog):
    def fail():
        raise StoreUnavailableError("the database is away")

    ran: Counter[str] = Counter()
    upkeep = open_upkeep({"bad": fail, "good": lambda: ran.update(["good"])})

    with caplog.at_level(logging.WARNING):
        upkeep.run_once()

    assert ran["good"] == 1
    assert "bad" in caplog.text
    assert "the database is away" in caplog.text


def test_a_closed_upkeep_runs_nothing_more(open_upkeep):
    ran: Counter[str] = Counter()
    upkeep = open_upkeep({"job": lambda: ran.update(["job"])})

    upkeep.close()
    upkeep.run_once()

    assert not ran

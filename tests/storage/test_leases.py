from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from storage.leases import SqlLeases


@pytest.fixture
def name():
    return f"lease-{uuid4().hex}"


def test_one_holder_at_a_time(database, name):
    first, second = SqlLeases(database), SqlLeases(database)

    assert first.take(name, 60)
    assert not second.take(name, 60)
    assert second.take(f"{name}-other", 60)


def test_a_holder_keeps_its_lease_for_longer(database, name):
    first, second = SqlLeases(database), SqlLeases(database)
    first.take(name, -1)

    assert first.take(name, 60)
    assert not second.take(name, 60)


def test_a_lease_that_has_ended_is_free(database, name):
    SqlLeases(database).take(name, -1)

    assert SqlLeases(database).take(name, 60)


def test_of_many_that_ask_at_once_one_gets_it(database, name):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda leases: leases.take(name, 60), map(SqlLeases, [database] * 8)))

    assert sum(taken) == 1

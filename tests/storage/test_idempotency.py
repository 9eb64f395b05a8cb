"""Idempotency keys on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from engine.ports import KeptAnswer, TakenKey
from storage.idempotency import SqlIdempotencyStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ANSWER = KeptAnswer(200, {"content-type": "text/csv"}, b"n\r\n7\r\n")


@pytest.fixture
def store(database):
    return SqlIdempotencyStore(database)


def claim(store, tenant, *, holder=None, now=NOON, fingerprint="f"):
    return store.claim(
        tenant,
        "key",
        fingerprint,
        holder or uuid4(),
        now=now,
        running_until=now + timedelta(minutes=5),
        expires_at=now + timedelta(hours=24),
    )


def test_a_key_is_taken_once_and_keeps_its_answer(store, tenant):
    holder = uuid4()

    assert claim(store, tenant, holder=holder) is None
    assert claim(store, tenant, fingerprint="other") == TakenKey("f", None)
    store.keep(tenant, "key", holder, ANSWER)
    assert claim(store, tenant) == TakenKey("f", ANSWER)


def test_of_many_at_once_one_takes_it(store, tenant):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: claim(store, tenant), range(8)))

    assert taken.count(None) == 1


def test_a_key_given_back_is_free(store, tenant):
    holder = uuid4()
    claim(store, tenant, holder=holder)

    store.release(tenant, "key", holder)

    assert claim(store, tenant) is None


def test_a_key_without_an_answer_in_its_time_is_taken_over(store, tenant):
    dead, alive = uuid4(), uuid4()
    claim(store, tenant, holder=dead)
    later = NOON + timedelta(minutes=6)

    assert claim(store, tenant, holder=alive, now=later) is None
    store.keep(tenant, "key", dead, KeptAnswer(500, {}, b"late"))
    store.release(tenant, "key", dead)
    assert claim(store, tenant, now=later) == TakenKey("f", None)


def test_an_answer_is_kept_however_long_its_call_took_and_forgotten_in_the_end(store, tenant):
    holder = uuid4()
    claim(store, tenant, holder=holder)
    store.keep(tenant, "key", holder, ANSWER)

    assert claim(store, tenant, now=NOON + timedelta(hours=23)) == TakenKey("f", ANSWER)
    assert claim(store, tenant, now=NOON + timedelta(hours=24)) is None


def test_another_tenants_key_is_another_key(store, tenant):
    assert claim(store, tenant) is None
    assert claim(store, f"{tenant}-2") is None

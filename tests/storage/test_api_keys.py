from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from engine.errors import ConflictError, NotFoundError
from engine.model import Scope
from engine.ports import ApiKey
from storage.api_keys import SqlKeyStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(database):
    return SqlKeyStore(database)


@pytest.fixture
def new_key(tenant):
    def make(**fields):
        defaults = {
            "id": uuid4().hex,
            "tenant_id": tenant,
            "name": "dashboards",
            "secret_hmac": b"\x00\xff hmac",
            "roles": frozenset({"viewer", "analyst"}),
            "scope": None,
            "created_by": "ana",
            "created_at": NOON,
        }
        return ApiKey(**defaults | fields)

    return make


def test_a_stored_key_comes_back_as_it_was(store, new_key):
    key = new_key(
        scope=Scope(groups=("execute",), api_patterns=("sales-*",), tags=("public",)),
        expires_at=NOON + timedelta(days=1),
        last_used_at=NOON,
        rate="100/minute",
        allowed_ips=("10.0.0.0/8",),
    )

    store.add(key)

    assert store.get(key.id) == key


def test_an_unknown_key_is_none(store):
    assert store.get("unknown") is None


def test_a_taken_id_is_a_conflict_in_every_tenant(store, new_key):
    key = new_key()
    store.add(key)

    with pytest.raises(ConflictError):
        store.add(new_key(id=key.id, tenant_id="other"))

    assert store.get(key.id) == key


def test_keys_are_listed_newest_first_and_only_those_of_the_tenant(store, tenant, new_key):
    older, newer = new_key(), new_key(created_at=NOON + timedelta(hours=1))
    for key in (older, newer, new_key(tenant_id="other")):
        store.add(key)

    assert store.all(tenant) == (newer, older)


def test_a_revoked_key_keeps_the_time_of_its_first_revocation(store, tenant, new_key):
    key = new_key()
    store.add(key)

    store.revoke(tenant, key.id, NOON)
    store.revoke(tenant, key.id, NOON + timedelta(hours=1))

    assert store.get(key.id).revoked_at == NOON


def test_another_tenant_cannot_revoke(store, new_key):
    key = new_key()
    store.add(key)

    with pytest.raises(NotFoundError):
        store.revoke("other", key.id, NOON)

    assert store.get(key.id).revoked_at is None


def test_the_last_use_never_goes_back(store, new_key):
    key = new_key()
    store.add(key)

    store.touch(key.id, NOON)
    store.touch(key.id, NOON - timedelta(hours=1))

    assert store.get(key.id).last_used_at == NOON


def test_the_count_is_over_all_tenants(store, new_key):
    before = store.count()

    store.add(new_key())
    store.add(new_key(tenant_id="other"))

    assert store.count() == before + 2

"""Users, bindings and sessions on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import ConflictError, NotFoundError
from engine.ports import RoleBinding, Session, User
from storage.users import SqlUserStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(database):
    return SqlUserStore(database)


@pytest.fixture
def ada(store, tenant):
    user = User(tenant_id=tenant, name="ada", password_hash="hash", is_active=True, created_at=NOON)
    store.add(user)
    return user


def test_a_user_comes_back_as_it_was(store, tenant, ada):
    assert store.get(tenant, "ada") == ada
    assert store.all(tenant) == (ada,)
    assert store.any_exist()


def test_a_change_sets_what_is_given_and_leaves_the_rest(store, tenant, ada):
    store.change(tenant, "ada", is_active=False)
    store.change(tenant, "ada", last_login_at=NOON)

    changed = store.get(tenant, "ada")
    assert (changed.password_hash, changed.is_active, changed.last_login_at) == (
        "hash",
        False,
        NOON,
    )


def test_a_name_is_taken_once_in_a_tenant(store, tenant, ada):
    with pytest.raises(ConflictError):
        store.add(ada)

    assert store.get("other", "ada") is None
    with pytest.raises(NotFoundError):
        store.change("other", "ada", is_active=False)


def test_a_binding_is_there_once_until_it_is_taken(store, tenant):
    binding = RoleBinding(tenant, "group:data", "viewer", "ana", NOON)
    store.bind(binding)
    store.bind(binding)

    assert store.bindings(tenant) == (binding,)
    assert store.bindings("other") == ()
    with pytest.raises(NotFoundError):
        store.unbind("other", "group:data", "viewer")
    store.unbind(tenant, "group:data", "viewer")
    assert store.bindings(tenant) == ()


def session(tenant, name, at=NOON):
    return Session(f"{tenant}-{name}", tenant, "ada", at, at + timedelta(hours=1))


def test_a_session_is_there_until_it_is_ended(store, tenant):
    first, second = session(tenant, "1"), session(tenant, "2")
    store.open_session(first)
    store.open_session(second)

    assert store.session(tenant, first.id) == first
    assert store.session("other", first.id) is None
    store.end_session("other", first.id)
    store.end_session(tenant, first.id)
    assert store.session(tenant, first.id) is None
    store.end_sessions(tenant, "ada")
    assert store.session(tenant, second.id) is None


def test_a_new_session_sweeps_out_those_that_are_over(store, tenant):
    old, new = session(tenant, "old"), session(tenant, "new", NOON + timedelta(hours=1))
    store.open_session(old)

    store.open_session(new)

    assert store.session(tenant, old.id) is None
    assert store.session(tenant, new.id) == new

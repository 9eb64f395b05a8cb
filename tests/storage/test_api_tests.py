from datetime import timedelta
from uuid import uuid4

import pytest

from engine.errors import ConflictError, NotFoundError
from engine.model.testing import ApiTestCase, Expectation, ValueExpectation
from storage.api_tests import SqlCaseStore
from storage.definitions import SqlDefinitionStore


@pytest.fixture
def store(database):
    return SqlCaseStore(database)


@pytest.fixture
def api(database, new_api):
    return SqlDefinitionStore(database).create(new_api(), note="first")


@pytest.fixture
def new_case(api):
    def make(name="jfk", **fields):
        known = {"id": uuid4(), "tenant_id": api.tenant_id, "api_id": api.id}
        times = {"created_at": api.created_at, "updated_at": api.created_at}
        return ApiTestCase(name=name, **known, **times, **fields)

    return make


def test_a_test_case_comes_back_as_it_was_kept(store, api, new_case):
    values = (ValueExpectation(path="rows[0].n", equals=1.0, tolerance=0.5),)
    kept = new_case(
        params={"b": 1, "a": [1, None]},
        input_payload={"x": "é"},
        expect=Expectation(columns=("n",), min_rows=1, values=values, max_latency_ms=50),
    )

    store.add(kept)

    assert store.of(api.tenant_id, api.id) == (kept,)
    assert list(store.of(api.tenant_id, api.id)[0].params) == ["b", "a"]
    assert store.all(api.tenant_id) == {api.id: (kept,)}
    assert store.all("somebody-else") == {}


def test_test_cases_come_by_name(store, api, new_case):
    for name in ("b", "c", "a"):
        store.add(new_case(name))

    assert [case.name for case in store.of(api.tenant_id, api.id)] == ["a", "b", "c"]


def test_a_name_is_taken_once_in_an_api(store, new_case):
    store.add(new_case())

    with pytest.raises(ConflictError, match="'jfk' already"):
        store.add(new_case())


def test_a_change_replaces_the_revision_it_was_made_from(store, api, new_case):
    first = new_case()
    store.add(first)
    later = first.updated_at + timedelta(hours=1)
    changes = {"params": {"n": 2}, "revision": 2, "updated_by": "bo", "updated_at": later}
    second = first.model_copy(update=changes)

    store.change(second)

    assert store.of(api.tenant_id, api.id) == (second,)
    with pytest.raises(ConflictError, match="by somebody else"):
        store.change(second)


def test_test_cases_go_with_their_api(store, database, api, new_case):
    store.add(new_case())

    SqlDefinitionStore(database).delete(api.tenant_id, api.id)

    assert store.all(api.tenant_id) == {}
    with pytest.raises(NotFoundError):
        store.add(new_case())


def test_what_is_not_there_cannot_be_deleted(store, api, new_case):
    case = new_case()
    store.add(case)

    with pytest.raises(NotFoundError):
        store.delete("somebody-else", case.id)
    store.delete(api.tenant_id, case.id)
    with pytest.raises(NotFoundError):
        store.delete(api.tenant_id, case.id)

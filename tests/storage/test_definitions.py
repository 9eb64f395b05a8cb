from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from engine.errors import ConflictError, NotFoundError
from engine.model import ApiDraft, ApiQuery, Scope
from engine.ports import AuditEntry, DefinitionChanges
from engine.references import called_apis
from storage.definitions import SqlDefinitionStore
from storage.tables import AuditRow

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(database):
    return SqlDefinitionStore(database)


@pytest.fixture
def draft_of():
    def make(api, **fields):
        return ApiDraft(
            api_id=api.id, fields=fields, base_version=1, updated_by="bo", updated_at=NOON
        )

    return make


def test_a_stored_definition_comes_back_as_it_was(store, new_api):
    api = new_api(
        logic_body="SELECT 'é' -- ☃",
        connection="sample",
        param_schema={
            "origin": {"type": "text", "required": True, "enum": ["JFK", "LGA"]},
            "after": {"type": "date", "default": "2013-01-01"},
            "b": {"type": "array", "items": {"type": "integer"}},
            "a": {"type": "integer", "min": 1},
        },
        runtime_policy={"rate_limit": {"per_api": "100/minute"}, "cache": {"enabled": True}},
        tags=("flights", "delay"),
        tool_name="delays",
        created_at=NOON.astimezone(timezone(timedelta(hours=2))),
    )

    store.create(api, note="first")

    assert store.get(api.tenant_id, api.api_name) == api
    assert store.get(api.tenant_id, str(api.id)) == api
    assert store.get(api.tenant_id, api.api_name).created_at.tzinfo is UTC


def test_the_order_of_parameters_is_kept(store, new_api):
    api = new_api(param_schema={name: {} for name in ("zeta", "beta", "alpha")})

    store.create(api, note="")

    assert list(store.get(api.tenant_id, api.api_name).param_schema) == ["zeta", "beta", "alpha"]


def test_a_stamp_tells_id_version_and_activity(store, new_api):
    api = store.create(new_api(), note="")
    assert store.stamp(api.tenant_id, api.api_name) == (api.id, 1, True)

    store.set_active(api.tenant_id, api.id, active=False)

    assert store.stamp(api.tenant_id, str(api.id)) == (api.id, 1, False)


def test_a_name_that_looks_like_the_id_of_another_api_does_not_hide_it(store, new_api):
    api = store.create(new_api(), note="")
    store.create(new_api(api_name=str(api.id)), note="")

    assert store.get(api.tenant_id, str(api.id)) == api


def test_an_unknown_reference_is_not_found(store, tenant):
    with pytest.raises(NotFoundError, match="no API 'missing'"):
        store.get(tenant, "missing")
    with pytest.raises(NotFoundError):
        store.stamp(tenant, str(uuid4()))


def test_another_tenant_sees_and_changes_nothing(store, new_api, draft_of):
    api = store.create(new_api(), note="")

    for attempt in (
        lambda: store.get("other", api.api_name),
        lambda: store.stamp("other", str(api.id)),
        lambda: store.set_active("other", api.id, active=False),
        lambda: store.set_tool("other", api.id, "tool"),
        lambda: store.delete("other", api.id),
        lambda: store.draft("other", api.id),
        lambda: store.save_draft("other", draft_of(api)),
        lambda: store.drop_draft("other", api.id),
        lambda: store.version("other", api.id, 1),
        lambda: store.publish(
            api.model_copy(update={"tenant_id": "other"}), expected_version=1, note="", by="eve"
        ),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert store.versions("other", api.id) == ()
    assert store.search("other", ApiQuery()).total == 0
    assert store.get(api.tenant_id, api.api_name) == api


def test_two_tenants_may_use_the_same_name(store, new_api):
    store.create(new_api(api_name="shared", tenant_id="one"), note="")

    store.create(new_api(api_name="shared", tenant_id="two"), note="")

    assert store.get("one", "shared").id != store.get("two", "shared").id


def test_a_taken_name_is_a_conflict_and_stores_nothing(store, new_api):
    first = store.create(new_api(api_name="taken"), note="")

    with pytest.raises(ConflictError, match="'taken' exists already"):
        store.create(new_api(api_name="taken"), note="")

    assert store.search(first.tenant_id, ApiQuery()).total == 1


def test_a_definition_that_was_never_published_has_no_version(store, new_api):
    api = store.create(new_api(version=0), note="")

    assert store.versions(api.tenant_id, api.id) == ()


def test_publishing_replaces_what_is_live_and_keeps_every_version(store, new_api, draft_of):
    first = store.create(new_api(), note="first")
    store.save_draft(first.tenant_id, draft_of(first, logic_body="SELECT 3"))
    later = NOON + timedelta(hours=1)
    changed = first.model_copy(
        update={"logic_body": "SELECT 2", "api_name": "renamed", "updated_at": later}
    )

    live = store.publish(changed, expected_version=1, note="faster", by="bo")

    assert live == changed.model_copy(update={"version": 2})
    assert store.get(first.tenant_id, "renamed") == live
    assert store.draft(first.tenant_id, first.id) is None
    newest, oldest = store.versions(first.tenant_id, first.id)
    assert (newest.version, newest.snapshot, newest.change_note) == (2, live, "faster")
    assert (newest.created_by, newest.created_at) == ("bo", later)
    assert (oldest.version, oldest.snapshot, oldest.change_note) == (1, first, "first")
    assert store.version(first.tenant_id, first.id, 1) == oldest


def test_publishing_keeps_what_authors_do_not_edit(store, new_api):
    api = store.create(new_api(), note="")
    store.set_active(api.tenant_id, api.id, active=False)
    store.set_tool(api.tenant_id, api.id, "delays")

    live = store.publish(api, expected_version=1, note="", by="bo")

    assert (live.is_active, live.tool_name, live.created_by) == (False, "delays", "ana")


def test_publishing_over_somebody_elses_version_is_a_conflict(store, new_api):
    api = store.create(new_api(), note="")
    store.publish(api, expected_version=1, note="", by="bo")

    with pytest.raises(ConflictError, match="version 2 is live") as caught:
        store.publish(api, expected_version=1, note="", by="ana")

    assert caught.value.details == {"live_version": 2, "expected_version": 1}
    assert len(store.versions(api.tenant_id, api.id)) == 2


def test_publishing_under_a_taken_name_is_a_conflict_and_changes_nothing(store, new_api):
    store.create(new_api(api_name="taken"), note="")
    api = store.create(new_api(), note="")

    with pytest.raises(ConflictError):
        store.publish(
            api.model_copy(update={"api_name": "taken"}), expected_version=1, note="", by="bo"
        )

    assert store.get(api.tenant_id, api.api_name).version == 1


def test_a_deleted_api_leaves_neither_versions_nor_draft(store, new_api, draft_of):
    api = store.create(new_api(), note="")
    store.save_draft(api.tenant_id, draft_of(api))

    store.delete(api.tenant_id, api.id)

    with pytest.raises(NotFoundError):
        store.get(api.tenant_id, api.api_name)
    assert store.versions(api.tenant_id, api.id) == ()


def test_a_draft_is_kept_apart_and_replaced_as_a_whole(store, new_api, draft_of):
    api = store.create(new_api(), note="")
    assert store.draft(api.tenant_id, api.id) is None
    store.save_draft(api.tenant_id, draft_of(api, logic_body="SELEC", tags=["a"]))

    newer = store.save_draft(api.tenant_id, draft_of(api, logic_body="SELECT 2"))

    assert store.draft(api.tenant_id, api.id) == newer
    assert store.get(api.tenant_id, api.api_name) == api


def test_an_empty_draft_is_a_draft_and_a_dropped_one_is_none(store, new_api, draft_of):
    api = store.create(new_api(), note="")
    empty = store.save_draft(api.tenant_id, draft_of(api))
    assert store.draft(api.tenant_id, api.id) == empty

    store.drop_draft(api.tenant_id, api.id)

    assert store.draft(api.tenant_id, api.id) is None


def test_an_unknown_version_is_not_found(store, new_api):
    api = store.create(new_api(), note="")

    with pytest.raises(NotFoundError, match="no version 9"):
        store.version(api.tenant_id, api.id, 9)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["carriers", "flights", "weather"]),
        ({"logic_type": "http"}, ["weather"]),
        ({"is_active": False}, ["carriers"]),
        ({"tag": "eté"}, ["flights"]),
        ({"tag": "et"}, []),
        ({"tag": 'a "b"\\%'}, ["weather"]),
        ({"q": "WEATHER"}, ["weather"]),
        ({"q": "ETÉ"}, ["flights"]),
        ({"q": "ÜBER"}, ["carriers"]),
        ({"q": "100%"}, ["carriers"]),
        ({"q": "_"}, []),
        ({"limit": 1, "offset": 1}, ["flights"]),
        ({"q": "e", "logic_type": "sql"}, ["carriers", "flights"]),
        ({"sort": "type"}, ["weather", "carriers", "flights"]),
        ({"has_draft": True}, []),
        ({"has_draft": False, "logic_type": "http"}, ["weather"]),
    ],
)
def test_search_filters_and_orders_by_name(store, new_api, tenant, query, names):
    store.create(new_api(api_name="weather", logic_type="http", tags=('a "b"\\%',)), note="")
    store.create(new_api(api_name="flights", tags=("Eté", "eté")), note="")
    store.create(
        new_api(api_name="carriers", description="über 100% of them", is_active=False), note=""
    )

    page = store.search(tenant, ApiQuery(**query))

    assert [api.api_name for api in page.items] == names
    assert page.total == (3 if "limit" in query else len(names))


def test_the_last_changed_come_first_when_asked_for(store, new_api, tenant):
    late = new_api().created_at + timedelta(days=1)
    store.create(new_api(api_name="old"), note="")
    store.create(new_api(api_name="young", updated_at=late), note="")

    page = store.search(tenant, ApiQuery(sort="changed"))

    assert [api.api_name for api in page.items] == ["young", "old"]


def test_names_are_listed_with_their_ids_and_only_those_of_the_scope(store, new_api, tenant):
    weather = store.create(new_api(api_name="weather"), note="")
    flights = store.create(new_api(api_name="flights"), note="")

    assert list(store.names(tenant).items()) == [("flights", flights.id), ("weather", weather.id)]
    assert store.names(tenant, Scope(api_patterns=("w*",))) == {"weather": weather.id}
    assert store.names("elsewhere") == {}


def test_every_tag_is_listed_once_and_only_those_of_the_scope(store, new_api, tenant):
    store.create(new_api(api_name="flights", tags=("eté", "delays")), note="")
    store.create(new_api(api_name="weather", tags=("delays", 'a "b"')), note="")

    assert store.tags(tenant) == ('a "b"', "delays", "eté")
    assert store.tags(tenant, Scope(api_patterns=("fl*",))) == ("delays", "eté")
    assert store.tags("elsewhere") == ()


def test_those_with_a_draft_are_told_and_found(store, new_api, tenant, draft_of):
    with_draft = store.create(new_api(api_name="flights"), note="")
    without = store.create(new_api(api_name="weather"), note="")
    store.save_draft(tenant, draft_of(with_draft))

    assert store.drafted(tenant, [with_draft.id, without.id]) == {with_draft.id}
    assert store.drafted(tenant, []) == frozenset()
    assert store.drafted("elsewhere", [with_draft.id]) == frozenset()
    assert [api.id for api in store.search(tenant, ApiQuery(has_draft=True)).items] == [
        with_draft.id
    ]


def applied(store, tenant, **changes):
    entry = AuditEntry(tenant_id=tenant, actor="bo", action="api.publish", target="a", at=NOON)
    store.apply(tenant, DefinitionChanges(**changes), note="all", by="bo", audit=[entry])


def test_every_definition_is_listed_by_name_in_its_tenant_alone(store, tenant, new_api):
    for name in ("b", "a"):
        store.create(new_api(api_name=name), note="")
    store.create(new_api(tenant_id=f"{tenant}-other"), note="")

    assert [api.api_name for api in store.all(tenant)] == ["a", "b"]


def test_many_changes_are_made_together(store, tenant, new_api):
    changed, unwanted = (store.create(new_api(), note="") for _ in range(2))
    store.save_draft(
        tenant,
        ApiDraft(
            api_id=changed.id,
            fields={"description": "d"},
            base_version=1,
            updated_by="bo",
            updated_at=NOON,
        ),
    )
    new = new_api(version=0)

    applied(
        store,
        tenant,
        created=(new,),
        published=(changed.model_copy(update={"logic_body": "SELECT 2"}),),
        deleted=(unwanted,),
    )

    assert {api.id: (api.version, api.logic_body) for api in store.all(tenant)} == {
        new.id: (1, "SELECT 1"),
        changed.id: (2, "SELECT 2"),
    }
    assert [each.change_note for each in store.versions(tenant, changed.id)] == ["all", ""]
    assert [each.snapshot.version for each in store.versions(tenant, new.id)] == [1]
    assert store.draft(tenant, changed.id) is not None


@pytest.mark.parametrize("meanwhile", ["published", "deleted", "created"])
def test_of_many_changes_none_is_made_when_one_meets_another_state(
    store, database, tenant, new_api, meanwhile
):
    kept, met = (store.create(new_api(), note="") for _ in range(2))
    change = kept.model_copy(update={"logic_body": "SELECT 2"})
    late: dict[str, Any] = {
        "published": {"published": (change, met.model_copy(update={"version": 7}))},
        "deleted": {"published": (change,), "deleted": (met.model_copy(update={"version": 7}),)},
        "created": {"published": (change,), "created": (new_api(api_name=met.api_name),)},
    }

    with pytest.raises(ConflictError):
        applied(store, tenant, **late[meanwhile])

    assert store.all(tenant) == tuple(sorted((kept, met), key=lambda api: api.api_name))
    with database.reading(tenant) as rows:
        assert rows.execute(rows.select(AuditRow)).all() == []


def test_what_is_published_meanwhile_keeps_an_api_from_being_deleted(store, tenant, new_api):
    api = store.create(new_api(), note="")
    seen = store.index(tenant)
    other = store.create(new_api(), note="")

    assert store.delete(tenant, api.id, seen=seen) is False
    assert store.delete(tenant, api.id, seen=store.index(tenant)) is True
    assert store.all(tenant) == (other,)


@pytest.mark.parametrize("how", ["created", "published", "applied"])
def test_what_calls_a_deleted_api_is_not_published(store, tenant, new_api, how):
    gone = new_api()
    calling = new_api(
        version=0 if how == "applied" else 1,
        logic_type="workflow",
        logic_body=f'{{"nodes": [{{"id": "n", "api_id": "{gone.id}"}}]}}',
    )
    live = store.create(new_api(id=calling.id), note="") if how == "published" else None
    attempts = {
        "created": lambda: store.create(calling, note=""),
        "published": lambda: store.publish(calling, expected_version=1, note="", by="bo"),
        "applied": lambda: applied(store, tenant, created=(calling,)),
    }

    with pytest.raises(ConflictError, match=f"calls '{gone.id}', which was deleted meanwhile"):
        attempts[how]()

    assert store.all(tenant) == ((live,) if live else ())


def test_deleting_and_publishing_wait_for_each_other(store, tenant, new_api):
    """However they interleave, nothing that is live calls what is gone."""
    called = [store.create(new_api(), note="") for _ in range(8)]

    def call(api):
        body = f'{{"nodes": [{{"id": "n", "api_id": "{api.api_name}"}}]}}'
        with suppress(ConflictError):
            store.create(new_api(logic_type="workflow", logic_body=body), note="")

    def drop(api):
        seen = store.index(tenant)
        if not any(api.api_name in each.logic_body for each in store.all(tenant)):
            store.delete(tenant, api.id, seen=seen)

    with ThreadPoolExecutor(4) as threads:
        for api in called:
            threads.submit(call, api)
            threads.submit(drop, api)

    live = store.all(tenant)
    names = {api.api_name for api in live}
    assert {name for api in live for name in called_apis(api.logic_type, api.logic_body)} <= names


def test_a_draft_saved_meanwhile_by_somebody_else_is_not_replaced(store, new_api, draft_of):
    api = store.create(new_api(), note="first")
    first = store.save_draft(api.tenant_id, draft_of(api, logic_body="SELECT 2"))
    others = first.model_copy(update={"updated_by": "cy", "fields": {"logic_body": "SELECT 3"}})

    with pytest.raises(ConflictError, match="saved a draft of"):
        store.save_draft(api.tenant_id, others)

    assert store.save_draft(api.tenant_id, others, over=first) == others

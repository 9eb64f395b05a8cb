"""Assets: what they hold, how they live, and the APIs that stand on them."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import orjson
import pytest

from engine.call import ExecutionRequest
from engine.errors import (
    BadRequestError,
    ConflictError,
    DefinitionInvalidError,
    NotFoundError,
    PermissionDeniedError,
    TemplateFailedError,
)
from engine.facade import Engine
from engine.model import Caller, Scope
from engine.model.asset import Asset, AssetQuery

NewAsset = Callable[..., Asset]
GOOD = {
    "prompt": {"template": "Summarize {{ variables.what }}"},
    "mapping": {"east": "JFK", "west": "LAX"},
    "policy": {"max_rows": 7, "cache": {"enabled": True}},
    "query": {"sql": "SELECT 1 AS answer", "connection": "sample"},
    "source": {"connection": "sample"},
    "resolver": {"api": "carriers-list", "value": "rows[0]"},
}
BAD = [
    ("prompt", {"template": "{{ nowhere.x }}"}, "content.template"),
    ("prompt", {"template": "{{ variables.x "}, "content.template"),
    ("prompt", {"text": "x"}, "content.template"),
    ("mapping", {}, "content"),
    ("mapping", {"not a name": 1}, "content"),
    ("mapping", {"a": "{{ secrets.x }}"}, "content.a"),
    ("mapping", {"a": "{{ mappings.nowhere.b }}"}, "content.a"),
    ("policy", {"max_rowz": 3}, "content.max_rowz"),
    ("policy", {"asset": "other"}, "content"),
    ("policy", {"max_rows": 10**9}, "content.max_rows"),
    ("query", {"sql": "DELETE FROM flights", "connection": "sample"}, "content.sql"),
    ("query", {"sql": "SELECT nothing FROM nowhere", "connection": "sample"}, "content.sql"),
    ("query", {"sql": "SELECT 1", "connection": "nowhere"}, "content.connection"),
    ("query", {"sql": "SELECT 1"}, "content"),
    ("query", {"sql": "SELECT 1", "source": {"asset": "nowhere"}}, "content.source"),
    ("source", {"connection": "nowhere"}, "content.connection"),
    ("resolver", {"api": "nowhere"}, "content.api"),
    ("resolver", {"api": "carriers-list", "params": {"nothing": 1}}, "content.params.nothing"),
    ("resolver", {"api": "carriers-list", "value": "]["}, "content.value"),
]


@pytest.fixture
def new_asset(sample_engine: Engine, admin_caller: Caller) -> NewAsset:
    def create(asset_type: str, content: Any = None, *, publish: bool = True, **more: Any) -> Asset:
        fields = {
            "name": f"a-{uuid4().hex[:12]}",
            "asset_type": asset_type,
            "content": content or GOOD[asset_type],
            **more,
        }
        return sample_engine.assets.create(fields, admin_caller, publish=publish)

    return create


@pytest.fixture(scope="module")
def echo_url() -> Iterator[str]:
    """A server that answers with the body it was sent."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


def changed(engine: Engine, asset: Asset, content: Any, caller: Caller) -> Asset:
    engine.assets.update(asset.name, {"content": content}, caller)
    return engine.assets.publish(asset.name, caller)


def answer(engine: Engine, api: Any, caller: Caller, **params: Any) -> Any:
    request = ExecutionRequest(api=api.api_name, params=params)
    result = engine.run(request, caller)
    assert result.ok, result.error
    return orjson.loads(result.data_json)


@pytest.mark.parametrize("asset_type", GOOD)
def test_an_asset_of_each_type_can_be_published(new_asset, asset_type):
    asset = new_asset(asset_type)

    assert (asset.version, asset.status, asset.has_draft) == (1, "published", False)


@pytest.mark.parametrize(("asset_type", "content", "path"), BAD)
def test_bad_content_is_refused_with_its_place_and_nothing_is_saved(
    sample_engine, admin_caller, asset_type, content, path
):
    name = f"bad-{uuid4().hex[:8]}"
    fields = {"name": name, "asset_type": asset_type, "content": content}

    with pytest.raises(DefinitionInvalidError) as refused:
        sample_engine.assets.create(fields, admin_caller)

    assert any((issue.path or "").startswith(path) for issue in refused.value.issues)
    with pytest.raises(NotFoundError):
        sample_engine.assets.get(name, admin_caller)


def test_a_change_makes_a_draft_and_publishing_it_the_next_version(
    sample_engine, admin_caller, new_asset
):
    asset = new_asset("mapping")

    drafted = sample_engine.assets.update(asset.name, {"content": {"a": 1}}, admin_caller)

    assert (drafted.version, drafted.has_draft) == (1, True)
    assert dict(drafted.content) == GOOD["mapping"]
    published = sample_engine.assets.publish(asset.name, admin_caller, note="why")
    assert (published.version, published.has_draft) == (2, False)
    versions = sample_engine.assets.versions(asset.name, admin_caller)
    assert [each.change_note for each in versions] == ["why", "created"]
    assert dict(versions[1].content) == GOOD["mapping"]
    difference = sample_engine.assets.diff(asset.name, 1, 2, admin_caller)
    assert '+  "a": 1' in difference["content_diff"]


def test_a_rollback_is_a_new_version_equal_to_an_old_one_and_keeps_the_draft(
    sample_engine, admin_caller, new_asset
):
    asset = new_asset("mapping")
    changed(sample_engine, asset, {"a": 1}, admin_caller)
    sample_engine.assets.update(asset.name, {"content": {"b": 2}}, admin_caller)

    back = sample_engine.assets.rollback(asset.name, 1, admin_caller)

    assert (back.version, dict(back.content), back.has_draft) == (3, GOOD["mapping"], True)
    draft = sample_engine.assets.draft(asset.name, admin_caller)
    assert draft is not None
    assert dict(draft.content) == {"b": 2}


def test_nobody_overwrites_what_was_published_meanwhile(sample_engine, admin_caller, new_asset):
    asset = new_asset("mapping")
    changed(sample_engine, asset, {"a": 1}, admin_caller)

    with pytest.raises(ConflictError, match="version 2, not 1"):
        sample_engine.assets.update(
            asset.name, {"content": {"b": 2}}, admin_caller, expected_version=1
        )
    with pytest.raises(ConflictError, match="version 2, not 1"):
        sample_engine.assets.delete(asset.name, admin_caller, expected_version=1)


def test_without_changes_there_is_nothing_to_publish(sample_engine, admin_caller, new_asset):
    asset = new_asset("source")

    with pytest.raises(ConflictError, match="no unpublished changes"):
        sample_engine.assets.publish(asset.name, admin_caller)


def test_name_and_type_stay(sample_engine, admin_caller, new_asset):
    asset = new_asset("source")

    for field in ({"name": "other"}, {"asset_type": "query"}):
        with pytest.raises(DefinitionInvalidError, match="cannot be set here"):
            sample_engine.assets.update(asset.name, field, admin_caller)
    with pytest.raises(ConflictError, match="exists already"):
        new_asset("source", name=asset.name)


def test_assets_are_found_by_type_status_tag_and_words(sample_engine, admin_caller, new_asset):
    word = uuid4().hex
    new_asset("policy", description=f"about {word}", tags=["gentle", word])
    new_asset("source", publish=False, tags=[word])

    def found(**query: Any) -> list[str]:
        page = sample_engine.assets.search(AssetQuery(**query), admin_caller)
        return [each.asset_type for each in page.items]

    assert sorted(found(tag=word)) == ["policy", "source"]
    assert found(tag=word, status="draft") == ["source"]
    assert found(tag=word, status="published") == ["policy"]
    assert found(q=word, asset_type="policy") == ["policy"]
    assert word in sample_engine.assets.tags(admin_caller)


def test_an_api_runs_with_the_policy_of_an_asset_and_its_own_fields_on_top(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    policy = new_asset("policy", {"max_rows": 3, "cache": {"enabled": True, "ttl_seconds": 9}})
    api = new_sql_api(
        {"asset": policy.name, "cache": {"enabled": False}},
        logic_body="SELECT * FROM range(100)",
        param_schema={},
    )

    assert answer(sample_engine, api, admin_caller)["row_count"] == 3
    effective = sample_engine.asset_values.effective(api, admin_caller).runtime_policy
    assert (effective.cache.enabled, effective.cache.ttl_seconds) == (False, 9)
    stored = sample_engine.apis.get(api.api_name, admin_caller).runtime_policy
    assert stored.model_dump() == {"asset": policy.name, "cache": {"enabled": False}}


def test_an_api_that_follows_the_latest_follows_at_once(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    query = new_asset("query", {"sql": "SELECT 1 AS answer", "connection": "sample"})
    body = {"asset": query.name}
    api = new_sql_api(
        {"cache": {"enabled": True}}, logic_body=body, connection=None, param_schema={}
    )
    assert answer(sample_engine, api, admin_caller)["rows"] == [{"answer": 1}]

    content = {"sql": "SELECT 2 AS answer", "connection": "sample"}
    changed(sample_engine, query, content, admin_caller)

    assert answer(sample_engine, api, admin_caller)["rows"] == [{"answer": 2}]


def test_pinned_and_labelled_apis_follow_what_they_name(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    assets = sample_engine.assets
    query = new_asset("query")
    assets.set_label(query.name, "production", 1, admin_caller)
    pinned, labelled = (
        new_sql_api(logic_body={"asset": query.name, **how}, connection=None, param_schema={})
        for how in ({"version": 1}, {"label": "production"})
    )
    changed(
        sample_engine, query, {"sql": "SELECT 2 AS answer", "connection": "sample"}, admin_caller
    )

    def answers() -> list[int]:
        both = (answer(sample_engine, api, admin_caller) for api in (pinned, labelled))
        return [each["rows"][0]["answer"] for each in both]

    assert answers() == [1, 1]
    assets.set_label(query.name, "production", 2, admin_caller)
    assert answers() == [1, 2]
    assert dict(assets.get(query.name, admin_caller).labels) == {"production": 2}


def test_a_query_runs_where_its_source_says(sample_engine, admin_caller, new_asset, new_sql_api):
    source = new_asset("source")
    query = new_asset(
        "query", {"sql": "SELECT count(*) AS n FROM airlines", "source": {"asset": source.name}}
    )
    api = new_sql_api(logic_body={"asset": query.name}, connection=None, param_schema={})

    assert answer(sample_engine, api, admin_caller)["rows"] == [{"n": 16}]
    assert [use.name for use in sample_engine.assets.used_by(source.name, admin_caller)] == [
        query.name,
        api.api_name,
    ]
    readers = sample_engine.lineage.readers("airlines", admin_caller)
    assert api.api_name in {use.name for use in readers}


def test_mappings_fill_templates_by_key_computed_key_and_as_a_whole(
    sample_engine, admin_caller, new_asset, echo_url
):
    base = new_asset("mapping", {"prefix": "carrier"})
    names = new_asset(
        "mapping",
        {
            "AA": "American",
            "DL": "Delta",
            "said": f"{{{{ mappings['{base.name}'].prefix }}}} {{{{ params.code }}}}",
        },
    )
    m = f"mappings['{names.name}']"
    body = {
        "fixed": f"{{{{ {m}.AA }}}}",
        "computed": f"{{{{ {m}[params.code] }}}}",
        "nested": f"<{{{{ {m}.said }}}}>",
        "whole": f"{{{{ {m} }}}}",
    }
    api = sample_engine.apis.create(
        {
            "api_name": f"t-{uuid4().hex[:12]}",
            "logic_type": "http",
            "logic_body": {"method": "POST", "url": echo_url, "body": body},
            "param_schema": {"code": {"type": "text", "default": "DL"}},
            "runtime_policy": {"http": {"allow_hosts": ["127.0.0.1"]}},
        },
        admin_caller,
    )

    said = answer(sample_engine, api, admin_caller)

    assert said["fixed"] == "American"
    assert said["computed"] == "Delta"
    assert said["nested"] == "<carrier DL>"
    assert said["whole"] == {"AA": "American", "DL": "Delta", "said": "carrier DL"}
    assert {use.name for use in sample_engine.assets.used_by(base.name, admin_caller)} == {
        names.name,
        api.api_name,
    }


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ mappings.nowhere.x }}", "no published asset 'nowhere'"),
        ("{{ mappings['NAME'].lost }}", "no key 'lost'"),
        ("{{ mappings['NAME'].said }}", "params.code, which is no parameter"),
        ("{{ mappings }}", "name the mapping"),
        ("{{ mappings['NAME@9'].AA }}", "its version 9"),
        ("{{ mappings['NAME@old'].AA }}", "its label 'old'"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(
    sample_engine, admin_caller, new_asset, template, reason
):
    names = new_asset("mapping", {"AA": "American", "said": "{{ params.code }}"})
    node = {"id": "a", "api_id": "carriers-list", "input": template.replace("NAME", names.name)}
    fields = {
        "api_name": f"t-{uuid4().hex[:12]}",
        "logic_type": "workflow",
        "logic_body": {"version": 1, "nodes": [node]},
    }

    with pytest.raises(DefinitionInvalidError, match=reason):
        sample_engine.apis.create(fields, admin_caller)


@pytest.mark.parametrize(
    ("policy", "body", "reason"),
    [
        ({"asset": "nowhere"}, "SELECT 1", "no published asset"),
        ({"version": 3}, "SELECT 1", "name it as"),
        ({}, '{"asset": "nowhere"}', "no published asset"),
        ({}, '{"asset": "x", "version": 1, "label": "y"}', "not both"),
        ({}, '{"assets": "x"}', "no reference to an asset"),
        ({}, "{", "no reference to an asset"),
    ],
)
def test_a_malformed_reference_is_refused(new_sql_api, policy, body, reason):
    with pytest.raises(DefinitionInvalidError, match=reason):
        new_sql_api(policy, logic_body=body, param_schema={})


def test_an_asset_of_another_type_is_refused(new_asset, new_sql_api):
    source = new_asset("source")

    with pytest.raises(DefinitionInvalidError, match="is a source, not a policy"):
        new_sql_api({"asset": source.name})


def test_mappings_that_read_each_other_are_refused(sample_engine, admin_caller, new_asset):
    first = new_asset("mapping", {"a": 1})
    second = new_asset("mapping", {"b": f"{{{{ mappings['{first.name}'].a }}}}"})

    for text in (first.name, f"{second.name}@1"):
        content = {"a": f"{{{{ mappings['{text}'].b }}}}"}
        with pytest.raises(DefinitionInvalidError, match="read each other") as refused:
            sample_engine.assets.update(first.name, {"content": content}, admin_caller)
        assert refused.value.issues[0].code == "mapping_cycle"


def test_what_is_used_is_not_deleted_and_the_users_are_named(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    policy = new_asset("policy")
    api = new_sql_api({"asset": policy.name})

    with pytest.raises(ConflictError, match=api.api_name):
        sample_engine.assets.delete(policy.name, admin_caller)

    sample_engine.apis.delete(api.api_name, admin_caller)
    sample_engine.assets.delete(policy.name, admin_caller)
    with pytest.raises(NotFoundError):
        sample_engine.assets.get(policy.name, admin_caller)


def test_a_version_or_label_that_would_break_an_api_is_refused(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    assets = sample_engine.assets
    query = new_asset(
        "query",
        {
            "sql": "SELECT :n + 1 AS answer",
            "connection": "sample",
            "param_schema": {"n": {"type": "integer"}},
        },
    )
    assets.set_label(query.name, "production", 1, admin_caller)
    latest = new_sql_api(logic_body={"asset": query.name}, connection=None)
    worse = {
        "sql": "SELECT :m AS answer",
        "connection": "sample",
        "param_schema": {"m": {"type": "integer"}},
    }
    assets.update(query.name, {"content": worse}, admin_caller)

    with pytest.raises(ConflictError, match=latest.api_name):
        assets.publish(query.name, admin_caller)

    assert assets.get(query.name, admin_caller).version == 1
    assert answer(sample_engine, latest, admin_caller)["rows"] == [{"answer": 42}]
    sample_engine.apis.delete(latest.api_name, admin_caller)
    follower = new_sql_api(logic_body={"asset": query.name, "label": "production"}, connection=None)
    assets.publish(query.name, admin_caller)
    with pytest.raises(ConflictError, match=follower.api_name):
        assets.set_label(query.name, "production", 2, admin_caller)
    with pytest.raises(ConflictError, match=follower.api_name):
        assets.drop_label(query.name, "production", admin_caller)
    assert answer(sample_engine, follower, admin_caller)["rows"] == [{"answer": 42}]


def test_labels_are_names_of_versions_that_exist(sample_engine, admin_caller, new_asset):
    asset = new_asset("source")

    with pytest.raises(BadRequestError, match="no label"):
        sample_engine.assets.set_label(asset.name, "3", 1, admin_caller)
    with pytest.raises(NotFoundError, match="version 9"):
        sample_engine.assets.set_label(asset.name, "production", 9, admin_caller)
    sample_engine.assets.set_label(asset.name, "production", 1, admin_caller)
    sample_engine.assets.drop_label(asset.name, "production", admin_caller)
    with pytest.raises(NotFoundError, match="no label"):
        sample_engine.assets.drop_label(asset.name, "production", admin_caller)


def test_an_api_that_a_resolver_names_is_not_deleted(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    api = new_sql_api()
    resolver = new_asset(
        "resolver", {"api": api.api_name, "params": {"n": 1}, "value": "rows[0].answer"}
    )

    assert sample_engine.asset_values.resolve(resolver.name, admin_caller) == 2
    with pytest.raises(ConflictError, match=f"resolver '{resolver.name}'"):
        sample_engine.apis.delete(api.api_name, admin_caller)
    with pytest.raises(BadRequestError, match="not a prompt"):
        sample_engine.asset_values.render(resolver.name, {}, admin_caller)


def test_a_prompt_is_filled_from_variables_and_defaults(sample_engine, admin_caller, new_asset):
    prompt = new_asset(
        "prompt",
        {"template": "{{ variables.a }} and {{ variables.b }}", "variables": {"b": "default"}},
    )

    assert sample_engine.asset_values.render(prompt.name, {"a": 1}, admin_caller) == "1 and default"
    with pytest.raises(TemplateFailedError):
        sample_engine.asset_values.render(f"{prompt.name}@1", {}, admin_caller)


def test_roles_scopes_and_tenants_keep_to_their_own(sample_engine, admin_caller, new_asset):
    asset = new_asset("source")
    viewer = admin_caller.model_copy(update={"roles": frozenset({"viewer"})})
    neighbour = admin_caller.model_copy(update={"tenant_id": "neighbour"})
    limited = admin_caller.model_copy(
        update={"kind": "api_key", "scope": Scope(api_patterns=("x*",))}
    )

    assert sample_engine.assets.get(asset.name, viewer) == asset
    with pytest.raises(PermissionDeniedError):
        sample_engine.assets.update(asset.name, {"description": "x"}, viewer)
    with pytest.raises(NotFoundError):
        sample_engine.assets.get(asset.name, neighbour)
    with pytest.raises(PermissionDeniedError, match="limited to some APIs"):
        sample_engine.assets.get(asset.name, limited)


def test_another_process_follows_a_label_when_it_looks_again(
    sample_engine, admin_caller, new_asset, new_sql_api
):
    """Another process has a catalogue of its own, which nobody tells."""
    query = new_asset("query")
    sample_engine.assets.set_label(query.name, "production", 1, admin_caller)
    api = new_sql_api(
        logic_body={"asset": query.name, "label": "production"}, connection=None, param_schema={}
    )
    now = [0.0]
    other = type(sample_engine.pipeline.catalog)(
        sample_engine.apis._store, sample_engine.pipeline.compiler, clock=lambda: now[0]
    )
    before = other.resolve("default", api.api_name)
    changed(
        sample_engine, query, {"sql": "SELECT 2 AS answer", "connection": "sample"}, admin_caller
    )

    now[0] += 2
    assert other.resolve("default", api.api_name) is before
    sample_engine.assets.set_label(query.name, "production", 2, admin_caller)
    now[0] += 2
    after = other.resolve("default", api.api_name)

    assert "SELECT 2" in after.definition.logic_body
    assert [str(pin) for pin in after.assets] == [f"{query.name}@2"]

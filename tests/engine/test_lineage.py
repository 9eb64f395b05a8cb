import time
from contextlib import closing
from uuid import uuid4

import orjson
import pytest

from engine.api_manager import ApiManager
from engine.errors import ConflictError, NotFoundError, PermissionDeniedError
from engine.facade import Engine, local_caller
from engine.lineage import Lineage
from engine.lineage_index import Index
from engine.model import Scope
from engine.settings import Settings
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.instance_key import InstanceKey
from storage.settings import SqlSettingStore

SCRIPT = "def main(params, input_payload):\n    return 1\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("instance")
    with Engine.open(Settings.load(data_dir=folder, log_level="ERROR")) as engine:
        yield engine


@pytest.fixture
def caller():
    """An admin of a tenant of this test's own."""
    return local_caller().model_copy(update={"tenant_id": f"tenant-{uuid4().hex[:8]}"})


@pytest.fixture
def publish(engine, caller):
    """A function that publishes a script, a workflow of the APIs named, or a statement."""

    def make(name, *calls, sql="", **fields):
        if calls:
            nodes = [{"id": f"n{index}", "api_id": api} for index, api in enumerate(calls)]
            fields |= {"logic_type": "workflow", "logic_body": orjson.dumps({"nodes": nodes})}
            fields["logic_body"] = fields["logic_body"].decode()
        elif sql:
            fields |= {"logic_type": "sql", "logic_body": sql}
        else:
            fields |= {"logic_type": "script", "logic_body": SCRIPT}
        return engine.apis.create({"api_name": name, **fields}, caller)

    return make


def names(used):
    return [(use.kind, use.name, use.parts, use.via) for use in used.uses]


def test_users_are_told_with_their_nodes_nearest_first(engine, caller, publish):
    api = publish("a")
    publish("w1", "a", str(api.id))
    publish("w2", "w1")
    publish("w3", "a", "w2")

    assert names(engine.lineage.where_used("a", caller)) == [
        ("workflow", "w1", ("n0", "n1"), ()),
        ("workflow", "w3", ("n0",), ()),
        ("workflow", "w2", ("n0",), ("w1",)),
    ]


def test_a_form_that_offers_rows_as_choices_is_a_user(engine, caller, publish):
    publish("airports", sql="SELECT faa FROM airports ORDER BY faa LIMIT 9")
    publish("b", param_schema={"origin": {"choices": "airports"}})

    assert names(engine.lineage.where_used("airports", caller)) == [
        ("choices", "b", ("origin",), ())
    ]


def test_what_is_used_cannot_be_deleted_and_its_users_are_named(engine, caller, publish):
    publish("a")
    publish("w", "a")

    with pytest.raises(ConflictError, match="'a' is used by workflow 'w'") as refusal:
        engine.apis.delete("a", caller)

    assert refusal.value.details["used_by"] == [
        {"kind": "workflow", "name": "w", "parts": ["n0"], "via": []}
    ]
    assert engine.apis.get("a", caller).version == 1
    engine.apis.delete("w", caller)
    engine.apis.delete("a", caller)
    with pytest.raises(NotFoundError):
        engine.apis.get("a", caller)


def test_what_is_used_is_switched_off_only_by_who_knows(engine, caller, publish):
    publish("a")
    publish("w", "a")

    with pytest.raises(ConflictError, match="workflow 'w'"):
        engine.apis.set_active("a", caller, active=False)

    assert engine.apis.get("a", caller).is_active
    assert not engine.apis.set_active("a", caller, active=False, even_if_used=True).is_active
    assert engine.apis.set_active("a", caller, active=True).is_active


class PublishingMeanwhile(SqlDefinitionStore):
    """A store in which somebody publishes right after a deletion was checked."""

    def __init__(self, database, publish):
        super().__init__(database)
        self._publish = [publish]

    def delete(self, *args, **options):
        if self._publish:
            self._publish.pop()()
        return super().delete(*args, **options)


def test_what_comes_into_use_during_the_check_is_not_deleted(engine, caller, publish):
    publish("a")
    path = default_url(engine.settings.data_dir)
    with closing(Database(path)) as database:
        store = PublishingMeanwhile(database, lambda: publish("w", "a"))
        apis = ApiManager(
            store,
            engine.pipeline.catalog,
            engine.pipeline.compiler,
            SqlSettingStore(database, InstanceKey.load(engine.settings.data_dir)),
            lambda _: None,
            Lineage(store, lambda _: ()),
            engine.apis._publication,
        )

        with pytest.raises(ConflictError, match="'a' is used by workflow 'w'"):
            apis.delete("a", caller)

    assert engine.apis.get("a", caller)


def test_what_is_used_by_its_name_cannot_be_renamed(engine, caller, publish):
    api = publish("a")
    publish("by-id", str(api.id))
    assert engine.apis.update("a", {"api_name": "b"}, caller).api_name == "b"
    publish("by-name", "b")

    with pytest.raises(ConflictError, match=r"'b' is used by workflow 'by-name'$"):
        engine.apis.update("b", {"api_name": "c"}, caller)

    assert engine.apis.get("b", caller).version == 2


def test_only_what_is_published_is_a_user(engine, caller, publish):
    publish("a")
    nodes = '{"nodes": [{"id": "n", "api_id": "a"}]}'
    fields = {"api_name": "draft", "logic_type": "workflow", "logic_body": nodes}
    engine.apis.create(fields, caller, publish=False)

    assert engine.lineage.where_used("a", caller).uses == ()


def test_the_index_follows_every_change(engine, caller, publish):
    publish("a")
    publish("b")
    publish("w", "a")
    used_by = lambda name: [use.name for use in engine.lineage.where_used(name, caller).uses]  # noqa: E731

    assert (used_by("a"), used_by("b")) == (["w"], [])
    engine.apis.update("w", {"logic_body": '{"nodes": [{"id": "n", "api_id": "b"}]}'}, caller)
    assert (used_by("a"), used_by("b")) == ([], ["w"])
    engine.apis.set_active("w", caller, active=False)
    assert not engine.lineage.where_used("b", caller).uses[0].is_active
    engine.apis.delete("w", caller)
    assert (used_by("a"), used_by("b")) == ([], [])


def test_readers_of_a_table_are_told_by_what_a_statement_reads(engine, caller, publish):
    publish("plain", sql="SELECT carrier FROM flights ORDER BY 1 LIMIT 3")
    publish("joined", sql="SELECT p.year FROM Planes p JOIN main.FLIGHTS f USING (tailnum) LIMIT 3")
    publish("word", sql="SELECT 'flights' AS flights FROM planes ORDER BY 1 LIMIT 3")

    def read(table, **of):
        return [use.name for use in engine.lineage.readers(table, caller, **of)]

    assert read("flights") == ["joined", "plain"]
    assert read("MAIN.Flights") == ["joined", "plain"]
    assert read("other.flights") == ["plain"]
    assert read("planes") == ["joined", "word"]
    assert read("flights", connection="sample") == ["joined", "plain"]
    assert read("flights", connection="elsewhere") == []
    assert read("nothing") == []


def test_a_graph_has_what_an_api_stands_on_and_what_uses_it(engine, caller, publish):
    publish("s", sql="SELECT carrier FROM flights ORDER BY 1 LIMIT 3")
    publish("w", "s")
    publish("v", "w")

    graph = engine.lineage.graph("w", caller)

    ids = {node.id: node.name for node in graph.nodes}
    assert [(node.kind, node.name, node.distance) for node in graph.nodes] == [
        ("api", "w", 0),
        ("api", "s", -1),
        ("table", "flights", -2),
        ("api", "v", 1),
    ]
    assert [(ids[edge.source], edge.kind, ids[edge.target]) for edge in graph.edges] == [
        ("s", "calls", "w"),
        ("flights", "reads", "s"),
        ("w", "calls", "v"),
    ]
    assert len(engine.lineage.graph("w", caller, hops=0).nodes) == 1


def test_a_tool_is_a_user(engine, caller, publish):
    api = publish("a")
    url = default_url(engine.settings.data_dir)
    with closing(Database(url)) as database:
        SqlDefinitionStore(database).set_tool(caller.tenant_id, api.id, "lookup")

    with pytest.raises(ConflictError, match="used by tool 'lookup'"):
        engine.apis.delete("a", caller)

    assert [node.kind for node in engine.lineage.graph("a", caller).nodes] == ["api", "tool"]


def test_a_limited_key_is_told_the_number_of_what_it_may_not_see(engine, caller, publish):
    publish("mine-a")
    publish("mine-w", "mine-a")
    publish("other-w", "mine-a")
    publish("mine-far", "other-w")
    limited = caller.model_copy(update={"scope": Scope(api_patterns=("mine-*",))})

    used = engine.lineage.where_used("mine-a", limited)

    assert ([use.name for use in used.uses], used.hidden) == (["mine-w"], 2)
    assert [node.name for node in engine.lineage.graph("mine-a", limited).nodes] == [
        "mine-a",
        "mine-w",
    ]
    with pytest.raises(ConflictError, match="2 that you may not see"):
        engine.apis.delete("mine-a", limited)
    with pytest.raises(PermissionDeniedError):
        engine.lineage.where_used("other-w", limited)


def test_other_tenants_use_nothing_here(engine, caller, publish):
    publish("a")
    neighbour = caller.model_copy(update={"tenant_id": f"{caller.tenant_id}-2"})
    engine.apis.create({"api_name": "a", "logic_type": "script", "logic_body": SCRIPT}, neighbour)
    nodes = '{"nodes": [{"id": "n", "api_id": "a"}]}'
    engine.apis.create({"api_name": "w", "logic_type": "workflow", "logic_body": nodes}, neighbour)

    assert engine.lineage.where_used("a", caller).uses == ()


def test_an_alert_keeps_what_it_watches_from_being_deleted(engine, publish, caller):
    publish("sales")
    spec = {"field": "success_rate", "op": "<", "value": 0.5, "api": "sales"}
    engine.alerts.create({"alert_name": "many-fail", "spec": spec}, caller)

    [use] = engine.lineage.where_used("sales", caller).uses
    with pytest.raises(ConflictError, match="used by alert 'many-fail'"):
        engine.apis.delete("sales", caller)

    assert (use.kind, use.name, use.parts) == ("alert", "many-fail", ("spec",))
    engine.alerts.delete("many-fail", caller)
    engine.apis.delete("sales", caller)


def test_admins_are_told_which_keys_are_limited_to_an_api(engine, publish, caller):
    publish("sales", tags=["shop"])
    keys = engine.auth.keys
    scopes = {
        "by name": Scope(api_patterns=("sal*",)),
        "by tag": Scope(tags=("shop",)),
        "of others": Scope(api_patterns=("stock",)),
        "of a group": Scope(groups=("execute",)),
        "revoked": Scope(api_patterns=("sales",)),
    }
    made = {
        name: keys.create(caller, name=name, roles=["viewer"], scope=scope).key
        for name, scope in scopes.items()
    }
    keys.revoke(made["revoked"].id, caller)

    used = engine.lineage.where_used("sales", caller)
    analyst = caller.model_copy(update={"roles": frozenset({"analyst"})})

    assert sorted(used.keys) == ["by name", "by tag"]
    assert engine.lineage.where_used("sales", analyst).keys == ()
    engine.apis.delete("sales", caller)


class ManyApis:
    """A store of ten thousand definitions in memory, which counts what is read of it."""

    def __init__(self, template):
        body = '{"nodes": [{"id": "n", "api_id": "api-%d"}]}'
        self.apis = {
            api.id: api
            for number in range(10_000)
            for api in [
                template.model_copy(
                    update={
                        "id": uuid4(),
                        "api_name": f"api-{number}",
                        "logic_type": "workflow",
                        "logic_body": body % (number // 10),
                        "version": 1,
                    }
                )
            ]
        }
        self.reads = 0

    def index(self, tenant_id):
        return tuple((api.id, api.version, api.is_active) for api in self.apis.values())

    def all(self, tenant_id):
        self.reads += len(self.apis)
        return tuple(self.apis.values())

    def get(self, tenant_id, ref):
        self.reads += 1
        return next(api for api in self.apis.values() if ref in (str(api.id), api.api_name))


def test_ten_thousand_definitions_are_read_once(publish):
    store = ManyApis(publish("template"))
    index = Index({}).refreshed(store, "t")
    changed = next(iter(store.apis.values()))
    store.apis[changed.id] = changed.model_copy(update={"version": 2, "logic_body": "{}"})

    started = time.perf_counter()
    later = index.refreshed(store, "t")
    seconds = time.perf_counter() - started

    assert [entry.name for entry in later.users(["api-999"])] == [
        f"api-{number}" for number in range(9990, 10_000)
    ]
    assert store.reads == 10_001
    assert later.refreshed(store, "t") is later
    assert seconds < 2

"""Assets kept as files, and the samples that a fresh instance begins with."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from engine.asset_files import asset_text, read_assets
from engine.errors import DefinitionInvalidError
from engine.file_kinds import Folder, read_definitions
from engine.folder_check import check_folder
from engine.model.tool import ToolCallRecord
from engine.settings import Settings
from sample_data.source import ASSETS, TOOLS
from storage.database import Database
from storage.migrations import migrate
from storage.tools import SqlToolStore


def test_every_sample_asset_and_tool_is_there(sample_engine, admin_caller):
    names = {file.name for file in read_assets(ASSETS)}

    for name in names:
        assert sample_engine.assets.get(name, admin_caller).version == 1
    offered = {tool.name for tool in sample_engine.tools.offered(admin_caller)}
    assert {path.stem for path in TOOLS.glob("*.yaml")} <= offered
    assert (
        sample_engine.asset_values.resolve("most-cancelled", admin_caller)["cancelled_percent"] > 0
    )
    assert "an operations manager" in sample_engine.asset_values.render(
        "delay-briefing", {"airport": "JFK"}, admin_caller
    )


def test_assets_are_read_in_an_order_in_which_each_can_be_saved():
    order = [file.name for file in read_assets(ASSETS)]

    assert order.index("flight-data") < order.index("carrier-delays")


def test_what_is_written_is_read_back_as_the_same(sample_engine, admin_caller, tmp_path):
    for file in read_assets(ASSETS):
        live = sample_engine.assets.get(file.name, admin_caller)
        (tmp_path / f"{file.name}.yaml").write_text(asset_text(live), encoding="utf-8")

    read = {file.name: file for file in read_assets(tmp_path)}

    for file in read_assets(ASSETS):
        assert read[file.name].asset().content == file.asset().content
        assert read[file.name].labels == file.labels


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("asset_type: song\ncontent: {a: 1}\n", "assets/x.yaml:1"),
        ("asset_type: mapping\ncontent:\n  a: '{{ nowhere.x }}'\n", "assets/x.yaml:3"),
        ("asset_type: mapping\ncolour: red\n", "assets/x.yaml:2"),
        ("asset_type: mapping\ncontent: {a: 1}\nlabels: production\n", "assets/x.yaml:3"),
        ("- a\n", "assets/x.yaml:1"),
        ("a: [\n", "assets/x.yaml:2"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path, text, where):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "x.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(DefinitionInvalidError) as refused:
        read_assets(tmp_path / "assets")

    assert refused.value.issues[0].message.startswith(where)


def test_calls_of_tools_are_dropped_with_the_log(tmp_path):
    url = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    migrate(url)
    database = Database(url)
    store, now, tool_id = SqlToolStore(database), datetime.now(UTC), uuid4()
    for days in (0, 100):
        store.add_call(
            ToolCallRecord(
                id=uuid4(),
                tool_id=tool_id,
                tool_name="t",
                execution_id=None,
                called_by="ada",
                door="mcp",
                status="success",
                chars=1,
                duration_ms=1.0,
                created_at=now - timedelta(days=days),
            )
        )

    dropped = store.drop_calls(now - timedelta(days=30))

    assert dropped == 1
    assert store.calls("default", tool_id, limit=10).total == 1
    database.close()


@pytest.fixture
def folder(tmp_path):
    """A folder with an API over a query asset, under a policy asset."""
    (tmp_path / "assets").mkdir()
    name = f"f{uuid4().hex[:10]}"
    (tmp_path / f"{name}.yaml").write_text(
        f"logic_type: sql\nlogic_body: {{asset: q-{name}}}\n"
        f"runtime_policy: {{asset: p-{name}, label: production, max_retries: 3}}\n",
        encoding="utf-8",
    )
    write(
        tmp_path,
        f"q-{name}",
        "asset_type: query\ncontent: {sql: SELECT 1 AS a, connection: sample}\n",
    )
    write(
        tmp_path, f"p-{name}", "asset_type: policy\ncontent: {max_rows: 7}\nlabels: [production]\n"
    )
    return name, tmp_path


def write(folder, name, text):
    (folder / "assets" / f"{name}.yaml").write_text(text, encoding="utf-8")


def applied(engine, folder, caller):
    return engine.definitions.apply(read_definitions(folder), caller)


def test_a_folder_brings_its_assets_and_applying_it_again_changes_nothing(
    sample_engine, admin_caller, folder
):
    name, path = folder

    first = applied(sample_engine, path, admin_caller)
    again = applied(sample_engine, path, admin_caller)

    assert [(each.action, each.name) for each in first.changes] == [
        ("create", f"assets/p-{name}"),
        ("create", f"assets/q-{name}"),
        ("create", name),
    ]
    assert again.changes == ()
    assert sample_engine.execute(name, caller=admin_caller).rows == [{"a": 1}]
    policy = sample_engine.assets.get(f"p-{name}", admin_caller)
    assert dict(policy.labels) == {"production": 1}
    said = sample_engine.apis.get(name, admin_caller).runtime_policy.model_dump()
    assert said["max_retries"] == 3


def test_a_changed_file_moves_the_label_and_the_apis_follow(sample_engine, admin_caller, folder):
    name, path = folder
    applied(sample_engine, path, admin_caller)
    text = (
        "asset_type: query\ncontent: {sql: SELECT 2 AS a, connection: sample}\nlabels: [staging]\n"
    )
    write(path, f"q-{name}", text)

    plan = applied(sample_engine, path, admin_caller)

    [change] = plan.changes
    assert (change.action, change.fields) == ("update", ("content", "labels"))
    assert "+  sql: SELECT 2 AS a" in change.diff
    assert sample_engine.execute(name, caller=admin_caller).rows == [{"a": 2}]
    query = sample_engine.assets.get(f"q-{name}", admin_caller)
    assert (query.version, dict(query.labels)) == (2, {"staging": 2})


@pytest.mark.parametrize(
    "text",
    [
        "asset_type: query\ncontent: {sql: DROP TABLE flights, connection: sample}\n",
        "asset_type: query\ncontent: {sql: SELECT :x AS a, connection: sample,"
        " param_schema: {x: {type: integer}}}\n",
        "asset_type: policy\ncontent: {max_rows: 3}\n",
    ],
)
def test_a_folder_that_would_break_something_is_refused_whole(
    sample_engine, admin_caller, folder, text
):
    name, path = folder
    applied(sample_engine, path, admin_caller)
    write(path, f"q-{name}", text)
    write(path, f"p-{name}", "asset_type: policy\ncontent: {max_rows: 9}\n")

    with pytest.raises(DefinitionInvalidError):
        applied(sample_engine, path, admin_caller)

    assert sample_engine.assets.get(f"p-{name}", admin_caller).version == 1
    assert sample_engine.execute(name, caller=admin_caller).rows == [{"a": 1}]


def test_an_export_brings_what_its_apis_stand_on_and_is_stable(
    sample_engine, admin_caller, folder, tmp_path_factory
):
    name, path = folder
    applied(sample_engine, path, admin_caller)
    out = tmp_path_factory.mktemp("out")

    first = sample_engine.definitions.export(out, admin_caller, names=[name])
    again = sample_engine.definitions.export(out, admin_caller, names=[name])
    plan = sample_engine.definitions.plan(read_definitions(out), admin_caller)

    assert first.written == (name, f"assets/p-{name}", f"assets/q-{name}")
    assert again.written == ()
    assert plan.changes == ()


def test_a_folder_is_checked_by_itself_with_its_assets(folder):
    _, path = folder
    whole = read_definitions(path)

    alone = check_folder(Folder(apis=whole.apis), Settings.load())
    together = check_folder(whole, Settings.load())

    assert {issue.code for issue in alone if issue.severity == "error"} == {"unknown_asset"}
    assert not [issue for issue in together if issue.severity == "error"]

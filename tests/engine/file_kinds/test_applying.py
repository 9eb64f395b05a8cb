"""Rules, screens, tools and alerts in a folder of definitions, applied with the APIs they name."""

from uuid import uuid4

import pytest

from engine.call import ExecutionRequest
from engine.errors import ConflictError, DefinitionInvalidError
from engine.facade import Engine
from engine.file_kinds import read_definitions
from engine.folder_check import check_folder
from engine.model import Caller
from engine.settings import Settings

SCRIPT = "def main(params, input_payload):\n    return {}\n"
RULE = """\
# Asked for by the tower.
trigger_type: event
trigger_spec:
  event_type: landed   # posted by the feed
  where: {field: delay, op: ">", value: 30}
action_spec:
  api_id: a
  params: {n: "{{event.delay}}"}
"""
SCREEN = """\
title: Delays
inputs:
  - {name: n, type: number, default: 3}
blocks:
  - id: table
    type: table
    # The one that matters.
    api_id: a
    params: {n: "{{inputs.n}}"}
"""
TOOL = "api: a\ndescription: Gives back the number that it was given.  # in short\n"
ALERT = """\
spec: {field: success_rate, op: "<", value: 0.5, api: a}  # half
delivery: {type: log}
"""
A = "logic_type: script\nparam_schema:\n  n: {type: number, required: true}\n"
FILES = {
    "a.yaml": A,
    "a.py": SCRIPT.format("[params['n']]"),
    "rules/r.yaml": RULE,
    "screens/s.yaml": SCREEN,
    "tools/t.yaml": TOOL,
    "alerts/l.yaml": ALERT,
}
LABELS = ("a", "rules/r", "screens/s", "tools/t", "alerts/l")


@pytest.fixture
def caller():
    """Somebody in a tenant of their own."""
    return Caller(subject="ana", tenant_id=f"t-{uuid4().hex}", roles=frozenset({"admin"}))


@pytest.fixture
def folder(tmp_path):
    """A function that writes files into a folder, and with None removes them; gives its path."""

    def write(files=FILES):
        for name, text in files.items():
            path = tmp_path / "definitions" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
        return tmp_path / "definitions"

    return write


@pytest.fixture
def sync(sample_engine):
    return sample_engine.definitions


def applied(sync, path, caller, **how):
    return sync.apply(read_definitions(path), caller, **how)


def told(plan):
    return sorted((change.action, change.name) for change in plan.changes)


def test_what_names_an_api_may_come_with_it(sample_engine, sync, folder, caller):
    first = applied(sync, folder(), caller)
    again = applied(sync, folder(), caller)

    assert told(first) == sorted(("create", label) for label in LABELS)
    assert again.changes == ()
    assert sorted(again.unchanged) == sorted(LABELS)
    assert sample_engine.rules.get("r", caller).owner.subject == "ana"
    assert sample_engine.screens.get("s", caller).spec.blocks[0].api_id == "a"
    assert sample_engine.apis.get("a", caller).tool_name == "t"
    assert sample_engine.alerts.get("l", caller).spec["api"] == "a"
    actions = {each.action for each in sample_engine.audit_log.page(caller).items}
    assert {"rule.create", "screen.create", "tool.export", "alert.create"} <= actions


def test_on_postgresql_applying_again_changes_nothing_either(
    postgres_database, tmp_path, folder, caller
):
    settings = Settings.load(
        data_dir=tmp_path / "data",
        metadata_url=postgres_database,
        sample_data=False,
        log_level="ERROR",
    )
    with Engine.open(settings) as engine:
        applied(engine.definitions, folder(), caller)

        assert applied(engine.definitions, folder(), caller).changes == ()
        assert engine.definitions.export(folder({}), caller).written == ()
        folder(dict.fromkeys(FILES))
        assert len(applied(engine.definitions, folder({}), caller, prune=True).changes) == 5


def test_an_export_leaves_files_alone_that_say_the_same(sync, folder, caller):
    path = folder()
    applied(sync, path, caller)

    report = sync.export(path, caller)

    assert report.written == ()
    assert {name: (path / name).read_text() for name in FILES} == FILES


def test_comments_survive_what_an_export_changes(sample_engine, sync, folder, caller):
    path = folder()
    applied(sync, path, caller)
    rules, screens = sample_engine.rules, sample_engine.screens
    rules.set_active("r", caller, active=False)
    fields = screens.get("s", caller).spec.model_dump(mode="json", exclude_defaults=True)
    screens.publish("s", {**fields, "title": "Later"}, caller)
    sample_engine.tools.update("t", {"max_chars": 900}, caller)
    sample_engine.alerts.update("l", {"description": "Half of them."}, caller)

    report = sync.export(path, caller)

    assert sorted(report.written) == sorted(LABELS[1:])
    assert (path / "rules" / "r.yaml").read_text() == RULE + "is_active: false\n"
    assert (path / "screens" / "s.yaml").read_text() == SCREEN.replace("Delays", "Later")
    assert (path / "tools" / "t.yaml").read_text() == TOOL + "max_chars: 900\n"
    assert (path / "alerts" / "l.yaml").read_text() == ALERT + "description: Half of them.\n"
    assert sync.plan(read_definitions(path), caller).changes == ()


def test_names_stand_for_the_ids_that_a_thing_was_made_with(sample_engine, sync, folder, caller):
    applied(sync, folder({name: FILES[name] for name in ("a.yaml", "a.py")}), caller)
    api_id = str(sample_engine.apis.get("a", caller).id)
    rule = {"trigger_type": "schedule", "trigger_spec": {"cron": "0 6 * * *"}}
    action = {"api_id": api_id, "params": {"n": 1}}
    sample_engine.rules.create({"rule_name": "r", **rule, "action_spec": action}, caller)

    path = folder({})
    sync.export(path, caller)

    assert "api_id: a\n" in (path / "rules" / "r.yaml").read_text()
    assert sync.plan(read_definitions(path), caller).changes == ()


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("rules/r.yaml", RULE.replace("api_id: a", "api_id: b"), "rules/r.yaml:7: "),
        ("rules/r.yaml", RULE.replace("{n:", "{m:"), "rules/r.yaml:8: "),
        ("rules/r.yaml", RULE.replace("type: event\n", "type: evnt\n"), "rules/r.yaml:2: "),
        ("rules/r.yaml", RULE + "rule_name: r\n", "rules/r.yaml:9: "),
        ("rules/R R.yaml", RULE, "rules/R R.yaml:1: rule_name"),
        ("screens/s.yaml", SCREEN.replace("api_id: a", "api_id: b"), "screens/s.yaml:8: "),
        ("screens/s.yaml", SCREEN.replace("inputs.n", "inputs.m"), "screens/s.yaml:9: "),
        ("screens/s.yaml", SCREEN + "colour: red\n", "screens/s.yaml:10: "),
        ("screens/S.yaml", SCREEN, "screens/S.yaml:1: screen_id"),
        ("tools/t.yaml", TOOL.replace("api: a", "api: b"), "tools/t.yaml:1: "),
        ("tools/t.yaml", "api: a\n", "tools/t.yaml:1: description"),
        ("tools/t.yaml", TOOL + "max_chars: 1\n", "tools/t.yaml:3: max_chars"),
        ("tools/t.yaml", TOOL + "name: t\n", "tools/t.yaml:3: "),
        ("tools/u.yaml", TOOL, "tools/t.yaml:1: api: 'a' is exported by 'tools/u'"),
        ("tools/t t.yaml", TOOL.replace("api: a", "api: b"), "tools/t t.yaml:1: "),
        ("alerts/l.yaml", ALERT.replace("api: a", "api: b"), "alerts/l.yaml:1: "),
        ("alerts/l.yaml", ALERT.replace("success_rate", "luck"), "alerts/l.yaml:1: "),
        ("alerts/l.yaml", ALERT + "is_active: perhaps\n", "alerts/l.yaml:3: "),
        ("rules/r.yaml", "a: [\n", "rules/r.yaml:2: "),
        ("screens/s.yaml", "- a\n", "screens/s.yaml:1: a screen is a mapping"),
    ],
)
def test_a_broken_file_changes_nothing_and_is_named_with_its_line(
    sync, folder, caller, name, text, where
):
    path = folder({**FILES, name: text})

    with pytest.raises(DefinitionInvalidError) as refused:
        applied(sync, path, caller)
    try:
        issues = check_folder(read_definitions(path), Settings.load())
    except DefinitionInvalidError as error:
        issues = error.issues

    assert refused.value.message.startswith(where)
    alone = [issue.message for issue in issues if issue.severity == "error"]
    # Only an instance with all its tools can tell that two export one API.
    assert where in alone[0] if "exported by" not in where else not alone
    empty = folder(dict.fromkeys({**FILES, name: text}))
    assert sync.plan(read_definitions(empty), caller).others == ()


def test_a_change_of_an_api_that_would_break_what_stays_is_refused(sync, folder, caller):
    applied(sync, folder(), caller)
    path = folder({"rules/r.yaml": None, "a.yaml": A + "  m: {type: text, required: true}\n"})

    with pytest.raises(DefinitionInvalidError) as refused:
        applied(sync, path, caller)

    messages = [each.message for each in refused.value.issues if each.severity == "error"]
    assert len(messages) == 2
    assert messages[0].startswith("'rules/r', which is live and has no file, would break: ")
    assert messages[1].startswith("screens/s.yaml:")
    with_both = {
        "rules/r.yaml": RULE.replace("{n:", "{m: x, n:"),
        "screens/s.yaml": SCREEN.replace("{n:", "{m: x, n:"),
    }
    assert len(applied(sync, folder(with_both), caller).changes) == 3


def test_pruning_names_everything_that_would_still_use_it(sync, folder, caller):
    resolver = "asset_type: resolver\ncontent: {api: a, params: {n: 1}}\n"
    more = {
        "assets/v.yaml": resolver,
        "w.yaml": "logic_type: workflow\n",
        "w.json": '{"nodes": [{"id": "n", "api_id": "a", "params": {"n": 1}}]}',
        "c.yaml": "logic_type: script\nparam_schema:\n  n: {type: number, choices: a}\n",
        "c.py": SCRIPT.format("1"),
    }
    path = folder({**FILES, **more})
    applied(sync, path, caller)
    folder({"a.yaml": None, "a.py": None})

    with pytest.raises(ConflictError) as refused:
        applied(sync, path, caller, prune=True)

    users = ("w", "c", "assets/v", "rules/r", "screens/s", "tools/t", "alerts/l")
    assert refused.value.details["used_by"] == list(users)
    assert all(repr(user) in refused.value.message for user in users)
    assert sync.plan(read_definitions(path), caller).others == ("a",)


def test_what_is_pruned_together_does_not_count(sample_engine, sync, folder, caller):
    applied(sync, folder({**FILES, "b.yaml": A, "b.py": SCRIPT.format("1")}), caller)
    path = folder(dict.fromkeys(FILES))

    kept = applied(sync, path, caller)
    pruned = applied(sync, path, caller, prune=True)

    assert sorted(kept.others) == sorted(LABELS)
    assert told(pruned) == sorted(("delete", label) for label in LABELS)
    assert list(sample_engine.apis.names(caller)) == ["b"]
    assert sync.plan(read_definitions(path), caller, prune=True).changes == ()


def test_an_asset_that_something_stands_on_is_not_pruned(sync, folder, caller):
    more = {
        "assets/p.yaml": "asset_type: policy\ncontent: {max_rows: 7}\n",
        "a.yaml": A + "runtime_policy: {asset: p}\n",
    }
    path = folder({**FILES, **more})
    applied(sync, path, caller)
    folder({"assets/p.yaml": None})

    with pytest.raises(ConflictError, match="'assets/p' cannot be deleted: it is used by 'a'"):
        applied(sync, path, caller, prune=True)
    folder({"a.yaml": A})
    assert told(applied(sync, path, caller, prune=True)) == [
        ("delete", "assets/p"),
        ("update", "a"),
    ]


def test_a_tool_may_move_to_another_api(sample_engine, sync, folder, caller):
    applied(sync, folder({**FILES, "b.yaml": A, "b.py": SCRIPT.format("1")}), caller)
    before = sample_engine.tools.get("t", caller).tool

    applied(sync, folder({"tools/t.yaml": TOOL.replace("api: a", "api: b")}), caller)

    view = sample_engine.tools.get("t", caller)
    assert (view.tool.id, view.tool.api_name, view.drift) == (before.id, "b", ())
    assert sample_engine.apis.get("a", caller).tool_name is None
    assert sample_engine.apis.get("b", caller).tool_name == "t"


def test_somebody_elses_change_in_between_refuses_the_whole(sample_engine, sync, folder, caller):
    path = folder()
    applied(sync, path, caller)
    folder({"rules/r.yaml": RULE + "description: mine\n", "a.py": SCRIPT.format("2")})
    plan = sync.check(read_definitions(path), caller)
    sample_engine.rules.update("r", {"description": "theirs"}, caller)

    with pytest.raises(ConflictError, match="somebody changed or deleted it meanwhile"):
        sync._store.apply(caller.tenant_id, plan.commit, note="", by="ana", audit=())

    assert sample_engine.apis.get("a", caller).version == 1
    assert sample_engine.rules.get("r", caller).description == "theirs"


GATED = A + "runtime_policy:\n  publish_gate:\n    mode: "


@pytest.fixture
def called(sample_engine, sync, folder, caller):
    """A function that applies an API with a gate, calls it, and writes another answer of it."""

    def prepare(mode):
        path = folder({**FILES, "a.yaml": GATED + mode})
        applied(sync, path, caller)
        request = ExecutionRequest(api="a", params={"n": 2})
        assert sample_engine.run(request, caller).data == [2]
        return folder({"a.py": SCRIPT.format("[params['n'] + 1]")})

    return prepare


def test_a_gate_that_blocks_refuses_the_whole_folder_until_it_is_meant(
    sample_engine, sync, folder, caller, called
):
    path = called("block")
    folder({"screens/s.yaml": SCREEN.replace("Delays", "Later")})

    with pytest.raises(ConflictError, match="1 of 1 replayed calls"):
        applied(sync, path, caller)
    assert sample_engine.apis.get("a", caller).version == 1
    assert sample_engine.screens.get("s", caller).spec.title == "Delays"
    plan = applied(sync, path, caller, accept_changes=True)

    assert plan.gates["a"].accepted_by == "ana"
    stored = sample_engine.apis.version("a", 2, caller).gate
    assert (stored.verdict, stored.accepted_by) == ("changed", "ana")


def test_a_gate_that_warns_tells_and_goes_on(sample_engine, sync, caller, called):
    plan = applied(sync, called("warn"), caller)

    told_of = [issue.message for issue in plan.warnings if issue.code == "gate_differs"]
    assert told_of == [
        "a.py:1: 1 of 1 replayed calls fail or answer otherwise than on what is live"
    ]
    assert sample_engine.apis.version("a", 2, caller).gate.verdict == "changed"


def test_a_workflow_over_what_is_new_is_not_replayed(sync, folder, caller):
    flow = '{"nodes": [{"id": "n", "api_id": "%s"}]}'
    policy = "runtime_policy: {publish_gate: {mode: block}}\n"
    files = {"x.yaml": "logic_type: script\n", "x.py": SCRIPT.format("1")}
    files |= {"w.yaml": f"logic_type: workflow\n{policy}", "w.json": flow % "x"}
    applied(sync, folder(files), caller)
    more = {"y.yaml": "logic_type: script\n", "y.py": SCRIPT.format("2"), "w.json": flow % "y"}

    plan = applied(sync, folder(more), caller)

    assert plan.gates["w"].reason == "it calls 'y', which is not live yet"

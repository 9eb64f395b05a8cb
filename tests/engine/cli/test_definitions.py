import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID

import pytest

from engine.call import ExecutionRequest
from engine.facade import Engine, local_caller
from engine.settings import Settings

ALERT = 'description: {}\nspec: {{field: success_rate, op: "<", value: 0.5}}\n'
SCRIPT = "def main(params, input_payload):\n    return {answer}\n"


@pytest.fixture
def folder(tmp_path):
    """A function that writes files into a folder and gives its path, as text."""
    target = tmp_path / "definitions"

    def write(files):
        target.mkdir(exist_ok=True)
        for name, text in files.items():
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_bytes(text.encode())
        return str(target)

    return write


@pytest.fixture
def on_copy(on_samples, instance, monkeypatch, tmp_path):
    """Runs a command line for a copy of the instance with the samples."""
    shutil.copytree(instance, tmp_path / "copy")
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(tmp_path / "copy"))
    return on_samples


def script(name, answer):
    return {
        f"{name}.yaml": f"logic_type: script\ndescription: {name}\n",
        f"{name}.py": SCRIPT.format(answer=answer),
    }


def workflow(name, *calls):
    nodes = [{"id": f"n{index}", "api_id": api} for index, api in enumerate(calls)]
    return {f"{name}.yaml": "logic_type: workflow\n", f"{name}.json": json.dumps({"nodes": nodes})}


def contents(path):
    files = sorted(file for file in Path(path).rglob("*") if file.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def answers(tmp_path):
    settings = Settings.load(data_dir=tmp_path / "data", sample_data=False, log_level="ERROR")
    with Engine.open(settings) as engine:
        names = engine.apis.names(local_caller())
        return {name: engine.run(ExecutionRequest(api=name), local_caller()).data for name in names}


def rows_of(tmp_path, query):
    with closing(sqlite3.connect(tmp_path / "data" / "metadata.sqlite3")) as database:
        return database.execute(query).fetchall()


def versions(tmp_path):
    if not (tmp_path / "data" / "metadata.sqlite3").exists():
        return {}
    return dict(rows_of(tmp_path, "SELECT api_name, version FROM tb_api_definition"))


def test_an_export_applied_to_an_empty_instance_and_exported_again_is_the_same(on_copy, tmp_path):
    first, second, empty = (tmp_path / name for name in ("first", "second", "empty"))
    empty.mkdir()

    assert on_copy("export", str(first)).code == 0
    emptied = on_copy("apply", str(empty), "--prune")
    assert on_copy("diff", str(empty)).code == 0
    applied = on_copy("apply", str(first))
    again = on_copy("apply", str(first))
    assert on_copy("export", str(second)).code == 0

    kinds = Counter(str(Path(name).parent) for name in contents(first))
    assert kinds == {".": 2 * 19, "assets": 6, "rules": 4, "screens": 2, "tools": 2, "alerts": 1}
    assert contents(second) == contents(first)
    assert emptied.err == "34 changes, 0 unchanged\n"
    assert applied.err.splitlines()[-1] == "34 changes, 0 unchanged"
    assert again.err == "0 changes, 34 unchanged\n"


def test_odd_bodies_come_through_unchanged(api_engine, folder, tmp_path):
    files = script("a", "1") | script("b", "2") | script("c", "3")
    files["a.py"] = "def main(params, input_payload):\r\n    return 'é☃'"
    files["b.py"] = "\n\n" + SCRIPT.format(answer="2") + "\n\t\n"
    api_engine("apply", folder(files))

    api_engine("export", str(tmp_path / "out"))

    assert contents(tmp_path / "out") == {
        name: text.encode() for name, text in files.items() if not name.endswith(".yaml")
    } | {f"{name}.yaml": files[f"{name}.yaml"].encode() for name in "abc"}


def test_applying_twice_changes_nothing_the_second_time(api_engine, folder, tmp_path):
    target = folder(script("a", "1") | script("b", "2") | workflow("w", "a", "b"))

    first = api_engine("apply", target)
    second = api_engine("apply", target)

    assert first.out.splitlines() == ["+ create a", "+ create b", "+ create w"]
    assert second.out == ""
    assert "0 changes, 3 unchanged" in second.err
    assert versions(tmp_path) == {"a": 1, "b": 1, "w": 1}


def test_only_what_differs_gets_a_version(api_engine, folder, tmp_path):
    target = folder(script("a", "1") | script("b", "2"))
    api_engine("apply", target)
    folder({"b.py": SCRIPT.format(answer="3"), "b.yaml": "logic_type: python\ntags: [x]\n"})

    outcome = api_engine("apply", target, "--note", "three")

    assert outcome.out.splitlines() == ["~ update b (logic_body, description, tags)"]
    assert versions(tmp_path) == {"a": 1, "b": 2}
    assert answers(tmp_path) == {"a": 1, "b": 3}
    notes = rows_of(tmp_path, "SELECT change_note FROM tb_api_version WHERE version = 2")
    audit = rows_of(tmp_path, "SELECT action, target FROM tb_audit_log ORDER BY created_at")
    assert notes == [("three",)]
    assert audit[-1] == ("api.publish", "b")


def test_a_diff_shows_lines_and_exits_with_3(api_engine, folder, tmp_path):
    target = folder(script("a", "1"))
    api_engine("apply", target)
    folder({"a.py": SCRIPT.format(answer="2")})

    outcome = api_engine("diff", target)

    assert outcome.code == 3
    assert "--- live/a.py\n+++ folder/a.py\n" in outcome.out
    assert "-    return 1\n+    return 2\n" in outcome.out
    assert versions(tmp_path) == {"a": 1}


def test_a_dry_run_says_all_and_changes_nothing(api_engine, folder, tmp_path):
    outcome = api_engine("apply", folder(script("a", "1")), "--dry-run")

    assert outcome.out == "+ create a\n"
    assert "nothing was changed" in outcome.err
    assert versions(tmp_path) == {}


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"z.yaml": "logic_type: script\ntags: [\n", "z.py": ""}, "z.yaml:3: "),
        ({"z.yaml": "logic_type: script\n\ntimeout: 1\n", "z.py": ""}, "z.yaml:3: unknown field"),
        ({"z.yaml": "logic_type: script\n", "z.py": "\ndef main(params:\n"}, "z.py:2: "),
        (
            {"z.yaml": "logic_type: script\nlogic_body: |\n  x = 1\n  def main(params:\n"},
            "z.yaml:4: ",
        ),
        (
            {
                "z.yaml": "logic_type: script\nruntime_policy:\n  timeout_seconds: 3000\n",
                "z.py": SCRIPT.format(answer="1"),
            },
            "z.yaml:3: ",
        ),
        (
            {
                "z.yaml": "logic_type: workflow\n",
                "z.json": '{\n "nodes": [\n  {"id": "n",\n   "api_id": "nowhere"}]}',
            },
            "z.json:4: node 'n' calls API 'nowhere'",
        ),
    ],
)
def test_a_broken_file_changes_nothing_and_is_named_with_its_line(
    api_engine, folder, tmp_path, broken, where
):
    target = folder(script("a", "1") | broken)

    outcome = api_engine("apply", target)
    checked = api_engine("validate", target)

    assert outcome.code == 1
    assert f"error: {where}" in outcome.err
    assert "Traceback" not in outcome.err
    assert checked.code == 1
    assert f"error: {where}" in checked.err
    assert versions(tmp_path) == {}


def test_a_workflow_may_come_with_what_it_calls(api_engine, folder, tmp_path):
    files = workflow("a", "b") | workflow("b", "c") | script("c", "1")

    assert api_engine("apply", folder(files)).code == 0
    assert versions(tmp_path) == {"a": 1, "b": 1, "c": 1}


def test_pruning_deletes_what_has_no_file(api_engine, folder, tmp_path):
    target = folder(script("a", "1") | script("b", "2"))
    api_engine("apply", target)
    (Path(target) / "b.yaml").unlink()

    kept = api_engine("apply", target)
    pruned = api_engine("apply", target, "--prune")

    assert "without a file, and kept: b" in kept.err
    assert pruned.out == "- delete b\n"
    assert versions(tmp_path) == {"a": 1}


def test_pruning_what_a_workflow_calls_is_refused_by_name(api_engine, folder, tmp_path):
    target = folder(script("a", "1") | workflow("w", "a"))
    api_engine("apply", target)
    (Path(target) / "a.yaml").unlink()

    outcome = api_engine("apply", target, "--prune")

    assert outcome.code == 1
    assert "'a' cannot be deleted: it is used by 'w'" in outcome.err
    assert versions(tmp_path) == {"a": 1, "w": 1}


def test_a_change_that_breaks_a_workflow_without_a_file_is_refused(api_engine, folder, tmp_path):
    target = folder(script("a", "1") | workflow("w", "a"))
    api_engine("apply", target)
    (Path(target) / "w.yaml").unlink()
    folder({"a.yaml": "logic_type: script\nparam_schema:\n  day: {type: date, required: true}\n"})

    outcome = api_engine("apply", target)

    assert outcome.code == 1
    assert "'w', which is live and has no file, would break" in outcome.err
    assert versions(tmp_path) == {"a": 1, "w": 1}


def test_calls_by_id_are_exported_by_name_and_are_no_difference(api_engine, folder, tmp_path):
    target = folder(script("a", "1"))
    api_engine("apply", target)
    ((api_id,),) = rows_of(tmp_path, "SELECT id FROM tb_api_definition")
    folder(workflow("w", str(UUID(api_id))))
    assert api_engine("apply", target).code == 0

    assert api_engine("diff", target).code == 0
    api_engine("export", str(tmp_path / "out"))

    assert json.loads((tmp_path / "out" / "w.json").read_text())["nodes"][0]["api_id"] == "a"
    assert api_engine("diff", str(tmp_path / "out")).code == 0


def test_an_export_changes_only_what_differs_in_a_file_that_is_there(api_engine, folder, tmp_path):
    files = script("a", "1") | script("b", "2")
    files["a.yaml"] = "# keep me\ntags: [x]   # and me\nlogic_type: python\ndescription: old\n"
    target = folder(files)
    api_engine("apply", target)
    new = files["a.yaml"].replace("old", "new")
    api_engine("apply", folder({"a.yaml": new}))
    folder({"a.yaml": files["a.yaml"]})

    outcome = api_engine("export", target)

    assert outcome.out == "wrote a\n"
    assert contents(target) == {
        name: text.encode() for name, text in {**files, "a.yaml": new}.items()
    }


def test_an_export_over_a_broken_file_writes_nothing(api_engine, folder):
    target = folder(script("a", "1") | script("b", "2"))
    api_engine("apply", target)
    folder({"b.yaml": "logic_type: [", "a.py": SCRIPT.format(answer="9")})
    before = contents(target)

    outcome = api_engine("export", target)

    assert outcome.code == 1
    assert "b.yaml:1" in outcome.err
    assert contents(target) == before


def test_an_unknown_name_is_not_exported(api_engine, tmp_path):
    outcome = api_engine("export", str(tmp_path / "out"), "nowhere")

    assert outcome.code == 1
    assert "'nowhere'" in outcome.err
    assert not (tmp_path / "out").exists()


def test_variables_are_put_in(api_engine, folder, tmp_path):
    target = folder(script("a", "'${place}'"))

    assert api_engine("apply", target, "--set", "place=JFK").code == 0
    assert api_engine("diff", target, "--set", "place=JFK").code == 0
    assert api_engine("export", target, "--set", "place=JFK").out == ""
    assert api_engine("apply", target, "--set", "place").code == 2
    assert answers(tmp_path) == {"a": "JFK"}


def test_validation_needs_no_instance(api_engine, folder, tmp_path):
    files = {
        "good.yaml": "logic_type: sql\nconnection: warehouse\n",
        "good.sql": "SELECT id FROM flights ORDER BY id LIMIT 3",
        "bad.yaml": "logic_type: sql\nconnection: warehouse\n",
        "bad.sql": "SELECT 1;\nDELETE FROM flights",
    }

    outcome = api_engine("validate", folder(files), "--json")

    report = json.loads(outcome.out)
    errors = [issue["message"] for issue in report["issues"] if issue["severity"] == "error"]
    assert outcome.code == 1
    assert report["valid"] is False
    assert [message.split(":")[:2] for message in errors] == [["bad.sql", "2"]]
    assert not (tmp_path / "data").exists()


def test_a_dialect_decides_how_a_statement_is_read(api_engine, folder):
    files = {
        "a.yaml": "logic_type: sql\nconnection: warehouse\n",
        "a.sql": "SELECT * EXCLUDE (b) FROM t ORDER BY ALL LIMIT 3",
    }
    target = folder(files)

    assert api_engine("validate", target).code == 0
    assert api_engine("validate", target, "--dialect", "duckdb").code == 0
    assert api_engine("validate", target, "--dialect", "postgres").code == 1


def test_outcomes_are_written_as_json(api_engine, folder, tmp_path):
    target = folder(script("a", "1"))

    different = api_engine("diff", target, "--json")
    applied = json.loads(api_engine("apply", target, "--json").out)
    exported = json.loads(api_engine("export", str(tmp_path / "out"), "--json").out)

    assert different.code == 3
    assert [change["name"] for change in json.loads(different.out)["changes"]] == ["a"]
    assert applied["applied"] is True
    assert applied["changes"][0]["action"] == "create"
    assert exported == {"written": ["a"], "unchanged": [], "others": []}


def test_a_gate_that_blocks_is_told_and_can_be_passed(api_engine, folder, tmp_path):
    files = script("a", "1")
    files["a.yaml"] += "runtime_policy: {publish_gate: {mode: block}}\n"
    target = folder(files)
    api_engine("apply", target)
    api_engine("run", "a")
    folder({"a.py": SCRIPT.format(answer="2")})

    tried = api_engine("apply", target, "--dry-run")
    refused = api_engine("apply", target)
    meant = api_engine("apply", target, "--accept-changes")

    assert (tried.code, refused.code, meant.code) == (1, 1, 0)
    assert "'a' was not published: 1 of 1 replayed calls" in refused.err
    assert "--accept-changes" in refused.err
    assert "warning: a.py:1: 1 of 1 replayed calls" in meant.err
    assert "a: 1 logged calls were replayed: changed" in meant.err
    assert versions(tmp_path) == {"a": 2}


def test_on_a_terminal_long_work_shows_what_it_is_at(folder, tmp_path):
    target = folder(script("a", "1"))

    shown = on_a_terminal(tmp_path, "apply", target)
    silent = on_a_terminal(tmp_path, "export", str(tmp_path / "out"), "--json")

    assert "applying" in shown
    assert "exporting" not in silent


def on_a_terminal(tmp_path, *arguments):
    """What a command writes to the terminal that its standard error is."""
    ours, its = os.openpty()
    settings = {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "API_ENGINE_DATA_DIR": str(tmp_path / "data"),
        "API_ENGINE_SAMPLE_DATA": "false",
        "TERM": "xterm",
    }
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", *arguments],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=its,
        )
        os.close(its)
        written = b""
        # Once the process has ended, what it wrote comes, then an error that says so.
        with suppress(OSError):
            while part := screen.read(65_536):
                written += part
        process.wait(timeout=120)
    assert process.returncode == 0
    return written.decode()


def test_the_shell_can_be_taught_to_complete(api_engine, monkeypatch):
    monkeypatch.setenv("_API_ENGINE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "api-engine ex")
    monkeypatch.setenv("COMP_CWORD", "1")

    assert api_engine().out.split() == ["export"]


@pytest.mark.timeout(300)
def test_an_apply_killed_halfway_leaves_the_old_state(api_engine, folder, tmp_path):
    names = [f"api-{number}" for number in range(20)]
    old = {k: v for name in names for k, v in script(name, "'old'").items()}
    target = folder(old | {"alerts/a.yaml": ALERT.format("old")})
    api_engine("apply", target)
    new = {f"{name}.py": SCRIPT.format(answer="'new'") for name in names}
    folder(new | {"alerts/a.yaml": ALERT.format("new"), "alerts/b.yaml": ALERT.format("new")})
    slow_down_updates(tmp_path / "data" / "metadata.sqlite3")

    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "apply", target],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for_a_long_transaction(tmp_path / "data" / "metadata.sqlite3", process)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert versions(tmp_path) == dict.fromkeys(names, 1)
    assert set(answers(tmp_path).values()) == {"old"}
    assert rows_of(tmp_path, "SELECT alert_name, description FROM tb_alert") == [("a", "old")]
    rows_of(tmp_path, "DROP TRIGGER slow")
    assert api_engine("apply", target).code == 0
    assert versions(tmp_path) == dict.fromkeys(names, 2)
    assert rows_of(tmp_path, "SELECT DISTINCT description FROM tb_alert") == [("new",)]


def slow_down_updates(path):
    """Make each update of a definition take a good while, so that there is time to kill it."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TRIGGER slow AFTER UPDATE ON tb_api_definition BEGIN"
            " SELECT count(*) FROM (WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL"
            " SELECT n + 1 FROM counter WHERE n < 300000) SELECT n FROM counter); END"
        )


def wait_for_a_long_transaction(path, process):
    """Until another has held the write lock for a while: nothing else of `apply` does."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        database = sqlite3.connect(path, timeout=0.3, isolation_level=None)
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return
        else:
            database.execute("ROLLBACK")
            time.sleep(0.01)
        finally:
            database.close()
    raise AssertionError("no long transaction was seen")

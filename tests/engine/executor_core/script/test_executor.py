"""The script executor: answers, errors with their place, logs, usage, limits, dry run."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    DefinitionInvalidError,
    SandboxUnavailableError,
    ScriptFailedError,
    ScriptTimeoutError,
)
from engine.executor_core.sandbox.supervisor import Sandbox
from engine.executor_core.script import ScriptExecutor
from engine.model import RuntimePolicy, SandboxPolicy
from engine.settings import Settings

ROWS = """
def main(params, input_payload):
    return [{"carrier": "UA", "delay": 5, "share": 1}, {"carrier": None, "delay": 7, "share": 0.5,
            "more": [1]}]
"""


def failure_of(scripts, source, **given):
    with pytest.raises(ScriptFailedError) as caught:
        scripts.run(source, **given)
    return caught.value


def test_params_keep_their_types(best):
    source = """
def main(params, input_payload):
    return {name: type(value).__name__ for name, value in params.items()}
"""
    params = {
        "day": date(2013, 1, 1),
        "at": datetime(2013, 1, 1, tzinfo=UTC),
        "id": UUID(int=1),
        "n": 1.5,
    }

    payload = best.run(source, params)

    assert json.loads(payload.json) == {
        "day": "date",
        "at": "datetime",
        "id": "UUID",
        "n": "float",
    }


def test_a_large_input_arrives_whole(best):
    source = "def main(params, rows):\n    return len(rows)"

    payload = best.run(source, input_payload=[{"number": n} for n in range(200_000)])

    assert payload.json == b"200000"


def test_a_list_of_objects_is_a_table(best):
    payload = best.run(ROWS)

    assert payload.row_count == 2
    assert [(column.name, column.type) for column in payload.columns or ()] == [
        ("carrier", "text"),
        ("delay", "integer"),
        ("share", "number"),
        ("more", "array"),
    ]


def test_other_answers_are_no_table(best):
    payload = best.run("def main(params, _):\n    return [1, 2]")

    assert (payload.row_count, payload.columns) == (None, None)


def test_what_is_printed_goes_to_the_logs(best):
    source = """
import sys
print("loading")
def main(params, _):
    print("größer", 1)
    print("to stderr", file=sys.stderr)
    print("no newline", end="")
    return None
"""
    assert best.run(source).logs == "loading\ngrößer 1\nto stderr\nno newline"


def test_logs_are_cut_with_a_word_about_it(best):
    logs = best.run("def main(params, _):\n    print('x' * 200_000)").logs

    assert logs.startswith("x" * 65_536)
    assert logs.endswith("[cut after 65536 bytes]")


def test_usage_is_told(best):
    source = """
def main(params, _):
    kept = bytearray(50_000_000)
    return sum(range(1_000_000)) and len(kept)
"""
    usage = best.run(source).usage

    assert usage["cpu_ms"] > 5
    assert usage["memory_mb"] > 50
    assert usage["wall_ms"] > 5
    assert usage["isolation"] == best.level


def test_an_exception_is_told_with_type_line_and_frames(best):
    source = """
def half(number):
    return number / 0

def main(params, _):
    print("before")
    return half(1)
"""
    error = failure_of(best, source)

    assert error.message == "ZeroDivisionError: division by zero (line 3)"
    assert error.details["type"] == "ZeroDivisionError"
    assert error.details["line"] == 3
    assert error.details["frames"] == [
        {"line": 7, "function": "main", "text": "return half(1)"},
        {"line": 3, "function": "half", "text": "return number / 0"},
    ]
    assert error.details["logs"] == "before\n"
    assert error.details["usage"]["isolation"] == best.level


def test_frames_of_the_library_are_left_out(best):
    error = failure_of(best, "import json\ndef main(params, _):\n    return json.loads('{')")

    assert [frame["line"] for frame in error.details["frames"]] == [3]


def test_an_exception_while_loading_is_told(best):
    assert failure_of(best, "x = 1\nraise ValueError('early')").details["line"] == 2


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("{1, 2}", "the answer is a set, which is not JSON: return sorted(…) or list(…) of it"),
        ("{'rows': [1, b'x']}", "the answer['rows'][1] is a bytes"),
        ("{'a': {(1, 2): 3}}", "the answer['a'] has a key of type tuple"),
        ("[float('inf')]", "the answer[0] is inf, which JSON does not have"),
        ("{'n': 2 ** 64}", "the answer['n'] is an integer of more than 64 bits"),
        ("(n for n in [1])", "the answer is a generator, which is not JSON: return list(…) of it"),
        ("object", "the answer is a type, which is not JSON"),
        ("__import__('decimal').Decimal('NaN')", "the answer is NaN, which JSON does not have"),
        ("'x' * 1_000_000", "the answer is 1000002 bytes of JSON; 1000000 are allowed"),
    ],
)
def test_an_answer_that_is_not_json_is_named_with_its_place(best, expression, words):
    error = failure_of(best, f"def main(params, _):\n    return {expression}")

    assert error.details["type"] == "NotJsonError"
    assert words in error.message


def test_a_timeout_is_the_authors_fault(best):
    with pytest.raises(ScriptTimeoutError) as caught:
        best.run("def main(params, _):\n    print('working')\n    while True: pass", timeout_s=0.2)

    error = caught.value
    assert isinstance(error, DeadlineExceededError)
    assert (error.code, error.http_status, error.outcome) == ("timeout", 504, "timeout")
    assert not error.retryable
    assert not error.trips_breaker
    assert error.details["logs"] == "working\n"
    assert 150 < error.details["usage"]["wall_ms"] < 1000


def test_memory_is_what_the_policy_says(best):
    source = "def main(params, _):\n    return len(bytearray(100_000_000))"

    assert best.run(source, policy=SandboxPolicy(memory_mb=256)).json == b"100000000"
    error = failure_of(best, source, policy=SandboxPolicy(memory_mb=64))
    assert error.details["type"] == "MemoryError"
    assert "memory_mb" in str(error.hint)


def test_the_temporary_folder_is_what_the_policy_says(scripts):
    source = """
def main(params, _):
    with open("file", "wb") as file:
        return file.write(b"x" * 3_000_000)
"""
    if scripts.level == "C":
        error = failure_of(scripts, source, policy=SandboxPolicy(temp_mb=8))
        assert error.hint == "Files are not available at isolation level C."
        return

    assert scripts.run(source, policy=SandboxPolicy(temp_mb=8)).json == b"3000000"
    for too_little in (1, 0):
        failure_of(scripts, source, policy=SandboxPolicy(temp_mb=too_little))


def test_nothing_survives_into_the_next_call(scripts):
    leave = """
import builtins, json, os
builtins.canary = json.canary = 1
os.environ["CANARY"] = "1"
def main(params, _):
    try:
        open("canary", "w").close()
    except PermissionError:
        pass
"""
    look = """
import builtins, json, os
def main(params, _):
    try:
        files = os.listdir(".")
    except PermissionError:
        files = []
    return [hasattr(builtins, "canary"), hasattr(json, "canary"), "CANARY" in os.environ,
            "canary" in files]
"""
    for _ in range(3):
        scripts.run(leave)
        assert json.loads(scripts.run(look).json) == [False, False, False, False]


def test_chance_differs_from_call_to_call(best):
    source = "import random\ndef main(params, _):\n    return random.random()"

    assert len({best.run(source).json for _ in range(5)}) == 5


def test_compile_names_every_issue(make_definition):
    api = make_definition(
        "import numpy\ndef main(params): pass",
        runtime_policy=RuntimePolicy(sandbox=SandboxPolicy(network=("example.com",))),
    )

    with pytest.raises(DefinitionInvalidError) as caught:
        ScriptExecutor(Settings()).compile(api)

    assert [issue.code for issue in caught.value.issues] == [
        "import_not_available",
        "main_signature",
        "network_not_available",
    ]
    assert "line 1" in caught.value.message


def test_compile_keeps_warnings_and_forbids_repetition(make_definition):
    api = make_definition("def main(params, _):\n    return params['a']")

    compiled = ScriptExecutor(Settings()).compile(api)

    assert [issue.code for issue in compiled.warnings] == ["param_undeclared"]
    assert not compiled.repeatable


def test_neither_compile_nor_dry_run_starts_anything(make_definition, make_context):
    sandbox = Sandbox()
    executor = ScriptExecutor(Settings(), sandbox)
    from_file = "import re\nasync def main(params, _):\n    return 1"

    compiled = executor.compile(make_definition(from_file))
    said = executor.dry_run(compiled, {"a": 1}, make_context())

    assert said["imports"] == ["re"]
    assert said["entry"] == "async def main"
    assert said["limits"]["memory_mb"] == 256
    assert sandbox._ready is None


def test_health_tells_the_level(best):
    assert best.executor.health() == {"isolation": best.level}


def test_health_fails_where_scripts_are_refused():
    sandbox = Sandbox(require="strict", strongest="B")
    executor = ScriptExecutor(Settings(), sandbox)
    try:
        with pytest.raises(SandboxUnavailableError, match="level B, A is required"):
            executor.health()
    finally:
        executor.close()


def test_strict_refuses_less_than_full_isolation():
    sandbox = Sandbox(require="strict", strongest="B")
    try:
        with pytest.raises(SandboxUnavailableError, match="level B, A is required"):
            _run_on(sandbox)
    finally:
        sandbox.close()


def test_without_isolation_scripts_are_refused():
    sandbox = Sandbox(strongest="none")

    with pytest.raises(SandboxUnavailableError, match="level none, C is required"):
        _run_on(sandbox)


def test_the_unsafe_switch_runs_scripts_and_says_so():
    sandbox = Sandbox(strongest="none", unsafe=True)
    try:
        outcome, isolation = _run_on(sandbox)
    finally:
        sandbox.close()

    assert isolation.level == "none"
    assert outcome.answer == b"LR1"


def _run_on(sandbox):
    return sandbox.run(
        "def main(params, _):\n    return 1",
        {},
        None,
        tenant_id="default",
        policy=SandboxPolicy(),
        deadline=Deadline.after(5),
    )

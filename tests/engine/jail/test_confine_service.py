"""A service process behind its walls: what it may still do, and what it may not."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

LEAF = f"""
import sys, types
engine = types.ModuleType("engine")  # the jail alone: the whole engine starts threads of its own
engine.__path__ = [{str(ROOT / "engine")!r}]
sys.modules["engine"] = engine
"""

CONFINED = """
import json, os, signal, socket, sys, threading
from pathlib import Path
from engine.jail import confine_service

started = threading.Event()
if {threads}:
    threading.Thread(target=started.wait, daemon=True).start()
outside, own = Path({outside!r}), Path({own!r})
mine, theirs = socket.socketpair()
report = confine_service(
    read_only=[Path(sys.base_prefix), Path({root!r}), *map(Path, {readable!r})], read_write=[own]
)

def attempt(action):
    try:
        return action() or "done"
    except OSError as error:
        return type(error).__name__

def thread():
    ran = []
    worker = threading.Thread(target=lambda: ran.append(attempt(lambda: outside.read_text())))
    worker.start()
    worker.join()
    return ran[0]

def late_import():
    import wsgiref.headers

print(json.dumps({{
    "report": [report.no_new_privs, report.landlock_abi > 0, report.seccomp, list(report.why)],
    "complete": report.complete,
    "own file": attempt(lambda: (own / "x").write_text("x") and None),
    "foreign file": attempt(lambda: outside.read_text()),
    "foreign file in a thread": attempt(thread),
    "overwrite": attempt(lambda: outside.write_text("x")),
    "socket": attempt(socket.socket),
    "own socket pair": attempt(lambda: mine.sendall(b"x")),
    "fork": attempt(os.fork),
    "exec": attempt(lambda: os.execv("/bin/true", ["true"])),
    "signal": attempt(lambda: os.kill(os.getppid(), signal.SIGTERM)),
    "import": attempt(late_import),
}}))
"""


def confined(tmp_path, *, threads=False):
    outside = tmp_path / "outside"
    outside.write_text("secret")
    own = tmp_path / "own"
    own.mkdir()
    source = LEAF + CONFINED.format(
        root=str(ROOT), outside=str(outside), own=str(own), threads=threads, readable=sys.path[1:]
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert outside.read_text() == "secret"
    return json.loads(done.stdout)


def test_a_confined_service_keeps_its_own_and_loses_the_rest(tmp_path):
    seen = confined(tmp_path)
    no_new_privs, has_landlock, has_seccomp, why = seen.pop("report")

    assert no_new_privs
    if not (has_landlock and has_seccomp):
        assert why
        pytest.skip(f"this machine lacks walls: {why}")
    assert seen == {
        "complete": True,
        "own file": "done",
        "foreign file": "PermissionError",
        "foreign file in a thread": "PermissionError",
        "overwrite": "PermissionError",
        "socket": "PermissionError",
        "own socket pair": "done",
        "fork": "PermissionError",
        "exec": "PermissionError",
        "signal": "PermissionError",
        "import": "done",
    }


def test_threads_that_ran_before_are_reported(tmp_path):
    seen = confined(tmp_path, threads=True)

    assert not seen["complete"]
    if seen["report"][1]:
        assert any("1 threads that ran before" in reason for reason in seen["report"][3])


def test_a_confined_service_ends_with_its_parent_process(tmp_path):
    source = f"""{LEAF}
import sys, time, threading
from pathlib import Path
from engine.jail import confine_service
confine_service(read_only=[Path("/")], read_write=[])
print("confined", flush=True)
time.sleep(60)
"""
    launcher = f"""
import subprocess, sys, threading, time
started = []
thread = threading.Thread(
    target=lambda: started.append(subprocess.Popen([sys.executable, "-c", {source!r}], stdout=-1))
)
thread.start(); thread.join()
started[0].stdout.readline()
time.sleep(0.3)
print(started[0].pid, started[0].poll(), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", launcher], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert parent.stdout is not None
    pid, ended = parent.stdout.readline().split()
    assert ended == "None"  # the end of the thread that started it means nothing

    parent.kill()
    parent.wait()
    parent.stdout.close()

    until = time.monotonic() + 2
    while _runs(int(pid)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _runs(int(pid))


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_walls_that_are_refused_are_reported_and_not_raised(tmp_path):
    source = f"""{LEAF}
import errno, json, sys
from pathlib import Path
from engine.jail import bpf, confine_service, limits, seccomp, syscalls
names = {{"landlock_create_ruleset": errno.ENOSYS, "seccomp": errno.EPERM}}
rules = [bpf.Rule(syscalls.number(name), bpf.fail_with(code)) for name, code in names.items()]
limits.forbid_new_privileges()
program = bpf.assemble(syscalls.machine().audit_architecture, rules, bpf.ALLOW)
seccomp.install(program, all_threads=False)
report = confine_service(read_only=[], read_write=[Path({str(tmp_path)!r})])
print(json.dumps([report.landlock_abi, report.seccomp, report.complete, report.why]))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    abi, filtered, complete, why = json.loads(done.stdout)

    assert (abi, filtered, complete) == (0, False, False)
    assert [reason.split(":")[0] for reason in why] == ["landlock", "seccomp"]


def test_both_machines_have_their_own_numbers():
    from engine.jail import syscalls

    x86, arm = syscalls._column(1), syscalls._column(2)

    assert (x86["openat"], arm["openat"]) == (257, 56)
    assert (x86["landlock_create_ruleset"], arm["landlock_create_ruleset"]) == (444, 444)
    assert "fork" in x86
    assert "fork" not in arm
    assert set(arm) < set(x86)

"""What a machine lacks is simulated by a filter that answers as that machine would.

The filter is put around a whole service process, so that its template finds what it would find
there. Each case must come out at exactly the level that remains, say why, and run or refuse.
"""

import errno
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from engine.executor_core.sandbox import walls
from engine.jail import landlock, namespaces

ROOT = Path(__file__).parents[4]

SERVICE = """
import json, sys, types
engine = types.ModuleType("engine")  # only what the sandbox needs of the engine
engine.__path__ = [{engine!r}]
sys.modules["engine"] = engine
from engine.jail import bpf, limits, seccomp, syscalls
denied = json.loads({denied!r})
if denied:
    rules = [bpf.Rule(syscalls.number(name), bpf.fail_with(code)) for name, code in denied.items()]
    limits.forbid_new_privileges()
    program = bpf.assemble(syscalls.machine().audit_architecture, rules, bpf.ALLOW)
    seccomp.install(program, all_threads=False)

from dataclasses import asdict
from engine.deadline import Deadline
from engine.errors import SandboxUnavailableError
from engine.executor_core.sandbox.supervisor import Sandbox
from engine.model import SandboxPolicy

sandbox = Sandbox()
isolation = asdict(sandbox.isolation())
try:
    outcome, _ = sandbox.run(
        "def main(params, _):\\n    return params['n'] * 2", {{"n": 21}}, None,
        tenant_id="t", policy=SandboxPolicy(), deadline=Deadline.after(10),
    )
    answer = outcome.answer.decode()
except SandboxUnavailableError as error:
    answer = error.code
sandbox.close()
print(json.dumps([isolation, answer]))
"""

NO_NAMESPACES = {"unshare": errno.EPERM}
NO_MOUNTS = {"mount": errno.EPERM}
NO_PIVOT = {"pivot_root": errno.EPERM}
NO_LANDLOCK = {"landlock_create_ruleset": errno.ENOSYS}
LANDLOCK_OFF = {"landlock_create_ruleset": errno.EOPNOTSUPP}
LANDLOCK_UNENFORCED = {"landlock_restrict_self": errno.EPERM}
NO_SECCOMP = {"seccomp": errno.EINVAL}


def service(denied, **options):
    script = SERVICE.format(engine=str(ROOT / "engine"), denied=json.dumps(denied))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, **options
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def undisturbed():
    return service({})[0]


@pytest.mark.parametrize(
    ("denied", "level", "why"),
    [
        (NO_NAMESPACES, "B", "unshare"),
        (NO_MOUNTS, "B", "mount"),
        (NO_PIVOT, "B", "pivot_root"),
        (NO_LANDLOCK, "A", "landlock: landlock_create_ruleset: Function not implemented"),
        (LANDLOCK_OFF, "A", "landlock: landlock_create_ruleset: Operation not supported"),
        (NO_NAMESPACES | NO_LANDLOCK, "C", "landlock"),
        (NO_NAMESPACES | LANDLOCK_UNENFORCED, "C", "landlock_restrict_self"),
        (LANDLOCK_UNENFORCED, "C", "landlock_restrict_self"),
        (NO_SECCOMP, "none", "seccomp"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_the_level_is_what_remains_and_says_why(undisturbed, denied, level, why):
    if level == "A" and undisturbed["level"] != "A":
        pytest.skip("this machine has no namespaces to begin with")

    isolation, answer = service(denied)

    assert isolation["level"] == level
    assert any(why in reason for reason in isolation["why"])
    assert answer == ("sandbox_unavailable" if level == "none" else "LR42")
    assert isolation["landlock_abi"] == 0 or level == "B"


def test_an_undisturbed_machine_gives_no_reasons(undisturbed):
    if undisturbed["level"] == "A":
        assert undisturbed["why"] == [] or undisturbed["landlock_abi"] == 0
    else:
        assert undisturbed["why"]


def test_an_ordinary_user_gets_the_level_the_machine_gives(undisturbed):
    if os.geteuid() != 0:
        pytest.skip("this is an ordinary user already")
    if not all(place.stat().st_mode & 0o005 == 0o005 for place in _places()):
        pytest.skip("the interpreter or the source lies where only root may read")
    nobody = pwd.getpwnam("nobody")

    isolation, answer = service({}, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])

    assert answer == "LR42"
    assert isolation["level"] in {undisturbed["level"], "B"}


def _places():
    named = {Path(sys.prefix), Path(os.path.realpath(sys.executable)), ROOT}
    return {place for path in named for place in (path, *path.parents)}


def test_every_wall_the_machine_has_is_used(scripts, request):
    asked_for = request.node.callspec.params["scripts"]
    isolation = scripts.sandbox.isolation()

    if asked_for == "A" and namespaces.probe(walls.private_root()) is None:
        assert (isolation.level, isolation.namespaces) == ("A", True)
    if asked_for != "C" and _landlock_abi():
        assert isolation.level in {"A", "B"}
        assert isolation.landlock_abi == _landlock_abi()
    assert isolation.seccomp


def _landlock_abi():
    try:
        return landlock.abi()
    except OSError:
        return 0

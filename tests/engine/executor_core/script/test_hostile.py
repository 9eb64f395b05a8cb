"""Every script of hostile.txt at every level: its exact outcome, and a service unharmed by it."""

import json
import os
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

import pytest

import engine
from engine.errors import LogicError, ScriptTimeoutError
from engine.jail import syscalls
from engine.model import SandboxPolicy

POLICY = SandboxPolicy(memory_mb=64, temp_mb=1)
TIMEOUT_S = 0.2
ENOUGH_S = 10.0


class Hostile(NamedTuple):
    name: str
    outcomes: dict[str, str]
    source: str

    def outcomes_at(self, level: str) -> list[str]:
        return (self.outcomes.get(level) or self.outcomes["*"]).split(" | ")


def _read() -> list[Hostile]:
    text = Path(__file__).with_name("hostile.txt").read_text()
    found = []
    for block in text.split("\n@ ")[1:]:
        name, *lines = block.splitlines()
        heads = [line for line in lines if line[:2] in {"A ", "B ", "C ", "* "}]
        heads += [f"* {line}" for line in lines if line in {"timeout", "crash"}]
        body = lines[len(heads) :]
        outcomes = dict(head.split(" ", 1) for head in heads)
        found.append(Hostile(name, outcomes, "\n".join(body)))
    return found


HOSTILE = _read()


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    folder.chmod(0o755)
    file = folder / "planted"
    file.write_text("secret")
    file.chmod(0o644)
    os.utime(file, (1_000_000, 1_000_000))
    return file


@pytest.fixture
def targets(planted, listener):
    foreign = 64 if os.uname().machine == "aarch64" else 0x40000000 + 39
    return {
        "planted": str(planted),
        "port": listener.getsockname()[1],
        "service": os.getpid(),
        "installed": [sysconfig.get_path("purelib")],
        "installed_file": str(_installed_file()),
        "engine": str(Path(str(engine.__file__)).parents[1]),
        "library": next(
            str(file) for file in Path("/lib").glob("*-linux-gnu/libBrokenLocale.so.1")
        ),
        "bpf": syscalls.number("bpf"),
        "add_key": syscalls.number("add_key"),
        "foreign": foreign,
    }


def _installed_file():
    """A file of a package inside the library's own folder, or else of any package."""
    folders = (Path(sysconfig.get_path("stdlib"), "site-packages"), sysconfig.get_path("purelib"))
    return next(file for folder in folders for file in Path(folder).glob("*/__init__.py"))


def _outcome(scripts, hostile: Hostile, targets: dict[str, object], timeout_s: float) -> str:
    try:
        payload = scripts.run(hostile.source, targets, timeout_s=timeout_s, policy=POLICY)
    except ScriptTimeoutError:
        return "timeout"
    except LogicError as error:
        kind = error.details["type"]
        return "crash" if kind == "Crash" and "process" in error.message else f"error {kind}"
    return f"value {json.dumps(json.loads(payload.json))}"


def test_there_are_more_than_sixty_hostile_scripts():
    assert len(HOSTILE) > 60
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_script_comes_to_its_end_and_harms_nothing(
    scripts, hostile, targets, planted, listener
):
    expected = hostile.outcomes_at(scripts.level)
    timeout_s = TIMEOUT_S if expected == ["timeout"] else ENOUGH_S
    before = time.monotonic()

    outcome = _outcome(scripts, hostile, targets, timeout_s)

    assert outcome in expected
    assert time.monotonic() - before < timeout_s + 1
    assert planted.read_text() == "secret"
    assert (planted.stat().st_mode & 0o777, planted.stat().st_mtime) == (0o644, 1_000_000)
    assert [file.name for file in planted.parent.iterdir()] == ["planted"]
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert scripts.is_well()
    assert scripts.leftovers() == []

"""`make cluster`: started, used through its proxy, and ended with Ctrl+C."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 200
TRIPLED = "def main(params, input_payload):\n    return {'n': 3 * input_payload}\n"


@dataclass(frozen=True)
class Started:
    """The program, and what it said of itself."""

    program: "subprocess.Popen[str]"
    rest: httpx.Client
    dashboard: str


@pytest.fixture
def started() -> Iterator[Started]:
    environment = {**os.environ, "API_ENGINE_SAMPLE_DATA": "false"}
    program = subprocess.Popen(
        [sys.executable, "-m", "deploy.cluster"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert program.stdout is not None
        said = "".join(iter(program.stdout.readline, "\n"))
        rest, dashboard = re.findall(r"http://127\.0\.0\.1:\d+", said)
        headers = {"X-API-Key": said.split()[-1]}
        with httpx.Client(base_url=rest, headers=headers, timeout=30) as client:
            yield Started(program, client, dashboard)
    finally:
        if program.poll() is None:
            program.terminate()
        program.communicate(timeout=PATIENCE_S)


@pytest.mark.timeout(PATIENCE_S)
def test_the_whole_topology_runs_a_call_and_a_job_and_leaves_no_process(started: Started) -> None:
    fields = {"api_name": "triple", "logic_type": "script", "logic_body": TRIPLED}
    assert started.rest.post("/api-manager/apis", json=fields).status_code == 201

    url, body = "/api-manager/apis/triple", {"input_payload": 7}
    calls = [started.rest.post(f"{url}/execute", json=body) for _ in range(3)]
    job = started.rest.post(f"{url}/jobs", json=body).headers["Location"]
    wait_for(lambda: started.rest.get(job).json()["data"]["status"] == "success")
    answer = started.rest.get(f"{job}/result").json()["data"]
    page = httpx.get(started.dashboard, timeout=30)
    processes = descendants(started.program.pid)
    commands = [command(pid) for pid in processes]
    os.killpg(started.program.pid, signal.SIGINT)  # as a terminal does with Ctrl+C
    code = started.program.wait(PATIENCE_S)

    assert [call.json()["data"]["data"] for call in calls] == [{"n": 21}] * 3
    assert answer == {"n": 21}
    assert "Streamlit" in page.text
    assert [sum(each in line for line in commands) for each in KINDS] == [3, 2, 1, 1, 1, 1]
    assert code == 0
    wait_for(lambda: not any(is_alive(*process) for process in processes.items()))


KINDS = (
    "engine.cli serve",
    "engine.cli worker",
    "streamlit run",
    "caddy run",
    "postgres -D",
    "valkey-server",
)


def wait_for(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def descendants(pid: int) -> dict[int, str]:
    """Every process that this one has begun, and they in turn, with when it was started."""
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        seen = {int(entry.name): stat(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
        children = {each: about.start for each, about in seen.items() if about.parent in parents}
        found |= children
        parents = set(children)
    return found


@dataclass(frozen=True)
class Stat:
    """A process as the system knows it; `start`, in ticks since the boot, tells it from others."""

    state: str = "gone"
    parent: int = 0
    start: str = ""


def stat(pid: int) -> Stat:
    try:
        _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return Stat()
    state, parent, *rest = fields.split()
    return Stat("gone" if state == "Z" else state, int(parent), rest[17])


def is_alive(pid: int, start: str) -> bool:
    about = stat(pid)
    return about.state != "gone" and about.start == start


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""

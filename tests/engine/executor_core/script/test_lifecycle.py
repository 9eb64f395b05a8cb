"""The sandbox over its life: lazy start, crashes of its template, leaks, tenants, fairness."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.deadline import Deadline
from engine.errors import OverloadedError, TargetTransientError
from engine.executor_core.sandbox.slots import Slots
from engine.executor_core.sandbox.supervisor import Sandbox
from engine.executor_core.sandbox.temp_folders import TempFolders
from engine.model import SandboxPolicy

DOUBLE = "def main(params, input_payload):\n    return params['number'] * 2"
SLEEP = "import time\ndef main(params, input_payload):\n    time.sleep(30)"


def run(sandbox, source, params=None, *, tenant_id="default", timeout_s=5.0):
    outcome, _ = sandbox.run(
        source,
        params or {},
        None,
        tenant_id=tenant_id,
        policy=SandboxPolicy(),
        deadline=Deadline.after(timeout_s),
    )
    return outcome


def ready_of(sandbox):
    assert sandbox._ready is not None
    return sandbox._ready


def template_of(sandbox):
    template = ready_of(sandbox).template
    assert template is not None
    return template


def exists(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone_within(seconds, pids):
    until = time.monotonic() + seconds
    while any(map(exists, pids)) and time.monotonic() < until:
        time.sleep(0.005)
    return not any(map(exists, pids))


def descendants(pid):
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, level = set(), {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found |= level
    return found


@pytest.fixture(params=["A", "B"])
def sandbox(request):
    opened = Sandbox(strongest=request.param, slots=4)
    yield opened
    opened.close()


def test_nothing_is_started_before_the_first_call():
    before = descendants(os.getpid())

    Sandbox().close()

    assert descendants(os.getpid()) == before


def test_close_leaves_no_process_and_no_folder(sandbox):
    run(sandbox, DOUBLE, {"number": 1})
    family = {template_of(sandbox).pid, *descendants(template_of(sandbox).pid)}
    folder = sandbox._folders.path

    sandbox.close()

    assert gone_within(2, family)
    assert not folder.exists()


def test_a_closed_sandbox_starts_anew(sandbox):
    run(sandbox, DOUBLE, {"number": 1})
    sandbox.close()

    assert run(sandbox, DOUBLE, {"number": 21}).answer == b"LR42"


def test_the_trial_is_repeated_by_the_hour_without_disturbing_anybody():
    now = [0.0]
    sandbox = Sandbox(clock=lambda: now[0])
    try:
        run(sandbox, DOUBLE, {"number": 1})
        template, tried_until = template_of(sandbox).pid, ready_of(sandbox).until

        now[0] = 3601.0
        assert run(sandbox, DOUBLE, {"number": 21}).answer == b"LR42"

        assert template_of(sandbox).pid == template
        assert ready_of(sandbox).until == tried_until + 3601
    finally:
        sandbox.close()


def test_two_hundred_calls_leak_nothing(sandbox):
    run(sandbox, DOUBLE, {"number": 0})
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    threads = threading.active_count()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: run(sandbox, DOUBLE, {"number": n}).answer, range(200)))

    assert answers == [b"LR%d" % (n * 2) for n in range(200)]
    assert (
        len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 6
    )  # children kept waiting: 3 each
    assert threading.active_count() == threads
    assert len(descendants(template_of(sandbox).pid)) <= 2
    assert list(sandbox._folders.path.iterdir()) == []


def test_a_killed_template_ends_its_scripts_at_once_and_is_replaced(sandbox):
    run(sandbox, DOUBLE, {"number": 1})
    template = template_of(sandbox).pid
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(run, sandbox, SLEEP, timeout_s=20) for _ in range(2)]
        time.sleep(0.3)
        family = {template, *descendants(template)}
        killed_at = time.monotonic()

        os.kill(template, signal.SIGKILL)

        for call in calls:
            with pytest.raises(TargetTransientError):
                call.result(timeout=5)
        assert time.monotonic() - killed_at < 3
    assert gone_within(2, family)
    assert run(sandbox, DOUBLE, {"number": 21}).answer == b"LR42"
    assert template_of(sandbox).pid != template


def test_a_template_killed_between_calls_costs_no_call(sandbox):
    for number in range(3):
        run(sandbox, DOUBLE, {"number": number})
        family = {template_of(sandbox).pid, *descendants(template_of(sandbox).pid)}
        os.kill(template_of(sandbox).pid, signal.SIGKILL)
        assert gone_within(2, family)

        assert run(sandbox, DOUBLE, {"number": number}).answer == b"LR%d" % (number * 2)


def test_a_stopped_template_does_not_hold_a_call_past_its_deadline(sandbox):
    run(sandbox, DOUBLE, {"number": 1})
    for waiting in sandbox._ahead:
        waiting.close()
    sandbox._ahead.clear()
    os.kill(template_of(sandbox).pid, signal.SIGSTOP)
    before = time.monotonic()

    outcome = run(sandbox, DOUBLE, {"number": 1}, timeout_s=0.3)

    assert outcome.stopped == "timeout"
    assert time.monotonic() - before < 2.5
    assert run(sandbox, DOUBLE, {"number": 21}).answer == b"LR42"


def test_a_killed_service_leaves_no_process_and_its_folder_goes_with_the_next_start():
    source = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parents[4])!r})
from engine.executor_core.sandbox.supervisor import Sandbox
from engine.deadline import Deadline
from engine.model import SandboxPolicy
sandbox = Sandbox()
sandbox.isolation()
print(sandbox._ready.template.pid, flush=True)
deadline = Deadline.after(60)
sandbox.run({SLEEP!r}, {{}}, None, tenant_id="t", policy=SandboxPolicy(), deadline=deadline)
"""
    service = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    template = int(service.stdout.readline())
    time.sleep(0.3)
    family = {template, *descendants(service.pid), *descendants(template)}
    assert len(family) >= 2

    service.kill()
    service.wait()
    service.stdout.close()

    assert gone_within(2, family)
    TempFolders().close()
    assert not list(Path(tempfile.gettempdir()).glob(f"api-engine-scripts-{service.pid}-*"))


def test_one_script_cannot_see_another_tenants_files(sandbox):
    write = """
import os, time
def main(params, _):
    open("secret-of-one-tenant", "w").write("secret")
    print(os.getcwd(), flush=True)
    time.sleep(params["hold_s"])
"""
    look = """
import os
def main(params, _):
    seen = []
    for place in (".", "..", "/tmp", params["base"]):
        try:
            for folder, _, names in os.walk(place, onerror=lambda error: None):
                seen += [name for name in names if "secret-of" in name]
        except OSError:
            pass
    return seen
"""
    run(sandbox, DOUBLE, {"number": 1})
    base = str(sandbox._folders.path)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(run, sandbox, write, {"hold_s": 0.6}, tenant_id="one")
        time.sleep(0.3)

        assert run(sandbox, look, {"base": base}, tenant_id="other").answer == b"LR[]"
        assert writing.result().answer == b"LRnull"


def test_a_tenant_gets_at_most_half_of_the_slots():
    slots = Slots(4)
    soon = Deadline.after(0.05)

    with slots.hold("one", soon), slots.hold("one", soon):
        with pytest.raises(OverloadedError) as refused, slots.hold("one", soon):
            pass
        with slots.hold("other", soon), slots.hold("other", soon):
            pass

    assert refused.value.retry_after_s
    with slots.hold("one", soon):
        pass


def test_a_waiting_tenant_does_not_hold_up_others():
    slots = Slots(2)
    order = []

    def enter(tenant_id):
        with slots.hold(tenant_id, Deadline.after(5)):
            order.append(tenant_id)

    with slots.hold("one", Deadline.after(5)):
        waiting = threading.Thread(target=enter, args=("one",))
        waiting.start()
        time.sleep(0.05)
        enter("other")
    waiting.join()

    assert order == ["other", "one"]


def test_a_full_queue_refuses_at_once():
    slots = Slots(1)
    with slots.hold("one", Deadline.after(5)), ThreadPoolExecutor(8) as pool:

        def wait():
            with slots.hold("one", Deadline.after(0.4)):
                pass

        waiting = [pool.submit(wait) for _ in range(8)]
        time.sleep(0.1)
        before = time.monotonic()

        with (
            pytest.raises(OverloadedError, match="too many scripts"),
            slots.hold("other", Deadline.after(5)),
        ):
            pass

        assert time.monotonic() - before < 0.2
        assert all(isinstance(call.exception(), OverloadedError) for call in waiting)


def test_no_place_is_lost_when_waiters_give_up_while_places_come_free():
    slots = Slots(2)

    def visit(number):
        try:
            with slots.hold(f"tenant-{number % 3}", Deadline.after(0.002 * (number % 5))):
                time.sleep(0.001)
        except OverloadedError:
            pass

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(visit, range(400)))

    assert slots._running.total() == 0
    assert not slots._waiting

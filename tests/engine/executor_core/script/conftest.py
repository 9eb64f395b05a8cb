"""Scripts run for real, in a sandbox of every level this machine offers."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.deadline import Deadline
from engine.executor_core.sandbox.supervisor import Sandbox
from engine.executor_core.sandbox.walls import Level
from engine.executor_core.script import CompiledScript, ScriptExecutor
from engine.executor_core.script_check import ScriptFacts
from engine.model import ApiDefinition, Caller, Payload, RuntimePolicy, SandboxPolicy
from engine.ports import ExecutionContext
from engine.settings import Settings

LEFT_BEHIND_WITHIN_S = 2.0


class Scripts:
    """Runs scripts at one level and looks at what they leave."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.executor = ScriptExecutor(Settings(), sandbox)

    @property
    def level(self) -> Level:
        return self.sandbox.isolation().level

    def run(
        self,
        source: str,
        params: Mapping[str, Any] | None = None,
        input_payload: Any = None,
        *,
        timeout_s: float = 5.0,
        tenant_id: str = "default",
        policy: SandboxPolicy | None = None,
    ) -> Payload:
        """Execute without the static check: the walls must hold alone."""
        compiled = CompiledScript(source=source, facts=ScriptFacts(()), repeatable=False)
        context = context_of(input_payload, timeout_s, tenant_id, policy)
        return self.executor.execute(compiled, params or {}, context)

    def is_well(self) -> bool:
        """Whether an ordinary call gives its right answer."""
        source = "def main(params, input_payload):\n    return params['number'] * 2"
        return self.run(source, {"number": 21}).json == b"42"

    def leftovers(self) -> list[str]:
        """Processes besides the template and the children it keeps waiting; temporary folders."""
        until = time.monotonic() + LEFT_BEHIND_WITHIN_S
        while (left := self._leftovers()) and time.monotonic() < until:
            time.sleep(0.01)
        return left

    def template_pid(self) -> int:
        self.sandbox.isolation()
        assert self.sandbox._ready is not None
        assert self.sandbox._ready.template is not None
        return self.sandbox._ready.template.pid

    def _leftovers(self) -> list[str]:
        children = children_of(self.template_pid())
        waiting = len(self.sandbox._ahead)
        running = [f"process {pid}" for pid in children] if len(children) > waiting else []
        assert self.sandbox._folders is not None
        return running + [str(folder) for folder in self.sandbox._folders.path.iterdir()]


def context_of(
    input_payload: Any = None,
    timeout_s: float = 5.0,
    tenant_id: str = "default",
    policy: SandboxPolicy | None = None,
) -> ExecutionContext:
    def call(*_: Any) -> Any:
        raise AssertionError("a script calls no other API and knows no secret")

    return ExecutionContext(
        execution_id=uuid4(),
        trace_id="trace",
        tenant_id=tenant_id,
        caller=Caller(subject="ann", tenant_id=tenant_id),
        source="rest",
        policy=RuntimePolicy(sandbox=policy or SandboxPolicy()),
        deadline=Deadline.after(timeout_s),
        input_payload=input_payload,
        depth=0,
        attempt=1,
        call=call,
        secret=call,
    )


def children_of(parent: int) -> list[int]:
    """Living processes whose parent is `parent`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def definition(source: str, **fields: Any) -> ApiDefinition:
    now = datetime.now(UTC)
    return ApiDefinition(
        id=uuid4(),
        api_name="script",
        logic_type="script",
        logic_body=source,
        created_at=now,
        updated_at=now,
        **fields,
    )


@pytest.fixture(scope="session")
def _secret_in_the_environment() -> Iterator[None]:
    os.environ["SECRET_OF_THE_SERVICE"] = "canary"
    yield
    del os.environ["SECRET_OF_THE_SERVICE"]


@pytest.fixture(scope="session", params=["A", "B", "C"])
def scripts(request, _secret_in_the_environment) -> Iterator[Scripts]:
    """Scripts at each level; where a machine offers less, at the level it reports."""
    sandbox = Sandbox(strongest=request.param)
    yield Scripts(sandbox)
    sandbox.close()


@pytest.fixture(scope="session")
def best(_secret_in_the_environment) -> Iterator[Scripts]:
    """Scripts at the strongest level of this machine."""
    sandbox = Sandbox()
    yield Scripts(sandbox)
    sandbox.close()


@pytest.fixture
def make_definition() -> Callable[..., ApiDefinition]:
    return definition


@pytest.fixture
def make_context() -> Callable[..., ExecutionContext]:
    return context_of


@pytest.fixture(scope="session")
def listener() -> Iterator[socket.socket]:
    """A server that a script must not reach; it counts as reached when accept finds somebody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server

"""The script logic type: an author's `main(params, input_payload)`, run in the sandbox."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.errors import DefinitionInvalidError
from engine.executor_core.sandbox.process import Isolation
from engine.executor_core.sandbox.supervisor import Sandbox
from engine.executor_core.script_answer import payload_of
from engine.executor_core.script_check import ScriptFacts, check_script
from engine.model import ApiDefinition, Issue, LogicType, Payload
from engine.ports import Compiled, ExecutionContext, Params
from engine.settings import Settings


@dataclass(frozen=True, kw_only=True)
class CompiledScript(Compiled):
    """A checked script: its source and what the check found."""

    source: str
    facts: ScriptFacts


class ScriptExecutor:
    """Runs each attempt in a process of its own; all executions share one sandbox.

    A script is never repeated: what failed once by its author's hand fails again.
    """

    logic_type: ClassVar[LogicType] = "script"

    def __init__(self, settings: Settings, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox or Sandbox(
            slots=settings.sandbox_slots,
            require=settings.sandbox_require,
            unsafe=settings.sandbox_unsafe,
        )

    def compile(self, api: ApiDefinition) -> CompiledScript:
        """Check a script by reading it; nothing of it is run.

        Raises:
            DefinitionInvalidError: With every issue found.
        """
        facts = check_script(api.logic_body, api.param_schema)
        issues = (*facts.issues, *_policy_issues(api))
        if any(issue.severity == "error" for issue in issues):
            first = next(issue for issue in issues if issue.severity == "error")
            where = f"line {first.line}: " if first.line else ""
            raise DefinitionInvalidError(
                f"the script cannot run: {where}{first.message}", issues=issues
            )
        return CompiledScript(warnings=issues, repeatable=False, source=api.logic_body, facts=facts)

    def execute(self, compiled: CompiledScript, params: Params, ctx: ExecutionContext) -> Payload:
        """Run `main` once within the deadline.

        Raises:
            ScriptFailedError: It raised, crashed, broke a limit, or returned what is not JSON.
            ScriptTimeoutError: It was stopped at the deadline.
            OverloadedError, SandboxUnavailableError, TargetTransientError: As the sandbox says.
        """
        outcome, isolation = self._sandbox.run(
            compiled.source,
            params,
            ctx.input_payload,
            tenant_id=ctx.tenant_id,
            policy=ctx.policy.sandbox,
            deadline=ctx.deadline,
        )
        return payload_of(outcome, isolation, compiled.source, ctx)

    def dry_run(
        self, compiled: CompiledScript, params: Params, ctx: ExecutionContext
    ) -> Mapping[str, Any]:
        """The static check and the limits that would apply; runs nothing."""
        return {
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "entry": "async def main" if compiled.facts.is_async else "def main",
            "imports": list(compiled.facts.imports),
            "warnings": [issue.model_dump() for issue in compiled.warnings],
            "params": sorted(params),
            "limits": {
                "wall_s": ctx.deadline.remaining_s(),
                "memory_mb": ctx.policy.sandbox.memory_mb,
                "temp_mb": ctx.policy.sandbox.temp_mb,
            },
        }

    def isolation(self) -> Isolation:
        """How well scripts are isolated here; starts and tries the sandbox if need be."""
        return self._sandbox.isolation()

    def health(self) -> dict[str, Any]:
        """The isolation in force, for the health report.

        It tells the level alone, since anybody may read it; the start-up audit tells admins why.

        Raises:
            SandboxUnavailableError: Scripts are refused here.
        """
        return {"isolation": self._sandbox.check().level}

    def close(self) -> None:
        """End every script and the sandbox."""
        self._sandbox.close()


def _policy_issues(api: ApiDefinition) -> tuple[Issue, ...]:
    if not api.runtime_policy.sandbox.network:
        return ()
    return (
        Issue(
            code="network_not_available",
            message="scripts have no network, so no host can be allowed to them",
            path="runtime_policy.sandbox.network",
            suggestion="fetch in an HTTP API and pass its answer to the script in a workflow",
        ),
    )

"""The engine as its users hold it: one object that runs, defines, watches and explains APIs."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import anyio.to_thread

from engine.alerting import Alerts
from engine.api_manager import ApiManager
from engine.asset_registry import AssetRegistry
from engine.asset_values import AssetValues
from engine.audit_log import AuditLog
from engine.auth import Auth
from engine.call import ExecutionRequest
from engine.cep.rules import Rules
from engine.cep.runner import RuleRunner
from engine.checking import Checker
from engine.connections import Connections
from engine.definition_sync import DefinitionSync
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_monitoring import ExecutionLog
from engine.idempotency import Idempotency
from engine.importing import Imports
from engine.jobs import JobRunner, Jobs
from engine.lineage import Lineage
from engine.metrics import Metrics
from engine.model import Caller, ExecutionResult
from engine.pipeline import Pipeline
from engine.policy_control import PolicyControl
from engine.policy_lab import PolicyLab
from engine.ports import SharedState
from engine.published import PublishedApis
from engine.screens.service import Screens
from engine.secrets import Secrets
from engine.settings import Settings
from engine.slo import Slos
from engine.startup_audit import StartupAudit
from engine.tenant_settings import TenantSettings
from engine.testing import ApiTests, Reruns
from engine.tools import Tools

HealthCheck = Callable[[], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An open engine; thread-safe. Close it, or use it as a context manager.

    Attributes:
        apis: Definitions and their life: create, change, publish, roll back, delete.
        assets: Prompts, mappings, policies, queries, sources and resolvers that APIs share.
        asset_values: What the published ones give.
        tools: APIs as agents see and call them.
        published: The APIs that can be called, and what is known of their answers.
        definitions: The same as files: exported, compared, applied.
        tests: Test cases of APIs, run one or all.
        reruns: Logged calls, made again on any definition and compared.
        idempotency: Calls that are run once, however often they are sent.
        jobs: Executions that nobody waits for, and that survive the process that runs them.
        job_runner: What this process does of jobs.
        imports: APIs made from OpenAPI documents, SQL files, cURL and Postman.
        lineage: Where APIs and tables are used, and what an API stands on.
        checks: Validation of definitions and statements that are not saved yet.
        logs: The execution log.
        metrics: Counts, rates and percentiles of any window.
        connections: The query targets.
        auth: Callers: API keys, users, roles and sessions.
        secrets: Names of secrets; their values can be stored and used, never read back.
        tenant_settings: What a tenant's admins set while it runs.
        audit_log: Who changed what, when.
        audit: What makes this instance easier to attack.
        policies: What operators see of breakers, cache and limits, and change in them.
        slos: How APIs keep the objectives of their policies.
        alerts: Thresholds on figures, and who is told when they are crossed.
        rules: What calls APIs by itself: when events say so, metrics, or the clock.
        rule_runner: What runs the rules in the background.
        screens: Pages of blocks that show what APIs answer.
        lab: How policies react to injected faults.
        cache, breakers, shared: The policies' state itself, without roles.
        first_key: The admin key made by this very start, to be shown once; None later.
    """

    settings: Settings
    pipeline: Pipeline
    apis: ApiManager
    tests: ApiTests
    reruns: Reruns
    assets: AssetRegistry
    asset_values: AssetValues
    tools: Tools
    published: PublishedApis
    idempotency: Idempotency
    definitions: DefinitionSync
    jobs: Jobs
    job_runner: JobRunner
    imports: Imports
    lineage: Lineage
    checks: Checker
    logs: ExecutionLog
    metrics: Metrics
    connections: Connections
    auth: Auth
    secrets: Secrets
    tenant_settings: TenantSettings
    audit_log: AuditLog
    audit: StartupAudit
    policies: PolicyControl
    slos: Slos
    alerts: Alerts
    rules: Rules
    rule_runner: RuleRunner
    screens: Screens
    lab: PolicyLab
    cache: APICacheService
    breakers: CircuitBreakerManager
    shared: SharedState
    health: HealthCheck
    closing: ExitStack
    first_key: str | None = field(default=None, repr=False)

    @classmethod
    def open(cls, settings: Settings | None = None) -> Engine:
        """An engine for these settings, or for those of the environment.

        Creates the data folder, brings the metadata database to the current schema and loads the
        sample data where they are missing.

        Raises:
            SettingsError, StoreUnavailableError: What is wrong and what to do.
        """
        # The composition root imports this module, so it can only be imported here.
        from engine.bootstrap import build_engine  # noqa: PLC0415

        return build_engine(settings)

    def execute(
        self,
        api: str,
        /,
        *,
        input_payload: Any = None,
        caller: Caller | None = None,
        **params: Any,
    ) -> ExecutionResult:
        """Call a published API, as the local user when no caller is given.

        Never raises for a failed call: look at `result.status` and `result.error`.
        """
        request = ExecutionRequest(api=api, params=params, input_payload=input_payload)
        return self.run(request, caller or local_caller())

    async def aexecute(
        self,
        api: str,
        /,
        *,
        input_payload: Any = None,
        caller: Caller | None = None,
        **params: Any,
    ) -> ExecutionResult:
        """`execute` from asynchronous code; the call runs in a worker thread."""
        call = partial(self.execute, api, input_payload=input_payload, caller=caller, **params)
        return await anyio.to_thread.run_sync(call)

    def run(self, request: ExecutionRequest, caller: Caller) -> ExecutionResult:
        """Execute a request; failures are in the result."""
        return self.pipeline.execute(request, caller)

    def dry_run(self, request: ExecutionRequest, caller: Caller) -> dict[str, Any]:
        """What a request would do, calling nothing.

        Raises:
            EngineError: The refusal that the request would meet.
        """
        return self.pipeline.dry_run(request, caller)

    def close(self) -> None:
        """Flush the log and release every connection, thread and child process."""
        self.closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def local_caller() -> Caller:
    """The person at this machine: an admin of the default tenant."""
    return Caller(subject=getpass.getuser(), roles=frozenset({"admin"}))

"""The engine, put together from its parts."""

from __future__ import annotations

import functools
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from engine.alerting.users import AlertUsers
from engine.api_manager import ApiManager
from engine.asset_resolution import AssetResolver
from engine.asset_users import ResolverUsers
from engine.asset_values import AssetValues
from engine.audit_log import AuditLog
from engine.bootstrap.alerting import open_alerts
from engine.bootstrap.assets import open_assets
from engine.bootstrap.callers import open_auth
from engine.bootstrap.definitions import open_definitions
from engine.bootstrap.execution import open_executors, open_shared_state, read_secret, render_tag
from engine.bootstrap.jobs import open_jobs
from engine.bootstrap.rules import open_rules
from engine.bootstrap.samples import load_assets, load_samples, load_side_samples
from engine.bootstrap.screens import open_screens
from engine.bootstrap.stores import open_stores, plain
from engine.bootstrap.targets import fixed_connections, target_openers
from engine.bootstrap.telemetry import open_telemetry
from engine.bootstrap.testing import open_gate, open_reruns, open_tests
from engine.bootstrap.tools import open_tools
from engine.bootstrap.upkeep import kept_sums
from engine.bootstrap.watching import health_checks
from engine.catalog import ApiCatalog
from engine.cep.users import RuleUsers
from engine.checking import Checker
from engine.compilation import Compiler
from engine.connections import Connections
from engine.contract import ContractGuard
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_core.script import ScriptExecutor
from engine.executor_core.sql import SqlExecutor
from engine.executor_monitoring import ExecutionLog, Monitor
from engine.executor_policies import ConcurrencyGate, check_policy
from engine.facade import Engine
from engine.idempotency import Idempotency
from engine.importing import Imports
from engine.lineage import Lineage
from engine.metrics import Metrics
from engine.model import ApiDefinition, Issue
from engine.pipeline import Pipeline
from engine.policy_control import PolicyControl
from engine.policy_index import PolicyIndex
from engine.policy_lab import PolicyLab
from engine.publication import Publication
from engine.published import PublishedApis
from engine.samples import issue_sample_key
from engine.screens.users import ScreenUsers
from engine.secrets import Secrets
from engine.settings import Settings
from engine.slo import Slos
from engine.startup_audit import StartupAudit, setting_findings
from engine.tenant_settings import TenantSettings, policy_issues
from storage.alerts import SqlAlertStore
from storage.answer_files import TemporaryAnswerFiles
from storage.cep_rules import SqlRuleStore
from storage.idempotency import SqlIdempotencyStore
from storage.rollup_reading import SqlRollupStore
from storage.screens import SqlScreenStore
from storage.shared_state.memory import MemorySharedState

logger = logging.getLogger(__name__)

_LAB_CACHE_BYTES = 16 * 1_048_576
_USUAL_ATTEMPTS = 4
_RECORDING_S = 30.0
"""What a call may need beyond its attempts to be recorded and answered."""


@functools.cache
def default_engine() -> Engine:
    """This process's one engine, by the environment's settings; opened at the first call."""
    return build_engine()


def build_engine(settings: Settings | None = None) -> Engine:
    """Put an engine together; what was opened is closed again when a later part fails.

    Raises:
        SettingsError, StoreUnavailableError: What is wrong and what to do.
    """
    settings = settings or Settings.load()
    with ExitStack() as opening:
        engine = _assemble(settings, opening)
        engine.closing.push(opening.pop_all())
    for finding in setting_findings(settings):
        logger.warning("%s: %s. %s", finding.about, finding.message, finding.advice)
    return engine


def _assemble(settings: Settings, opening: ExitStack) -> Engine:
    stores = open_stores(settings, opening)
    shared = open_shared_state(settings)
    opening.callback(shared.close)
    connections = Connections(
        fixed_connections(settings), stores.connections, target_openers(settings), stores.settings
    )
    opening.callback(connections.close)
    sql = SqlExecutor(connections.target)
    script = ScriptExecutor(settings)
    opening.callback(script.close)
    executors = open_executors(stores, sql, script, opening)
    compiler = Compiler(executors, functools.partial(_policy_issues, settings), stores.assets)
    effective = AssetResolver(stores.assets).effective
    policy_index = PolicyIndex(stores.definitions)
    catalog = ApiCatalog(stores.definitions, compiler)
    refreshing = ThreadPoolExecutor(max_workers=4, thread_name_prefix="cache-refresh")
    opening.callback(refreshing.shutdown, cancel_futures=True)
    cache = APICacheService(shared, render=render_tag, pool=refreshing)
    breakers = CircuitBreakerManager(shared)
    auth = open_auth(settings, stores, shared)
    tenant_settings = TenantSettings(stores.settings, auth.key_groups, settings)
    saving = Compiler(executors, functools.partial(policy_issues, tenant_settings), stores.assets)
    lineage = Lineage(
        stores.definitions,
        lambda api: sql.tables(effective(api)),
        others=(
            ResolverUsers(stores.assets),
            RuleUsers(SqlRuleStore(stores.database)),
            ScreenUsers(SqlScreenStore(stores.database)),
            AlertUsers(SqlAlertStore(stores.database)),
        ),
        keys_of=lambda api: [key.name for key in auth.keys.limited_to(api)],
    )
    contracts = ContractGuard(stores.definitions, lineage, settings.breaking_changes)
    pipeline = Pipeline(
        catalog=catalog,
        compiler=compiler,
        shared=shared,
        cache=cache,
        breakers=breakers,
        gate=ConcurrencyGate(shared),
        monitor=Monitor(
            stores.journal,
            max_logged_bytes=settings.max_logged_bytes,
            observe=open_telemetry(settings, opening),
        ),
        read_secret=functools.partial(read_secret, stores.settings),
        answer_files=TemporaryAnswerFiles(
            settings.data_dir / "spool", max_bytes=settings.spool_max_mb * 1_048_576
        ),
        max_held_rows=settings.max_held_rows,
    )
    gate = open_gate(stores, compiler, pipeline)
    apis = ApiManager(
        stores.definitions,
        catalog,
        saving,
        stores.settings,
        lambda api: cache.invalidate_api(api.tenant_id, api.id),
        lineage,
        Publication(contracts, gate),
        completed=tenant_settings.completed,
    )
    durable = open_jobs(settings, stores, pipeline, catalog, opening)
    first_key = auth.ensure_first_key(plain(settings.bootstrap_key))
    if settings.sample_data:
        load_samples(settings, apis, stores.cases, stores.settings)
        issue_sample_key(auth.keys, stores.settings)
    metrics = Metrics(SqlRollupStore(stores.database), stores.journal, kept_sums(settings))
    rules, rule_runner = open_rules(settings, stores, auth, metrics, pipeline.execute, opening)
    screens = open_screens(stores, pipeline.execute, opening)
    assets = open_assets(
        stores,
        compiler,
        saving,
        lineage,
        connections,
        forget=functools.partial(_forget, catalog, cache),
    )
    tools = open_tools(stores, pipeline)
    alerts = open_alerts(settings, stores, metrics, apis, opening)
    if settings.sample_data:
        load_side_samples(rules, screens, tools, alerts, stores.settings)
        load_assets(assets, stores.settings)
    return Engine(
        settings=settings,
        pipeline=pipeline,
        apis=apis,
        tests=open_tests(stores, apis, compiler, pipeline),
        reruns=open_reruns(stores, apis, compiler, pipeline),
        assets=assets,
        asset_values=AssetValues(stores.assets, pipeline.execute),
        tools=tools,
        published=PublishedApis(stores.definitions, catalog, effective),
        idempotency=Idempotency(
            SqlIdempotencyStore(stores.database),
            longest_call_s=settings.max_timeout_seconds * _USUAL_ATTEMPTS + _RECORDING_S,
        ),
        definitions=open_definitions(
            stores,
            rules=rules,
            screens=screens,
            tools=tools,
            alerts=alerts,
            connection=connections.target,
            compiler=saving,
            contracts=contracts,
            gate=gate,
            forget=functools.partial(_forget, catalog, cache),
        ),
        jobs=durable.jobs,
        job_runner=durable.runner,
        imports=Imports(
            stores.definitions, saving, sql, stores.settings, tenant_settings.completed
        ),
        lineage=lineage,
        checks=Checker(saving, sql, stores.definitions, contracts),
        logs=ExecutionLog(stores.executions, stores.journal),
        metrics=metrics,
        slos=Slos(apis, policy_index, metrics, effective),
        alerts=alerts,
        rules=rules,
        rule_runner=rule_runner,
        screens=screens,
        connections=connections,
        auth=auth,
        secrets=Secrets(stores.settings),
        tenant_settings=tenant_settings,
        audit_log=AuditLog(stores.settings),
        audit=StartupAudit(settings, connections, script.isolation),
        policies=PolicyControl(
            store=stores.definitions,
            index=policy_index,
            effective=effective,
            catalog=catalog,
            shared=shared,
            cache=cache,
            breaker_manager=breakers,
            audit=stores.settings,
        ),
        lab=PolicyLab(
            pipeline=pipeline,
            new_shared_state=lambda: MemorySharedState(cache_bytes=_LAB_CACHE_BYTES),
            new_cache=lambda state: APICacheService(state, render=render_tag, pool=refreshing),
        ),
        cache=cache,
        breakers=breakers,
        shared=shared,
        health=health_checks(stores, shared, connections, script.health),
        closing=ExitStack(),
        first_key=first_key,
    )


def _forget(catalog: ApiCatalog, cache: APICacheService, api: ApiDefinition) -> None:
    catalog.evict(api.tenant_id, api.api_name, str(api.id))
    cache.invalidate_api(api.tenant_id, api.id)


def _policy_issues(settings: Settings, api: ApiDefinition) -> tuple[Issue, ...]:
    return check_policy(api.runtime_policy, api.logic_type, settings, params=api.param_schema)

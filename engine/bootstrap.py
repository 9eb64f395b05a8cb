"""The composition root: the one module that knows the engine and the stores, and joins them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from engine.api_manager import ApiManager
from engine.auth import (
    Auth,
    KeyGroups,
    KeyService,
    RoleBindings,
    Sessions,
    SignInThrottle,
    TokenPolicy,
    TokenVerifier,
    Users,
)
from engine.catalog import ApiCatalog
from engine.checking import Checker
from engine.compilation import Compiler
from engine.connections import Connections, OpenTarget
from engine.contract import ContractGuard
from engine.definition_sync import DefinitionSync
from engine.definitions import read_folder
from engine.errors import SettingsError, TemplateFailedError
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_core.http import HttpExecutor
from engine.executor_core.script import ScriptExecutor
from engine.executor_core.sql import SqlExecutor
from engine.executor_monitoring import ExecutionLog, Monitor
from engine.executor_policies import ConcurrencyGate, check_policy
from engine.executor_workflow import StoredApis, WorkflowExecutor
from engine.facade import Engine
from engine.health import Check, Health
from engine.idempotency import Idempotency
from engine.lineage import Lineage
from engine.metrics import Metrics
from engine.metrics_window import Kept
from engine.model import ApiDefinition, Connection, Issue, LogicType
from engine.model.access import INSTANCE
from engine.pipeline import Pipeline
from engine.policy_control import PolicyControl
from engine.policy_lab import PolicyLab
from engine.ports import Dialect, Executor, SettingStore, SharedState
from engine.published import PublishedApis
from engine.samples import issue_sample_key, register_samples
from engine.secrets import Secrets
from engine.settings import Settings
from engine.startup_audit import StartupAudit, setting_findings
from engine.templates import compile_template, to_text
from engine.upkeep import Upkeep
from sample_data.build import build_duckdb
from sample_data.source import DEFINITIONS
from storage.api_keys import SqlKeyStore
from storage.connections import SqlConnectionStore
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.executions import SqlExecutionStore
from storage.idempotency import SqlIdempotencyStore
from storage.instance_key import InstanceKey
from storage.journal import FileJournal
from storage.key_rotation import open_key, parse_given, rotate, rotate_file
from storage.leases import SqlLeases
from storage.migrations import migrate
from storage.retention import Retention
from storage.rollup_keys import Grain
from storage.rollup_reading import SqlRollupStore
from storage.rollups import RollupWriter
from storage.settings import SqlSettingStore
from storage.shared_state.fallback import FallbackSharedState
from storage.shared_state.memory import MemorySharedState
from storage.shared_state.redis import RedisSharedState
from storage.targets.duckdb import DuckDbTarget
from storage.targets.postgres import PostgresTarget
from storage.users import SqlUserStore

_PEPPER = "api_key_pepper"
logger = logging.getLogger(__name__)

_LAB_CACHE_BYTES = 16 * 1_048_576
_USUAL_ATTEMPTS = 4
_RECORDING_S = 30.0
"""What a call may need beyond its attempts to be recorded and answered."""
_UPKEEP_S = 60.0


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


def rotate_instance_key(settings: Settings, new_key_file: Path | None) -> int:
    """Encrypt every secret and connection with another instance key; how many there were.

    The data folder's key is replaced by one that is made here. A key that was given by a setting
    is replaced by the one in `new_key_file`, which is made when missing, and which the setting has
    to hold from then on.

    Raises:
        SettingsError: A file is needed and not named, or the key in force does not open a value.
    """
    url = _plain(settings.metadata_url) or default_url(settings.data_dir)
    migrate(url)
    with ExitStack() as opening:
        database = Database(url)
        opening.callback(database.close)
        given = _plain(settings.instance_key)
        if given is None:
            return rotate_file(database, settings.data_dir)
        if new_key_file is None:
            raise SettingsError(
                "the instance key comes from API_ENGINE_INSTANCE_KEY",
                hint="Name a file for the new key: --new-key-file PATH.",
            )
        return rotate(database, parse_given(given), InstanceKey.read_or_make(new_key_file))


@dataclass(frozen=True, slots=True)
class _Stores:
    """Everything that keeps data, opened."""

    definitions: SqlDefinitionStore
    executions: SqlExecutionStore
    connections: SqlConnectionStore
    keys: SqlKeyStore
    users: SqlUserStore
    settings: SqlSettingStore
    journal: FileJournal
    database: Database
    instance_key: InstanceKey


def _assemble(settings: Settings, opening: ExitStack) -> Engine:
    stores = _open_stores(settings, opening)
    shared = _shared_state(settings)
    opening.callback(shared.close)
    connections = Connections(
        _fixed_connections(settings), stores.connections, _target_openers(settings)
    )
    opening.callback(connections.close)
    sql = SqlExecutor(connections.target)
    script = ScriptExecutor(settings)
    opening.callback(script.close)
    executors = _executors(stores, sql, script, opening)
    compiler = Compiler(executors, functools.partial(_policy_issues, settings))
    catalog = ApiCatalog(stores.definitions, compiler)
    refreshing = ThreadPoolExecutor(max_workers=4, thread_name_prefix="cache-refresh")
    opening.callback(refreshing.shutdown, cancel_futures=True)
    cache = APICacheService(shared, render=_render_tag, pool=refreshing)
    breakers = CircuitBreakerManager(shared)
    lineage = Lineage(stores.definitions, sql.tables)
    contracts = ContractGuard(stores.definitions, lineage, settings.breaking_changes)
    apis = ApiManager(
        stores.definitions,
        catalog,
        compiler,
        stores.settings,
        lambda api: cache.invalidate_api(api.tenant_id, api.id),
        lineage,
        contracts,
    )
    pipeline = Pipeline(
        catalog=catalog,
        compiler=compiler,
        shared=shared,
        cache=cache,
        breakers=breakers,
        gate=ConcurrencyGate(shared),
        monitor=Monitor(stores.journal, max_logged_bytes=settings.max_logged_bytes),
        read_secret=functools.partial(_read_secret, stores.settings),
    )
    auth = _auth(settings, stores, shared)
    first_key = auth.ensure_first_key(_plain(settings.bootstrap_key))
    if settings.sample_data:
        _load_samples(settings, apis, stores.settings)
        issue_sample_key(auth.keys, stores.settings)
    return Engine(
        settings=settings,
        pipeline=pipeline,
        apis=apis,
        published=PublishedApis(stores.definitions, catalog),
        idempotency=Idempotency(
            SqlIdempotencyStore(stores.database),
            longest_call_s=settings.max_timeout_seconds * _USUAL_ATTEMPTS + _RECORDING_S,
        ),
        definitions=DefinitionSync(
            stores.definitions, compiler, contracts, functools.partial(_forget, catalog, cache)
        ),
        lineage=lineage,
        checks=Checker(compiler, sql, stores.definitions, contracts),
        logs=ExecutionLog(stores.executions, stores.journal),
        metrics=Metrics(SqlRollupStore(stores.database), stores.journal, _kept(settings)),
        connections=connections,
        auth=auth,
        secrets=Secrets(stores.settings),
        audit=StartupAudit(settings, connections, script.isolation),
        policies=PolicyControl(
            store=stores.definitions,
            catalog=catalog,
            shared=shared,
            cache=cache,
            breaker_manager=breakers,
            audit=stores.settings,
        ),
        lab=PolicyLab(
            pipeline=pipeline,
            new_shared_state=lambda: MemorySharedState(cache_bytes=_LAB_CACHE_BYTES),
            new_cache=lambda state: APICacheService(state, render=_render_tag, pool=refreshing),
        ),
        cache=cache,
        breakers=breakers,
        shared=shared,
        health=_health(stores, shared, connections),
        closing=ExitStack(),
        first_key=first_key,
    )


def _open_stores(settings: Settings, opening: ExitStack) -> _Stores:
    url = _plain(settings.metadata_url) or default_url(settings.data_dir)
    migrate(url)
    database = Database(url)
    opening.callback(database.close)
    instance_key = open_key(database, settings.data_dir, _plain(settings.instance_key))
    executions = SqlExecutionStore(database)
    journal = FileJournal(settings.data_dir / "journal", executions)
    opening.callback(journal.close)
    stores = _Stores(
        definitions=SqlDefinitionStore(database),
        executions=executions,
        connections=SqlConnectionStore(database, instance_key),
        keys=SqlKeyStore(database),
        users=SqlUserStore(database),
        settings=SqlSettingStore(database, instance_key),
        journal=journal,
        database=database,
        instance_key=instance_key,
    )
    instance_key.check_against(stores.settings)
    opening.callback(_upkeep(settings, database).close)
    return stores


def _kept(settings: Settings) -> Kept:
    return Kept(
        minutes=timedelta(days=settings.metrics_minute_days),
        hours=timedelta(days=settings.metrics_hour_days),
    )


def _upkeep(settings: Settings, database: Database) -> Upkeep:
    """The background work on the execution log and its sums, in one process at a time."""
    writer, retention = RollupWriter(database), Retention(database)
    kept: dict[Grain, int] = {
        "minute": settings.metrics_minute_days,
        "hour": settings.metrics_hour_days,
        "day": settings.metrics_day_days,
    }

    def fold() -> None:
        writer.fold(datetime.now(UTC) - timedelta(minutes=1))

    def drop_executions() -> None:
        retention.drop_executions(timedelta(days=settings.log_retention_days), datetime.now(UTC))

    def drop_sums() -> None:
        for grain, days in kept.items():
            retention.drop_sums(grain, timedelta(days=days), datetime.now(UTC))

    return Upkeep(
        functools.partial(SqlLeases(database).take, "upkeep"),
        {"fold": fold, "log retention": drop_executions, "metrics retention": drop_sums},
        every_s=_UPKEEP_S,
    )


def _auth(settings: Settings, stores: _Stores, shared: SharedState) -> Auth:
    audit = stores.settings
    bindings = RoleBindings(stores.users, audit)
    signing = stores.instance_key.derive("session-signing")
    return Auth(
        keys=KeyService(stores.keys, _api_key_pepper(stores), record=audit.add_audit),
        users=Users(stores.users, bindings, audit, SignInThrottle(shared)),
        bindings=bindings,
        sessions=Sessions(stores.users, bindings, shared, signing),
        key_groups=KeyGroups(audit),
        tokens=TokenVerifier(TokenPolicy.of(settings)),
    )


def _api_key_pepper(stores: _Stores) -> bytes:
    """Kept as a secret of its own, so that another instance key does not end every API key."""
    kept = stores.settings.secret(INSTANCE, _PEPPER)
    if kept is None:
        kept = stores.instance_key.derive("api-key-pepper").hex()
        stores.settings.put_secret(INSTANCE, _PEPPER, kept)
    return bytes.fromhex(kept)


def _shared_state(settings: Settings) -> SharedState:
    memory = MemorySharedState(cache_bytes=settings.cache_memory_mb * 1_048_576)
    url = _plain(settings.redis_url)
    return FallbackSharedState(RedisSharedState(url), memory) if url else memory


def _sample_file(settings: Settings) -> Path:
    return settings.data_dir / "sample.duckdb"


def _fixed_connections(settings: Settings) -> dict[str, Connection]:
    """The connections that are not stored: `sample`, and those of the environment."""
    fixed = {
        name: Connection(
            name=name,
            dialect="postgres",
            dsn=dsn.get_secret_value(),
            description="From the environment",
            origin="environment",
        )
        for name, dsn in settings.environment_connections.items()
    }
    if settings.sample_data:
        fixed["sample"] = Connection(
            name="sample",
            dialect="duckdb",
            dsn=str(_sample_file(settings)),
            description="Flights out of New York City in 2013",
            origin="built_in",
        )
    return fixed


def _target_openers(settings: Settings) -> dict[Dialect, OpenTarget]:
    return {
        "duckdb": lambda connection: DuckDbTarget(
            Path(connection.dsn),
            memory_mb=settings.duckdb_memory_mb,
            threads=settings.duckdb_threads,
        ),
        "postgres": lambda connection: PostgresTarget(
            connection.dsn, pool_size=settings.postgres_pool_size
        ),
    }


def _executors(
    stores: _Stores, sql: SqlExecutor, script: ScriptExecutor, opening: ExitStack
) -> Mapping[LogicType, Executor]:
    """The executor of each logic type; a new type is one line here."""
    http = HttpExecutor()
    opening.callback(http.close)
    return {
        "sql": sql,
        "http": http,
        "script": script,
        "workflow": WorkflowExecutor(StoredApis(stores.definitions)),
    }


def _health(stores: _Stores, shared: SharedState, connections: Connections) -> Health:
    def metadata() -> None:
        stores.database.ping()

    def journal() -> dict[str, Any]:
        return asdict(stores.journal.stats())

    def shared_state() -> dict[str, Any]:
        shared.ping()
        return {"backend": shared.backend}

    def sample() -> None:
        connections.target("default", "sample").ping()

    checks: dict[str, Check] = {
        "metadata": metadata,
        "journal": journal,
        "shared_state": shared_state,
    }
    if any(each.name == "sample" for each in connections.fixed):
        checks["connection:sample"] = sample
    return Health(checks, required=frozenset({"metadata"}))


def _load_samples(settings: Settings, apis: ApiManager, store: SettingStore) -> None:
    build_duckdb(_sample_file(settings))
    rest_host = f"127.0.0.1:{settings.port}"
    variables = {"rest_host": rest_host, "rest_url": f"http://{rest_host}/api"}
    register_samples(read_folder(DEFINITIONS, variables), apis, store)


def _forget(catalog: ApiCatalog, cache: APICacheService, api: ApiDefinition) -> None:
    catalog.evict(api.tenant_id, api.api_name, str(api.id))
    cache.invalidate_api(api.tenant_id, api.id)


def _policy_issues(settings: Settings, api: ApiDefinition) -> tuple[Issue, ...]:
    return check_policy(api.runtime_policy, api.logic_type, settings, params=api.param_schema)


def _read_secret(store: SettingStore, tenant_id: str, name: str) -> str:
    secret = store.secret(tenant_id, name)
    if secret is None:
        known = ", ".join(store.secret_names(tenant_id)) or "none"
        raise TemplateFailedError(f"no secret {name!r}; known: {known}")
    return secret


def _render_tag(source: str, names: Mapping[str, Any]) -> str:
    value = _tag_template(source).render(names)
    return value if isinstance(value, str) else to_text(value)


_tag_template = functools.lru_cache(maxsize=1024)(compile_template)


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None

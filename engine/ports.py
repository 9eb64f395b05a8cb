"""What the engine asks of the outside: stores, shared state, query targets, executors.

`storage/` implements the stores, the shared state and the targets; `engine/executor_*` implement
`Executor`. Only `bootstrap.py` knows both sides. Every method may be called from many threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID

from engine.deadline import Deadline
from engine.model import (
    ApiDefinition,
    ApiDraft,
    ApiQuery,
    ApiVersion,
    Caller,
    Column,
    Connection,
    ExecutionQuery,
    ExecutionRecord,
    ExecutionResult,
    ExecutionSource,
    Issue,
    LogicType,
    Page,
    Payload,
    Role,
    RuntimePolicy,
    Scope,
    Step,
)
from engine.model.execution import BreakerStateName, TraceStage
from engine.model.tally import Tally

Params = Mapping[str, Any]


# --- executors -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What every compiled definition tells the pipeline; each executor extends it.

    Attributes:
        warnings: Advice found while compiling; errors have been raised.
        tables: Names of the tables read (`schema.table` or `table`), for cache tags and lineage.
        columns: Columns of the answer, where compiling can tell.
        repeatable: Whether a failed attempt may be run again without harm.
        calls: Names or ids of the APIs this one calls.
    """

    warnings: tuple[Issue, ...] = ()
    tables: tuple[str, ...] = ()
    columns: tuple[Column, ...] | None = None
    repeatable: bool = True
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NestedCall:
    """A call that one execution makes of another API, under the same caller and deadline."""

    api: str
    params: Params
    input_payload: Any = None
    timeout_s: float | None = None
    max_retries: int | None = None
    max_rows: int | None = None


class StepWatcher(Protocol):
    """Is told how the nodes of a run get on, by the thread that schedules them; must not block."""

    def started(self, node_id: str) -> None:
        """A node begins."""
        ...

    def ended(self, step: Step) -> None:
        """A node that was begun has ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class WorkflowRunOptions:
    """A partial run of a workflow, for a test.

    Attributes:
        until: Run only this node and what it needs; its data is the answer.
        pinned: Data of nodes that are not run but taken to have answered with it.
        watcher: Who is told of each node as it starts and ends.
    """

    until: str | None = None
    pinned: Mapping[str, Any] = field(default_factory=dict)
    watcher: StepWatcher | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionContext:
    """Everything an attempt may know of its call besides its parameters.

    `call` runs another API as this caller, within this deadline, recorded as this one's child; it
    never raises for a failed child but returns its result. `secret` raises TemplateFailedError for
    an unknown name. `workflow` makes a workflow's run a partial one; other logic ignores it.
    """

    execution_id: UUID
    trace_id: str
    tenant_id: str
    caller: Caller
    source: ExecutionSource
    policy: RuntimePolicy
    deadline: Deadline
    input_payload: Any
    depth: int
    attempt: int
    call: Callable[[NestedCall], ExecutionResult]
    secret: Callable[[str], str]
    workflow: WorkflowRunOptions | None = None


class Executor(Protocol):
    """One logic type."""

    @property
    def logic_type(self) -> LogicType:
        """The type it executes."""
        ...

    def compile(self, api: ApiDefinition) -> Compiled:
        """Check and prepare a definition once; pure but for describing a statement.

        Raises:
            DefinitionInvalidError: With every issue found, warnings included.
        """
        ...

    def execute(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Payload:
        """Run one attempt with bound parameters, within `ctx.deadline`; raises EngineError."""
        ...

    def dry_run(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Mapping[str, Any]:
        """Say what `execute` would do (SQL and plan, request, order of nodes), calling nothing."""
        ...


# --- query targets ---------------------------------------------------------------------------

Dialect = Literal["duckdb", "postgres"]


@dataclass(frozen=True)
class BoundQuery:
    """A guarded statement with `$1`-style placeholders and their values in order."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class FetchedRows:
    """Rows as encoded JSON: an array of objects, by the rules of `docs/types.md`."""

    columns: tuple[Column, ...]
    rows_json: bytes
    row_count: int
    truncated: bool


@dataclass(frozen=True)
class Description:
    """What a target says of a statement without running it: parameter types in order, columns."""

    param_types: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class TableInfo:
    """One table or view of a target; `row_estimate` is None where the target does not say."""

    schema: str
    name: str
    kind: Literal["table", "view"]
    columns: tuple[Column, ...]
    row_estimate: int | None = None


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One function as a target's catalogue knows it; overloads are several.

    Attributes:
        name: In lower case.
        returns_rows_only: It stands in FROM only (DuckDB's table functions).
        built_in: It came with the database, not with its users.
        volatile: It may change something, or its result changes within a statement.
        trusted: It runs with the caller's rights, in a language that reaches nothing else.
        unary: It can be called with one argument, so also as `(value).name`.
    """

    name: str
    returns_rows_only: bool = False
    built_in: bool = True
    volatile: bool = False
    trusted: bool = True
    unary: bool = True


class QueryTarget(Protocol):
    """A database that statements are run against, read-only in depth."""

    dialect: ClassVar[Dialect]

    def fetch(self, query: BoundQuery, *, max_rows: int, deadline: Deadline) -> FetchedRows:
        """Run a statement; at most `max_rows` rows, one more is asked for to know `truncated`.

        Raises:
            QueryFailedError: The statement is wrong; line and column where known.
            DeadlineExceededError: The target was stopped at the deadline.
            TargetUnavailableError, TargetTransientError: Trying again may help.
        """
        ...

    def describe(self, sql: str) -> Description:
        """Ask for parameter types and columns of a `$n` statement without running it."""
        ...

    def explain(self, query: BoundQuery, *, deadline: Deadline) -> str:
        """The target's plan of a statement, as text."""
        ...

    def schema(self) -> tuple[TableInfo, ...]:
        """Tables and views an analyst may read."""
        ...

    def functions(self) -> tuple[FunctionInfo, ...]:
        """Every function a statement could call; which ones it may, the guard decides."""
        ...

    def audit(self) -> tuple[str, ...]:
        """What is dangerous about this connection (superuser role, …), in words."""
        ...

    def ping(self) -> None:
        """Raise TargetUnavailableError when the target cannot answer."""
        ...

    def close(self) -> None:
        """Release connections and processes."""
        ...


# --- state shared by processes ---------------------------------------------------------------

LimitLevel = Literal["per_api", "per_user", "per_tenant", "per_key"]
BreakerMode = Literal["auto", "forced_open", "disabled"]


@dataclass(frozen=True)
class LimitRule:
    """A sliding window: at most `limit` calls of `key` in any `window_s` seconds."""

    level: LimitLevel
    key: str
    limit: int
    window_s: float


@dataclass(frozen=True)
class LimitUse:
    """How much of a limit is used: what remains, and when the window has room again."""

    level: LimitLevel
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True)
class BreakerConfig:
    """One breaker and the thresholds it works by; times in seconds."""

    key: str
    failure_threshold: int = 5
    success_threshold: int = 2
    open_s: float = 60.0
    lease_s: float = 6.0
    max_probes: int = 1


@dataclass(frozen=True)
class Permit:
    """A breaker's answer to one attempt; `token` identifies a half-open probe."""

    allowed: bool
    state: BreakerStateName
    failures: int = 0
    retry_after_s: float = 0.0
    token: str | None = None


@dataclass(frozen=True)
class CachedEntry:
    """A stored answer: fresh, or stale but inside its grace periods."""

    value: bytes
    age_s: float
    fresh: bool


@dataclass(frozen=True)
class CacheKey:
    """Where an answer is kept and the tags whose invalidation drops it."""

    key: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Admission:
    """All that is asked of the shared state before the target is touched, in one trip.

    All limits admit or none is counted. With a fresh cache entry no breaker permit is taken.
    """

    limits: tuple[LimitRule, ...] = ()
    cache: CacheKey | None = None
    breaker: BreakerConfig | None = None


@dataclass(frozen=True)
class Admitted:
    """The answer to an `Admission`.

    `refused` is the limit that refused; then nothing else was asked. `generations` are the tags'
    at look-up, to be given back in `CacheWrite`.
    """

    limits: tuple[LimitUse, ...] = ()
    refused: LimitUse | None = None
    entry: CachedEntry | None = None
    generations: str = ""
    permit: Permit | None = None


@dataclass(frozen=True)
class CacheWrite:
    """An answer to store, unless a tag was invalidated since `generations` were read.

    The entry is fresh for `fresh_s` and kept for `keep_s` (fresh plus the grace periods).
    """

    cache: CacheKey
    value: bytes
    fresh_s: float
    keep_s: float
    generations: str


AttemptOutcome = Literal["success", "failure", "neutral"]


@dataclass(frozen=True)
class Settlement:
    """What an attempt came to: the breaker's share and the cache's, in one trip."""

    breaker: BreakerConfig | None = None
    permit: Permit | None = None
    outcome: AttemptOutcome = "neutral"
    write: CacheWrite | None = None


@dataclass(frozen=True)
class Settled:
    """The breaker's state after a settlement, and whether it was this one that changed it."""

    state: BreakerStateName = "closed"
    changed: bool = False


@dataclass(frozen=True)
class BreakerSnapshot:
    """A breaker as an operator sees it; times are UTC."""

    key: str
    state: BreakerStateName = "closed"
    mode: BreakerMode = "auto"
    failures: int = 0
    successes: int = 0
    trips: int = 0
    probes: int = 0
    opened_at: datetime | None = None
    retry_after_s: float = 0.0
    reason: str = ""
    changed_by: str = ""


@dataclass(frozen=True)
class BreakerEvent:
    """One transition of a breaker."""

    key: str
    from_state: str
    to_state: str
    at: datetime
    reason: str = ""
    by: str = ""


@dataclass(frozen=True)
class CacheStats:
    """Counters since the start of this process, items in its memory, and the backend in force."""

    backend: str
    hits: int = 0
    misses: int = 0
    stale: int = 0
    stores: int = 0
    memory_items: int = 0
    memory_bytes: int = 0
    hit_rate: float = 0.0


class SharedState(Protocol):
    """Limits, breakers, cache and locks that hold across processes (or in one, in memory).

    Calls never raise because the backend is away: the fallback answers and `backend` says so.
    """

    @property
    def backend(self) -> str:
        """`memory`, `redis`, or `memory (redis unavailable)`."""
        ...

    def admit(self, admission: Admission) -> Admitted:
        """Count limits, look up the cache, ask the breaker; one trip."""
        ...

    def permit(self, breaker: BreakerConfig) -> Permit:
        """Ask the breaker for one more attempt."""
        ...

    def settle(self, settlement: Settlement) -> Settled:
        """Report an attempt and store its answer; one trip."""
        ...

    def peek(self, cache: CacheKey) -> CachedEntry | None:
        """Look up the cache alone, uncounted, for one who waits for somebody to store it."""
        ...

    def lock(self, key: str, ttl_s: float) -> str | None:
        """Take a lease on `key`; None while another holds it. The lease ends by itself."""
        ...

    def unlock(self, key: str, token: str) -> None:
        """Give a lease back; without effect when it has ended."""
        ...

    def enter(self, key: str, limit: int, lease_s: float) -> str | None:
        """Take one of `limit` places of a concurrency limit; None while all are taken."""
        ...

    def leave(self, key: str, token: str) -> None:
        """Give a place back."""
        ...

    def usage(self, rules: Sequence[LimitRule]) -> tuple[LimitUse, ...]:
        """How much of each limit is used now, counting nothing."""
        ...

    def limit_keys(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Keys of limits that begin with `prefix` and count something, at most `limit`."""
        ...

    def invalidate(self, tags: Sequence[str]) -> int:
        """Make every cached answer with one of `tags` a miss, in every process; how many tags."""
        ...

    def cache_keys(self, tag: str, limit: int) -> tuple[str, ...]:
        """Keys stored under `tag` that are still valid, at most `limit`."""
        ...

    def breaker(self, key: str) -> BreakerSnapshot:
        """A breaker's state; a closed one where nothing was recorded."""
        ...

    def breakers(self) -> tuple[BreakerSnapshot, ...]:
        """Every breaker something was recorded of."""
        ...

    def set_breaker(self, key: str, mode: BreakerMode, *, reason: str, by: str) -> BreakerSnapshot:
        """Force a breaker open, disable it, or give it back (`auto` also resets it to closed)."""
        ...

    def breaker_events(self, key: str | None, limit: int) -> tuple[BreakerEvent, ...]:
        """The latest transitions, newest first."""
        ...

    def cache_stats(self) -> CacheStats:
        """Counters of the cache."""
        ...

    def ping(self) -> None:
        """Raise StoreUnavailableError while the backend is not the configured one."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


# --- stores ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ContractFacts:
    """What is recorded with a version besides its definition; see `ApiVersion`."""

    columns: tuple[Column, ...] | None = None
    breaking: tuple[Issue, ...] = ()


NO_CONTRACT = ContractFacts()


@dataclass(frozen=True, kw_only=True)
class DefinitionChanges:
    """Changes of many definitions that are made together or not at all.

    Attributes:
        created: New definitions; each becomes its version 1.
        published: Definitions with new authored fields; `version` of each is the live one it was
            made from. Drafts stay.
        deleted: Definitions to remove, as they were read.
        contracts: What to record with the new versions, by id.
    """

    created: tuple[ApiDefinition, ...] = ()
    published: tuple[ApiDefinition, ...] = ()
    deleted: tuple[ApiDefinition, ...] = ()
    contracts: Mapping[UUID, ContractFacts] = field(default_factory=dict)


class DefinitionStore(Protocol):
    """API definitions, their drafts and versions; every method is one transaction in one tenant."""

    def get(self, tenant_id: str, ref: str) -> ApiDefinition:
        """The live definition by id or name; raises NotFoundError."""
        ...

    def stamp(self, tenant_id: str, ref: str) -> tuple[UUID, int, bool]:
        """Id, published version and `is_active` of an API, cheaply; raises NotFoundError."""
        ...

    def index(self, tenant_id: str) -> tuple[tuple[UUID, int, bool], ...]:
        """Id, published version and `is_active` of every API, cheaply."""
        ...

    def search(
        self, tenant_id: str, query: ApiQuery, scope: Scope | None = None
    ) -> Page[ApiDefinition]:
        """Definitions that match, by name; with a scope, those of its patterns and tags."""
        ...

    def all(self, tenant_id: str) -> tuple[ApiDefinition, ...]:
        """Every definition of a tenant, by name, as of one moment."""
        ...

    def apply(
        self,
        tenant_id: str,
        changes: DefinitionChanges,
        *,
        note: str,
        by: str,
        audit: Sequence[AuditEntry],
    ) -> None:
        """Make all changes and their entries in the audit log in one transaction.

        Raises:
            ConflictError: A definition was published or deleted meanwhile, or a name is taken;
                nothing was changed.
        """
        ...

    def create(
        self, api: ApiDefinition, *, note: str, contract: ContractFacts = NO_CONTRACT
    ) -> ApiDefinition:
        """Insert a definition; with `version` ≥ 1 also its version row.

        Raises:
            ConflictError: The name is taken in this tenant.
        """
        ...

    def publish(
        self,
        api: ApiDefinition,
        *,
        expected_version: int,
        note: str,
        by: str,
        contract: ContractFacts = NO_CONTRACT,
    ) -> ApiDefinition:
        """Make `api`'s authored fields live as version `expected_version` + 1; ends its draft.

        Raises:
            ConflictError: Somebody else published meanwhile, or the new name is taken.
        """
        ...

    def set_active(self, tenant_id: str, api_id: UUID, *, active: bool) -> ApiDefinition:
        """Switch an API on or off."""
        ...

    def set_tool(self, tenant_id: str, api_id: UUID, tool_name: str | None) -> ApiDefinition:
        """Link an API to the tool it is exported as, or unlink it."""
        ...

    def delete(self, tenant_id: str, api_id: UUID) -> None:
        """Remove an API with its versions and draft; its log rows stay."""
        ...

    def draft(self, tenant_id: str, api_id: UUID) -> ApiDraft | None:
        """The unpublished work on an API, if any."""
        ...

    def save_draft(self, tenant_id: str, draft: ApiDraft) -> ApiDraft:
        """Keep unpublished work; replaces the draft there was."""
        ...

    def drop_draft(self, tenant_id: str, api_id: UUID) -> None:
        """Forget unpublished work."""
        ...

    def versions(self, tenant_id: str, api_id: UUID) -> tuple[ApiVersion, ...]:
        """All versions, newest first."""
        ...

    def version(self, tenant_id: str, api_id: UUID, version: int) -> ApiVersion:
        """One version; raises NotFoundError."""
        ...


class ExecutionStore(Protocol):
    """The execution log as rows; with a scope, those of the APIs that its patterns and tags name.

    Which APIs those are, their live definitions tell; calls of what is no API are in no such scope.
    """

    def insert(self, records: Sequence[ExecutionRecord]) -> None:
        """Add records in one transaction; those already there are left as they are."""
        ...

    def get(
        self, tenant_id: str, execution_id: UUID, scope: Scope | None = None
    ) -> ExecutionRecord:
        """One record; raises NotFoundError."""
        ...

    def search(
        self, tenant_id: str, query: ExecutionQuery, scope: Scope | None = None
    ) -> Page[ExecutionRecord]:
        """Records that match, newest first."""
        ...

    def summary(
        self, tenant_id: str, since: datetime, scope: Scope | None = None
    ) -> tuple[ApiUsage, ...]:
        """Calls since a time, per API."""
        ...


@dataclass(frozen=True)
class ApiUsage:
    """How an API fared in a window; `series` are calls per equal slice of the window.

    Failures are the outcomes fail and timeout. They and the percentiles know nothing of rejected
    calls, which `calls` includes.
    """

    api_id: UUID
    calls: int
    failures: int
    p50_ms: float
    p95_ms: float
    last_at: datetime
    series: tuple[int, ...] = ()
    rejected: int = 0

    @property
    def success_rate(self) -> float | None:
        """The share of the calls that ran and succeeded; None when none ran."""
        ran = self.calls - self.rejected
        return 1 - self.failures / ran if ran else None


Facet = Literal["all", "status", "user", "version", "cause", "source"]
"""By what executions are told apart when they are summed up; `all` does not tell them apart."""


@dataclass(frozen=True, kw_only=True)
class RollupQuery:
    """Which sums to read.

    Attributes:
        since, until: The window, from the whole minute before `since` on; `until` is not in it.
        step_s: Length of the slices; a multiple of a minute, and `since` one of it since 1970.
            None for the window as one.
        apis: Of these APIs alone, one by one or together.
        facet: By what to tell executions apart.
        by_api: Tell them apart by API as well.
    """

    since: datetime
    until: datetime
    step_s: int | None = None
    apis: frozenset[UUID] | None = None
    facet: Facet = "all"
    by_api: bool = False


@dataclass(frozen=True, kw_only=True)
class Rollup:
    """The sums of one slice; `api_id` is None unless asked for, and for calls of what is no API."""

    start: datetime
    api_id: UUID | None
    value: str
    tally: Tally


class RollupStore(Protocol):
    """Sums of the execution log, exact and in step with its rows."""

    def read(self, tenant_id: str, query: RollupQuery) -> tuple[Rollup, ...]:
        """The slices in which something ran, in no order."""
        ...

    def newest(self, tenant_id: str, query: RollupQuery) -> Mapping[tuple[UUID | None, str], UUID]:
        """The newest execution of each API and value; slices do not matter."""
        ...

    def lifetime(self, tenant_id: str) -> tuple[Rollup, ...]:
        """All executions there ever were, by API; with `buckets`."""
        ...

    def api_names(self, tenant_id: str, scope: Scope | None = None) -> Mapping[UUID, str]:
        """The names of the APIs there are; with a scope, of those it names."""
        ...


class ConnectionStore(Protocol):
    """Connections added by users; a DSN is stored encrypted or as `env:NAME`."""

    def all(self, tenant_id: str) -> tuple[Connection, ...]:
        """Every stored connection of a tenant, by name."""
        ...

    def save(self, connection: Connection) -> None:
        """Add or replace."""
        ...

    def delete(self, tenant_id: str, name: str) -> None:
        """Remove; raises NotFoundError."""
        ...


@dataclass(frozen=True)
class ApiKey:
    """An API key as stored: the secret only as its HMAC."""

    id: str
    tenant_id: str
    name: str
    secret_hmac: bytes
    roles: frozenset[str]
    scope: Scope | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    rate: str | None = None
    allowed_ips: tuple[str, ...] = ()


class KeyStore(Protocol):
    """API keys, found by their public id."""

    def get(self, key_id: str) -> ApiKey | None:
        """A key by id, revoked and expired ones included."""
        ...

    def all(self, tenant_id: str) -> tuple[ApiKey, ...]:
        """Every key of a tenant, newest first."""
        ...

    def add(self, key: ApiKey) -> None:
        """Insert; raises ConflictError when the id is taken."""
        ...

    def revoke(self, tenant_id: str, key_id: str, at: datetime) -> None:
        """Revoke; raises NotFoundError."""
        ...

    def touch(self, key_id: str, at: datetime) -> None:
        """Note when a key was last used."""
        ...

    def count(self) -> int:
        """How many keys exist in all tenants."""
        ...


@dataclass(frozen=True)
class User:
    """A person who signs in with a password, of which only an argon2id hash is kept."""

    tenant_id: str
    name: str
    password_hash: str = field(repr=False)
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None = None


@dataclass(frozen=True)
class RoleBinding:
    """A role that a subject (see `engine.auth.subjects`) holds in a tenant."""

    tenant_id: str
    subject: str
    role: Role
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Session:
    """A sign-in of a user that has not been ended; past `expires_at` it counts for nothing."""

    id: str
    tenant_id: str
    user_name: str
    created_at: datetime
    expires_at: datetime


class UserStore(Protocol):
    """Users, the roles of all subjects, and the sessions of users."""

    def get(self, tenant_id: str, name: str) -> User | None:
        """A user by name, one who may not sign in included."""
        ...

    def all(self, tenant_id: str) -> tuple[User, ...]:
        """Every user of a tenant, by name."""
        ...

    def any_exist(self) -> bool:
        """Whether there is a user in any tenant."""
        ...

    def add(self, user: User) -> None:
        """Insert; raises ConflictError when the name is taken."""
        ...

    def change(
        self,
        tenant_id: str,
        name: str,
        *,
        password_hash: str | None = None,
        is_active: bool | None = None,
        last_login_at: datetime | None = None,
    ) -> None:
        """Set what is given; raises NotFoundError."""
        ...

    def bindings(self, tenant_id: str) -> tuple[RoleBinding, ...]:
        """Every role binding of a tenant, by subject."""
        ...

    def bind(self, binding: RoleBinding) -> None:
        """Add; without effect when it is there."""
        ...

    def unbind(self, tenant_id: str, subject: str, role: str) -> None:
        """Remove; raises NotFoundError."""
        ...

    def open_session(self, session: Session) -> None:
        """Insert, and forget the sessions that ended before it began."""
        ...

    def session(self, tenant_id: str, session_id: str) -> Session | None:
        """A session that nobody ended."""
        ...

    def end_session(self, tenant_id: str, session_id: str) -> None:
        """End a session; without effect when it has ended."""
        ...

    def end_sessions(self, tenant_id: str, user_name: str) -> None:
        """End every session of a user."""
        ...


@dataclass(frozen=True)
class AuditEntry:
    """A management action: who did what to which thing, when."""

    tenant_id: str
    actor: str
    action: str
    target: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


class SettingStore(Protocol):
    """Instance settings changed at run time, secrets, and the audit log."""

    def get(self, tenant_id: str, key: str) -> Any:
        """A setting's value, or None."""
        ...

    def put(self, tenant_id: str, key: str, value: Any) -> None:
        """Set a value."""
        ...

    def add_audit(self, entry: AuditEntry) -> None:
        """Append to the audit log."""
        ...

    def audit(self, tenant_id: str, limit: int, offset: int) -> Page[AuditEntry]:
        """The audit log, newest first."""
        ...

    def secret(self, tenant_id: str, name: str) -> str | None:
        """A secret in clear, or None; decrypted with the instance key."""
        ...

    def secret_names(self, tenant_id: str) -> tuple[str, ...]:
        """The names of all secrets."""
        ...

    def put_secret(self, tenant_id: str, name: str, value: str) -> None:
        """Store a secret, encrypted."""
        ...

    def delete_secret(self, tenant_id: str, name: str) -> None:
        """Remove a secret; raises NotFoundError."""
        ...


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class TakenKey:
    """What an idempotency key is taken for; `answer` is None while that is running."""

    fingerprint: str
    answer: KeptAnswer | None


class IdempotencyStore(Protocol):
    """Calls made under an idempotency key, over all processes."""

    def claim(
        self,
        tenant_id: str,
        name: str,
        fingerprint: str,
        holder: UUID,
        *,
        now: datetime,
        running_until: datetime,
        expires_at: datetime,
    ) -> TakenKey | None:
        """Take a key; None when it is taken now, else what it was taken for.

        A key that has no answer by `running_until` can be taken again; past `expires_at` it is
        forgotten.
        """
        ...

    def keep(self, tenant_id: str, name: str, holder: UUID, answer: KeptAnswer) -> None:
        """Keep the answer of a key; without effect when somebody else has it by now."""
        ...

    def release(self, tenant_id: str, name: str, holder: UUID) -> None:
        """Give a key back; without effect when somebody else has it by now."""
        ...


class Journal(Protocol):
    """The execution log's write-ahead file: once `append` returns, the record survives SIGKILL."""

    def append(self, record: ExecutionRecord) -> None:
        """Write a record; a background thread moves it into the `ExecutionStore`."""
        ...

    def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until everything appended so far is in the store."""
        ...

    def close(self) -> None:
        """Flush and stop."""
        ...


TraceSink = Callable[[TraceStage], None]

"""Where executions are kept: the journal, the log, its sums, and answers to be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from engine.model import (
    ExecutionPage,
    ExecutionQuery,
    ExecutionRecord,
    Scope,
)
from engine.model.tally import Tally


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
    ) -> ExecutionPage:
        """Records that match, newest first, without their answers."""
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


@dataclass(frozen=True, kw_only=True)
class JournalStats:
    """How far the journal is.

    Attributes:
        pending: Records of this process that are not in the store yet.
        backlog_bytes: Their size, with that of leftovers being imported.
        limit_bytes: How large that may grow before calls are refused.
        refused: Calls that were refused since the start because it had grown so large.
        rejected: Records that the store cannot hold, kept in `rejected.log`.
        failure: Why the last attempt to move records failed; None when it did not.
    """

    pending: int = 0
    backlog_bytes: int = 0
    limit_bytes: int = 0
    refused: int = 0
    rejected: int = 0
    failure: str | None = None


class Journal(Protocol):
    """The execution log's write-ahead file: once `append` returns, the record survives SIGKILL."""

    def check_room(self) -> None:
        """Let a call begin; raises StoreUnavailableError while too much waits for the store."""
        ...

    def stats(self) -> JournalStats:
        """How far it is."""
        ...

    def append(self, record: ExecutionRecord) -> None:
        """Write a record; a background thread moves it into the `ExecutionStore`."""
        ...

    def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until everything appended so far is in the store."""
        ...

    def close(self) -> None:
        """Flush and stop."""
        ...

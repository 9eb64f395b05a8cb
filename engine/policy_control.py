"""What operators see of the policies' state and what they may change in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.auth import authorize
from engine.catalog import ApiCatalog
from engine.errors import BadRequestError, CallerError, ConflictError, PermissionDeniedError
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager, breaker_key, target_of
from engine.executor_policies import limits_in_use
from engine.model import ApiDefinition, Caller, Page
from engine.model.keys import key_without_tenant
from engine.model.listing import BreakerOrder, BreakerQuery, listed
from engine.policy_index import PolicyIndex
from engine.ports import (
    AuditEntry,
    BreakerMode,
    BreakerSnapshot,
    CacheStats,
    DefinitionStore,
    LimitLevel,
    SettingStore,
    SharedState,
)

FOUND_AT_MOST = 1000
"""Cached answers are found up to here: each one is looked at, to leave out what is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerView:
    """A breaker, the APIs it guards, and the thresholds of the first of them.

    Attributes:
        name: The API's name; for a breaker that APIs share, their target.
    """

    name: str
    apis: tuple[str, ...]
    failure_threshold: int
    success_threshold: int
    open_s: float
    snapshot: BreakerSnapshot


_TROUBLES = ("disabled", "forced_open", "open", "half-open", "closed")


def _trouble(view: BreakerView) -> int:
    snapshot = view.snapshot
    return _TROUBLES.index(snapshot.state if snapshot.mode == "auto" else snapshot.mode)


_BREAKER_ORDERS: Mapping[BreakerOrder, Callable[[BreakerView], Any]] = {
    "trouble": lambda view: (_trouble(view), view.name),
    "name": lambda view: view.name,
    "trips": lambda view: (-view.snapshot.trips, view.name),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of a breaker's state; `by` is empty when it changed by itself."""

    breaker: str
    from_state: str
    to_state: str
    at: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSelection:
    """Cached answers of one API, with one tag, or all of the tenant; exactly one is given."""

    api: str | None = None
    tag: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedAnswers:
    """The answers that a selection holds, by their keys; with `more` there are more of them."""

    keys: tuple[str, ...]
    more: bool

    @property
    def answers(self) -> int:
        """How many keys are known."""
        return len(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class CachingApi:
    """An API that caches: how long, under which tags, how many answers are kept."""

    api_name: str
    ttl_s: float
    tags: tuple[str, ...]
    kept: CachedAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitView:
    """A rate limit that counts something now; `api_name` is None for the whole tenant's."""

    level: LimitLevel
    api_name: str | None
    subject: str | None
    rate: str
    used: int
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyControl:
    """Breakers, cache and limits of the caller's tenant.

    Looking needs the role viewer, dropping cached answers analyst, steering breakers admin. A key
    that is limited to some APIs sees and changes what is theirs. Every change is an entry in the
    audit log.
    """

    store: DefinitionStore
    index: PolicyIndex
    catalog: ApiCatalog
    shared: SharedState
    effective: Callable[[ApiDefinition], ApiDefinition]
    cache: APICacheService
    breaker_manager: CircuitBreakerManager
    audit: SettingStore

    def breakers(self, caller: Caller) -> tuple[BreakerView, ...]:
        """Every breaker that guards an API, used or not, by name."""
        authorize(caller, "policies:read")
        recorded = {each.key: each for each in self.breaker_manager.snapshots(caller)}
        views = [
            _breaker_view(apis, recorded.get(key, BreakerSnapshot(key)))
            for key, apis in self._guarded(caller).items()
        ]
        return tuple(sorted(views, key=lambda view: view.name))

    def breaker_of(self, api: ApiDefinition, caller: Caller) -> BreakerSnapshot | None:
        """The breaker that guards one API; None where its policy has none."""
        authorize(caller, "policies:read", api)
        effective = self.effective(api)
        if not effective.runtime_policy.circuit_breaker.enabled:
            return None
        return self.breaker_manager.snapshot(effective)

    def steer_breaker(
        self, ref: str, mode: BreakerMode, caller: Caller, *, reason: str = ""
    ) -> BreakerView:
        """Force the breaker of an API open, disable it, or reset it with `auto`.

        Raises:
            BadRequestError: No reason for a mode other than `auto`.
            ConflictError: The API's policy has no breaker.
        """
        api = self.effective(self.store.get(caller.tenant_id, ref))
        authorize(caller, "breakers:manage", api)
        if not api.runtime_policy.circuit_breaker.enabled:
            raise ConflictError(
                f"{api.api_name!r} has no circuit breaker",
                hint="Set circuit_breaker.enabled in its policy.",
            )
        key = breaker_key(api)
        snapshot = self.breaker_manager.force(key, mode, caller, reason=reason)
        self._record(caller, f"breaker.{mode}", api.api_name, breaker=key, reason=reason)
        return _breaker_view(self._guarded(caller).get(key, [api]), snapshot)

    def transitions(
        self, caller: Caller, *, api: str | None = None, limit: int = 100
    ) -> tuple[Transition, ...]:
        """The latest changes of state, newest first, of all breakers or of one API's."""
        authorize(caller, "policies:read")
        one = self.effective(self.store.get(caller.tenant_id, api)) if api else None
        authorize(caller, "policies:read", one)
        names = {key: _breaker_name(apis) for key, apis in self._guarded(caller).items()}
        history = self.breaker_manager.history(
            caller, key=breaker_key(one) if one else None, limit=limit
        )
        return tuple(
            Transition(
                breaker=names.get(event.key, key_without_tenant(event.key)),
                from_state=event.from_state,
                to_state=event.to_state,
                at=event.at,
                reason=event.reason,
                by=event.by,
            )
            for event in history
            if event.key in names or not _is_limited_to_apis(caller)
        )

    def cache_stats(self, caller: Caller) -> CacheStats:
        """Backend in force and counters of this process, over all tenants."""
        authorize(caller, "policies:read")
        return self.cache.stats()

    def caching_apis(
        self, caller: Caller, *, q: str = "", limit: int = 50, offset: int = 0
    ) -> Page[CachingApi]:
        """The APIs whose policy caches and whose name has `q`, by name."""
        authorize(caller, "policies:read")
        caching = [
            api
            for api in self._published(caller)
            if api.runtime_policy.cache.enabled and q.lower() in api.api_name
        ]
        items = tuple(self._caching(api) for api in caching[offset : offset + limit])
        return Page(items=items, total=len(caching), limit=limit, offset=offset)

    def _caching(self, api: ApiDefinition) -> CachingApi:
        return CachingApi(
            api_name=api.api_name,
            ttl_s=api.runtime_policy.cache.ttl_seconds,
            tags=self._tags(api),
            kept=_found(self.cache.keys_of_api(api.tenant_id, api.id, FOUND_AT_MOST + 1)),
        )

    def find_cached(self, selection: CacheSelection, caller: Caller) -> CachedAnswers:
        """The answers that `drop_cached` would drop."""
        return _found(self._keys(selection, caller, self._selected(selection, caller)))

    def drop_cached(self, selection: CacheSelection, caller: Caller) -> CachedAnswers:
        """Drop the selected answers in every process; those that were there just before."""
        api = self._selected(selection, caller)
        found = _found(self._keys(selection, caller, api))
        tenant_id = caller.tenant_id
        if api is not None:
            self.cache.invalidate_api(tenant_id, api.id)
        elif selection.tag is not None:
            self.cache.invalidate_tag(tenant_id, selection.tag)
        else:
            self.cache.invalidate_all(tenant_id)
        target = api.api_name if api else selection.tag or "*"
        self._record(caller, "cache.invalidate", target, answers=found.answers)
        return found

    def limits(self, caller: Caller) -> tuple[LimitView, ...]:
        """Who uses how much of which limit now, the fullest first."""
        authorize(caller, "policies:read")
        apis = tuple(self._published(caller))
        names = {api.id: api.api_name for api in apis}
        return tuple(
            LimitView(
                level=each.use.level,
                api_name=names.get(each.api_id) if each.api_id else None,
                subject=each.subject,
                rate=str(each.rate),
                used=each.use.limit - each.use.remaining,
                limit=each.use.limit,
                remaining=each.use.remaining,
                reset_s=each.use.reset_s,
            )
            for each in limits_in_use(self.shared, caller.tenant_id, apis)
        )

    def _guarded(self, caller: Caller) -> Mapping[str, list[ApiDefinition]]:
        """The published APIs of each breaker, by its key."""
        guarded: defaultdict[str, list[ApiDefinition]] = defaultdict(list)
        for api in self._published(caller):
            if api.runtime_policy.circuit_breaker.enabled:
                guarded[breaker_key(api)].append(api)
        return guarded

    def _published(self, caller: Caller) -> Iterator[ApiDefinition]:
        return (self.effective(api) for api in self.index.of(caller, "policies:read"))

    def _tags(self, api: ApiDefinition) -> tuple[str, ...]:
        """Declared tags, and those of the tables it reads; only an API that is on has those."""
        try:
            tables = self.catalog.resolve(api.tenant_id, str(api.id)).logic.tables
        except CallerError:
            tables = ()
        return (*api.runtime_policy.cache.tags, *(f"table:{name.lower()}" for name in tables))

    def _selected(self, selection: CacheSelection, caller: Caller) -> ApiDefinition | None:
        """The one API that is selected, if any; refuses what the caller may not drop."""
        if [bool(selection.api), bool(selection.tag), selection.everything].count(True) != 1:
            raise BadRequestError("select cached answers by exactly one of api, tag and all")
        api = self.store.get(caller.tenant_id, selection.api) if selection.api else None
        authorize(caller, "cache:invalidate", api)
        if api is None and _is_limited_to_apis(caller):
            raise PermissionDeniedError(
                f"{caller.subject} is limited to some APIs, and these answers may be of others",
                hint="Select the answers of one API.",
            )
        return api

    def _keys(
        self, selection: CacheSelection, caller: Caller, api: ApiDefinition | None
    ) -> tuple[str, ...]:
        tenant_id, limit = caller.tenant_id, FOUND_AT_MOST + 1
        if api is not None:
            return self.cache.keys_of_api(tenant_id, api.id, limit)
        if selection.tag is not None:
            return self.cache.keys_of_tag(tenant_id, selection.tag, limit)
        return self.cache.keys(tenant_id, limit)

    def _record(self, caller: Caller, action: str, target: str, **detail: Any) -> None:
        self.audit.add_audit(
            AuditEntry(
                tenant_id=caller.tenant_id,
                actor=caller.subject,
                action=action,
                target=target,
                at=datetime.now(UTC),
                detail=detail,
            )
        )


def breaker_page(views: Iterable[BreakerView], query: BreakerQuery) -> Page[BreakerView]:
    """The breakers whose name, or one of whose APIs, has what is asked for."""
    return listed(
        views,
        query,
        words=lambda view: (view.name, *view.apis),
        order=_BREAKER_ORDERS[query.sort],
    )


def _is_limited_to_apis(caller: Caller) -> bool:
    """Whether the caller is a key that reaches some APIs only."""
    return caller.scope is not None and caller.scope.names_apis


def _breaker_view(apis: list[ApiDefinition], snapshot: BreakerSnapshot) -> BreakerView:
    policy = apis[0].runtime_policy.circuit_breaker
    return BreakerView(
        name=_breaker_name(apis),
        apis=tuple(api.api_name for api in apis),
        failure_threshold=policy.failure_threshold,
        success_threshold=policy.success_threshold,
        open_s=policy.timeout_seconds,
        snapshot=snapshot,
    )


def _breaker_name(apis: list[ApiDefinition]) -> str:
    first = apis[0]
    isolated = first.runtime_policy.circuit_breaker.per_api_isolation
    return first.api_name if isolated else target_of(first)


def _found(keys: tuple[str, ...]) -> CachedAnswers:
    return CachedAnswers(
        keys=tuple(key_without_tenant(key) for key in keys[:FOUND_AT_MOST]),
        more=len(keys) > FOUND_AT_MOST,
    )

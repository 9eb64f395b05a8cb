"""The published definitions of a tenant as far as their policies need them, kept in memory.

Reading and checking ten thousand definitions takes seconds; which of them changed takes a look at
ids and versions.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from threading import Lock
from uuid import UUID

from engine.auth import Action, may
from engine.errors import NotFoundError
from engine.model import ApiDefinition, Caller, RuntimePolicy
from engine.ports import DefinitionStore

_ONE_BY_ONE = 50
"""So many changed definitions are read one by one; when there are more, all are read at once."""

_Kept = Mapping[UUID, ApiDefinition]


class PolicyIndex:
    """Published definitions by name, without parameters, policies as authored; thread-safe.

    Equal policies are one object: most APIs of a large tenant share a few.
    """

    def __init__(self, store: DefinitionStore) -> None:
        self._store = store
        self._lock = Lock()
        self._tenants: dict[str, _Kept] = {}

    def of(self, caller: Caller, action: Action) -> Iterator[ApiDefinition]:
        """Those on which the caller may do this."""
        kept = self._renewed(caller.tenant_id).values()
        is_limited = caller.scope is not None and caller.scope.names_apis
        return (api for api in kept if not is_limited or may(caller, action, api))

    def _renewed(self, tenant_id: str) -> _Kept:
        index = self._store.index(tenant_id)
        live = {api_id: (version, is_active) for api_id, version, is_active in index if version}
        with self._lock:
            kept = self._tenants.get(tenant_id, {})
        current = {
            api.id: api for api in kept.values() if live.get(api.id) == (api.version, api.is_active)
        }
        if len(current) < len(live) or len(current) < len(kept):
            read = self._read(tenant_id, live.keys() - current.keys())
            kept = _slim([*current.values(), *read])
            with self._lock:
                self._tenants[tenant_id] = kept
        return kept

    def _read(self, tenant_id: str, ids: set[UUID]) -> Iterator[ApiDefinition]:
        if len(ids) > _ONE_BY_ONE:
            yield from (api for api in self._store.all(tenant_id) if api.id in ids and api.version)
            return
        for api_id in ids:
            with suppress(NotFoundError):
                yield self._store.get(tenant_id, str(api_id))


def _slim(apis: Iterable[ApiDefinition]) -> dict[UUID, ApiDefinition]:
    """By id, in order of names."""
    policies: dict[str, RuntimePolicy] = {}
    slim = {}
    for api in sorted(apis, key=lambda api: api.api_name):
        # Two policies that say the same by default and by hand differ on top of an asset's.
        said = api.runtime_policy.model_dump_json(exclude_unset=True)
        policy = policies.setdefault(said, api.runtime_policy)
        slim[api.id] = api.model_copy(update={"param_schema": {}, "runtime_policy": policy})
    return slim

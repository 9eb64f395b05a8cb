"""Where APIs and tables are used, and what an API stands on, read from the live definitions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol
from uuid import UUID

from cachetools import LRUCache

from engine.auth import authorize, may
from engine.errors import ConflictError, NotFoundError
from engine.lineage_graph import LineageGraph, Surroundings, draw
from engine.lineage_index import Entry, Index
from engine.model import ApiDefinition, Caller
from engine.ports import DefinitionStore

UseKind = Literal["workflow", "choices", "tool", "sql", "resolver", "rule", "screen", "alert"]
_NO_APIS: frozenset[UseKind] = frozenset({"tool", "resolver", "rule", "screen", "alert"})
"""Kinds of users that are not APIs themselves."""
TablesOf = Callable[[ApiDefinition], tuple[str, ...]]
KeysOf = Callable[[ApiDefinition], Sequence[str]]
_TENANTS = 64
_STATEMENTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One thing that uses an API or a table.

    Attributes:
        kind: A workflow whose nodes call the API, an API whose form offers its rows as choices, a
            tool that it is exported as, a statement that reads the table, an asset that gets its
            value from the API, a rule that calls it, a screen that shows it, or an alert that
            watches it.
        name: Of what uses it.
        parts: The nodes, parameters or blocks that do.
        via: The APIs in between, beginning with the direct user; empty for a direct use.
        is_active: Whether the user is switched on.
    """

    kind: UseKind
    name: str
    parts: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereUsed:
    """The uses of an API, nearest first.

    Attributes:
        hidden: How many there are that the caller may not see.
        keys: Names of the API keys that are limited to some APIs, of which this is one; for those
            who manage keys. They keep nobody from changing or deleting it.
    """

    uses: tuple[Use, ...] = ()
    hidden: int = 0
    keys: tuple[str, ...] = ()

    @property
    def direct(self) -> tuple[Use, ...]:
        """Those with nothing in between."""
        return tuple(use for use in self.uses if not use.via)


class ApiUsers(Protocol):
    """Things other than APIs that use APIs."""

    def users_of(self, tenant_id: str, refs: tuple[str, str]) -> Sequence[Use]:
        """The direct uses of an API, by its name and its id; an empty text stands for neither."""
        ...


class Lineage:
    """Answers from an index that is brought up to date at each question; thread-safe.

    Only what was published since the last question is read again. Tables are told by the text of
    a statement alone, and a view is a table: what stands behind it only its database knows.

    Args:
        store: The definitions.
        tables_of: The tables that a SQL definition's statement reads.
        others: What else uses APIs.
        keys_of: Names of the keys that are limited to an API and others.
    """

    def __init__(
        self,
        store: DefinitionStore,
        tables_of: TablesOf,
        others: Sequence[ApiUsers] = (),
        keys_of: KeysOf = lambda _: (),
    ) -> None:
        self._store = store
        self._tables_of = tables_of
        self._others = tuple(others)
        self._keys_of = keys_of
        self._indexes: LRUCache[str, Index] = LRUCache(_TENANTS)
        self._tables: LRUCache[tuple[UUID, int], tuple[str, ...]] = LRUCache(_STATEMENTS)
        self._lock = threading.Lock()

    def where_used(self, ref: str, caller: Caller) -> WhereUsed:
        """Everything that uses an API, directly or through workflows; raises NotFoundError."""
        api = self._readable(ref, caller)
        found = tuple(_uses(api, self._index(caller.tenant_id), self._others))
        seen = tuple(use for use in found if self._may_see(use, caller))
        keys = self._keys_of(api) if may(caller, "keys:manage") else ()
        return WhereUsed(uses=seen, hidden=len(found) - len(seen), keys=tuple(keys))

    def readers(
        self, table: str, caller: Caller, *, connection: str | None = None
    ) -> tuple[Use, ...]:
        """The APIs that read a table, named `table` or `schema.table`, whatever the case."""
        authorize(caller, "apis:read")
        wanted = table.lower()
        candidates = self._index(caller.tenant_id).readers_of(wanted.rpartition(".")[2])
        readers = (
            Use(kind="sql", name=entry.name, is_active=entry.is_active)
            for entry in candidates
            if connection is None or entry.connection in {None, connection}
            if any(_is_table(each, wanted) for each in self._tables_read(entry, caller.tenant_id))
        )
        return tuple(use for use in readers if self._may_see(use, caller))

    def graph(self, ref: str, caller: Caller, *, hops: int = 2) -> LineageGraph:
        """What an API stands on and what uses it, each at most `hops` away.

        APIs that the caller may not see are left out, with what is only reached through them.
        """
        api = self._readable(ref, caller)
        around = Surroundings(
            index=self._index(caller.tenant_id),
            tables=lambda entry: self._tables_read(entry, caller.tenant_id),
            shown=lambda entry: caller.scope is None or self._may_read(entry.name, caller),
        )
        return draw(api, around, hops)

    def refuse_if_used(self, api: ApiDefinition, caller: Caller, *, to: str) -> None:
        """Raise ConflictError, naming what would break without the API.

        Args:
            api: The API.
            caller: Who would change it; users that it may not see are counted, not named.
            to: What is about to be done to it, as a verb.
        """
        self._refuse(api, self.where_used(str(api.id), caller), to)

    def refuse_if_named(self, api: ApiDefinition, caller: Caller, *, to: str) -> None:
        """As `refuse_if_used`, for those alone that use the API by its name, not by its id."""
        index = self._index(caller.tenant_id)
        by_name = (api.api_name, "")
        named = [_use(entry, by_name, ()) for entry in index.users((api.api_name,))]
        named += [use for other in self._others for use in other.users_of(api.tenant_id, by_name)]
        seen = tuple(use for use in named if self._may_see(use, caller))
        self._refuse(api, WhereUsed(uses=seen, hidden=len(named) - len(seen)), to)

    def apis_with_assets(self, tenant_id: str) -> tuple[str, ...]:
        """Names of the published APIs that name an asset; for the registry, so for no caller."""
        return self._index(tenant_id).with_assets()

    def _refuse(self, api: ApiDefinition, used: WhereUsed, to: str) -> None:
        if not used.direct and not used.hidden:
            return
        names = [f"{use.kind} {use.name!r}" for use in used.direct]
        names += [f"{used.hidden} that you may not see"] if used.hidden else []
        raise ConflictError(
            f"{api.api_name!r} is used by {', '.join(names)}",
            details={"used_by": [_as_detail(use) for use in used.uses], "hidden": used.hidden},
            hint=f"Change what uses it first; then {to} it.",
        )

    def _readable(self, ref: str, caller: Caller) -> ApiDefinition:
        authorize(caller, "apis:read")
        api = self._store.get(caller.tenant_id, ref)
        authorize(caller, "apis:read", api)
        return api

    def _index(self, tenant_id: str) -> Index:
        with self._lock:
            index = self._indexes.get(tenant_id) or Index({})
            self._indexes[tenant_id] = index = index.refreshed(self._store, tenant_id)
        return index

    def _tables_read(self, entry: Entry, tenant_id: str) -> tuple[str, ...]:
        if entry.logic_type != "sql":
            return ()
        key = (entry.id, entry.version)
        # What a shared statement reads may change without a new version of the API.
        known = None if entry.names_a_query else self._tables.get(key)
        if known is None:
            known = self._tables_of(self._store.get(tenant_id, str(entry.id)))
            with self._lock:
                self._tables[key] = known
        return known

    def _may_see(self, use: Use, caller: Caller) -> bool:
        names = use.via if use.kind in _NO_APIS else (*use.via, use.name)
        return caller.scope is None or all(self._may_read(name, caller) for name in names)

    def _may_read(self, name: str, caller: Caller) -> bool:
        try:
            return may(caller, "apis:read", self._store.get(caller.tenant_id, name))
        except NotFoundError:
            return False


def _uses(api: ApiDefinition, index: Index, others: Sequence[ApiUsers]) -> Iterator[Use]:
    """The uses of an API, level by level; an API that uses it twice is told at its nearest."""
    if api.tool_name:
        yield Use(kind="tool", name=api.tool_name)
    reached = {api.id}
    level: list[tuple[tuple[str, str], tuple[str, ...]]] = [((api.api_name, str(api.id)), ())]
    while level:
        further = []
        for refs, via in level:
            for other in others:
                for use in other.users_of(api.tenant_id, refs):
                    yield replace(use, via=via)
            for entry in index.users(refs):
                if entry.id not in reached:
                    reached.add(entry.id)
                    yield _use(entry, refs, via)
                    further.append((entry.refs, (*via, entry.name)))
        level = further


def _use(entry: Entry, used: tuple[str, str], via: tuple[str, ...]) -> Use:
    nodes = [node for ref in used for node in entry.calls.get(ref, ())]
    params = [param for ref in used for param in entry.choices.get(ref, ())]
    return Use(
        kind="workflow" if nodes else "choices",
        name=entry.name,
        parts=tuple(nodes or params),
        via=via,
        is_active=entry.is_active,
    )


def _as_detail(use: Use) -> dict[str, object]:
    return {"kind": use.kind, "name": use.name, "parts": list(use.parts), "via": list(use.via)}


def _is_table(name: str, wanted: str) -> bool:
    """Whether a name in a statement means the table: its schema counts where both say one."""
    schema, _, table = name.lower().rpartition(".")
    wanted_schema, _, wanted_table = wanted.rpartition(".")
    if table != wanted_table:
        return False
    return not schema or not wanted_schema or schema == wanted_schema

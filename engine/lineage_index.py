"""An index of what the live definitions of a tenant name, kept up to date by id and version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from engine.asset_references import named_assets, names_an_asset
from engine.model import ApiDefinition, LogicType
from engine.references import called_apis, chosen_apis


class Definitions(Protocol):
    """What is asked of a store; see `DefinitionStore`."""

    def index(self, tenant_id: str) -> tuple[tuple[UUID, int, bool], ...]: ...
    def all(self, tenant_id: str) -> tuple[ApiDefinition, ...]: ...
    def get(self, tenant_id: str, ref: str) -> ApiDefinition: ...


_ONE_BY_ONE = 50
"""So many changed definitions are read one by one; when there are more, all are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is kept of one published API.

    Attributes:
        calls: Names and ids of the APIs it calls, with the nodes that do.
        choices: Names of the APIs whose rows its parameters offer, with those parameters.
        statement: The text of a SQL API, in lower case.
        assets: Names of the assets it refers to.
    """

    id: UUID
    version: int
    name: str
    is_active: bool
    logic_type: LogicType
    connection: str | None
    calls: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, tuple[str, ...]]
    statement: str
    assets: frozenset[str] = frozenset()

    @property
    def names_a_query(self) -> bool:
        """Whether its statement is that of an asset."""
        return names_an_asset(self.logic_type, self.statement)

    @property
    def refs(self) -> tuple[str, str]:
        """What others may call it: its name and its id."""
        return self.name, str(self.id)

    @classmethod
    def of(cls, api: ApiDefinition) -> Entry:
        """The entry of a definition."""
        return cls(
            id=api.id,
            version=api.version,
            name=api.api_name,
            is_active=api.is_active,
            logic_type=api.logic_type,
            connection=api.connection,
            calls=called_apis(api.logic_type, api.logic_body),
            choices=chosen_apis(api),
            statement=api.logic_body.lower() if api.logic_type == "sql" else "",
            assets=frozenset(named_assets(api)),
        )


class Index:
    """The entries of one tenant as of one moment; never changed."""

    def __init__(self, entries: Mapping[UUID, Entry]) -> None:
        self._entries = entries
        self._by_ref = {ref: entry for entry in entries.values() for ref in entry.refs}
        self._users: dict[str, list[Entry]] = {}
        for entry in sorted(entries.values(), key=lambda entry: entry.name):
            for ref in {*entry.calls, *entry.choices}:
                self._users.setdefault(ref, []).append(entry)

    def sources(self, entry: Entry) -> tuple[Entry, ...]:
        """The published APIs that an entry names, each once."""
        refs = (*entry.calls, *entry.choices)
        found = (self._by_ref[ref] for ref in refs if ref in self._by_ref)
        return tuple({source.id: source for source in found}.values())

    def users(self, refs: Iterable[str]) -> tuple[Entry, ...]:
        """The APIs that name one of these, by name, each once."""
        found = {entry.id: entry for ref in refs for entry in self._users.get(ref, ())}
        return tuple(sorted(found.values(), key=lambda entry: entry.name))

    def readers_of(self, word: str) -> tuple[Entry, ...]:
        """The SQL APIs whose statements contain a word (in lower case) or are assets, by name."""
        every = self._entries.values()
        found = (entry for entry in every if word in entry.statement or entry.names_a_query)
        return tuple(sorted(found, key=lambda entry: entry.name))

    def with_assets(self) -> tuple[str, ...]:
        """Names of the APIs that refer to an asset."""
        return tuple(sorted(entry.name for entry in self._entries.values() if entry.assets))

    def refreshed(self, store: Definitions, tenant_id: str) -> Index:
        """The index as of now; this one when nothing has changed."""
        stamps = {
            api_id: (version, is_active) for api_id, version, is_active in store.index(tenant_id)
        }
        known = {entry.id: (entry.version, entry.is_active) for entry in self._entries.values()}
        live = {api_id: stamp for api_id, stamp in stamps.items() if stamp[0]}
        if live == known:
            return self
        kept = {
            entry.id: replace(entry, is_active=live[entry.id][1])
            for entry in self._entries.values()
            if entry.id in live and live[entry.id][0] == entry.version
        }
        return Index({**kept, **_read(store, tenant_id, live.keys() - kept.keys())})


def _read(store: Definitions, tenant_id: str, ids: set[UUID]) -> dict[UUID, Entry]:
    if len(ids) > _ONE_BY_ONE:
        return {api.id: Entry.of(api) for api in store.all(tenant_id) if api.id in ids}
    return {api_id: Entry.of(store.get(tenant_id, str(api_id))) for api_id in ids}

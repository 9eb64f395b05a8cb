"""The APIs that can be called right now, and what is known of their answers."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from engine.auth import authorize
from engine.catalog import ApiCatalog
from engine.errors import EngineError, NotFoundError
from engine.model import ApiDefinition, ApiQuery, Caller, Column
from engine.ports import DefinitionStore

_PAGE = 500
_FEW = 50


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """Which version of an API is live."""

    api_id: UUID
    version: int


class PublishedApis:
    """Live definitions of the caller's tenant, for those who tell others how to call them.

    All of it needs the right to execute. Which of the APIs a scoped key may call, `may` tells.
    """

    def __init__(
        self,
        store: DefinitionStore,
        catalog: ApiCatalog,
        effective: Callable[[ApiDefinition], ApiDefinition],
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._effective = effective

    def live(self, caller: Caller) -> frozenset[LiveVersion]:
        """The live version of every API, cheaply; equal as long as nothing was published."""
        authorize(caller, "execute:run")
        index = self._store.index(caller.tenant_id)
        return frozenset(
            LiveVersion(api_id, version)
            for api_id, version, is_active in index
            if is_active and version
        )

    def definitions(
        self, wanted: Collection[LiveVersion], caller: Caller
    ) -> Iterator[ApiDefinition]:
        """The definitions of these versions, with the policies of the assets they name.

        One that was replaced meanwhile is left out.
        """
        authorize(caller, "execute:run")
        ids = {each.api_id for each in wanted}
        for api in self._read(ids, caller.tenant_id):
            if LiveVersion(api.id, api.version) in wanted:
                yield self._effective(api)

    def columns(self, api: ApiDefinition) -> tuple[Column, ...] | None:
        """The columns of a definition's answer; None where they cannot be told.

        They are those recorded when it was published. What was published while its target could
        not be asked is compiled for them.
        """
        with suppress(EngineError):
            recorded = self._store.version(api.tenant_id, api.id, api.version).response_columns
            return recorded or self._compiled_columns(api)
        return None

    def _compiled_columns(self, api: ApiDefinition) -> tuple[Column, ...] | None:
        if api.logic_type != "sql":
            return None
        compiled = self._catalog.resolve(api.tenant_id, str(api.id))
        return compiled.logic.columns if compiled.definition.version == api.version else None

    def _read(self, ids: Collection[UUID], tenant_id: str) -> Iterator[ApiDefinition]:
        if len(ids) <= _FEW:
            for api_id in ids:
                with suppress(NotFoundError):
                    yield self._store.get(tenant_id, str(api_id))
            return
        offset = 0
        while True:
            page = self._store.search(
                tenant_id, ApiQuery(is_active=True, limit=_PAGE, offset=offset)
            )
            yield from page.items
            offset += _PAGE
            if offset >= page.total:
                return

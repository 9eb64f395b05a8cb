"""The OpenAPI document: fixed endpoints for everybody, published APIs for who may call them."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from cachetools import LRUCache
from orjson import Fragment

from engine.auth import may
from engine.model import ApiDefinition, Caller, Column, Scope
from engine.published import LiveVersion, PublishedApis
from engine.sidecar import published_api

MAX_CACHED_BYTES = 64 * 1_048_576
LOOKING_S = 1.0
"""How long one document may look for the columns of APIs that were published since the last one.
Those beyond it are described without their columns, and the next document goes on with them."""
_AT_ONCE = 50

K = TypeVar("K")
V = TypeVar("V")
_Key = tuple[str, Scope | None, str]


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is sent, and its entity tag."""

    body: bytes
    tag: str

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Document":
        """Encode a document."""
        body = orjson.dumps(content)
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        return cls(body, f'W/"{digest}"')


@dataclass(frozen=True, slots=True)
class _Described:
    """One published API, encoded; `api` has what its name and scope need, and no more.

    `is_final` tells that its columns were looked for.
    """

    api: ApiDefinition
    operations: bytes
    answer: bytes
    is_final: bool

    @property
    def size(self) -> int:
        return len(self.operations) + len(self.answer)


@dataclass(frozen=True, slots=True)
class _Assembled:
    live: frozenset[LiveVersion]
    document: Document


class OpenApiDocuments:
    """Makes the documents and keeps what is costly in them; thread-safe.

    Each version of an API is described once, and a caller's document is put together again only
    when something was published.

    Args:
        management: The document of the fixed endpoints.
        clock: Seconds, for the bound on looking for columns.
    """

    def __init__(
        self, management: Callable[[], dict[str, Any]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._management = management
        self._clock = clock
        self._described: LRUCache[LiveVersion, _Described] = LRUCache(
            MAX_CACHED_BYTES, getsizeof=lambda each: each.size
        )
        self._assembled: LRUCache[_Key, _Assembled] = LRUCache(
            MAX_CACHED_BYTES, getsizeof=lambda each: len(each.document.body)
        )
        self._lock = threading.Lock()

    def for_anybody(self, root_path: str) -> Document:
        """The management API alone."""
        return Document.of(_complete(self._management(), (), root_path))

    def for_caller(self, published: PublishedApis, caller: Caller, root_path: str) -> Document:
        """With each published API that `caller` may call, under `/call/{api_name}`."""
        if not may(caller, "execute:run"):
            return self.for_anybody(root_path)
        live = published.live(caller)
        key = (caller.tenant_id, caller.scope, root_path)
        with self._lock:
            known = self._assembled.get(key)
        if known is not None and known.live == live:
            return known.document
        described = self._describe(published, live, caller).values()
        mine = [each for each in described if may(caller, "execute:run", each.api)]
        mine.sort(key=lambda each: each.api.api_name)
        document = Document.of(_complete(self._management(), mine, root_path))
        if all(each.is_final for each in described):
            self._keep(self._assembled, key, _Assembled(live, document))
        return document

    def _describe(
        self, published: PublishedApis, live: frozenset[LiveVersion], caller: Caller
    ) -> Mapping[LiveVersion, _Described]:
        with self._lock:
            known = {each: self._described[each] for each in live if each in self._described}
        for api in published.definitions(live - known.keys(), caller):
            known[LiveVersion(api.id, api.version)] = _described(api, None, is_final=False)
        self._look_for_columns(published, known, caller)
        for version, described in known.items():
            self._keep(self._described, version, described)
        return known

    def _look_for_columns(
        self, published: PublishedApis, known: dict[LiveVersion, _Described], caller: Caller
    ) -> None:
        until = self._clock() + LOOKING_S
        pending = [version for version, described in known.items() if not described.is_final]
        for start in range(0, len(pending), _AT_ONCE):
            some = pending[start : start + _AT_ONCE]
            for api in published.definitions(some, caller):
                if self._clock() >= until:
                    return
                columns = published.columns(api)
                known[LiveVersion(api.id, api.version)] = _described(api, columns, is_final=True)

    def _keep(self, cache: LRUCache[K, V], key: K, value: V) -> None:
        with self._lock:
            if cache.getsizeof(value) <= cache.maxsize:
                cache[key] = value


def _described(
    api: ApiDefinition, columns: Sequence[Column] | None, *, is_final: bool
) -> _Described:
    # Thousands of these are kept, so without what was needed for describing alone.
    slim = api.model_copy(update={"logic_body": "", "param_schema": {}})
    return _Described(
        api=slim,
        operations=orjson.dumps(published_api.operations(api)),
        answer=orjson.dumps(published_api.answer_schema(api, columns)),
        is_final=is_final,
    )


def _complete(
    management: Mapping[str, Any], described: Sequence[_Described], root_path: str
) -> dict[str, Any]:
    paths = {f"/call/{each.api.api_name}": Fragment(each.operations) for each in described}
    answers = {published_api.schema_name(each.api): Fragment(each.answer) for each in described}
    components = management["components"]
    return {
        **management,
        **({"servers": [{"url": root_path}]} if root_path else {}),
        "paths": {**management["paths"], **paths},
        "components": {
            **components,
            "schemas": {**components["schemas"], **answers},
            "responses": published_api.RESPONSES,
        },
    }

"""One guarded HTTP client for the whole process: pooled, bounded in time and size, no memory.

It keeps no cookies and reads no proxy or netrc from the environment. Two connection pools stand
behind it: hosts that a policy names and all others never share a connection, so an address that one
API may reach is never reached by another one through a connection that is open already.
"""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

import httpcore
import httpx

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    OutboundRefusedError,
    ResponseInvalidError,
    TargetUnavailableError,
)
from engine.executor_core.async_island import AsyncIsland
from engine.executor_core.http_body import CappedBody
from engine.executor_core.http_guard import (
    GuardedBackend,
    Resolve,
    is_named,
    normalized_host,
    resolve_by_system,
)

MAX_REDIRECTS = 5
_MAX_CONNECTIONS = 200
_MAX_IDLE = 50
_IDLE_S = 30.0
_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_ACROSS_ORIGINS = frozenset(
    {"accept", "accept-encoding", "accept-language", "content-type", "user-agent"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """A request ready to be sent; `has_secret_body` keeps its body from another origin."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    has_secret_body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundResponse:
    """A whole answer: its body decompressed, its header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: bytes

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def shares_credentials_with(self, other: "_Target") -> bool:
        """The same origin, or the same host moving from http to https on the usual ports."""
        if (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port):
            return True
        is_upgrade = (self.scheme, self.port, other.scheme, other.port) == (
            *("http", 80),
            *("https", 443),
        )
        return is_upgrade and self.host == other.host


class GuardedClient:
    """Sends requests for any number of threads; starts its event loop with the first one."""

    def __init__(
        self, *, resolve: Resolve = resolve_by_system, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._island = AsyncIsland("http-client")
        self._resolve = resolve
        self._ssl_context = ssl_context
        # Only touched on the island's thread, so it needs no lock.
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}

    def fetch(
        self,
        request: OutboundRequest,
        *,
        allow_hosts: Collection[str],
        max_bytes: int,
        deadline: Deadline,
    ) -> OutboundResponse:
        """Send a request, follow its redirects, read the whole answer.

        Raises:
            OutboundRefusedError: The guard refuses the host, an address, or a redirect.
            DeadlineExceededError: All of it took longer than the deadline allows.
            ExecutionCancelledError: The call was told to stop.
            TargetUnavailableError: No connection, or it broke.
            ResponseInvalidError: Larger than `max_bytes`, badly compressed, or too many redirects.
        """
        timeout_s = deadline.remaining_s()
        send = partial(self._fetch, request, frozenset(allow_hosts), max_bytes, timeout_s)
        return self._island.run(send, deadline)

    def close(self) -> None:
        """Break off what runs and close every connection."""
        self._island.close(self._close_pools)

    async def _fetch(
        self,
        request: OutboundRequest,
        allow_hosts: frozenset[str],
        max_bytes: int,
        timeout_s: float,
    ) -> OutboundResponse:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(request, allow_hosts, max_bytes)
        except TimeoutError as error:
            raise DeadlineExceededError(
                f"the HTTP call did not finish within {timeout_s:.3g} s"
            ) from error

    async def _follow(
        self, request: OutboundRequest, allow_hosts: frozenset[str], max_bytes: int
    ) -> OutboundResponse:
        for _ in range(MAX_REDIRECTS + 1):
            target = _target_of(request.url)
            response = await self._send(request, target, allow_hosts, max_bytes)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location:
                return response
            request = _redirected(request, target, response.status, location)
        raise ResponseInvalidError(f"the server redirected more than {MAX_REDIRECTS} times")

    async def _send(
        self,
        request: OutboundRequest,
        target: _Target,
        allow_hosts: frozenset[str],
        max_bytes: int,
    ) -> OutboundResponse:
        pool = self._pool(is_open=is_named(target.host, target.port, allow_hosts))
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path,
        )
        headers = [(b"Host", target.authority.encode())]
        headers += [(name.encode(), value.encode()) for name, value in request.headers]
        try:
            async with pool.stream(
                request.method, url, headers=headers, content=request.content
            ) as response:
                return await _read(response, max_bytes)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise TargetUnavailableError(
                f"the connection to {target.authority} failed: {_cause(error)}"
            ) from error
        except httpcore.TimeoutException as error:
            raise TargetUnavailableError(f"no connection to {target.authority}") from error

    def _pool(self, *, is_open: bool) -> httpcore.AsyncConnectionPool:
        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context()
        if is_open not in self._pools:
            self._pools[is_open] = httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                max_connections=_MAX_CONNECTIONS,
                max_keepalive_connections=_MAX_IDLE,
                keepalive_expiry=_IDLE_S,
                network_backend=GuardedBackend(self._resolve, is_open=is_open),
            )
        return self._pools[is_open]

    async def _close_pools(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


async def _read(response: httpcore.Response, max_bytes: int) -> OutboundResponse:
    headers = _headers(response)
    if response.status in _REDIRECTS and "location" in headers:
        return OutboundResponse(status=response.status, headers=headers, content=b"")
    body = CappedBody(headers.get("content-encoding", "").strip().lower(), max_bytes)
    async for chunk in response.aiter_stream():
        body.feed(chunk)
    return OutboundResponse(status=response.status, headers=headers, content=body.whole())


def _headers(response: httpcore.Response) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _target_of(url: str) -> _Target:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise OutboundRefusedError(f"the URL cannot be used: {error}") from error
    if parsed.scheme not in _DEFAULT_PORTS or not parsed.raw_host:
        raise OutboundRefusedError("only http and https URLs with a host can be called")
    if parsed.userinfo:
        raise OutboundRefusedError("a URL must not carry credentials; use auth")
    host = normalized_host(parsed.raw_host.decode("ascii"))
    port = parsed.port or _DEFAULT_PORTS[parsed.scheme]
    return _Target(parsed.scheme, host, port, parsed.raw_path)


def _redirected(
    request: OutboundRequest, source: _Target, status: int, location: str
) -> OutboundRequest:
    try:
        url = str(httpx.URL(request.url).join(location))
    except httpx.InvalidURL as error:
        raise OutboundRefusedError("the server redirected to what is no URL") from error
    target = _target_of(url)
    # As browsers do: a form's answer is fetched, everything else keeps its method.
    becomes_get = status == 303 or (status in {301, 302} and request.method == "POST")
    if becomes_get:
        kept = tuple(header for header in request.headers if header[0].lower() != "content-type")
        request = replace(request, method="GET", content=None, headers=kept, has_secret_body=False)
    if source.shares_credentials_with(target):
        return replace(request, url=url)
    if request.has_secret_body:
        raise OutboundRefusedError(
            f"a redirect to {target.authority} would carry a secret to another origin"
        )
    headers = tuple(h for h in request.headers if h[0].lower() in _KEPT_ACROSS_ORIGINS)
    return replace(request, url=url, headers=headers)


def _cause(error: Exception) -> str:
    return str(error) or type(error).__name__

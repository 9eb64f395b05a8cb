"""The outbound guard: which hosts and addresses a call to the outside may reach.

By default only public unicast addresses. A host that a policy names in `allow_hosts` may resolve to
anything. Names are looked up once, every address of the answer must pass, and the connection goes
to an address that was checked, so that a second answer of the name server is never asked for.
"""

import re
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import anyio
import anyio.to_thread
import httpcore
import idna

from engine.errors import OutboundRefusedError, TargetUnavailableError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

_MAX_ADDRESSES = 8
_MAX_HOST_CHARS = 253
_FIRST_ADDRESS_TIMEOUT_S = 1.0
_CONCURRENT_LOOKUPS = 32
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_ENTRY = re.compile(
    r"(?:(\[[0-9a-f:.]+\])(?::\d{1,5})?|([0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*)|([^:/*\[\]]+)(?::\d{1,5})?)",
    re.IGNORECASE | re.ASCII,
)
_NUMBER_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

# https://www.iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry
_REFUSED_V4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),
        ("169.254.0.0/16", "link-local or cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_REFUSED_V6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::1/128", "loopback"),
        ("fe80::/10", "link-local"),
        ("fc00::/7", "private"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "protocol assignments or Teredo"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
    )
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def refusal_of(address: Address) -> str | None:
    """What kind of address this is, when the guard refuses it by default; None when public."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _REFUSED_V4 if address in network), None)
    embedded = _embedded_v4(address)
    if embedded is not None:
        return refusal_of(embedded)
    refused = next((kind for network, kind in _REFUSED_V6 if address in network), None)
    if refused is None and address not in _GLOBAL_UNICAST_V6:
        return "reserved"
    return refused


def normalized_host(host: str) -> str:
    """The host in ASCII and lower case, without brackets and trailing dot.

    Raises:
        OutboundRefusedError: A host that two readers could understand differently: numbers that are
            no plain dotted quad, percent signs, controls, what IDNA does not know.
    """
    if ":" in host:
        is_bracketed = host.startswith("[") and host.endswith("]")
        return str(_ipv6(host[1:-1] if is_bracketed else host))
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise _refused(host, "is not a host name") from error
    name = ascii_host.lower().removesuffix(".")
    if len(name) > _MAX_HOST_CHARS or not _HOST.fullmatch(name):
        raise _refused(host, "is not a host name")
    if _NUMBER_LABEL.fullmatch(name.rpartition(".")[2]):
        return str(_dotted_quad(name))
    return name


def literal_refusal(host: str) -> str | None:
    """Why a host is refused that needs no look-up; None when only its addresses can tell.

    Raises:
        OutboundRefusedError: Like `normalized_host`.
    """
    name = normalized_host(host)
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    literal = _literal(name)
    return None if literal is None else refusal_of(literal)


def entry_problem(entry: str) -> str | None:
    """Why an entry of `allow_hosts` names nothing; None when it names a host."""
    match = _ENTRY.fullmatch(entry.strip())
    if match is None:
        return "is a host or host:port, without scheme, path or wildcard"
    try:
        normalized_host(match[1] or match[2] or match[3])
    except OutboundRefusedError as error:
        return error.message
    return None


def is_named(host: str, port: int, allow_hosts: Iterable[str]) -> bool:
    """Whether a policy names this host (any port), or this host with this port."""
    spelled = f"[{host}]" if ":" in host else host
    names = {host, spelled, f"{spelled}:{port}"}
    return any(entry.strip().lower().removesuffix(".") in names for entry in allow_hosts)


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses the operating system's resolver gives."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses; with `is_open` to any, for hosts that a policy names."""

    def __init__(self, resolve: Resolve, *, is_open: bool) -> None:
        self._resolve = resolve
        self._is_open = is_open
        self._sockets = httpcore.AnyIOBackend()
        self._lookups: anyio.CapacityLimiter | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature of httpcore
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve once, check every address, connect to one of them."""
        addresses = await self._addresses(host, port)
        for address in addresses[:-1]:
            try:
                return await self._sockets.connect_tcp(
                    address, port, _FIRST_ADDRESS_TIMEOUT_S, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._sockets.connect_tcp(
            addresses[-1], port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts to connect."""
        await anyio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        found = await self._look_up(host, port)
        if not self._is_open:
            _refuse_private(host, found)
        return list(dict.fromkeys(str(address) for address in found))[:_MAX_ADDRESSES]

    async def _look_up(self, host: str, port: int) -> list[Address]:
        literal = _literal(host)
        if literal is not None:
            return [literal]
        self._lookups = self._lookups or anyio.CapacityLimiter(_CONCURRENT_LOOKUPS)
        try:
            answers = await anyio.to_thread.run_sync(
                self._resolve, host, port, abandon_on_cancel=True, limiter=self._lookups
            )
        except (OSError, UnicodeError) as error:
            raise TargetUnavailableError(f"the host name {host} cannot be resolved") from error
        if not answers:
            raise TargetUnavailableError(f"the host name {host} has no address")
        return [ip_address(answer) for answer in answers]


def _refuse_private(host: str, addresses: Collection[Address]) -> None:
    for address in addresses:
        kind = refusal_of(address)
        if kind is not None:
            raise OutboundRefusedError(
                f"{host} has the address {address} ({kind}), which calls may not reach",
                details={"host": host, "address": str(address), "kind": kind},
                hint=f'name "{host}" in runtime_policy.http.allow_hosts if that is meant',
            )


def _embedded_v4(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _ipv6(text: str) -> IPv6Address:
    try:
        if "%" in text:
            raise _refused(text, "has a zone")
        return IPv6Address(text)
    except ValueError as error:
        raise _refused(text, "is not an IPv6 address") from error


def _dotted_quad(name: str) -> IPv4Address:
    try:
        return IPv4Address(name)
    except ValueError as error:
        raise _refused(name, "is an odd spelling of an address; write four numbers") from error


def _refused(host: str, reason: str) -> OutboundRefusedError:
    shown = host[:100]
    return OutboundRefusedError(f"the host {shown!r} {reason}", details={"host": shown})

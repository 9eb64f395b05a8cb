"""API keys: made once, shown once, kept only as an HMAC, checked in microseconds.

A key reads `ae_<id>.<secret>`: the id finds its row, the secret is 32 random bytes. Such a secret
cannot be guessed, so a fast keyed hash (HMAC-SHA256 with the instance's pepper) protects it as
well as a slow password hash would, without giving every request the cost of one.
"""

import hashlib
import hmac
import ipaddress
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from cachetools import TTLCache

from engine.auth.authorization import Group, authorize, authorize_unlimited, covers
from engine.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    StoreUnavailableError,
)
from engine.model import ApiDefinition, Caller, Page, Rate, Role, Scope
from engine.model.listing import KeyOrder, KeyQuery, listed, newest_first
from engine.ports import ApiKey, AuditEntry, KeyStore

KEY_PREFIX = "ae_"
REMEMBER_S = 2.0
"""How long a checked key is trusted without asking the store: how late a revocation may act."""
TOUCH_EVERY = timedelta(minutes=1)
"""How exact the last use of a key is noted; a write per request would cost more than the check."""
SHORTEST_BOOTSTRAP_KEY = 12

_OWN_FORM = re.compile(r"^ae_([A-Za-z0-9]{1,32})\.[A-Za-z0-9_-]{32,}$")
_FIRST_KEY_ID = "admin"
_ORDERS: Mapping[KeyOrder, Callable[[ApiKey], Any]] = {
    "newest": lambda key: newest_first(key.created_at),
    "name": lambda key: key.name.casefold(),
    "used": lambda key: newest_first(key.last_used_at),
}
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that was just made; `text` is shown now and never again."""

    key: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"IssuedKey({self.key.id!r})"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class KeyService:
    """Issues, lists, revokes and checks API keys; thread-safe.

    Args:
        store: Where keys are kept.
        pepper: A secret of the instance; without it stored HMACs are worthless.
        record: Is told of every key that is made or revoked.
        now: The time of day, for expiry and last use.
        clock: The monotonic clock, for the memory of checked keys.
    """

    def __init__(
        self,
        store: KeyStore,
        pepper: bytes,
        *,
        record: Callable[[AuditEntry], None] = lambda _: None,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._pepper = pepper
        self._record = record
        self._now = now
        self._checked: TTLCache[bytes, ApiKey] = TTLCache(4096, REMEMBER_S, timer=clock)
        self._touched: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def create(
        self,
        caller: Caller,
        *,
        name: str,
        roles: Sequence[Role],
        scope: Scope | None = None,
        expires_at: datetime | None = None,
        allowed_ips: Sequence[str] = (),
        rate: str | None = None,
    ) -> IssuedKey:
        """Make a key in the caller's tenant; `rate` (`"100/minute"`) limits all its calls together.

        Raises:
            PermissionDeniedError: The caller is no admin, or is itself limited by a scope.
            BadRequestError: No name, no role, an expiry in the past, or a malformed network or
                rate.
        """
        authorize_unlimited(caller, "keys:manage")
        _check_wishes(name, roles, expires_at, allowed_ips, self._now())
        _check_limits(scope, rate)
        key_id = secrets.token_hex(6)
        text = f"{KEY_PREFIX}{key_id}.{secrets.token_urlsafe(32)}"
        key = ApiKey(
            id=key_id,
            tenant_id=caller.tenant_id,
            name=name.strip(),
            secret_hmac=self._digest(text),
            roles=frozenset(roles),
            scope=scope,
            created_by=caller.subject,
            created_at=self._now(),
            expires_at=expires_at,
            allowed_ips=tuple(allowed_ips),
            rate=rate,
        )
        self._store.add(key)
        self._tell(caller, "keys:create", key_id, {"name": key.name, "roles": sorted(key.roles)})
        return IssuedKey(key, text)

    def all(self, caller: Caller) -> tuple[ApiKey, ...]:
        """Every key of the caller's tenant, newest first."""
        authorize(caller, "keys:manage")
        return self._store.all(caller.tenant_id)

    def search(self, query: KeyQuery, caller: Caller) -> Page[ApiKey]:
        """The keys whose name, id, role or maker has what is asked for."""
        return listed(
            self.all(caller),
            query,
            words=lambda key: (key.name, key.id, key.created_by, *key.roles),
            order=_ORDERS[query.sort],
        )

    def limited_to(self, api: ApiDefinition) -> tuple[ApiKey, ...]:
        """The keys in force that are limited to some APIs, of which this is one; for no caller."""
        return tuple(
            key
            for key in self._store.all(api.tenant_id)
            if key.revoked_at is None
            and (key.expires_at is None or key.expires_at > self._now())
            and key.scope is not None
            and key.scope.names_apis
            and covers(key.scope, api)
        )

    def revoke(self, key_id: str, caller: Caller) -> None:
        """End a key: here at once, in other processes within `REMEMBER_S`.

        Raises:
            NotFoundError: No such key in the caller's tenant.
        """
        authorize(caller, "keys:manage")
        self._store.revoke(caller.tenant_id, key_id, self._now())
        with self._lock:
            self._checked.clear()
        self._tell(caller, "keys:revoke", key_id, {})

    def count(self) -> int:
        """How many keys exist in all tenants, revoked ones included."""
        return self._store.count()

    def ensure_first_key(self, bootstrap_key: str | None = None) -> str | None:
        """Make the admin key of a fresh instance; safe when many processes start at once.

        Returns:
            The key to show, this one time; None when there are keys already, when another process
            was first, or when the operator gave the key and so knows it.
        """
        if bootstrap_key is not None and len(bootstrap_key) < SHORTEST_BOOTSTRAP_KEY:
            logger.warning(
                "API_ENGINE_BOOTSTRAP_KEY can be guessed: it has fewer than %d characters; "
                "leave it unset and a strong key is made and shown once",
                SHORTEST_BOOTSTRAP_KEY,
            )
        if self._store.count() > 0:
            return None
        made = f"{KEY_PREFIX}{_FIRST_KEY_ID}.{secrets.token_urlsafe(32)}"
        text = bootstrap_key or made
        try:
            self._store.add(self._first_key(text))
        except ConflictError:
            return None
        return None if bootstrap_key else text

    def remembered(self, text: str, client_ip: str | None = None) -> ApiKey | None:
        """A key that was checked less than `REMEMBER_S` ago, without asking the store."""
        with self._lock:
            key = self._checked.get(self._digest(text))
        return self._usable(key, client_ip) if key else None

    def verify(self, text: str, client_ip: str | None = None) -> ApiKey:
        """The key behind its text.

        Raises:
            AuthenticationError: Unknown, expired, revoked, or not allowed from this address.
        """
        return self.remembered(text, client_ip) or self._look_up(text, client_ip)

    def _look_up(self, text: str, client_ip: str | None) -> ApiKey:
        digest = self._digest(text)
        key = self._store.get(self._id_of(text))
        if key is None or not hmac.compare_digest(key.secret_hmac, digest):
            raise AuthenticationError(
                "this API key is not known", hint="Keys are listed by `api-engine keys list`."
            )
        usable = self._usable(key, client_ip)
        with self._lock:
            self._checked[digest] = usable
        self._touch(usable)
        return usable

    def _usable(self, key: ApiKey, client_ip: str | None) -> ApiKey:
        if key.revoked_at is not None:
            raise AuthenticationError(f"the API key {key.id} was revoked")
        if key.expires_at is not None and key.expires_at <= self._now():
            raise AuthenticationError(f"the API key {key.id} expired on {key.expires_at:%Y-%m-%d}")
        if key.allowed_ips and not _is_within(client_ip, key.allowed_ips):
            raise AuthenticationError(f"the API key {key.id} may not be used from this address")
        return key

    def _touch(self, key: ApiKey) -> None:
        now = self._now()
        last = max(filter(None, (key.last_used_at, self._touched.get(key.id))), default=None)
        if last is not None and now - last < TOUCH_EVERY:
            return
        self._touched[key.id] = now
        try:
            self._store.touch(key.id, now)
        except StoreUnavailableError as error:
            # When a key was last used is a courtesy; the call it was used for must not fail on it.
            logger.warning("last use of API key %s was not noted: %s", key.id, error)

    def _tell(self, caller: Caller, action: str, key_id: str, detail: Mapping[str, Any]) -> None:
        self._record(
            AuditEntry(caller.tenant_id, caller.subject, action, key_id, self._now(), detail)
        )

    def _first_key(self, text: str) -> ApiKey:
        return ApiKey(
            id=self._id_of(text),
            tenant_id="default",
            name="first admin key",
            secret_hmac=self._digest(text),
            roles=frozenset({"admin"}),
            scope=None,
            created_by="system",
            created_at=self._now(),
        )

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._pepper, text.encode(), hashlib.sha256)

    def _id_of(self, text: str) -> str:
        """The id in the text; a key an operator chose has none, so it is derived."""
        match = _OWN_FORM.match(text)
        return match[1] if match else self._digest(f"id of {text}").hex()[:16]


def first_key_notice(text: str) -> str:
    """What the operator of a fresh instance is told, once, on standard error."""
    return (
        "The first admin key, shown this one time:\n\n"
        f"    {text}\n\n"
        "Keep it safe. Lost it? `api-engine keys create NAME --role admin` makes another.\n"
    )


def _check_wishes(
    name: str,
    roles: Sequence[Role],
    expires_at: datetime | None,
    allowed_ips: Sequence[str],
    now: datetime,
) -> None:
    if not name.strip():
        raise BadRequestError("a key needs a name that says what it is for")
    if not roles:
        raise BadRequestError("a key needs a role: viewer, analyst or admin")
    if expires_at is not None and expires_at <= now:
        raise BadRequestError("a key cannot expire in the past")
    for network in allowed_ips:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise BadRequestError(f"{network!r} is no IP address or network") from error


def _check_limits(scope: Scope | None, rate: str | None) -> None:
    unknown = sorted(set(scope.groups if scope else ()) - set(get_args(Group)))
    if unknown:
        raise BadRequestError(
            f"there is no endpoint group {unknown[0]!r}",
            hint=f"There are {', '.join(get_args(Group))}.",
        )
    if rate is not None:
        try:
            Rate.parse(rate)
        except ValueError as error:
            raise BadRequestError(str(error)) from error


def _is_within(client_ip: str | None, networks: Sequence[str]) -> bool:
    try:
        address = ipaddress.ip_address(client_ip or "")
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)

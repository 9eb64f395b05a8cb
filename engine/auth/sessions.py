"""Sessions of users: signed tokens that end by time, by sign-out, or because their user was ended.

A token is a JSON Web Token (RFC 7519, HS256) signed with a secret of the instance. It says who it
is for and where it may be used; roles are looked up each time, so a role that is taken is gone
within `REMEMBER_S`. The signature keeps forged tokens away from the store, the row in the store
is what can be ended.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
from cachetools import TTLCache

from engine.auth.bindings import RoleBindings
from engine.errors import AuthenticationError
from engine.model import Caller
from engine.ports import Session, SharedState, User, UserStore

Audience = Literal["rest", "dashboard"]
ISSUER = "api-engine"
REMEMBER_S = 2.0
"""How long a session is trusted without asking the store: how late its end may act."""
TICKET_S = 60
COOKIE = "api_engine_session"
"""The cookie that holds a dashboard's token."""
_KEY_ID = "api-engine-instance"
_ALGORITHM = "HS256"
_LIVES: Mapping[Audience, timedelta] = {
    "rest": timedelta(minutes=15),
    "dashboard": timedelta(hours=12),
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sessions:
    """Opens, checks and ends sessions; thread-safe.

    Args:
        store: Where sessions are kept.
        bindings: Who has which role.
        shared: Makes sure that a ticket is used once.
        secret: Signs tokens; 32 bytes that only this instance knows.
        now: The time of day.
        clock: The monotonic clock, for the memory of checked sessions.
    """

    def __init__(
        self,
        store: UserStore,
        bindings: RoleBindings,
        shared: SharedState,
        secret: bytes,
        *,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._bindings = bindings
        self._shared = shared
        self._secret = secret
        self._now = now
        self._checked: TTLCache[str, Session] = TTLCache(4096, REMEMBER_S, timer=clock)
        self._lock = threading.Lock()

    def open(self, user: User, audience: Audience) -> str:
        """The token of a new session of a user who was authenticated."""
        now = self._now().replace(microsecond=0)
        session = Session(
            secrets.token_urlsafe(18), user.tenant_id, user.name, now, now + _LIVES[audience]
        )
        self._store.open_session(session)
        return self._sign(session, audience, session.expires_at)

    def caller(self, token: str, audience: Audience) -> Caller:
        """Who a token speaks for.

        Raises:
            AuthenticationError: Not ours, for another use, expired, or ended.
        """
        claims = self._claims(token, audience)
        session = self._remembered(claims) or self._look_up(claims)
        return self._caller_of(session)

    def recall(self, token: str, audience: Audience) -> Caller | None:
        """The same without asking the store; None when only `caller` can tell."""
        session = self._remembered(self._claims(token, audience))
        if session is None or not self._bindings.is_known(session.tenant_id):
            return None
        return self._caller_of(session)

    def end(self, token: str, audience: Audience) -> None:
        """Sign out; a token that is no longer accepted is left as it is."""
        try:
            claims = self._claims(token, audience)
        except AuthenticationError:
            return
        self._store.end_session(claims["tenant"], claims["sid"])
        with self._lock:
            self._checked.pop(claims["sid"], None)

    def ticket(self, token: str) -> str:
        """What a browser hands in, once and soon, to be given a dashboard's token as a cookie."""
        claims = self._claims(token, "dashboard")
        session = self._look_up(claims)
        return self._sign(session, "ticket", self._now() + timedelta(seconds=TICKET_S))

    def redeem(self, ticket: str) -> tuple[str, int]:
        """The dashboard's token for a ticket, and how many seconds it lives.

        Raises:
            AuthenticationError: The ticket is not ours, too old, or was used.
        """
        claims = self._claims(ticket, "ticket")
        if self._shared.lock(f"session-ticket/{claims['jti']}", TICKET_S * 2) is None:
            raise AuthenticationError("this ticket was used already")
        session = self._look_up(claims)
        left = int((session.expires_at - self._now()).total_seconds())
        return self._sign(session, "dashboard", session.expires_at), left

    def _sign(
        self, session: Session, audience: Audience | Literal["ticket"], expires_at: datetime
    ) -> str:
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": session.user_name,
            "tenant": session.tenant_id,
            "sid": session.id,
            "jti": secrets.token_urlsafe(9),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM, headers={"kid": _KEY_ID})

    def _claims(self, token: str, audience: Audience | Literal["ticket"]) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=audience,
                issuer=ISSUER,
                options={"require": ["exp", "sub", "sid", "tenant"], "verify_exp": False},
            )
        except jwt.PyJWTError as error:
            raise AuthenticationError(f"this session is not accepted: {error}") from error
        if claims["exp"] <= self._now().timestamp():
            raise _over()
        return claims

    def _remembered(self, claims: Mapping[str, Any]) -> Session | None:
        with self._lock:
            return self._checked.get(claims["sid"])

    def _look_up(self, claims: Mapping[str, Any]) -> Session:
        session = self._store.session(claims["tenant"], claims["sid"])
        user = session and self._store.get(session.tenant_id, session.user_name)
        if session is None or session.expires_at <= self._now() or not (user and user.is_active):
            raise _over()
        with self._lock:
            self._checked[session.id] = session
        return session

    def _caller_of(self, session: Session) -> Caller:
        return Caller(
            subject=session.user_name,
            tenant_id=session.tenant_id,
            roles=self._bindings.roles_of_user(session.tenant_id, session.user_name),
        )


def lifetime(audience: Audience) -> timedelta:
    """How long a session lives."""
    return _LIVES[audience]


def is_session_token(token: str) -> bool:
    """Whether a JSON Web Token says that this instance signed it."""
    try:
        return jwt.get_unverified_header(token).get("kid") == _KEY_ID
    except jwt.PyJWTError:
        return False


def _over() -> AuthenticationError:
    return AuthenticationError("this session is over", hint="Sign in again.")

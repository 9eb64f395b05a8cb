"""Turns what a door received into a caller."""

from dataclasses import dataclass, field
from typing import get_args

from engine.auth.keys import KeyService
from engine.auth.tokens import TokenVerifier
from engine.errors import AuthenticationError
from engine.model import Caller, Rate, Role
from engine.ports import ApiKey


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request carries to say who sends it.

    Attributes:
        api_key: The value of `X-API-Key`; wins when both are given.
        bearer: The token of `Authorization: Bearer`: an API key or a JSON Web Token.
        client_ip: Where the request comes from, for keys bound to networks.
    """

    api_key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    client_ip: str | None = None


class Auth:
    """Who calls. `keys` manages the API keys."""

    def __init__(self, keys: KeyService, tokens: TokenVerifier) -> None:
        self.keys = keys
        self._tokens = tokens

    def authenticate(self, credentials: Credentials) -> Caller:
        """The caller behind credentials.

        Raises:
            AuthenticationError: None were given, or they are unknown, expired or revoked.
        """
        text = _presented(credentials)
        if _is_token(text):
            return self._tokens.verify(text)
        return _caller_of(self.keys.verify(text, credentials.client_ip))

    def recall(self, credentials: Credentials) -> Caller | None:
        """The same without any waiting, or None when only `authenticate` can tell."""
        text = _presented(credentials)
        if _is_token(text):
            return self._tokens.verify(text) if self._tokens.is_local else None
        key = self.keys.remembered(text, credentials.client_ip)
        return _caller_of(key) if key else None

    def ensure_first_key(self, bootstrap_key: str | None = None) -> str | None:
        """Make the admin key of a fresh instance; see `KeyService.ensure_first_key`."""
        return self.keys.ensure_first_key(bootstrap_key)


def _presented(credentials: Credentials) -> str:
    text = credentials.api_key or credentials.bearer
    if not text:
        raise AuthenticationError(
            "credentials are needed",
            hint="Send X-API-Key: <key>, or Authorization: Bearer <key or token>.",
        )
    return text


def _is_token(text: str) -> bool:
    """Whether this is a JWT: three parts, the first one encoding `{"`; keys never look so."""
    return text.startswith("eyJ") and text.count(".") == 2


def _caller_of(key: ApiKey) -> Caller:
    return Caller(
        subject=f"key:{key.id}",
        tenant_id=key.tenant_id,
        kind="api_key",
        roles=frozenset(role for role in get_args(Role) if role in key.roles),
        scope=key.scope,
        rate=Rate.parse(key.rate) if key.rate else None,
        claims={"key_name": key.name},
    )

"""Turns what a door received into a caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from engine.auth.authorization import authorize
from engine.auth.bindings import RoleBindings
from engine.auth.key_groups import KeyGroups
from engine.auth.keys import KeyService
from engine.auth.sessions import Audience, Sessions, is_session_token
from engine.auth.tokens import TokenVerifier, caller_of_claims
from engine.auth.users import Users
from engine.errors import AuthenticationError, NotFoundError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Who calls.

    Attributes:
        keys: The API keys.
        users: The people who sign in with a password.
        bindings: The roles that subjects were given here.
        sessions: The sign-ins in force.
        key_groups: The endpoint groups that accept API keys.
        tokens: What verifies the tokens of other systems.
    """

    keys: KeyService
    users: Users
    bindings: RoleBindings
    sessions: Sessions
    key_groups: KeyGroups
    tokens: TokenVerifier

    def authenticate(self, credentials: Credentials) -> Caller:
        """The caller behind credentials.

        Raises:
            AuthenticationError: None were given, or they are unknown, expired or revoked.
        """
        text = _presented(credentials)
        if not _is_token(text):
            return self._caller_of_key(self.keys.verify(text, credentials.client_ip))
        if is_session_token(text):
            return self.sessions.caller(text, "rest")
        return self._with_bound_roles(self.tokens.verify(text))

    def recall(self, credentials: Credentials) -> Caller | None:
        """The same without any waiting, or None when only `authenticate` can tell."""
        text = _presented(credentials)
        if not _is_token(text):
            key = self.keys.remembered(text, credentials.client_ip)
            is_at_hand = key is not None and self.key_groups.is_known(key.tenant_id)
            return self._caller_of_key(key) if key and is_at_hand else None
        if is_session_token(text):
            return self.sessions.recall(text, "rest")
        caller = self.tokens.verify(text) if self.tokens.is_local else None
        is_at_hand = caller is not None and self.bindings.is_known(caller.tenant_id)
        return self._with_bound_roles(caller) if caller and is_at_hand else None

    def of_claims(self, claims: Mapping[str, Any]) -> Caller:
        """The caller whom an identity provider described, after its claims were verified.

        Raises:
            AuthenticationError: The claims do not say who it is.
        """
        return self._with_bound_roles(caller_of_claims(claims))

    def of_claims_here(self, claims: Mapping[str, Any], admin: Caller) -> Caller:
        """As `of_claims`, in the admin's tenant, for an admin who wonders what they would allow.

        Raises:
            AuthenticationError: The claims do not say who it is.
        """
        authorize(admin, "users:manage")
        return self.of_claims({**claims, "tenant": admin.tenant_id})

    def of_key(self, key_id: str, admin: Caller) -> Caller:
        """The caller that a key of the admin's tenant makes; raises NotFoundError."""
        key = next((each for each in self.keys.all(admin) if each.id == key_id), None)
        if key is None:
            raise NotFoundError(f"there is no API key {key_id!r}")
        return self._caller_of_key(key)

    def of_user(self, name: str, admin: Caller) -> Caller:
        """The caller that a user of the admin's tenant becomes; raises NotFoundError."""
        if name not in {each.name for each in self.users.all(admin)}:
            raise NotFoundError(f"there is no user {name!r}")
        roles = self.bindings.roles_of_user(admin.tenant_id, name)
        return Caller(subject=name, tenant_id=admin.tenant_id, roles=roles)

    def sign_in(
        self,
        tenant_id: str,
        name: str,
        password: str,
        *,
        address: str | None,
        audience: Audience,
    ) -> str:
        """The token of a new session; see `Users.authenticate_password` for what is raised."""
        user = self.users.authenticate_password(tenant_id, name, password, address)
        return self.sessions.open(user, audience)

    def ensure_first_key(self, bootstrap_key: str | None = None) -> str | None:
        """Make the admin key of a fresh instance; see `KeyService.ensure_first_key`."""
        return self.keys.ensure_first_key(bootstrap_key)

    def _with_bound_roles(self, caller: Caller) -> Caller:
        bound = self.bindings.roles_of_claims(caller.tenant_id, caller.claims)
        return caller.model_copy(update={"roles": caller.roles | bound})

    def _caller_of_key(self, key: ApiKey) -> Caller:
        return Caller(
            subject=f"key:{key.id}",
            tenant_id=key.tenant_id,
            kind="api_key",
            roles=frozenset(role for role in get_args(Role) if role in key.roles),
            scope=key.scope,
            rate=Rate.parse(key.rate) if key.rate else None,
            key_groups=self.key_groups.of(key.tenant_id),
            claims={"key_name": key.name},
        )


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

"""JSON Web Tokens (RFC 7519) of callers that another system has signed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

import jwt
from jwt.api_jwk import PyJWK, PyJWKSet

from engine.errors import AuthenticationError, SettingsError, StoreUnavailableError
from engine.model import Caller, Role
from engine.model.access import INSTANCE
from engine.settings import Settings

SHORTEST_SECRET_BYTES = 32
"""RFC 7518 §3.2: an HS256 key is at least as long as its hash."""
JWKS_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Which tokens are accepted.

    Attributes:
        secret: Verifies HS256 tokens; None refuses them.
        jwks: URL or path of a JSON Web Key Set that verifies RS256 tokens; None refuses them.
        audience: What `aud` must name; None does not look at it.
        issuer: What `iss` must be; None does not look at it.
        leeway_s: How far clocks may differ, in seconds.
    """

    secret: str | None = None
    jwks: str | None = None
    audience: str | None = None
    issuer: str | None = None
    leeway_s: float = 30.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The policy that the instance's settings describe."""
        secret = settings.jwt_secret
        return cls(
            secret=secret.get_secret_value() if secret else None,
            jwks=settings.jwt_jwks,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            leeway_s=settings.jwt_leeway_seconds,
        )


class TokenVerifier:
    """Turns a token into a caller.

    The algorithm is chosen by the kind of key the instance holds, never by the token alone, so a
    token cannot have a public key used as an HMAC secret, nor be unsigned.

    Raises:
        SettingsError: The secret is too short to be one, or the key set's address is unusable.
    """

    def __init__(self, policy: TokenPolicy) -> None:
        self._policy = policy
        secret = policy.secret
        if secret is not None and len(secret.encode()) < SHORTEST_SECRET_BYTES:
            raise SettingsError(
                f"API_ENGINE_JWT_SECRET needs at least {SHORTEST_SECRET_BYTES} bytes",
                hint="Make one: openssl rand -base64 48",
            )
        self._key_of = _key_source(policy.jwks) if policy.jwks else None

    @property
    def is_local(self) -> bool:
        """Whether tokens are verified without asking anybody, so without waiting."""
        return self._key_of is None

    def verify(self, token: str) -> Caller:
        """The caller a token speaks for.

        Raises:
            AuthenticationError: Malformed, badly signed, expired, or for somebody else.
            StoreUnavailableError: The key set cannot be fetched.
        """
        return caller_of_claims(self._claims(token))

    def _claims(self, token: str) -> dict[str, Any]:
        required = ["exp", "sub"]
        required += ["aud"] if self._policy.audience else []
        required += ["iss"] if self._policy.issuer else []
        try:
            key, algorithm = self._key_for(jwt.get_unverified_header(token))
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._policy.audience,
                issuer=self._policy.issuer,
                leeway=self._policy.leeway_s,
                options={"require": required, "verify_aud": self._policy.audience is not None},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise StoreUnavailableError("the key set for tokens cannot be fetched") from error
        except jwt.PyJWTError as error:
            raise AuthenticationError(f"this token is not accepted: {error}") from error

    def _key_for(self, header: Mapping[str, Any]) -> tuple[str | PyJWK, str]:
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._policy.secret is not None:
            return self._policy.secret, "HS256"
        if algorithm == "RS256" and self._key_of is not None:
            return self._key_of(_key_id(header)), "RS256"
        raise AuthenticationError(
            f"tokens signed with {algorithm!r} are not accepted here",
            hint="Set API_ENGINE_JWT_SECRET for HS256 or API_ENGINE_JWT_JWKS for RS256.",
        )


def caller_of_claims(claims: Mapping[str, Any]) -> Caller:
    """The caller that verified claims describe, with the roles that they claim.

    Raises:
        AuthenticationError: A claim that says who it is cannot be read.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise AuthenticationError("the claim `sub` is empty")
    return Caller(
        subject=subject,
        tenant_id=_tenant_of(claims),
        kind="user",
        roles=_roles_of(claims),
        claims=claims,
    )


def _key_id(header: Mapping[str, Any]) -> str:
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise AuthenticationError("this token does not name its key: the header `kid` is missing")
    return key_id


def _tenant_of(claims: Mapping[str, Any]) -> str:
    tenant = claims.get("tenant", "default")
    if not isinstance(tenant, str) or tenant in {"", INSTANCE}:
        raise AuthenticationError("the claim `tenant` must name a tenant")
    return tenant


def _roles_of(claims: Mapping[str, Any]) -> frozenset[Role]:
    """The roles we know among those claimed; other systems' roles in the same claim are theirs."""
    claimed = claims.get("roles", ())
    named = claimed.split() if isinstance(claimed, str) else claimed
    if not isinstance(named, (list, tuple)):
        raise AuthenticationError("the claim `roles` must be a list of texts")
    return frozenset(role for role in get_args(Role) if role in named)


def _key_source(jwks: str) -> Callable[[str], PyJWK]:
    if jwks.startswith(("https://", "http://")):
        return jwt.PyJWKClient(jwks, timeout=JWKS_TIMEOUT_S).get_signing_key
    return _KeySetFile(Path(jwks)).key


class _KeySetFile:
    """A key set in a file, read again when the file changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._read()
        except StoreUnavailableError as error:
            raise SettingsError(f"API_ENGINE_JWT_JWKS: {error.message}") from error

    def key(self, key_id: str) -> PyJWK:
        """The key with this id; raises AuthenticationError when there is none."""
        if self._modified_ns() != self._read_ns:
            self._read()
        found = next((key for key in self._keys if key.key_id == key_id), None)
        if found is None:
            raise AuthenticationError(f"no key {key_id!r} is known to verify this token")
        return found

    def _read(self) -> None:
        self._read_ns = self._modified_ns()
        try:
            self._keys = PyJWKSet.from_json(self._path.read_text(encoding="utf-8")).keys
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise StoreUnavailableError(f"{self._path} is no readable key set") from error

    def _modified_ns(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError as error:
            raise StoreUnavailableError(f"{self._path} cannot be read") from error

"""Who calls and what they may do: API keys, JSON Web Tokens, roles and scopes."""

from engine.auth.authentication import Auth, Credentials
from engine.auth.authorization import PERMISSIONS, Action, authorize, may
from engine.auth.keys import IssuedKey, KeyService, first_key_notice
from engine.auth.tokens import TokenPolicy, TokenVerifier

__all__ = [
    "PERMISSIONS",
    "Action",
    "Auth",
    "Credentials",
    "IssuedKey",
    "KeyService",
    "TokenPolicy",
    "TokenVerifier",
    "authorize",
    "first_key_notice",
    "may",
]

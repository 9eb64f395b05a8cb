"""Who calls and what they may do: API keys, users, tokens, sessions, roles and scopes."""

from engine.auth.authentication import Auth, Credentials
from engine.auth.authorization import (
    PERMISSIONS,
    Action,
    Group,
    authorize,
    authorize_unlimited,
    may,
    refusal,
)
from engine.auth.bindings import RoleBindings
from engine.auth.key_groups import KeyGroups
from engine.auth.keys import IssuedKey, KeyService, first_key_notice
from engine.auth.owners import RuleOwners
from engine.auth.passwords import Passwords
from engine.auth.sessions import Audience, Sessions
from engine.auth.throttle import SignInThrottle, ThrottleRules
from engine.auth.tokens import TokenPolicy, TokenVerifier
from engine.auth.users import Users

__all__ = [
    "PERMISSIONS",
    "Action",
    "Audience",
    "Auth",
    "Credentials",
    "Group",
    "IssuedKey",
    "KeyGroups",
    "KeyService",
    "Passwords",
    "RoleBindings",
    "RuleOwners",
    "Sessions",
    "SignInThrottle",
    "ThrottleRules",
    "TokenPolicy",
    "TokenVerifier",
    "Users",
    "authorize",
    "authorize_unlimited",
    "first_key_notice",
    "may",
    "refusal",
]

"""Decides whether a caller may do something.

By its role first; an API key also by the endpoint groups that accept keys, and by its own scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from engine.errors import PermissionDeniedError
from engine.model import ApiDefinition, Caller, Role, Scope

Group = Literal[
    "apis",
    "execute",
    "logs",
    "connections",
    "keys",
    "settings",
    "policies",
    "secrets",
    "users",
    "assets",
    "tools",
    "rules",
    "events",
    "screens",
]
Action = Literal[
    "jobs:read",
    "jobs:write",
    "apis:read",
    "apis:write",
    "execute:run",
    "execute:test",
    "logs:read",
    "connections:read",
    "connections:write",
    "keys:manage",
    "settings:manage",
    "policies:read",
    "cache:invalidate",
    "breakers:manage",
    "secrets:read",
    "secrets:write",
    "users:manage",
    "assets:read",
    "assets:write",
    "tools:read",
    "tools:write",
    "rules:read",
    "rules:write",
    "alerts:read",
    "alerts:write",
    "events:read",
    "events:post",
    "screens:read",
    "screens:write",
]


@dataclass(frozen=True, slots=True)
class Permission:
    """The endpoint group an action belongs to, the least role that may do it, and its wording."""

    group: Group
    role: Role
    what: str


PERMISSIONS: Mapping[Action, Permission] = {
    "apis:read": Permission("apis", "viewer", "read definitions"),
    "apis:write": Permission("apis", "analyst", "change definitions"),
    "execute:run": Permission("execute", "viewer", "execute APIs"),
    "execute:test": Permission("execute", "analyst", "test drafts and unsaved definitions"),
    "jobs:read": Permission("execute", "viewer", "look at jobs"),
    "jobs:write": Permission("execute", "viewer", "start and stop jobs"),
    "logs:read": Permission("logs", "viewer", "read the execution log"),
    "connections:read": Permission("connections", "viewer", "read connections and their tables"),
    "connections:write": Permission("connections", "admin", "change connections"),
    "keys:manage": Permission("keys", "admin", "manage API keys"),
    "settings:manage": Permission("settings", "admin", "change settings"),
    "policies:read": Permission("policies", "viewer", "look at breakers, cache and limits"),
    "cache:invalidate": Permission("policies", "analyst", "drop cached answers"),
    "breakers:manage": Permission("policies", "admin", "force or reset circuit breakers"),
    "secrets:read": Permission("secrets", "analyst", "list the names of secrets"),
    "secrets:write": Permission("secrets", "admin", "store and delete secrets"),
    "users:manage": Permission("users", "admin", "manage users and their roles"),
    "rules:read": Permission("rules", "viewer", "read rules and what they fired"),
    "rules:write": Permission("rules", "analyst", "change and try rules"),
    "alerts:read": Permission("rules", "viewer", "read alerts and what they told"),
    "alerts:write": Permission("rules", "analyst", "change and try alerts"),
    "events:read": Permission("events", "analyst", "read recorded events"),
    "events:post": Permission("events", "viewer", "post events"),
    "screens:read": Permission("screens", "viewer", "look at screens"),
    "screens:write": Permission("screens", "analyst", "change screens"),
    "assets:read": Permission("assets", "viewer", "read assets"),
    "assets:write": Permission("assets", "analyst", "change assets"),
    "tools:read": Permission("tools", "viewer", "see and call tools"),
    "tools:write": Permission("tools", "analyst", "change tools"),
}
"""Every action there is: viewers read and execute, analysts define, admins do everything."""

_ROLE_ORDER: tuple[Role, ...] = ("admin", "analyst", "viewer")


def authorize(caller: Caller, action: Action, api: ApiDefinition | None = None) -> None:
    """Raise PermissionDeniedError unless `caller` may do `action`, to `api` where there is one."""
    refused = refusal(caller, action, api)
    if refused is not None:
        raise refused


def authorize_unlimited(caller: Caller, action: Action) -> None:
    """As `authorize`, for actions by which a caller could give itself more than its scope."""
    authorize(caller, action)
    if caller.scope is not None:
        raise PermissionDeniedError(
            f"a key that is limited by a scope may not {PERMISSIONS[action].what}",
            hint="Use an admin key without a scope.",
        )


def may(caller: Caller, action: Action, api: ApiDefinition | None = None) -> bool:
    """Whether `authorize` would let the caller do this."""
    return refusal(caller, action, api) is None


def refusal(
    caller: Caller, action: Action, api: ApiDefinition | None = None
) -> PermissionDeniedError | None:
    """Why the caller may not do this; None when it may."""
    return (
        _role_refusal(caller, action)
        or _group_refusal(caller, action)
        or _scope_refusal(caller, action, api)
    )


def _role_refusal(caller: Caller, action: Action) -> PermissionDeniedError | None:
    permission = PERMISSIONS[action]
    if caller.has_role(permission.role):
        return None
    held = next((role for role in _ROLE_ORDER if role in caller.roles), "none")
    return PermissionDeniedError(
        f"the role {permission.role!r} is needed to {permission.what}; "
        f"{caller.subject} has {held!r}",
        details={"action": action, "needs_role": permission.role, "roles": sorted(caller.roles)},
    )


def _group_refusal(caller: Caller, action: Action) -> PermissionDeniedError | None:
    group = PERMISSIONS[action].group
    if caller.kind != "api_key" or caller.key_groups is None or group in caller.key_groups:
        return None
    return PermissionDeniedError(
        f"the endpoint group {group} does not accept API keys here",
        details={"action": action, "accepting_keys": sorted(caller.key_groups)},
        hint="Sign in, or ask an admin to let keys use this group.",
    )


def _scope_refusal(
    caller: Caller, action: Action, api: ApiDefinition | None
) -> PermissionDeniedError | None:
    if caller.scope is None:
        return None
    reason = _outside(caller.scope, PERMISSIONS[action].group, api)
    if reason is None:
        return None
    return PermissionDeniedError(
        f"{caller.subject} is limited to {reason}",
        details={"action": action, "scope": caller.scope.model_dump(mode="json")},
        hint="Use a key whose scope covers this, or ask an admin for one.",
    )


def _outside(scope: Scope, group: Group, api: ApiDefinition | None) -> str | None:
    if scope.groups and group not in scope.groups:
        return f"the endpoint groups {', '.join(scope.groups)}; this one is {group}"
    return None if api is None else _not_among(scope, api)


def covers(scope: Scope, api: ApiDefinition) -> bool:
    """Whether an API is among those that a scope names; a scope that names none covers all."""
    return _not_among(scope, api) is None


def _not_among(scope: Scope, api: ApiDefinition) -> str | None:
    if scope.api_patterns and not any(fnmatchcase(api.api_name, p) for p in scope.api_patterns):
        return f"APIs named {', '.join(scope.api_patterns)}; this one is {api.api_name}"
    if scope.tags and not set(scope.tags) & set(api.tags):
        return f"APIs tagged {', '.join(scope.tags)}; {api.api_name} carries none of them"
    return None

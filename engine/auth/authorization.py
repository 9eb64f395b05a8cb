"""Decides whether a caller may do something: by role first, then by the scope of its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from engine.errors import PermissionDeniedError
from engine.model import ApiDefinition, Caller, Role, Scope

Group = Literal["apis", "execute", "logs", "connections", "keys", "settings", "policies"]
Action = Literal[
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
    "logs:read": Permission("logs", "viewer", "read the execution log"),
    "connections:read": Permission("connections", "viewer", "read connections and their tables"),
    "connections:write": Permission("connections", "admin", "change connections"),
    "keys:manage": Permission("keys", "admin", "manage API keys"),
    "settings:manage": Permission("settings", "admin", "change settings"),
    "policies:read": Permission("policies", "viewer", "look at breakers, cache and limits"),
    "cache:invalidate": Permission("policies", "analyst", "drop cached answers"),
    "breakers:manage": Permission("policies", "admin", "force or reset circuit breakers"),
}
"""Every action there is: viewers read and execute, analysts define, admins do everything."""

_ROLE_ORDER: tuple[Role, ...] = ("admin", "analyst", "viewer")


def authorize(caller: Caller, action: Action, api: ApiDefinition | None = None) -> None:
    """Raise PermissionDeniedError unless `caller` may do `action`, to `api` where there is one."""
    refusal = _role_refusal(caller, action) or _scope_refusal(caller, action, api)
    if refusal is not None:
        raise refusal


def may(caller: Caller, action: Action, api: ApiDefinition | None = None) -> bool:
    """Whether `authorize` would let the caller do this."""
    return (_role_refusal(caller, action) or _scope_refusal(caller, action, api)) is None


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
    if api is None:
        return None
    if scope.api_patterns and not any(fnmatchcase(api.api_name, p) for p in scope.api_patterns):
        return f"APIs named {', '.join(scope.api_patterns)}; this one is {api.api_name}"
    if scope.tags and not set(scope.tags) & set(api.tags):
        return f"APIs tagged {', '.join(scope.tags)}; {api.api_name} carries none of them"
    return None

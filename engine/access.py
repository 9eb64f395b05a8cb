"""Says what a caller may do and why, for an admin who wonders."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.auth import PERMISSIONS, Action, Group, refusal
from engine.model import ApiDefinition, Caller


@dataclass(frozen=True)
class Decision:
    """Whether a caller may do one thing, and why, or why not."""

    what: str
    group: Group
    allowed: bool
    reason: str


@dataclass(frozen=True)
class AccessReport:
    """What a caller may do at all, and which APIs it may execute."""

    actions: tuple[Decision, ...]
    apis: tuple[Decision, ...]


def explain_access(caller: Caller, apis: Sequence[ApiDefinition]) -> AccessReport:
    """Ask the same rules that every call meets, for each action and each API.

    Args:
        caller: Whom to explain.
        apis: APIs of the caller's tenant.
    """
    return AccessReport(
        actions=tuple(
            _decision(caller, action, permission.what) for action, permission in PERMISSIONS.items()
        ),
        apis=tuple(_decision(caller, "execute:run", api.api_name, api) for api in apis),
    )


def _decision(
    caller: Caller, action: Action, what: str, api: ApiDefinition | None = None
) -> Decision:
    permission = PERMISSIONS[action]
    refused = refusal(caller, action, api)
    if refused is not None:
        return Decision(what, permission.group, False, refused.message)  # noqa: FBT003 - a field
    held = ", ".join(sorted(caller.roles))
    within = "" if caller.scope is None else ", and it is within the key's scope"
    reason = f"needs {permission.role}, has {held}{within}"
    return Decision(what, permission.group, True, reason)  # noqa: FBT003 - a field

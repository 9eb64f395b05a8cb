from datetime import UTC, datetime
from typing import get_args
from uuid import uuid4

import pytest

from engine.auth import PERMISSIONS, Action, authorize, may
from engine.errors import PermissionDeniedError
from engine.model import ApiDefinition, Caller, Scope

VIEWER = {
    "apis:read",
    "execute:run",
    "logs:read",
    "jobs:read",
    "jobs:write",
    "connections:read",
    "policies:read",
}
VIEWER |= {"assets:read", "tools:read", "rules:read", "events:post", "screens:read"}
ANALYST = VIEWER | {"secrets:read", "apis:write", "execute:test", "cache:invalidate"}
VIEWER |= {"alerts:read"}
ANALYST |= {"alerts:read", "alerts:write"}
ANALYST |= {"assets:write", "tools:write", "rules:write", "events:read", "screens:write"}


def caller(*roles, scope=None):
    return Caller(subject="ada", roles=frozenset(roles), scope=scope)


def api(name="sales-today", tags=("public",)):
    now = datetime.now(UTC)
    return ApiDefinition(
        id=uuid4(),
        api_name=name,
        logic_type="sql",
        logic_body="select 1",
        tags=tags,
        created_at=now,
        updated_at=now,
    )


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ((), set()),
        (("viewer",), VIEWER),
        (("analyst",), ANALYST),
        (("admin",), set(get_args(Action))),
        (("viewer", "analyst"), ANALYST),
    ],
)
def test_a_role_may_do_its_actions_and_no_others(roles, allowed):
    assert {action for action in get_args(Action) if may(caller(*roles), action)} == allowed


def test_every_action_has_a_permission():
    assert set(PERMISSIONS) == set(get_args(Action))


def test_a_refusal_names_the_role_that_is_needed():
    with pytest.raises(PermissionDeniedError, match="'analyst' is needed to change definitions"):
        authorize(caller("viewer"), "apis:write")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope(), True),
        (Scope(groups=("execute",)), True),
        (Scope(groups=("logs",)), False),
        (Scope(api_patterns=("sales-*",)), True),
        (Scope(api_patterns=("hr-*", "sales-today")), True),
        (Scope(api_patterns=("SALES-*",)), False),
        (Scope(api_patterns=("sales",)), False),
        (Scope(tags=("public",)), True),
        (Scope(tags=("internal", "public")), True),
        (Scope(tags=("internal",)), False),
        (Scope(groups=("execute",), api_patterns=("sales-*",), tags=("internal",)), False),
    ],
)
def test_a_scope_limits_groups_names_and_tags_all_at_once(scope, allowed):
    assert may(caller("admin", scope=scope), "execute:run", api()) is allowed


def test_a_scope_never_adds_to_a_role():
    wide = Scope(groups=("apis",))

    assert not may(caller("viewer", scope=wide), "apis:write", api())


def test_a_refusal_says_what_the_key_is_limited_to():
    limited = caller("viewer", scope=Scope(api_patterns=("hr-*",)))

    with pytest.raises(PermissionDeniedError, match=r"limited to APIs named hr-\*"):
        authorize(limited, "execute:run", api())

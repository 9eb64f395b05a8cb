"""Every role, action, tenant and limit in one table; the explanation agrees with the rules."""

from datetime import UTC, datetime
from typing import get_args
from uuid import uuid4

import pytest

from engine.access import explain_access
from engine.auth import PERMISSIONS, Action, authorize, may
from engine.errors import PermissionDeniedError
from engine.model import ApiDefinition, Caller, Role, Scope

RANKS = get_args(Role)
"""From the least to the most."""


def api(name, *tags):
    now = datetime.now(UTC)
    return ApiDefinition(
        id=uuid4(),
        api_name=name,
        logic_type="sql",
        logic_body="SELECT 1",
        tags=tags,
        created_at=now,
        updated_at=now,
    )


APIS = (api("sales-today", "public"), api("payroll"))


def caller(role, **fields):
    roles = frozenset({role} if role else ())
    return Caller.model_validate({"subject": "ada", "roles": roles, **fields})


@pytest.mark.parametrize("tenant", ["default", "neighbour"])
@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("role", [None, *RANKS])
def test_each_role_may_do_each_action_by_rank_in_every_tenant(role, action, tenant):
    needed = PERMISSIONS[action].role
    expected = role is not None and RANKS.index(role) >= RANKS.index(needed)

    assert may(caller(role, tenant_id=tenant), action) is expected


@pytest.mark.parametrize(
    ("subject", "executable"),
    [
        (caller("viewer"), {"sales-today", "payroll"}),
        (caller(None), set()),
        (caller("admin", kind="api_key"), {"sales-today", "payroll"}),
        (caller("admin", kind="api_key", key_groups=("logs",)), set()),
        (caller("admin", kind="user", key_groups=("logs",)), {"sales-today", "payroll"}),
        (caller("admin", kind="api_key", scope=Scope(groups=("logs",))), set()),
        (caller("admin", kind="api_key", scope=Scope(api_patterns=("sales-*",))), {"sales-today"}),
        (caller("admin", kind="api_key", scope=Scope(tags=("public",))), {"sales-today"}),
        (caller("admin", scope=Scope(tags=("public",), api_patterns=("pay*",))), set()),
    ],
)
def test_the_explanation_says_which_apis_a_caller_may_execute(subject, executable):
    report = explain_access(subject, APIS)

    assert {each.what for each in report.apis if each.allowed} == executable
    assert all(each.reason for each in report.apis + report.actions)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (caller("viewer"), "role 'analyst' is needed"),
        (caller("admin", kind="api_key", key_groups=()), "does not accept API keys"),
        (caller("admin", kind="api_key", scope=Scope(groups=("logs",))), "endpoint groups logs"),
    ],
)
def test_the_explanation_gives_the_reason_of_the_refusal_itself(subject, reason):
    with pytest.raises(PermissionDeniedError, match=reason) as refused:
        authorize(subject, "apis:write")

    explained = next(
        each for each in explain_access(subject, ()).actions if each.what == "change definitions"
    )
    assert not explained.allowed
    assert explained.reason == refused.value.message

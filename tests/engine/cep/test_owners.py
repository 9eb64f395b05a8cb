"""In whose name a rule acts, with the rights of now."""

import pytest

from engine.auth import RuleOwners
from engine.errors import PermissionDeniedError
from engine.model.cep import RuleOwner


@pytest.fixture
def owners(tenant):
    return RuleOwners(tenant.engine.auth)


def test_a_user_has_the_roles_that_were_given_since(tenant, owners):
    users, caller = tenant.engine.auth.users, tenant.caller
    users.create("boss", "twelve characters", ["admin"], caller)
    users.create("ada", "twelve characters", ["analyst"], caller)
    ada = RuleOwner(subject="ada", kind="user")

    before = owners.caller(ada, caller.tenant_id)
    tenant.engine.auth.bindings.unbind("user:ada", "analyst", caller)
    after = owners.caller(ada, caller.tenant_id)
    users.set_active("ada", caller, active=False)

    assert (before.roles, after.roles) == ({"analyst"}, set())
    with pytest.raises(PermissionDeniedError, match="switched off"):
        owners.caller(ada, caller.tenant_id)


def test_whoever_came_with_a_token_has_its_roles_and_those_bound_now(tenant, owners):
    caller = tenant.caller
    owner = RuleOwner(
        subject="00u1", kind="user", claims={"sub": "00u1", "roles": ["viewer"], "tenant": "x"}
    )

    before = owners.caller(owner, caller.tenant_id)
    tenant.engine.auth.bindings.bind("sub:00u1", "analyst", caller)
    tenant.engine.auth.bindings.bind("sub:00u2", "admin", caller)

    assert (before.roles, before.tenant_id) == ({"viewer"}, caller.tenant_id)
    assert owners.caller(owner, caller.tenant_id).roles == {"viewer", "analyst"}


def test_a_key_of_another_tenant_is_nobody(tenant, owners):
    issued = tenant.engine.auth.keys.create(tenant.caller, name="k", roles=["analyst"])
    owner = RuleOwner(subject=f"key:{issued.key.id}", kind="api_key")

    assert owners.caller(owner, tenant.caller.tenant_id).roles == {"analyst"}
    with pytest.raises(PermissionDeniedError, match="revoked"):
        owners.caller(owner, "elsewhere")

"""Finds out what somebody may do now who set something up that acts later in their name."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.auth.authentication import Auth
from engine.errors import PermissionDeniedError
from engine.model import Caller, Role
from engine.model.cep import RuleOwner

_ADMIN = frozenset[Role]({"admin"})


class RuleOwners:
    """Callers of owners, with the rights that they have at this moment."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    def caller(self, owner: RuleOwner, tenant_id: str) -> Caller:
        """The caller that an owner is now.

        A key has the roles and the scope that it has now; a person of this instance the roles that
        it was given; whoever came with a token the roles of its claims and those bound to them now.
        Who is known neither as a user nor by claims acted at this machine itself, where everybody
        is an admin.

        Raises:
            PermissionDeniedError: The owner may do nothing any more.
        """
        admin = Caller(subject="rules", tenant_id=tenant_id, kind="system", roles=_ADMIN)
        if owner.kind == "api_key":
            return self._of_key(owner.subject.removeprefix("key:"), admin)
        if owner.claims:
            return self._auth.of_claims({**owner.claims, "tenant": tenant_id})
        if owner.kind == "system":
            return admin.model_copy(update={"subject": owner.subject})
        users = {user.name: user for user in self._auth.users.all(admin)}
        user = users.get(owner.subject)
        if user is None:
            return Caller(subject=owner.subject, tenant_id=tenant_id, roles=_ADMIN)
        if not user.is_active:
            raise _no_longer(owner.subject, "was switched off")
        return self._auth.of_user(user.name, admin)

    def _of_key(self, key_id: str, admin: Caller) -> Caller:
        key = next((each for each in self._auth.keys.all(admin) if each.id == key_id), None)
        if key is None or key.revoked_at is not None:
            raise _no_longer(f"the key {key_id}", "was revoked")
        if key.expires_at is not None and key.expires_at <= datetime.now(UTC):
            raise _no_longer(f"the key {key_id}", "has expired")
        return self._auth.of_key(key_id, admin)


def _no_longer(who: str, why: str) -> PermissionDeniedError:
    return PermissionDeniedError(
        f"the rule acts for {who}, which {why}",
        hint="Somebody who may run the API has to save the rule or switch it on again.",
    )

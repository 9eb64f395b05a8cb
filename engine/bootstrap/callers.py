"""Who calls: keys, users, sessions and tokens, put together."""

from __future__ import annotations

from engine.auth import (
    Auth,
    KeyGroups,
    KeyService,
    RoleBindings,
    Sessions,
    SignInThrottle,
    TokenPolicy,
    TokenVerifier,
    Users,
)
from engine.bootstrap.stores import Stores
from engine.model.access import INSTANCE
from engine.ports import SharedState
from engine.settings import Settings

_PEPPER = "api_key_pepper"


def open_auth(settings: Settings, stores: Stores, shared: SharedState) -> Auth:
    audit = stores.settings
    bindings = RoleBindings(stores.users, audit)
    signing = stores.instance_key.derive("session-signing")
    return Auth(
        keys=KeyService(stores.keys, _api_key_pepper(stores), record=audit.add_audit),
        users=Users(stores.users, bindings, audit, SignInThrottle(shared)),
        bindings=bindings,
        sessions=Sessions(stores.users, bindings, shared, signing),
        key_groups=KeyGroups(audit),
        tokens=TokenVerifier(TokenPolicy.of(settings)),
    )


def _api_key_pepper(stores: Stores) -> bytes:
    """Kept as a secret of its own, so that another instance key does not end every API key."""
    kept = stores.settings.secret(INSTANCE, _PEPPER)
    if kept is None:
        kept = stores.instance_key.derive("api-key-pepper").hex()
        stores.settings.put_secret(INSTANCE, _PEPPER, kept)
    return bytes.fromhex(kept)

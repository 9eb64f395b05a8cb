"""Credentials that stand in a request in clear, moved to secrets."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from engine.importing.proposal import secret, secret_name

_CREDENTIAL_HEADERS = ("authorization", "cookie", "x-api-key", "api-key", "x-auth-token")
_AUTH_VALUES: Mapping[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "basic": ("username", "password"),
    "api_key": ("value",),
}


def without_credentials(spec: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A request spec that names secrets where it held their values, and a note on each.

    A value that is a template already stays as it is. The values themselves are not returned.
    """
    host = urlsplit(str(spec.get("url", ""))).hostname or "upstream"
    kept, notes = dict(spec), []
    auth = dict(kept.get("auth") or {})
    for part in _AUTH_VALUES.get(auth.get("type", ""), ()):
        if auth.get(part) and "{{" not in str(auth[part]):
            auth[part] = secret(f"{host}_{part}")
            notes.append(_note(f"{host}_{part}"))
    if auth:
        kept["auth"] = auth
    headers = dict(kept.get("headers") or {})
    for name, value in headers.items():
        if name.lower() in _CREDENTIAL_HEADERS and "{{" not in str(value):
            headers[name] = secret(f"{host}_{name}")
            notes.append(_note(f"{host}_{name}"))
    if headers:
        kept["headers"] = headers
    return kept, tuple(notes)


def _note(text: str) -> str:
    return f"a credential was left out: store it as the secret {secret_name(text)}"

"""The credentials that an OpenAPI operation wants, as templates over secrets."""

from collections.abc import Mapping
from typing import Any

from engine.importing.proposal import UnusableError, secret, secret_name
from engine.importing.references import References


class Credentials:
    """The security schemes of one document."""

    def __init__(self, document: Mapping[str, Any], references: References) -> None:
        components = document.get("components") or {}
        self._schemes: Mapping[str, Any] = components.get("securitySchemes") or {}
        self._required = document.get("security") or ()
        self._references = references

    def add_to(self, spec: dict[str, Any], operation: Mapping[str, Any], notes: list[str]) -> None:
        """Add what the operation requires: the first alternative that can be sent.

        Raises:
            UnusableError: None of them can be.
        """
        alternatives = operation.get("security", self._required) or ()
        if not alternatives or {} in alternatives:
            return
        reason = ""
        for names in alternatives:
            try:
                parts = self._parts(names)
            except UnusableError as error:
                reason = reason or str(error)
                continue
            for name, value in parts.items():
                merged = {**spec.get(name, {}), **value} if name != "auth" else value
                spec[name] = merged
            notes += [
                f"the secret {secret_name(name)} is an access token: nobody renews it"
                for name in names
                if self._kind(name) in {"oauth2", "openIdConnect"}
            ]
            return
        raise UnusableError(reason)

    def _parts(self, names: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        parts: dict[str, dict[str, str]] = {}
        for name in names:
            for place, value in self._of(name).items():
                if place == "auth" and "auth" in parts:
                    raise UnusableError("it wants two kinds of credentials in one header")
                parts[place] = {**parts.get(place, {}), **value}
        return parts

    def _kind(self, name: str) -> Any:
        return self._references.follow(self._schemes.get(name)).get("type")

    def _of(self, name: str) -> dict[str, dict[str, str]]:
        scheme = self._references.follow(self._schemes.get(name))
        if not isinstance(scheme, Mapping):
            raise UnusableError(f"its security scheme {name!r} is not in the document")
        kind, value = scheme.get("type"), secret(name)
        if kind == "apiKey":
            return _api_key(scheme, value)
        how = str(scheme.get("scheme", "")).lower() if kind == "http" else kind
        if how == "basic":
            parts = {"username": secret(f"{name}_username"), "password": value}
            return {"auth": {"type": "basic", **parts}}
        if how in {"bearer", "oauth2", "openIdConnect"}:
            return {"auth": {"type": "bearer", "token": value}}
        raise UnusableError(f"its credentials ({how}) cannot be sent")


def _api_key(scheme: Mapping[str, Any], value: str) -> dict[str, dict[str, str]]:
    name, place = str(scheme.get("name")), scheme.get("in")
    if place == "query":
        return {"params": {name: value}}
    if place == "cookie":
        return {"headers": {"Cookie": f"{name}={value}"}}
    return {"headers": {name: value}}

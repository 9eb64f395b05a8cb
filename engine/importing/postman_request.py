"""One request of a Postman collection as a request spec."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from engine.importing.proposal import UnusableError, param_name, secret
from engine.importing.references import is_http_url

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_VARIABLE = re.compile(r"{{\s*([^{}]+?)\s*}}")
_BARE = re.compile(r'(?<!["\w{])({{[^{}]+}})(?!["\w])')
_PATH_VARIABLE = re.compile(r"(?<=/):([A-Za-z_]\w*)")
_SET_BY_THE_ENGINE = frozenset({"host", "content-length", "connection", "accept-encoding"})
_SECRET_WORDS = ("token", "secret", "password", "apikey", "api_key", "api-key")


class Placeholders:
    """Turns `{{name}}` of Postman into the engine's templates, and declares the parameters.

    What sounds like a credential becomes a secret; its value is not kept.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._names: dict[str, str] = {}
        self.params: dict[str, dict[str, Any]] = {}

    def value(self, text: str) -> str:
        """A text with its variables as templates."""
        return _VARIABLE.sub(lambda found: self._template(found[1]), text)

    def literal(self, text: str) -> str:
        """A text with the values of its variables, for where nothing may be chosen."""

        def known(found: re.Match[str]) -> str:
            if not self._variables.get(found[1]):
                raise UnusableError(f"its server is the variable {found[1]!r}: give it a value")
            return self._variables[found[1]]

        return _VARIABLE.sub(known, text)

    def param(self, name: str, *, example: str = "", required: bool = False) -> str:
        """The template of a parameter of this name."""
        if name not in self._names:
            ours = param_name(name, self.params)
            self._names[name] = ours
            spec: dict[str, Any] = {"type": "text"}
            if self._variables.get(name):
                spec["default"] = self._variables[name]
            elif required:
                spec["required"] = True
            if example and "{{" not in example:
                spec["example"] = example
            self.params[ours] = spec
        return f"{{{{params.{self._names[name]}}}}}"

    def _template(self, name: str) -> str:
        if name.startswith("$"):
            raise UnusableError(f"it uses Postman's own variable {name!r}")
        if any(word in name.lower() for word in _SECRET_WORDS):
            return secret(name)
        return self.param(name, required=True)


def request_spec(
    request: Mapping[str, Any], auth: Any, placeholders: Placeholders
) -> dict[str, Any]:
    """The spec of a request; raises UnusableError."""
    method = str(request.get("method") or "GET").upper()
    if method not in _METHODS:
        raise UnusableError(f"an HTTP API sends GET, POST, PUT, PATCH or DELETE, not {method}")
    url, query = _url(request.get("url"), placeholders)
    headers = {
        name: placeholders.value(value)
        for name, value in _pairs(request.get("header"))
        if name.lower() not in _SET_BY_THE_ENGINE
    }
    spec = {"method": method, "url": url, "headers": headers, "params": query}
    spec |= _auth(auth, placeholders, spec)
    spec |= _body(request.get("body"), placeholders)
    return spec


def _url(raw: Any, placeholders: Placeholders) -> tuple[str, dict[str, Any]]:
    parts = raw if isinstance(raw, Mapping) else {"raw": raw}
    text = str(parts.get("raw") or "").strip()
    if not text:
        raise UnusableError("it has no URL")
    head, _, tail = text.partition("?")
    server = re.match(r"[^/]*//[^/]*|[^/]*", head)
    origin = placeholders.literal(server[0] if server else "")
    origin = origin if "://" in origin else f"http://{origin}"
    if not is_http_url(origin):
        raise UnusableError(f"its address {origin[:80]!r} is not of http or https")
    examples = dict(_pairs(parts.get("variable")))
    path = placeholders.value(head[len(server[0]) :] if server else "")
    path = _PATH_VARIABLE.sub(
        lambda found: placeholders.param(
            found[1], example=examples.get(found[1], ""), required=True
        ),
        path,
    )
    pairs = list(_pairs(parts["query"])) if parts.get("query") else list(_split(tail))
    query: dict[str, Any] = {}
    for name, value in pairs:
        query[name] = placeholders.value(value)
    return origin.rstrip("/") + path, query


def _split(tail: str) -> Iterator[tuple[str, str]]:
    for pair in tail.partition("#")[0].split("&") if tail else ():
        name, _, value = pair.partition("=")
        if name:
            yield name, value


def _pairs(raw: Any) -> Iterator[tuple[str, str]]:
    for each in raw if isinstance(raw, list) else ():
        if isinstance(each, Mapping) and each.get("key") and not each.get("disabled"):
            yield str(each["key"]), str(each.get("value") or "")


def _auth(auth: Any, placeholders: Placeholders, spec: Mapping[str, Any]) -> dict[str, Any]:
    kind = auth.get("type") if isinstance(auth, Mapping) else None
    if kind in {None, "noauth"}:
        return {}
    said = {
        str(each.get("key")): str(each.get("value") or "")
        for each in (auth.get(kind) or ())
        if isinstance(each, Mapping)
    }

    def part(name: str) -> str:
        return placeholders.value(said.get(name, ""))

    if any(name.lower() == "authorization" for name in spec["headers"]):
        return {}
    if kind in {"bearer", "oauth2"}:
        token = part("token" if kind == "bearer" else "accessToken")
        return {"auth": {"type": "bearer", "token": token or secret("token")}}
    if kind == "basic":
        return {
            "auth": {
                "type": "basic",
                "username": part("username") or secret("username"),
                "password": part("password") or secret("password"),
            }
        }
    if kind == "apikey":
        place = "query" if said.get("in") == "query" else "header"
        value = part("value") or secret("api_key")
        return {
            "auth": {"type": "api_key", "in": place, "name": said.get("key", ""), "value": value}
        }
    raise UnusableError(f"its credentials ({kind}) cannot be sent")


def _body(raw: Any, placeholders: Placeholders) -> dict[str, Any]:
    mode = raw.get("mode") if isinstance(raw, Mapping) and not raw.get("disabled") else None
    if mode is None:
        return {}
    if mode == "urlencoded":
        fields = {name: placeholders.value(value) for name, value in _pairs(raw.get(mode))}
        return {"body": fields, "body_type": "form"} if fields else {}
    if mode == "graphql":
        return {"body": _graphql(raw.get(mode) or {}, placeholders)}
    if mode != "raw":
        raise UnusableError(f"its body is of the kind {mode}; JSON, forms and text can be sent")
    text = str(raw.get("raw") or "")
    if not text.strip():
        return {}
    parsed = _json_with_placeholders(text)
    if parsed is None:
        return {"body": placeholders.value(text), "body_type": "text"}
    return {"body": _filled(parsed, placeholders)}


def _graphql(raw: Mapping[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    body: dict[str, Any] = {"query": str(raw.get("query") or "")}
    variables = raw.get("variables")
    if isinstance(variables, str) and variables.strip():
        variables = _json_with_placeholders(variables)
        if variables is None:
            raise UnusableError("its GraphQL variables are no JSON")
    if variables:
        body["variables"] = _filled(variables, placeholders)
    return body


def _json_with_placeholders(text: str) -> Any:
    """A JSON text, also where a placeholder stands for a number; None when it is none."""
    for candidate in (text, _BARE.sub(r'"\1"', text)):
        with suppress(json.JSONDecodeError, RecursionError):
            return json.loads(candidate)
    return None


def _filled(value: Any, placeholders: Placeholders) -> Any:
    if isinstance(value, str):
        return placeholders.value(value)
    if isinstance(value, list):
        return [_filled(each, placeholders) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, placeholders) for name, each in value.items()}
    return value

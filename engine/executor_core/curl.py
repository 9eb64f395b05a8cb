"""Request specs from cURL commands, and back; templates stay as they are."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus

from engine.errors import BadRequestError
from engine.executor_core.curl_command import CurlCommand, read_command

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH"})
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_MARK = re.compile("\0([0-9]+)\0")
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class CurlImport:
    """A spec made from a cURL command, and what of the command it could not keep."""

    spec: dict[str, Any]
    warnings: tuple[str, ...] = ()


def from_curl(text: str) -> CurlImport:
    """Read a cURL command as browsers and docs give it; the URL's query becomes `params`.

    Raises:
        BadRequestError: No cURL command, a flag that is not known, or one that reads files.
    """
    command = read_command(text)
    if len(command.urls) != 1:
        raise BadRequestError("a cURL command with exactly one URL can be read")
    url, params = _split_query(command.urls[0])
    data = "&".join(command.data)
    method = command.method or ("POST" if data and not command.is_get else "GET")
    if method not in _METHODS:
        raise BadRequestError(f"the method {method} is not available")
    if command.is_get:
        params, data = _merged([*_fields(params), *_pairs(data)]), ""
    body = _body(command, data)
    parts = {"headers": command.headers, "params": params, "auth": _auth(command), **body}
    kept = {name: part for name, part in parts.items() if part not in (None, {}) or name in body}
    return CurlImport({"method": method, "url": url, **kept}, tuple(command.warnings))


def to_curl(spec: Mapping[str, Any]) -> str:
    """A request spec as a cURL command for a POSIX shell."""
    url = _with_query(str(spec["url"]), spec.get("params") or {})
    headers = dict(spec.get("headers") or {})
    words = ["curl", "-X", str(spec.get("method", "GET")).upper()]
    auth = spec.get("auth") or {}
    if auth.get("type") == "basic":
        words += ["-u", f"{auth['username']}:{auth['password']}"]
    elif auth.get("type") == "bearer":
        headers["Authorization"] = f"Bearer {auth['token']}"
    elif auth.get("type") == "api_key" and auth.get("in", "header") == "query":
        url = _with_query(url, {auth["name"]: auth["value"]})
    elif auth.get("type") == "api_key":
        headers[auth["name"]] = auth["value"]
    body_words = _body_words(spec, headers)
    if any(mark in url for mark in "{}[]"):
        words.append("--globoff")
    words += [word for name, value in headers.items() for word in ("-H", f"{name}: {_text(value)}")]
    return shlex.join([*words, *body_words, url])


def _auth(command: CurlCommand) -> dict[str, str] | None:
    if command.user is not None:
        username, _, password = command.user.partition(":")
        return {"type": "basic", "username": username, "password": password}
    for name, value in list(command.headers.items()):
        if name.lower() == "authorization" and value.startswith("Bearer "):
            del command.headers[name]
            return {"type": "bearer", "token": value.removeprefix("Bearer ")}
    return None


def _body(command: CurlCommand, text: str) -> dict[str, Any]:
    if not text:
        return {}
    name = next((name for name in command.headers if name.lower() == "content-type"), None)
    if command.is_json:
        command.headers.setdefault("Accept", _JSON)
    content_type = command.headers[name] if name else _JSON if command.is_json else ""
    if name and content_type in {_JSON, _FORM, _TEXT}:
        del command.headers[name]  # what the body's type says anyway
    return _typed_body(text, content_type.partition(";")[0].strip().lower())


def _typed_body(text: str, media_type: str) -> dict[str, Any]:
    is_json, document = _json_document(text)
    if is_json and (media_type == _JSON or (not media_type and isinstance(document, dict | list))):
        return {"body": document, "body_type": "json"}
    if media_type in {_FORM, ""}:
        return {"body": _merged(_pairs(text)), "body_type": "form"}
    return {"body": text, "body_type": "text"}


def _json_document(text: str) -> tuple[bool, Any]:
    try:
        return True, json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False, None


def _split_query(url: str) -> tuple[str, dict[str, Any]]:
    full = url if "://" in url else f"http://{url}"
    text, templates = _marked(full)
    base, _, query = text.partition("#")[0].partition("?")
    return _unmarked(base, templates), _merged(_pairs(_unmarked(query, templates)))


def _pairs(query: str) -> list[tuple[str, str]]:
    """The pairs of a query or form, decoded; `&` and `=` inside templates separate nothing."""
    text, templates = _marked(query)
    split = (part.partition("=") for part in text.split("&") if part)
    return [
        (_unmarked(unquote_plus(name), templates), _unmarked(unquote_plus(value), templates))
        for name, _, value in split
    ]


def _marked(text: str) -> tuple[str, list[str]]:
    templates = _PLACEHOLDER.findall(text)
    numbers = iter(range(len(templates)))
    return _PLACEHOLDER.sub(lambda _: f"\0{next(numbers)}\0", text), templates


def _unmarked(text: str, templates: Sequence[str]) -> str:
    return _MARK.sub(lambda found: templates[int(found[1])], text)


def _merged(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Pairs as an object: a repeated name becomes a list."""
    merged: dict[str, Any] = {}
    for name, value in pairs:
        if name not in merged:
            merged[name] = value
        elif isinstance(merged[name], list):
            merged[name].append(value)
        else:
            merged[name] = [merged[name], value]
    return merged


def _fields(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        values = value if isinstance(value, list) else [value]
        yield from ((name, item) for item in values if item is not None)


def _with_query(url: str, params: Mapping[str, Any]) -> str:
    pairs = _encoded(params)
    return url if not pairs else f"{url}{'&' if '?' in url else '?'}{pairs}"


def _encoded(fields: Mapping[str, Any]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(_text(value))}" for name, value in _fields(fields))


def _quoted(text: str) -> str:
    """Percent-encode what is literal; a template's value is encoded when it is filled."""
    literals = [quote(part, safe="") for part in _PLACEHOLDER.split(text)]
    templates = [*_PLACEHOLDER.findall(text), ""]
    return "".join(part for pair in zip(literals, templates, strict=True) for part in pair)


def _body_words(spec: Mapping[str, Any], headers: dict[str, Any]) -> list[str]:
    body, body_type = spec.get("body"), spec.get("body_type", "json")
    if body is None:
        return []
    if body_type == "form":
        return ["--data-raw", _encoded(body)]
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = _JSON if body_type == "json" else _TEXT
    text = json.dumps(body, ensure_ascii=False, default=str) if body_type == "json" else str(body)
    return ["--data-raw", text]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

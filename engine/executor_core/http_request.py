"""Builds the final request: a compiled spec, filled for one call, encoded by place."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from engine.errors import DefinitionInvalidError, TemplateFailedError
from engine.executor_core.http_client import OutboundRequest
from engine.executor_core.http_spec import ApiKeyAuth, BasicAuth, BearerAuth, HttpSpec
from engine.executor_core.http_url import compile_url
from engine.model import Issue
from engine.templates import check_template, compile_template, to_text

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONTENT_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}
_DEFAULT_HEADERS = (
    ("Accept", "application/json, text/csv;q=0.9, */*;q=0.5"),
    ("Accept-Encoding", "gzip"),
    ("User-Agent", "api-engine"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledSpec:
    """A spec with every template filled, before it is encoded."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: Any


class RequestTemplate:
    """A compiled spec; immutable, safe for any number of threads."""

    def __init__(self, spec: HttpSpec, param_names: Sequence[str]) -> None:
        known = {"params": tuple(param_names), "input": None, "secrets": None, "mappings": None}
        parts = {
            "headers": dict(spec.headers),
            "params": dict(spec.params),
            "body": spec.body,
            "auth": spec.auth.model_dump(by_alias=True) if spec.auth else None,
        }
        issues = [
            issue for name, tree in parts.items() for issue in check_template(tree, known, name)
        ]
        try:
            self.url = compile_url(spec.url, known)
        except DefinitionInvalidError as error:
            issues += error.issues
        if issues:
            raise DefinitionInvalidError(issues[0].message, issues=tuple(issues))
        self.spec = spec
        self._headers = compile_template(parts["headers"], "headers")
        self._params = compile_template(parts["params"], "params")
        self._body = compile_template(parts["body"], "body")
        self._auth = compile_template(parts["auth"], "auth")
        self._refuse_chosen_secrets()

    def fill(self, names: Mapping[str, Any]) -> FilledSpec:
        """Fill every template for one call; raises TemplateFailedError with the place."""
        try:
            return self._filled(names)
        except UnicodeEncodeError as error:
            raise _not_unicode() from error

    def _filled(self, names: Mapping[str, Any]) -> FilledSpec:
        auth = self._auth.render(names)
        pairs = [*_pairs(self._params.render(names)), *self._auth_pairs(auth)]
        body = self._body.render(names)
        if self.spec.omit_null and isinstance(body, Mapping):
            body = {name: value for name, value in body.items() if value is not None}
        headers = [*_header_pairs(self._headers.render(names)), *self._auth_headers(auth)]
        return FilledSpec(
            method=self.spec.method,
            url=self.url.render(names, pairs),
            headers=tuple(_with_defaults(headers, self.spec, has_body=body is not None)),
            body=body,
        )

    def encode(self, filled: FilledSpec) -> OutboundRequest:
        """The bytes of a filled spec; raises TemplateFailedError when a value does not fit."""
        return OutboundRequest(
            method=filled.method,
            url=filled.url,
            headers=filled.headers,
            content=self._content(filled.body),
            has_secret_body=any(path[0] == "secrets" for path in self._body.paths),
        )

    def _content(self, body: Any) -> bytes | None:
        if body is None:
            return None if self.spec.method in {"GET", "DELETE"} else b""
        try:
            if self.spec.body_type == "form":
                return urlencode(list(_pairs(body))).encode()
            if self.spec.body_type == "text":
                return to_text(body).encode()
            return orjson.dumps(body, default=str)
        except UnicodeEncodeError as error:
            raise _not_unicode() from error
        except orjson.JSONEncodeError as error:
            raise TemplateFailedError("body: a value cannot be written as JSON") from error

    def _auth_headers(self, auth: Any) -> Iterator[tuple[str, str]]:
        if isinstance(self.spec.auth, BearerAuth):
            yield "Authorization", _header_value("auth.token", f"Bearer {to_text(auth['token'])}")
        elif isinstance(self.spec.auth, BasicAuth):
            pair = f"{to_text(auth['username'])}:{to_text(auth['password'])}"
            yield "Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif isinstance(self.spec.auth, ApiKeyAuth) and self.spec.auth.place == "header":
            yield self.spec.auth.name, _header_value("auth.value", to_text(auth["value"]))

    def _auth_pairs(self, auth: Any) -> Iterator[tuple[str, str]]:
        if isinstance(self.spec.auth, ApiKeyAuth) and self.spec.auth.place == "query":
            yield self.spec.auth.name, to_text(auth["value"])

    def _refuse_chosen_secrets(self) -> None:
        """Refuse a secret whose name is not literal: the caller could choose which to read."""
        paths = {"headers": self._headers, "params": self._params, "body": self._body}
        read = [(name, path) for name, part in paths.items() for path in part.paths]
        read += [("auth", path) for path in self._auth.paths]
        read += [("url", path) for path in self.url.paths]
        issues = tuple(
            Issue(code="secret_name", message="a secret is named literally", path=place)
            for place, path in read
            if path[0] == "secrets" and not (len(path) == 2 and isinstance(path[1], str))
        )
        if issues:
            raise DefinitionInvalidError(issues[0].message, issues=issues)


def _pairs(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Query or form pairs: null is left out, a list repeats its name."""
    for name, value in fields.items():
        values = value if isinstance(value, list | tuple) else [value]
        yield from ((name, to_text(item)) for item in values if item is not None)


def _header_pairs(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if value is not None:
            yield name, _header_value(f"headers.{name}", to_text(value))


def _header_value(path: str, value: str) -> str:
    if _CONTROL.search(value):
        raise TemplateFailedError(
            f"{path}: the value has a line break or another control character",
            details={"path": path},
        )
    value.encode()
    return value.strip()


def _not_unicode() -> TemplateFailedError:
    return TemplateFailedError("a value is not valid Unicode text")


def _with_defaults(
    headers: list[tuple[str, str]], spec: HttpSpec, *, has_body: bool
) -> Iterator[tuple[str, str]]:
    given = {name.lower() for name, _ in headers}
    yield from headers
    yield from ((name, value) for name, value in _DEFAULT_HEADERS if name.lower() not in given)
    if has_body and "content-type" not in given:
        yield "Content-Type", _CONTENT_TYPES[spec.body_type]

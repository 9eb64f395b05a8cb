"""URLs with templates: scheme and host are literal, each value stays inside its place."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from engine.errors import DefinitionInvalidError, OutboundRefusedError, TemplateFailedError
from engine.executor_core.http_guard import normalized_host
from engine.model import Issue
from engine.templates import Expression, check_template, parse_text, to_text

Parts = tuple[str | Expression, ...]

_HEAD = re.compile(r"(?i:(https?)://)([^/?#]*)([/?#].*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:@\[\]]+)(?::([0-9]{1,5}))?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?"
_MAX_PORT = 65_535


class UrlTemplate:
    """A compiled URL.

    Values are percent-encoded whole, so that none can add a segment, a parameter or a fragment. A
    path segment with a value in it can be neither empty nor a step up.
    """

    def __init__(self, scheme: str, host: str, port: int | None, tail: Parts) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port or (443 if scheme == "https" else 80)
        self.paths = frozenset(
            path for part in tail if isinstance(part, Expression) for path in part.paths
        )
        self._origin = f"{scheme}://{host}" + (f":{port}" if port else "")
        path, self._query = _split_once(_before_fragment(tail), "?")
        self._segments = tuple(_split_all(path, "/"))

    def render(self, names: Mapping[str, Any], pairs: Iterable[tuple[str, str]] = ()) -> str:
        """The final URL, with further query parameters appended.

        Raises:
            TemplateFailedError: A template fails, or its value is not fit for a path.
        """
        path = "/".join(_render_segment(segment, names) for segment in self._segments)
        query = [_render(self._query, names, _QUERY_SAFE)] if self._query else []
        query += [f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs]
        return self._origin + (path or "/") + ("?" + "&".join(query) if query else "")


def compile_url(url: str, known: Mapping[str, Any]) -> UrlTemplate:
    """Compile a URL.

    Raises:
        DefinitionInvalidError: Not http(s), credentials or a template before the path, spaces or
            backslashes, or a template that names what will not exist (`known` as `check_template`).
    """
    issues = check_template(url, known, "url")
    if issues:
        raise DefinitionInvalidError(f"url: {issues[0].message}", issues=issues)
    parts = parse_text(url)
    head = _HEAD.fullmatch(parts[0]) if parts and isinstance(parts[0], str) else None
    if head is None:
        raise _bad_url("begins with http:// or https:// and a literal host")
    if head[3] is None and len(parts) > 1:
        raise _bad_url("has its host and port literal: templates begin after the first /")
    if any(isinstance(part, str) and _FORBIDDEN.search(part) for part in parts):
        raise _bad_url("has no spaces, control characters or backslashes")
    host, port = _authority(head[2])
    return UrlTemplate(head[1].lower(), host, port, (head[3] or "/", *parts[1:]))


def _authority(text: str) -> tuple[str, int | None]:
    if "@" in text:
        raise _bad_url("carries no credentials: put them into auth")
    match = _AUTHORITY.fullmatch(text)
    if match is None or (match[2] and not 0 < int(match[2]) <= _MAX_PORT):
        raise _bad_url("has a host and, if needed, a port")
    return _spelled_host(match[1]), int(match[2]) if match[2] else None


def _spelled_host(text: str) -> str:
    try:
        host = normalized_host(text)
    except OutboundRefusedError:
        return text  # the guard says why when it is called
    return f"[{host}]" if ":" in host else host


def _render_segment(parts: Parts, names: Mapping[str, Any]) -> str:
    values = [
        unquote(part) if isinstance(part, str) else to_text(part.evaluate(names)) for part in parts
    ]
    for part, value in zip(parts, values, strict=True):
        if isinstance(part, Expression) and {".", ".."} & set(re.split(r"[/\\]", value)):
            raise _unfit(part, "is a step to another folder")
    for part in parts:
        if isinstance(part, Expression) and "".join(values) in {"", ".", ".."}:
            raise _unfit(part, "leaves its path segment empty")
    return "".join(
        quote(part, safe=_PATH_SAFE) if isinstance(part, str) else quote(value, safe="")
        for part, value in zip(parts, values, strict=True)
    )


def _render(parts: Parts, names: Mapping[str, Any], safe: str) -> str:
    return "".join(
        quote(part, safe=safe)
        if isinstance(part, str)
        else quote(to_text(part.evaluate(names)), safe="")
        for part in parts
    )


def _before_fragment(parts: Parts) -> Parts:
    return _split_once(parts, "#")[0]


def _split_once(parts: Parts, separator: str) -> tuple[Parts, Parts]:
    for index, part in enumerate(parts):
        if isinstance(part, str) and separator in part:
            before, _, after = part.partition(separator)
            return _filled(*parts[:index], before), _filled(after, *parts[index + 1 :])
    return parts, ()


def _split_all(parts: Parts, separator: str) -> Iterator[Parts]:
    rest = parts
    while any(isinstance(part, str) and separator in part for part in rest):
        first, rest = _split_once(rest, separator)
        yield first
    yield rest


def _filled(*parts: str | Expression) -> Parts:
    return tuple(part for part in parts if part != "")


def _unfit(expression: Expression, reason: str) -> TemplateFailedError:
    return TemplateFailedError(
        f"url: {{{{ {expression.source} }}}}: the value {reason}",
        details={"expression": expression.source, "path": "url"},
    )


def _bad_url(rule: str) -> DefinitionInvalidError:
    message = f"the URL of a request {rule}"
    return DefinitionInvalidError(
        f"url: {message}", issues=(Issue(code="bad_url", message=message, path="url"),)
    )

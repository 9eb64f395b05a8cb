"""One operation of an OpenAPI document as a request: path, parameters, body, credentials."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.importing.openapi_security import Credentials
from engine.importing.proposal import UnusableError, param_name
from engine.importing.references import References
from engine.importing.schema_params import SchemaReader

_IN_PATH = re.compile(r"{([^{}]+)}")
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_BODY_TYPES = {"json": "json", "application/x-www-form-urlencoded": "form", "text/plain": "text"}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation and where it stands."""

    path: str
    method: str
    item: Mapping[str, Any]
    content: Mapping[str, Any]


class Request:
    """The request that calls an operation.

    Attributes:
        path: With its templates.
        spec: The rest of the request spec.
        params: The JSON of the API's param schema.
        notes: What was not kept.

    Raises:
        UnusableError: The operation cannot be called by an HTTP API.
    """

    def __init__(
        self, operation: Operation, document: Mapping[str, Any], references: References
    ) -> None:
        self._references = references
        self._schemas = SchemaReader(references)
        self.notes = self._schemas.notes
        self.params: dict[str, dict[str, Any]] = {}
        self.spec: dict[str, Any] = {"headers": {}, "params": {}}
        if operation.content.get("deprecated"):
            self.notes.append("the document calls it deprecated")
        in_path = self._read_params(operation)
        self.path = _IN_PATH.sub(lambda found: self._segment(found[1], in_path), operation.path)
        self._read_body(operation)
        Credentials(document, references).add_to(self.spec, operation.content, self.notes)

    def _segment(self, name: str, in_path: Mapping[str, str]) -> str:
        if name not in in_path:
            in_path = {name: self._declare(name, {"type": "string"}, required=True)}
        return f"{{{{params.{in_path[name]}}}}}"

    def _read_params(self, operation: Operation) -> dict[str, str]:
        """Declare all parameters and place them; the names of those in the path."""
        in_path = {}
        for param in self._declared(operation):
            name, place = str(param.get("name")), param.get("in")
            if place == "cookie":
                self._leave_out_cookie(param, name)
                continue
            if place == "header" and name.lower() in _IGNORED_HEADERS:
                continue
            schema = param.get("schema") or self._schema_of_content(param)
            required = place == "path" or bool(param.get("required"))
            ours = self._declare(
                name, schema, required=required, about=str(param.get("description") or "")
            )
            if place == "path":
                in_path[name] = ours
            elif place == "header":
                self.spec["headers"][name] = f"{{{{params.{ours}}}}}"
            elif place == "query":
                self.spec["params"][name] = self._query_value(param, ours)
        return in_path

    def _declared(self, operation: Operation) -> Iterator[Mapping[str, Any]]:
        """Those of the path and of the operation, whose own win."""
        found: dict[tuple[Any, Any], Mapping[str, Any]] = {}
        for holder in (operation.item, operation.content):
            for raw in holder.get("parameters") or ():
                param = self._references.follow(raw)
                if isinstance(param, Mapping):
                    found[param.get("name"), param.get("in")] = param
        yield from found.values()

    def _declare(self, name: str, schema: Any, *, required: bool, about: str = "") -> str:
        ours = param_name(name, self.params)
        self.params[ours] = self._schemas.param(ours, schema, required=required, about=about)
        return ours

    def _schema_of_content(self, param: Mapping[str, Any]) -> Any:
        content = param.get("content")
        media = next(iter(content.values()), None) if isinstance(content, Mapping) else None
        return media.get("schema") if isinstance(media, Mapping) else None

    def _query_value(self, param: Mapping[str, Any], ours: str) -> str:
        spec = self.params[ours]
        if param.get("style") == "deepObject" or spec["type"] == "object":
            self.notes.append(f"{ours}: sent as JSON text, not by its parts")
        if spec["type"] == "array" and param.get("explode") is False:
            return f"{{{{params.{ours} | join(',') if params.{ours} else none}}}}"
        return f"{{{{params.{ours}}}}}"

    def _leave_out_cookie(self, param: Mapping[str, Any], name: str) -> None:
        if param.get("required"):
            raise UnusableError(f"it needs the cookie {name!r}")
        self.notes.append(f"the cookie {name!r} is not sent")

    def _read_body(self, operation: Operation) -> None:
        raw = operation.content.get("requestBody")
        if raw is None:
            return
        body = self._references.follow(raw)
        media_type, kind = _best(body.get("content") or {})
        if kind is None:
            if body.get("required") or operation.method in {"post", "put", "patch"}:
                offered = ", ".join(body.get("content") or {}) or "nothing"
                raise UnusableError(f"its body is {offered}, not JSON, a form or plain text")
            self.notes.append("its body is not sent")
            return
        schema = self._schemas.whole((body["content"][media_type] or {}).get("schema"))
        self.spec["body_type"] = kind
        if kind == "json" and media_type != "application/json":
            self.spec["headers"]["Content-Type"] = media_type
        properties = schema.get("properties") if kind != "text" else None
        if isinstance(properties, Mapping) and properties:
            self.spec["body"] = self._members(schema, properties)
            if kind == "json":
                self.spec["omit_null"] = True
            return
        fallback = {"text": "string"}.get(kind, "object")
        ours = self._declare(
            "body", schema or {"type": fallback}, required=bool(body.get("required"))
        )
        self.spec["body"] = f"{{{{params.{ours}}}}}"

    def _members(self, schema: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
        """A parameter for each member that may be sent."""
        required = set(schema.get("required") or ())
        members = {}
        for name, raw in properties.items():
            member = self._schemas.whole(raw)
            if member.get("readOnly"):
                continue
            ours = self._declare(str(name), member, required=name in required)
            members[str(name)] = f"{{{{params.{ours}}}}}"
        if isinstance(schema.get("additionalProperties"), Mapping):
            self.notes.append("members of the body that have no name are not sent")
        return members


def _best(content: Mapping[str, Any]) -> tuple[str, str | None]:
    """The media type to send, and its `body_type`; None when there is none that can be sent."""
    for wanted, kind in _BODY_TYPES.items():
        for media_type in content:
            plain = media_type.partition(";")[0].strip().lower()
            is_json = plain == "application/json" or plain.endswith("+json")
            if (wanted == "json" and is_json) or plain == wanted:
                return media_type, kind
    return ("application/json", "json") if "*/*" in content else ("", None)

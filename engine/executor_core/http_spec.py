"""The request spec of an HTTP API: the JSON an author writes, read and checked."""

import difflib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from engine.errors import DefinitionInvalidError
from engine.model import Issue

Method = Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
BodyType = Literal["json", "form", "text"]
IDEMPOTENT: frozenset[str] = frozenset({"GET", "PUT", "DELETE"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_SET_BY_THE_ENGINE = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive"),
        *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding"),
        "upgrade",
    }
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class BearerAuth(_Part):
    """`Authorization: Bearer <token>`."""

    type: Literal["bearer"]
    token: str


class BasicAuth(_Part):
    """`Authorization: Basic <username:password>`."""

    type: Literal["basic"]
    username: str
    password: str


class ApiKeyAuth(_Part):
    """A key in a header or a query parameter of the given name."""

    type: Literal["api_key"]
    place: Literal["header", "query"] = Field(default="header", alias="in")
    name: str
    value: str


Auth = Annotated[BearerAuth | BasicAuth | ApiKeyAuth, Field(discriminator="type")]


class HttpSpec(_Part):
    """One request; every text in it may hold templates, but the scheme and host of `url`.

    `omit_null` leaves out the members of a JSON body that are null, so that one may be optional.
    """

    method: Method = "GET"
    url: str
    headers: Mapping[str, Any] = Field(default_factory=dict)
    params: Mapping[str, Any] = Field(default_factory=dict)
    body: Any = None
    body_type: BodyType = "json"
    omit_null: bool = False
    auth: Auth | None = None
    response_path: str | None = None

    @field_validator("method", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("response_path", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value


def parse_spec(logic_body: str) -> HttpSpec:
    """Read a logic body.

    Raises:
        DefinitionInvalidError: No JSON (with line and column), or not of the shape of a request.
    """
    try:
        document = json.loads(logic_body)
    except json.JSONDecodeError as error:
        issue = Issue(code="json", message=error.msg, line=error.lineno, column=error.colno)
        raise _invalid((issue,)) from error
    except RecursionError as error:
        raise _invalid((Issue(code="json", message="nested too deeply"),)) from error
    try:
        spec = HttpSpec.model_validate(document)
    except ValidationError as error:
        raise _invalid(tuple(map(_issue, error.errors(include_url=False)))) from error
    issues = (*_header_issues(spec), *_body_issues(spec))
    if any(issue.severity == "error" for issue in issues):
        raise _invalid(issues)
    return spec


def spec_warnings(spec: HttpSpec) -> tuple[Issue, ...]:
    """What works and is probably not meant."""
    return tuple(issue for issue in _body_issues(spec) if issue.severity == "warning")


def _header_issues(spec: HttpSpec) -> tuple[Issue, ...]:
    names = [name.lower() for name in spec.headers]
    if isinstance(spec.auth, ApiKeyAuth) and spec.auth.place == "header":
        names.append(spec.auth.name.lower())
    elif spec.auth is not None and not isinstance(spec.auth, ApiKeyAuth):
        names.append("authorization")
    return tuple(
        Issue(code="bad_header", message=problem, path=f"headers.{name}")
        for index, name in enumerate(names)
        if (problem := _header_problem(name, names[:index])) is not None
    )


def _header_problem(name: str, before: list[str]) -> str | None:
    if not _TOKEN.fullmatch(name):
        return f"{name[:80]!r} is no header name"
    if name in _SET_BY_THE_ENGINE:
        return f"{name} is set by the engine"
    return f"{name} is given twice" if name in before else None


def _body_issues(spec: HttpSpec) -> tuple[Issue, ...]:
    if spec.body is None:
        return ()
    issues = []
    if spec.body_type == "form" and not isinstance(spec.body, Mapping):
        message = "a form body is an object of fields"
        issues.append(Issue(code="bad_body", message=message, path="body"))
    if spec.body_type == "text" and not isinstance(spec.body, str):
        message = "a text body is a text"
        issues.append(Issue(code="bad_body", message=message, path="body"))
    if spec.method in {"GET", "DELETE"}:
        message = f"many servers ignore the body of {spec.method}"
        issues.append(Issue(severity="warning", code="body", message=message, path="body"))
    return tuple(issues)


def _issue(detail: ErrorDetails) -> Issue:
    path = ".".join(str(part) for part in detail["loc"] if part not in _AUTH_TYPES)
    if detail["type"] != "extra_forbidden":
        return Issue(code="bad_spec", message=_message(detail), path=path or None)
    name = str(detail["loc"][-1])
    known = [field.alias or key for key, field in HttpSpec.model_fields.items()]
    close = difflib.get_close_matches(name, known, n=1)
    return Issue(
        code="unknown_key",
        message=f"{name[:80]!r} is not a key of a request",
        path=path,
        suggestion=f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}",
    )


_AUTH_TYPES = ("bearer", "basic", "api_key")


def _message(detail: ErrorDetails) -> str:
    return "is required" if detail["type"] == "missing" else detail["msg"]


def _invalid(issues: tuple[Issue, ...]) -> DefinitionInvalidError:
    first = issues[0]
    where = first.path or (f"line {first.line}" if first.line else "the request")
    return DefinitionInvalidError(f"{where}: {first.message}", issues=issues)

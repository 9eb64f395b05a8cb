"""The HTTP logic type: a request spec with templates, sent through the guarded client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from engine.errors import DefinitionInvalidError, OutboundRefusedError
from engine.executor_core.curl import to_curl
from engine.executor_core.http_client import GuardedClient, OutboundRequest
from engine.executor_core.http_guard import entry_problem, is_named, literal_refusal
from engine.executor_core.http_request import FilledSpec, RequestTemplate
from engine.executor_core.http_response import payload_of, raise_for_status
from engine.executor_core.http_secrets import MaskedSecrets, Redactor, UsedSecrets
from engine.executor_core.http_spec import (
    IDEMPOTENT,
    ApiKeyAuth,
    HttpSpec,
    parse_spec,
    spec_warnings,
)
from engine.model import ApiDefinition, Issue, LogicType, Payload
from engine.model.masked import MASKED
from engine.ports import Compiled, ExecutionContext, Params

MAX_TIMEOUT_S = 30.0
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, kw_only=True)
class CompiledHttp(Compiled):
    """A checked request spec and what to pick from its answer."""

    request: RequestTemplate
    response_path: ParsedResult | None
    secret_params: frozenset[str]


class HttpExecutor:
    """Sends one request per attempt; all executions share the pooled client."""

    logic_type: ClassVar[LogicType] = "http"

    def __init__(self, client: GuardedClient | None = None) -> None:
        self._client = client or GuardedClient()

    def compile(self, api: ApiDefinition) -> CompiledHttp:
        """Check a request spec.

        Raises:
            DefinitionInvalidError: With every issue found.
        """
        spec = parse_spec(api.logic_body)
        path_issues = tuple(_path_issues(spec.response_path))
        try:
            request = RequestTemplate(spec, tuple(api.param_schema))
        except DefinitionInvalidError as error:
            raise _invalid((*error.issues, *path_issues)) from error
        if path_issues:
            raise _invalid(path_issues)
        hosts = api.runtime_policy.http.allow_hosts
        return CompiledHttp(
            warnings=(
                *spec_warnings(spec),
                *_entry_warnings(hosts),
                *_host_warnings(request, hosts),
            ),
            repeatable=spec.method in IDEMPOTENT or api.runtime_policy.http.retry_non_idempotent,
            request=request,
            response_path=jmespath.compile(spec.response_path) if spec.response_path else None,
            secret_params=frozenset(n for n, param in api.param_schema.items() if param.secret),
        )

    def execute(self, compiled: CompiledHttp, params: Params, ctx: ExecutionContext) -> Payload:
        """Send the request and read its answer, all within the deadline and 30 s.

        Raises:
            TemplateFailedError: A template names what does not exist or its value does not fit.
            OutboundRefusedError: The guard refuses the address.
            UpstreamStatusError: The server answered with 400 or above.
            TargetUnavailableError, DeadlineExceededError, ResponseInvalidError: As they say.
        """
        secrets = UsedSecrets(ctx.secret)
        names = {
            "params": params,
            "input": ctx.input_payload,
            "secrets": secrets,
            "mappings": ctx.mappings(params, ctx.input_payload),
        }
        filled = compiled.request.fill(names)
        marks = {"traceparent": ctx.traceparent, "x-request-id": ctx.request_id}
        request = _in_trace(compiled.request.encode(filled), marks)
        request = _repeatable(request, ctx.idempotency_key)
        ctx.deadline.check("the HTTP call")
        response = self._client.fetch(
            request,
            allow_hosts=ctx.policy.http.allow_hosts,
            max_bytes=ctx.policy.http.max_response_bytes,
            deadline=ctx.deadline.within(MAX_TIMEOUT_S),
        )
        redactor = Redactor((*secrets.used.values(), *_encoded_credentials(filled)))
        raise_for_status(response, _described(compiled.request), redactor)
        return payload_of(
            response, compiled.response_path, max_rows=ctx.policy.max_rows, redactor=redactor
        )

    def dry_run(
        self, compiled: CompiledHttp, params: Params, ctx: ExecutionContext
    ) -> Mapping[str, Any]:
        """The final request with secrets masked, as parts and as cURL; nothing is looked up."""
        shown = {
            name: MASKED if name in compiled.secret_params and value is not None else value
            for name, value in params.items()
        }
        names = {
            "params": shown,
            "input": ctx.input_payload,
            "secrets": MaskedSecrets(ctx.secret),
            "mappings": ctx.mappings(shown, ctx.input_payload),
        }
        filled = compiled.request.fill(names)
        compiled.request.encode(filled)
        return _shown(filled, compiled.request.spec)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()


def _in_trace(request: OutboundRequest, marks: Mapping[str, str]) -> OutboundRequest:
    """A request that continues the trace of the call, with what its author does not say itself."""
    said = {name.lower() for name, _ in request.headers}
    added = [(name, value) for name, value in marks.items() if value and name not in said]
    return replace(request, headers=(*request.headers, *added))


def _repeatable(request: OutboundRequest, key: str | None) -> OutboundRequest:
    """A request that changes something, with the key that tells it from its repetition."""
    named = any(name.lower() == "idempotency-key" for name, _ in request.headers)
    if key is None or named or request.method in _READING:
        return request
    return replace(request, headers=(*request.headers, ("Idempotency-Key", key)))


def _path_issues(expression: str | None) -> Iterator[Issue]:
    if expression is None:
        return
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        message = f"not a JMESPath: {str(error).splitlines()[0]}"
        yield Issue(code="bad_response_path", message=message, path="response_path")


def _invalid(issues: tuple[Issue, ...]) -> DefinitionInvalidError:
    return DefinitionInvalidError(f"{issues[0].path}: {issues[0].message}", issues=issues)


def _entry_warnings(allow_hosts: tuple[str, ...]) -> Iterator[Issue]:
    for index, entry in enumerate(allow_hosts):
        problem = entry_problem(entry)
        if problem is not None:
            yield Issue(
                severity="warning",
                code="allow_host",
                message=f"{entry[:80]!r} names no host: an entry {problem}",
                path=f"runtime_policy.http.allow_hosts[{index}]",
            )


def _host_warnings(request: RequestTemplate, allow_hosts: tuple[str, ...]) -> tuple[Issue, ...]:
    url = request.url
    host = url.host.removeprefix("[").removesuffix("]")
    if is_named(host, url.port, allow_hosts):
        return ()
    try:
        kind = literal_refusal(host)
    except OutboundRefusedError as error:
        return (Issue(severity="warning", code="host", message=error.message, path="url"),)
    if kind is None:
        return ()
    return (
        Issue(
            severity="warning",
            code="host",
            message=f"{url.host} is {kind}: calls will be refused",
            path="url",
            suggestion=f'name "{url.host}" in runtime_policy.http.allow_hosts if that is meant',
        ),
    )


def _encoded_credentials(filled: FilledSpec) -> Iterator[str]:
    """Credentials as they were sent: Basic ones no longer look like their secret."""
    for name, value in filled.headers:
        if name.lower() == "authorization":
            yield value.rpartition(" ")[2]


def _described(request: RequestTemplate) -> str:
    return f"{request.spec.method} {request.url.scheme}://{request.url.host}"


def _shown(filled: FilledSpec, spec: HttpSpec) -> Mapping[str, Any]:
    hidden = _CREDENTIAL_HEADERS
    if isinstance(spec.auth, ApiKeyAuth):
        hidden |= {spec.auth.name.lower()}
    headers = {
        name: _without_credentials(value) if name.lower() in hidden else value
        for name, value in filled.headers
    }
    url = filled.url.replace("%2A%2A%2A", MASKED)
    shown = {"method": filled.method, "url": url, "headers": headers, "body": filled.body}
    sent = {name: value for name, value in headers.items() if name != "Accept-Encoding"}
    return {**shown, "curl": to_curl({**shown, "headers": sent, "body_type": spec.body_type})}


def _without_credentials(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASKED}" if space and scheme in {"Basic", "Bearer"} else MASKED

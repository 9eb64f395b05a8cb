"""Calls a webhook through the client that checks every address, with secrets where named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from engine.deadline import Deadline
from engine.errors import DefinitionInvalidError
from engine.executor_core.http_client import GuardedClient
from engine.executor_core.http_guard import entry_problem
from engine.executor_core.http_request import RequestTemplate
from engine.executor_core.http_response import raise_for_status
from engine.executor_core.http_secrets import Redactor, UsedSecrets
from engine.executor_core.http_spec import parse_spec
from engine.model import Issue

TOLD = (
    "id", "alert", "description", "change", "at", "value", "watched", "api", "window", "tenant",
    "message",
)  # fmt: skip
"""What a webhook is told, as `{{params.NAME}}` in its body, headers and URL."""
TIMEOUT_S = 10.0
_MAX_BYTES = 65_536
_KEYS = frozenset({"type", "url", "headers", "body", "allow_hosts"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to send what; `allow_hosts` names hosts that may be private."""

    request: RequestTemplate
    allow_hosts: tuple[str, ...]


def compile_delivery(delivery: Mapping[str, Any], path: str = "delivery") -> Webhook | None:
    """Read who is told; None for the log alone.

    Raises:
        DefinitionInvalidError: With an issue for every mistake.
    """
    kind = delivery.get("type")
    if kind == "log" and set(delivery) == {"type"}:
        return None
    if kind != "webhook" or not set(delivery) <= _KEYS or not isinstance(delivery.get("url"), str):
        raise _invalid(
            path,
            'a delivery is {"type": "log"} or {"type": "webhook", "url": "https://...", '
            '"headers": {}, "body": {}, "allow_hosts": []}',
        )
    hosts = delivery.get("allow_hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise _invalid(f"{path}.allow_hosts", "a list of hosts")
    for host in hosts:
        if (problem := entry_problem(host)) is not None:
            raise _invalid(f"{path}.allow_hosts", f"{host!r} names no host: an entry {problem}")
    spec = {
        "method": "POST",
        "url": delivery["url"],
        "headers": delivery.get("headers", {}),
        "body": delivery.get("body", "{{input}}"),
    }
    try:
        parsed = parse_spec(orjson.dumps(spec).decode())
        return Webhook(RequestTemplate(parsed, TOLD), tuple(hosts))
    except DefinitionInvalidError as error:
        raise _invalid(f"{path}.{error.issues[0].path or 'url'}", error.message) from error


class WebhookSender:
    """Sends what alerts tell; safe for many threads."""

    def __init__(self, read_secret: Callable[[str, str], str]) -> None:
        self._client = GuardedClient()
        self._read_secret = read_secret

    def send(self, webhook: Webhook, told: Mapping[str, Any], tenant_id: str, key: UUID) -> None:
        """Send once; `key` goes along as `Idempotency-Key`, the same for every attempt.

        Raises:
            EngineError: The address is refused, the target is away, or it answered with an error.
        """
        secrets = UsedSecrets(lambda name: self._read_secret(tenant_id, name))
        names = {"params": told, "input": told, "secrets": secrets, "mappings": {}}
        request = webhook.request.encode(webhook.request.fill(names))
        headers = (*request.headers, ("Idempotency-Key", str(key)))
        response = self._client.fetch(
            replace(request, headers=headers),
            allow_hosts=webhook.allow_hosts,
            max_bytes=_MAX_BYTES,
            deadline=Deadline.after(TIMEOUT_S),
        )
        url = webhook.request.url
        raise_for_status(response, f"{url.scheme}://{url.host}", Redactor(secrets.used.values()))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _invalid(path: str, message: str) -> DefinitionInvalidError:
    text = message if message.startswith(path) else f"{path}: {message}"
    return DefinitionInvalidError(
        text, issues=(Issue(code="alert_invalid", message=text, path=path),)
    )

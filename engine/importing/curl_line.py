"""A proposal from a cURL command."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from engine.executor_core.curl import from_curl
from engine.importing.credentials import without_credentials
from engine.importing.proposal import Collected, Proposal, http_body

_PARAM = re.compile(r"params\.([A-Za-z_]\w*)")


def read_curl(text: str, *, name: str | None = None) -> Proposal:
    """The API that sends what a cURL command would; its credentials become secrets to store.

    Args:
        text: The command; templates in it stay.
        name: Of the API; from the URL without one.

    Raises:
        BadRequestError: It cannot be read as a cURL command.
    """
    imported = from_curl(text)
    kept, notes = without_credentials(imported.spec)
    body = http_body(kept)
    schema: Mapping[str, Any] = {each: {} for each in sorted(set(_PARAM.findall(body)))}
    fields = {"logic_type": "http", "logic_body": body, "param_schema": schema}
    collected = Collected()
    collected.add(name or _name_of(kept["url"]), "cURL", fields, (*imported.warnings, *notes))
    return collected.proposal()


def _name_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or 'call').removeprefix('www.')}-{parts.path.strip('/')}"

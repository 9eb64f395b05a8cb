"""Entity tags of definitions, against lost updates (RFC 9110 §8.8.3 and §13.1.1)."""

import hashlib
import re

from engine.errors import BadRequestError
from engine.model import ApiDefinition

_ETAG = re.compile(r'^(?:W/)?"(\d+)(?:-[0-9a-f]+)?"$')


def etag_of(api: ApiDefinition) -> str:
    """The tag of a definition's present state: its version, and a digest of all of it."""
    digest = hashlib.blake2b(api.model_dump_json().encode(), digest_size=8).hexdigest()
    return f'"{api.version}-{digest}"'


def expected_version(if_match: str | None) -> int | None:
    """The version that `If-Match` expects to be live; None when any will do.

    Raises:
        BadRequestError: The header is no tag of ours.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.match(if_match.strip())
    if match is None:
        raise BadRequestError(
            f"If-Match: {if_match} is no tag of a definition",
            hint="Send the ETag header that came with the definition.",
        )
    return int(match[1])

"""Entity tags: of definitions against lost updates, of answers against sending them twice.

RFC 9110 §8.8.3, §13.1.1 and §13.1.2.
"""

import hashlib
import re
from datetime import datetime

from engine.errors import BadRequestError
from engine.model import ApiDefinition, ApiDraft, ExecutionResult
from engine.model.asset import Asset, AssetDraft

_ETAG = re.compile(r'^(?:W/)?"(\d+)(?:-[0-9a-f]+)?"$')
ETAG_PATTERN = rf"{_ETAG.pattern}|^\*$"
"""What `If-Match` of a definition may be."""


def etag_of(item: ApiDefinition | Asset) -> str:
    """The tag of a definition's or an asset's present state: its version, and a digest of it."""
    digest = hashlib.blake2b(item.model_dump_json().encode(), digest_size=8).hexdigest()
    return f'"{item.version}-{digest}"'


def draft_tag(draft: ApiDraft | AssetDraft) -> str:
    """The tag of a draft: the version it was begun from, and when it was saved."""
    return f'"{draft.base_version}-{int(draft.updated_at.timestamp() * 1_000_000):x}"'


def seen_draft(if_match: str | None, draft: ApiDraft | AssetDraft | None) -> datetime | None:
    """When the draft was saved that `If-Match` names; None when it names another, or none."""
    is_named = draft is not None and if_match is not None and if_match.strip() == draft_tag(draft)
    return draft.updated_at if draft is not None and is_named else None


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


def answer_tag(result: ExecutionResult, fmt: str) -> str:
    """The tag of an answer: equal for equal data, however often and by whom it was computed.

    Weak, because the envelope around the data differs from call to call.
    """
    known = result.data_json if result.large is None else result.large.digest
    digest = hashlib.blake2b(known, digest_size=16, person=fmt.encode())
    return f'W/"{digest.hexdigest()}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether `If-None-Match` names this tag, by weak comparison."""
    if if_none_match is None:
        return False
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag.removeprefix("W/") in known or known == ["*"]

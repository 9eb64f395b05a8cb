"""How an answer is written into the cache and read back: JSON throughout, never pickle.

    <header as one line of JSON>\\n<the answer's own JSON bytes, untouched>

The header holds what is known about the answer, and its length and CRC-32, so that a cut, foreign
or damaged entry is recognised and counts as a miss.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from engine.model import Payload, Step
from engine.ports import CachedEntry

FORMAT = "api-engine/1"


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer read from the cache; `stale_s` is how long it is past its freshness."""

    payload: Payload
    age_s: float
    fresh: bool
    stale_s: float


def seal(payload: Payload, fresh_s: float) -> bytes:
    """An answer as one cache value; `columns`, `logs` and `usage` belong to the run, not to it."""
    header = {
        "format": FORMAT,
        "bytes": len(payload.json),
        "crc32": zlib.crc32(payload.json),
        "fresh_s": fresh_s,
        "row_count": payload.row_count,
        "truncated": payload.truncated,
        "response_status": payload.response_status,
        "warnings": payload.warnings,
        "steps": [step.model_dump(mode="json") for step in payload.steps],
    }
    return orjson.dumps(header) + b"\n" + payload.json


def open_sealed(entry: CachedEntry) -> CachedAnswer | None:
    """The answer of a cache entry; None when the entry is not one of ours, or damaged."""
    head, _, body = entry.value.partition(b"\n")
    try:
        header = orjson.loads(head)
        if not _describes(header, body):
            return None
        payload = Payload(
            json=body,
            row_count=header["row_count"],
            truncated=header["truncated"],
            response_status=header["response_status"],
            warnings=tuple(header["warnings"]),
            steps=tuple(Step.model_validate(step) for step in header["steps"]),
        )
        stale_s = max(0.0, entry.age_s - header["fresh_s"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValidationError):
        return None
    return CachedAnswer(payload, entry.age_s, entry.fresh, stale_s)


def _describes(header: Any, body: bytes) -> bool:
    return (
        isinstance(header, dict)
        and header.get("format") == FORMAT
        and header.get("bytes") == len(body)
        and header.get("crc32") == zlib.crc32(body)
    )

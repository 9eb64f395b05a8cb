"""W3C Trace Context: what a caller's `traceparent` says, and what is said to others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self
from uuid import UUID

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class SpanParent:
    """The caller's span, and whether the caller records its trace."""

    trace_id: str
    span_id: str
    sampled: bool

    @classmethod
    def read(cls, traceparent: str) -> Self | None:
        """What a `traceparent` header says; None when it cannot be read.

        W3C Trace Context Level 1, §3.2: versions to come may add fields at the end.
        """
        found = _TRACEPARENT.fullmatch(traceparent.strip())
        if found is None:
            return None
        return cls(found[1], found[2], sampled=bool(int(found[3], 16) & _SAMPLED))


def traceparent(trace_id: str, span_id: str, *, sampled: bool = True) -> str:
    """The `traceparent` header that continues a trace below a span."""
    return f"00-{w3c_trace_id(trace_id)}-{span_id}-{int(sampled):02x}"


def w3c_trace_id(trace_id: str) -> str:
    """A trace id as the standard wants it; of one that a caller made up, its hash."""
    if _TRACE_ID.fullmatch(trace_id):
        return trace_id
    return blake2b(trace_id.encode(), digest_size=16).hexdigest()


def execution_span_id(execution_id: UUID) -> str:
    """The span of an execution, known to its children before it has ended.

    The second half of a UUID holds its variant, so it is never zero.
    """
    return execution_id.bytes[8:].hex()


def attempt_span_id(execution_id: UUID, attempt: int) -> str:
    """The span of one attempt of an execution, known to whom it calls."""
    return blake2b(execution_id.bytes + attempt.to_bytes(4), digest_size=8).hexdigest()

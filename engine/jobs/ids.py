"""Ids of jobs, which sort as the jobs were made."""

import secrets
import time
from collections.abc import Callable
from uuid import UUID


def new_job_id(now_ns: Callable[[], int] = time.time_ns) -> UUID:
    """A UUID of version 7 (RFC 9562, section 5.7), with the part of the millisecond after the time.

    Queues on SQLite know the time of jobs to the second only, and take those of one second by id.
    """
    milliseconds, rest = divmod(now_ns(), 1_000_000)
    part = rest * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | part << 64 | 2 << 62 | secrets.randbits(62))

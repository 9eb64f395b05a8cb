"""Runs a call once, however often it is sent under one `Idempotency-Key`.

After draft-ietf-httpapi-idempotency-key-header-07, with what it leaves open decided as payment
services do: answers are kept for a day, and a refusal that touched nothing keeps no key.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from engine.errors import BadRequestError, ConflictError
from engine.model import Caller
from engine.ports import IdempotencyStore, KeptAnswer

KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of running a call; `touched_nothing` frees the key for another try."""

    answer: KeptAnswer
    touched_nothing: bool


@dataclass(frozen=True, slots=True)
class Once:
    """The answer of a call, and whether it is the one of an earlier attempt."""

    answer: KeptAnswer
    replayed: bool


class Idempotency:
    """Keys of each caller on its own, over all processes that share the metadata database.

    Args:
        store: Where keys and answers are kept.
        longest_call_s: After this time an attempt without an answer counts as dead, with its
            process; the next one runs the call again.
        clock: The time, in UTC.
    """

    def __init__(
        self,
        store: IdempotencyStore,
        *,
        longest_call_s: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._longest_call = timedelta(seconds=longest_call_s)
        self._clock = clock

    def run_once(
        self, key: str, request: bytes, caller: Caller, run: Callable[[], Attempt]
    ) -> Once:
        """The answer kept under `key`, or else that of `run`, which is kept.

        What `run` raises leaves the key taken until the longest call would be over, since nobody
        knows what was done.

        Args:
            key: The caller's own name of this call.
            request: All that makes the call another one.
            caller: Whose key it is.
            run: Makes the call.

        Raises:
            BadRequestError: The key cannot be one.
            ConflictError: The key belongs to another request, or its first attempt is running.
        """
        if not _KEY.fullmatch(key):
            raise BadRequestError(
                "Idempotency-Key must have 1 to 255 visible ASCII characters",
                hint="A random UUID is a good key.",
            )
        name = hashlib.sha256(f"{caller.kind}\0{caller.subject}\0{key}".encode()).hexdigest()
        fingerprint = hashlib.sha256(request).hexdigest()
        holder, now = uuid4(), self._clock()
        taken = self._store.claim(
            caller.tenant_id,
            name,
            fingerprint,
            holder,
            now=now,
            running_until=now + self._longest_call,
            expires_at=now + self._longest_call + KEPT_FOR,
        )
        if taken is not None:
            _refuse_another(taken.fingerprint, fingerprint)
            return Once(_finished(taken.answer), replayed=True)
        return Once(self._run(caller.tenant_id, name, holder, run), replayed=False)

    def _run(
        self, tenant_id: str, name: str, holder: UUID, run: Callable[[], Attempt]
    ) -> KeptAnswer:
        attempt = run()
        if attempt.touched_nothing:
            self._store.release(tenant_id, name, holder)
        else:
            self._store.keep(tenant_id, name, holder, attempt.answer)
        return attempt.answer


def _refuse_another(first: str, this: str) -> None:
    if first != this:
        raise ConflictError(
            "this Idempotency-Key was used for another request",
            hint="Send a new key with a new request, and the same one only to repeat it.",
        )


def _finished(answer: KeptAnswer | None) -> KeptAnswer:
    if answer is None:
        raise ConflictError(
            "the first request with this Idempotency-Key is still running",
            hint="Repeat it when that one is done.",
            retry_after_s=1.0,
        )
    return answer

"""Passwords, kept as argon2id hashes (RFC 9106) and checked in the same time for everybody."""

import secrets
import threading
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import BadRequestError, OverloadedError

SHORTEST = 12
LONGEST = 1024
"""Nobody types more, and every byte is hashed."""
AT_ONCE = 2
"""Each hash takes 64 MiB and a core for some 50 ms."""
PATIENCE_S = 5.0


class Passwords:
    """Hashes and checks passwords, a few at a time; thread-safe."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = _hash_of_no_password(self._hasher)

    def hash(self, password: str) -> str:
        """A hash to keep.

        Raises:
            BadRequestError: The password is too short, or no password at all.
        """
        if not SHORTEST <= len(password) <= LONGEST or not password.strip():
            raise BadRequestError(
                f"a password has {SHORTEST} to {LONGEST} characters",
                hint="Several words are easier to remember than signs.",
            )
        with _Turn(self._turns):
            return self._hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether a password is the one that was hashed.

        Without a hash the work is done all the same, so that the time of the answer does not tell
        which names exist.
        """
        if len(password) > LONGEST:
            password, kept = "", None
        with _Turn(self._turns):
            try:
                self._hasher.verify(kept or self._nobodys, password)
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with weaker parameters than hashes are made with today."""
        return self._hasher.check_needs_rehash(kept)


def _hash_of_no_password(hasher: PasswordHasher) -> str:
    """A hash that costs as much to check as any, made without the cost of hashing."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


class _Turn:
    """One of the few places at the hasher; raises OverloadedError when none gets free in time."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        if not self._turns.acquire(timeout=PATIENCE_S):
            raise OverloadedError("too many sign-ins at once", retry_after_s=PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        self._turns.release()

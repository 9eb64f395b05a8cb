"""Reads the body of an answer: decoded as it comes, never more than was allowed."""

import zlib
from collections.abc import Iterator

from engine.errors import ResponseInvalidError

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_GZIP_MAGIC = b"\x1f\x8b"
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})


class CappedBody:
    """Collects a body of at most `max_bytes`, counted after decompression."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        if encoding not in {"", "identity", *_COMPRESSED}:
            raise ResponseInvalidError(
                f"the answer is compressed as {encoding[:40]!r}, which was not asked for"
            )
        self._max_bytes = max_bytes
        self._chunks: list[bytes] = []
        self._size = 0
        self._inflater = _Inflater() if encoding in _COMPRESSED else None

    def feed(self, chunk: bytes) -> None:
        """Add bytes as they came from the wire; raises ResponseInvalidError past the cap."""
        if self._inflater is None:
            self._keep(chunk)
            return
        # Kilobytes of gzip can hold gigabytes: each step is bounded, not only the sum.
        for piece in self._inflater.inflate(chunk, self._max_bytes + 1):
            self._keep(piece)

    def whole(self) -> bytes:
        """The whole body; raises ResponseInvalidError when compressed data is cut off."""
        if self._inflater is not None and not self._inflater.is_complete:
            raise ResponseInvalidError("the compressed answer is cut off")
        return b"".join(self._chunks)

    def _keep(self, decoded: bytes) -> None:
        self._size += len(decoded)
        if self._size > self._max_bytes:
            raise ResponseInvalidError(
                f"the answer is larger than {self._max_bytes} bytes",
                details={"max_response_bytes": self._max_bytes},
                hint="ask for less, or raise runtime_policy.http.max_response_bytes",
            )
        self._chunks.append(decoded)


class _Inflater:
    """Undoes gzip (of one or more members) and zlib."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._is_empty = True

    @property
    def is_complete(self) -> bool:
        return self._is_empty or self._member.eof

    def inflate(self, chunk: bytes, max_step: int) -> Iterator[bytes]:
        self._is_empty = self._is_empty and not chunk
        while chunk:
            try:
                yield self._member.decompress(chunk, max_step)
            except zlib.error as error:
                raise ResponseInvalidError("the answer is not valid gzip") from error
            chunk = self._member.unconsumed_tail or self._next_member()

    def _next_member(self) -> bytes:
        rest = self._member.unused_data
        if not (self._member.eof and rest.startswith(_GZIP_MAGIC)):
            return b""
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        return rest

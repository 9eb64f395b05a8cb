"""An answer too large for memory: its JSON document in a file, and where its rows stand there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.model.execution import Column

_PIECE_BYTES = 262_144


class AnswerFile(Protocol):
    """A file that is gone once nobody refers to it; written by one, then read by many."""

    @property
    def size(self) -> int:
        """Its bytes so far."""
        ...

    def append(self, data: bytes) -> None:
        """Write at its end.

        Raises:
            PayloadTooLargeError: It would take more than all such files may.
            OverloadedError: There is no room beside the others.
            StoreUnavailableError: It cannot be written.
        """
        ...

    def read(self, offset: int, size: int) -> bytes:
        """These bytes of it; by any thread."""
        ...

    def close(self) -> None:
        """Be gone now, whoever still refers to it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeAnswer:
    """A table's JSON document in a file, masked for its caller.

    Attributes:
        columns: What its rows have, without those that a mask drops.
        batches: Where rows stand in the file, as offset and size; commas are between them.
        log_head: How the document begins, masked for everybody, for the log to keep.
        digest: Equal for equal documents.
    """

    file: AnswerFile
    columns: tuple[Column, ...]
    batches: tuple[tuple[int, int], ...]
    log_head: bytes
    digest: bytes

    def pieces(self) -> Iterator[bytes]:
        """The document, a piece at a time."""
        for offset in range(0, self.file.size, _PIECE_BYTES):
            yield self.file.read(offset, _PIECE_BYTES)

    def rows(self) -> Iterator[bytes]:
        """Its rows, some at a time, each time as a JSON array of objects."""
        for offset, size in self.batches:
            yield b"[%b]" % self.file.read(offset, size)

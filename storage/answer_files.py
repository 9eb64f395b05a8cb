"""Files of answers that are too large for memory: without a name, bounded together."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections import deque
from pathlib import Path
from typing import BinaryIO

from engine.errors import OverloadedError, PayloadTooLargeError, StoreUnavailableError

_RETRY_AFTER_S = 5.0
_MB = 1_048_576


class TemporaryAnswerFiles:
    """Makes files in a folder, where they have no name, so that a killed process leaves none.

    Args:
        folder: On a disk; made when it is missing.
        max_bytes: Of all files that this process holds at once.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._used = 0
        # A file may end in the middle of anything, this class included, so it takes no lock then.
        self._given_back: deque[int] = deque()

    @property
    def used_bytes(self) -> int:
        """How much the files take that are held now."""
        with self._lock:
            return self._collected()

    def create(self) -> TemporaryAnswerFile:
        """An empty file; see `AnswerFiles.create`."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # It is closed when nobody holds it any more, which no block could tell.
            file = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise self._unwritable(error) from error
        return TemporaryAnswerFile(file, self)

    def write(self, file: BinaryIO, data: bytes, held: int) -> None:
        """Write at the end of a file that holds `held` bytes; see `AnswerFile.append`."""
        self._take(len(data), held)
        left = memoryview(data)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            self.give_back(len(data))
            raise self._unwritable(error) from error

    def give_back(self, size: int) -> None:
        """Room of a file that is gone; at any moment, in any thread."""
        self._given_back.append(size)

    def _take(self, size: int, held: int) -> None:
        most = self._max_bytes // _MB
        if held + size > self._max_bytes:
            raise PayloadTooLargeError(
                f"the answer is larger than the {most} MB that large answers may take",
                hint="Ask for fewer rows or columns.",
            )
        with self._lock:
            used = self._collected() + size
            if used <= self._max_bytes:
                self._used = used
                return
        raise OverloadedError(
            f"large answers take all of the {most} MB that they may",
            hint="Try again when others have been sent, or ask for fewer rows.",
            retry_after_s=_RETRY_AFTER_S,
        )

    def _collected(self) -> int:
        while self._given_back:
            self._used -= self._given_back.popleft()
        return self._used

    def _unwritable(self, error: OSError) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"a large answer cannot be written to disk: {error.strerror}",
            hint=f"Give the folder {self._folder.name!r} of the data folder room and rights.",
        )


class TemporaryAnswerFile:
    """One file; see `AnswerFile`."""

    def __init__(self, file: BinaryIO, room: TemporaryAnswerFiles) -> None:
        self._file = file
        self._room = room
        self._held = [0]
        self._end = weakref.finalize(self, _end, file, room, self._held)

    @property
    def size(self) -> int:
        """Its bytes so far."""
        return self._held[0]

    def append(self, data: bytes) -> None:
        """Write at its end; see `AnswerFile.append`."""
        self._room.write(self._file, data, self._held[0])
        self._held[0] += len(data)

    def read(self, offset: int, size: int) -> bytes:
        """These bytes; the file's own position does not move."""
        return os.pread(self._file.fileno(), size, offset)

    def close(self) -> None:
        """Be gone now; see `AnswerFile.close`."""
        self._end()


def _end(file: BinaryIO, room: TemporaryAnswerFiles, held: list[int]) -> None:
    file.close()
    room.give_back(held[0])

"""One append-only file of a journal: a record a line, locked for as long as its owner lives."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import orjson

from engine.model import ExecutionRecord
from storage import file_lock

SUFFIX = ".jsonl"
_READ_BYTES = 8 * 1024 * 1024


class Segment:
    """A file of records; `written` and `moved` count bytes since it was opened.

    Its owner serialises all calls but `read`, which may run beside `append`. The lock is flock(2):
    it ends with the process, so a file that can be locked was left behind by a dead one.
    """

    def __init__(self, path: Path, descriptor: int, *, adopted: bool) -> None:
        self.adopted = adopted
        self.written = os.fstat(descriptor).st_size
        self.moved = 0
        self._path = path
        self._descriptor = descriptor
        self._origin = 0
        self._torn = False

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A new, empty file, locked; raises OSError."""
        while True:
            path = folder / f"{uuid4().hex}{SUFFIX}"
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL
            segment = cls._locked(path, os.open(path, flags, 0o600), adopted=False)
            if segment is not None:  # else taken for a leftover before it was locked
                return segment

    @classmethod
    def adopt(cls, path: Path) -> Self | None:
        """The file of a dead process, locked; None when its owner lives or it is gone."""
        try:
            return cls._locked(path, os.open(path, os.O_RDWR | os.O_APPEND), adopted=True)
        except FileNotFoundError:
            return None

    @classmethod
    def _locked(cls, path: Path, descriptor: int, *, adopted: bool) -> Self | None:
        if file_lock.try_lock(descriptor) and os.fstat(descriptor).st_nlink:
            return cls(path, descriptor, adopted=adopted)
        os.close(descriptor)
        return None

    @property
    def backlog(self) -> int:
        """Bytes that are not moved yet."""
        return self.written - self.moved

    @property
    def size(self) -> int:
        """Bytes in the file, moved ones too."""
        return self.written - self._origin

    def append(self, line: bytes) -> None:
        """Write a line in one piece; once this returns it survives the death of the process.

        Raises:
            OSError: It could not be written whole; what is torn is set apart from the next line.
        """
        rest = memoryview(b"\n" + line if self._torn else line)
        self._torn = True
        while rest:
            count = os.write(self._descriptor, rest)
            self.written += count
            rest = rest[count:]
        self._torn = False

    def read(self, max_lines: int, end: int) -> tuple[list[bytes], int]:
        """Lines before `end`, at most so many, and what `moved` is once they are stored.

        `end` is a value of `written`, so it lies between lines or behind a torn one: what has no
        line break before it will never get one, and counts as a line.
        """
        available = end - self.moved
        size = min(available, _READ_BYTES)
        chunk = self._pread(size)
        while b"\n" not in chunk and size < available:
            size = min(size * 2, available)
            chunk = self._pread(size)
        lines = chunk.split(b"\n", max_lines)
        rest = lines.pop() if len(lines) > 1 else b""
        return [line for line in lines if line], self.moved + len(chunk) - len(rest)

    def truncate(self) -> None:
        """Empty the file, all of whose records are moved."""
        os.ftruncate(self._descriptor, 0)
        self._origin = self.written

    def close(self) -> None:
        """Give up the lock; what is not moved is left for another process."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Delete the file, all of whose records are moved."""
        self._path.unlink(missing_ok=True)
        self.close()

    def _pread(self, size: int) -> bytes:
        return os.pread(self._descriptor, size, self.moved - self._origin)


def leftovers(folder: Path) -> Iterator[Segment]:
    """Adopt the files in a folder whose processes are dead."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        segment = Segment.adopt(path)
        if segment is not None:
            yield segment


def encode(record: ExecutionRecord) -> bytes:
    """A record as a line; orjson writes no line break inside a document."""
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(vars(record), default=_encodable, option=options)


def decode(line: bytes) -> ExecutionRecord:
    """A line as a record; raises ValueError when it is not one."""
    return ExecutionRecord.model_validate(orjson.loads(line))


def _encodable(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)

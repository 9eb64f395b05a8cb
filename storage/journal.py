"""The execution log's write-ahead journal: a record is safe in a file before it is in a table."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import SettingsError, StoreUnavailableError
from engine.model import ExecutionRecord
from engine.ports import ExecutionStore, JournalStats
from storage.journal_delivery import Delivery, Listener
from storage.journal_segment import Segment, encode, leftovers

logger = logging.getLogger(__name__)

BATCH_RECORDS = 200
BATCH_S = 0.2
LARGEST_BATCH = 5000
ADOPT_S = 30.0
MAX_SEGMENT_BYTES = 16 * 1024 * 1024
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
MAX_BACKLOG_BYTES = 1024 * 1024 * 1024
REJECTS = "rejected.log"


class FileJournal:
    """The `Journal` as files in a folder that processes share, each writing its own.

    A thread moves records into the store in batches, also those of processes that died; while the
    store is away they stay in the files. A batch may be moved again after a crash: the store leaves
    alone what it has, and listeners, which hear of each batch once it is stored, hear of it twice.

    Raises:
        SettingsError: The folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        store: ExecutionStore,
        listeners: Sequence[Listener] = (),
        *,
        max_backlog_bytes: int = MAX_BACKLOG_BYTES,
    ) -> None:
        self._folder = folder
        self._delivery = Delivery(store, listeners, folder / REJECTS)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._active = Segment.create(folder)
            self._segments = [*leftovers(folder), self._active]
        except OSError as error:
            raise SettingsError(
                f"the journal folder {folder} cannot be used: {error.strerror}",
                hint="Make it writable, or set API_ENGINE_DATA_DIR to a folder that is.",
            ) from error
        self._changed = threading.Condition()
        self._max_backlog_bytes = max_backlog_bytes
        self._refused = 0
        self._pending = 0
        self._failures_in_a_row = 0
        self._failures = 0
        self._failure: str | None = None
        self._hurry = False
        self._closed = False
        self._adopt_at = time.monotonic() + ADOPT_S
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def check_room(self) -> None:
        """Let a call begin, while what waits for the store is smaller than `max_backlog_bytes`.

        Nothing is dropped to make room: what is recorded stays, new calls are refused and counted.

        Raises:
            StoreUnavailableError: It is not.
        """
        if self._backlog() < self._max_backlog_bytes:
            return
        with self._changed:
            self._refused += 1
        raise StoreUnavailableError(
            f"{self._max_backlog_bytes >> 20} MB of executions wait for the metadata database: no "
            "call is run until some are in the log",
            hint="Bring the metadata database back; what waits is safe and follows by itself.",
            retry_after_s=5,
        )

    def append(self, record: ExecutionRecord) -> None:
        """Write a record; once this returns it survives SIGKILL.

        Raises:
            StoreUnavailableError: The file cannot be written (disk full), or is closed.
        """
        line = encode(record)
        with self._changed:
            if self._closed:
                raise StoreUnavailableError("the journal is closed")
            try:
                self._rotate_when_large()
                self._active.append(line)
            except OSError as error:
                raise StoreUnavailableError(
                    f"the journal in {self._folder} cannot be written: {error.strerror}",
                    hint="Make room on the disk of the data folder.",
                ) from error
            self._pending += 1
            if self._pending in {1, BATCH_RECORDS}:
                self._changed.notify_all()

    def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until everything appended so far, and what dead processes left, is in the store.

        Raises:
            StoreUnavailableError: The store is away or too slow; the records stay in the journal.
        """
        with self._changed:
            ends = [(segment, segment.written) for segment in self._segments if segment.backlog]
            failures = self._failures
            self._hurry = bool(ends)
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._failures > failures or _are_moved(ends), timeout=timeout_s
            )
            if not _are_moved(ends):
                raise StoreUnavailableError(
                    "the newest executions are not in the log yet: "
                    + (self._failure or f"moving them takes longer than {timeout_s:g} s"),
                    hint="They are safe in the journal and follow by themselves.",
                    retry_after_s=5,
                )

    def close(self) -> None:
        """Flush and stop; what cannot be flushed is imported by the next process that starts."""
        with self._changed:
            if self._closed:
                return
        try:
            self.flush()
        except StoreUnavailableError as error:
            logger.warning("records stay in the journal %s: %s", self._folder, error.message)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        for segment in self._segments:
            if segment.backlog:
                segment.close()
            else:
                segment.remove()

    def stats(self) -> JournalStats:
        """How far the journal is."""
        with self._changed:
            return JournalStats(
                pending=self._pending,
                backlog_bytes=self._backlog(),
                limit_bytes=self._max_backlog_bytes,
                refused=self._refused,
                rejected=self._delivery.rejected,
                failure=self._failure,
            )

    def _rotate_when_large(self) -> None:
        if self._active.size > MAX_SEGMENT_BYTES:
            self._active = Segment.create(self._folder)
            self._segments.append(self._active)

    def _run(self) -> None:
        while self._wait_for_work():
            try:
                self._adopt_leftovers()
                while self._move_batch():
                    self._note_success()
            except (StoreUnavailableError, OSError) as error:
                self._note_failure(error)

    def _wait_for_work(self) -> bool:
        """Wait until there is something to move or adopt; False once the journal is closed."""
        with self._changed:
            if self._failures_in_a_row:
                pause = FIRST_PAUSE_S * 2 ** min(self._failures_in_a_row - 1, 10)
                self._changed.wait_for(self._is_urgent, min(pause, LONGEST_PAUSE_S))
            else:
                idle = max(0.0, self._adopt_at - time.monotonic())
                self._changed.wait_for(lambda: self._backlog() or self._is_urgent(), idle)
                if self._backlog():
                    self._changed.wait_for(
                        lambda: self._pending >= BATCH_RECORDS or self._is_urgent(), BATCH_S
                    )
            self._hurry = False
            return not self._closed

    def _is_urgent(self) -> bool:
        return self._hurry or self._closed

    def _backlog(self) -> int:
        return sum(segment.backlog for segment in self._segments)

    def _adopt_leftovers(self) -> None:
        if time.monotonic() < self._adopt_at:
            return
        found = list(leftovers(self._folder))
        with self._changed:
            self._segments[:0] = found
            self._adopt_at = time.monotonic() + ADOPT_S

    def _move_batch(self) -> bool:
        """Move some records of the oldest segment that has any; False when there is none."""
        with self._changed:
            self._drop_empty()
            segment = next((one for one in self._segments if one.backlog), None)
            if segment is None or self._closed:
                return False
            end = segment.written
        lines, moved = segment.read(LARGEST_BATCH, end)
        self._delivery.deliver(lines)
        with self._changed:
            segment.moved = moved
            if not segment.adopted:
                self._pending = max(0, self._pending - len(lines))
        return True

    def _drop_empty(self) -> None:
        for segment in [one for one in self._segments if not one.backlog]:
            if segment is not self._active:
                self._segments.remove(segment)
                segment.remove()
            elif segment.size:
                segment.truncate()

    def _note_success(self) -> None:
        with self._changed:
            if self._failure is not None:
                logger.info("the journal moves records into the execution log again")
            self._failure = None
            self._failures_in_a_row = 0
            self._changed.notify_all()

    def _note_failure(self, error: StoreUnavailableError | OSError) -> None:
        with self._changed:
            if self._failure is None:
                logger.warning("records wait in the journal %s: %s", self._folder, error)
            self._failure = str(error)
            self._failures_in_a_row += 1
            self._failures += 1
            self._changed.notify_all()


def _are_moved(ends: Sequence[tuple[Segment, int]]) -> bool:
    return all(segment.moved >= end for segment, end in ends)

"""Takes the rows of an answer as they arrive, and puts them on disk once they are many."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from engine.masking import mask_answer
from engine.model import Column, Payload
from engine.model.large_answer import AnswerFile, LargeAnswer
from engine.model.policy import MaskAction
from engine.model.tabular import document_end, document_start
from engine.ports import AnswerFiles

HELD_BYTES = 8 * 1_048_576
"""How much of an answer is held whatever its rows: as much as the cache takes of one."""
DIGEST_BYTES = 16


class AnswerSpool:
    """The rows of one attempt: held while they are few, then in a file; see `AnswerSink`.

    What is held is as the target gave it, and masked by whoever masks payloads. What goes to the
    file is masked here, batch by batch.

    Args:
        files: Makes the file, when there is to be one.
        held_rows: How many rows an answer may have that is held.
        masks: The columns that are masked for this caller.
        log_masks: Those that are masked for everybody, in the log.
        log_bytes: How much of the answer the log keeps.
    """

    def __init__(
        self,
        files: AnswerFiles,
        *,
        held_rows: int,
        masks: Mapping[str, MaskAction],
        log_masks: Mapping[str, MaskAction],
        log_bytes: int,
    ) -> None:
        self._files = files
        self._held_rows = held_rows
        self._masks = masks
        self._log_masks = log_masks
        self._log_bytes = log_bytes
        self._columns: tuple[Column, ...] = ()
        self._row_count = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._file: AnswerFile | None = None
        self._batches: list[tuple[int, int]] = []
        self._log_head = bytearray()
        self._digest = hashlib.blake2b(digest_size=DIGEST_BYTES)

    def begin(self, columns: tuple[Column, ...]) -> None:
        """The columns; see `RowSink.begin`."""
        self._columns = columns

    def add(self, rows_json: bytes, row_count: int) -> None:
        """Some rows; see `RowSink.add`. Raises what `AnswerFile.append` raises."""
        self._row_count += row_count
        self._held_bytes += len(rows_json)
        if self._file is not None:
            self._append_rows(self._file, rows_json)
            return
        self._held.append(rows_json)
        if self._row_count > self._held_rows or self._held_bytes > HELD_BYTES:
            self._file = self._spilled()

    def payload(self, *, truncated: bool) -> Payload:
        """The answer; see `AnswerSink.payload`."""
        end = document_end(self._row_count, truncated=truncated)
        if self._file is None:
            rows = b",".join(rows[1:-1] for rows in self._held)
            json = document_start(self._columns) + rows + end
            return self._payload(json, None, truncated=truncated)
        self._append(self._file, end)
        self._log(end)
        large = LargeAnswer(
            file=self._file,
            columns=_kept(self._columns, self._masks),
            batches=tuple(self._batches),
            log_head=bytes(self._log_head),
            digest=self._digest.digest(),
        )
        return self._payload(b"null", large, truncated=truncated)

    def discard(self) -> None:
        """Leave nothing of an attempt that failed."""
        if self._file is not None:
            self._file.close()

    def _payload(self, json: bytes, large: LargeAnswer | None, *, truncated: bool) -> Payload:
        return Payload(
            json=json,
            large=large,
            row_count=self._row_count,
            truncated=truncated,
            columns=self._columns,
        )

    def _spilled(self) -> AnswerFile:
        file = self._file = self._files.create()
        self._append(file, document_start(_kept(self._columns, self._masks)))
        self._log(document_start(_kept(self._columns, self._log_masks)))
        held, self._held = self._held, []
        for rows_json in held:
            self._append_rows(file, rows_json)
        return file

    def _append_rows(self, file: AnswerFile, rows_json: bytes) -> None:
        masked = mask_answer(rows_json, self._masks) if self._masks else rows_json
        if len(self._log_head) <= self._log_bytes:
            is_masked = self._masks == self._log_masks
            logged = masked if is_masked else mask_answer(rows_json, self._log_masks)
            self._log((b"," if self._batches else b"") + logged[1:-1])
        rows = masked[1:-1]
        if not rows:
            return
        if self._batches:
            self._append(file, b",")
        self._batches.append((file.size, len(rows)))
        self._append(file, rows)

    def _append(self, file: AnswerFile, data: bytes) -> None:
        file.append(data)
        self._digest.update(data)

    def _log(self, data: bytes) -> None:
        """One byte more than the log keeps, by which it sees that there was more."""
        self._log_head += data[: self._log_bytes + 1 - len(self._log_head)]


def _kept(columns: tuple[Column, ...], masks: Mapping[str, MaskAction]) -> tuple[Column, ...]:
    return tuple(column for column in columns if masks.get(column.name) != "drop")

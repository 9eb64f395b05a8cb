"""Puts a journal's lines into the store, and sets aside the ones it cannot hold."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import StoreUnavailableError
from engine.model import ExecutionRecord
from engine.ports import ExecutionStore
from storage.journal_segment import decode, encode

logger = logging.getLogger(__name__)

Listener = Callable[[Sequence[ExecutionRecord]], None]


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hold off the search for reference cycles while a batch is in memory.

    A batch is a hundred thousand small objects that all live until it is stored and have no cycles.
    Looking through them again and again took two thirds of the time of reading one.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Delivery:
    """Delivers batches; one bad record holds up neither its batch nor those behind it.

    Used by one thread. What cannot be read or stored is appended to the file `rejects`.
    """

    def __init__(self, store: ExecutionStore, listeners: Sequence[Listener], rejects: Path) -> None:
        self.rejected = 0
        self._store = store
        self._listeners = tuple(listeners)
        self._rejects = rejects

    def deliver(self, lines: Sequence[bytes]) -> None:
        """Store the records on these lines, then tell the listeners.

        Raises:
            StoreUnavailableError: The store is away; deliver the same lines again later.
            OSError: A rejected line could not be set aside; as above.
        """
        with _no_garbage_collection():
            records = [record for line in lines if (record := self._readable(line)) is not None]
            self._put(records)
        for listener in self._listeners:
            self._tell(listener, records)

    def _put(self, records: list[ExecutionRecord]) -> None:
        """Store the records; what the store refuses is set aside and taken out of the list."""
        try:
            self._store.insert(records)
        except StoreUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with one, the others are stored
            records[:] = [record for record in records if self._store_alone(record)]

    def _readable(self, line: bytes) -> ExecutionRecord | None:
        try:
            return decode(line)
        except ValueError as error:
            self._reject(line, f"it is torn or damaged ({type(error).__name__})")
            return None

    def _store_alone(self, record: ExecutionRecord) -> bool:
        try:
            self._store.insert([record])
        except StoreUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - kept in the file, and said
            self._reject(encode(record), f"the store refused it: {error}")
            return False
        return True

    def _reject(self, line: bytes, reason: str) -> None:
        self.rejected += 1
        descriptor = os.open(self._rejects, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.rstrip(b"\n") + b"\n")
        finally:
            os.close(descriptor)
        logger.error("an execution record was set aside in %s: %s", self._rejects, reason)

    def _tell(self, listener: Listener, records: Sequence[ExecutionRecord]) -> None:
        try:
            listener(records)
        except Exception:
            logger.exception("a listener of the journal failed on %d records", len(records))

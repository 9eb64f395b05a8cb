"""Where answers are put that are too large for memory, while they are made and sent."""

from __future__ import annotations

from typing import Protocol

from engine.model import Payload
from engine.model.large_answer import AnswerFile
from engine.ports.targets import RowSink


class AnswerFiles(Protocol):
    """Makes files of which nothing is left once nobody holds them, whatever becomes of us."""

    def create(self) -> AnswerFile:
        """An empty file.

        Raises:
            StoreUnavailableError: The place cannot be written.
        """
        ...


class AnswerSink(RowSink, Protocol):
    """Takes the rows of one attempt, and makes its payload of them."""

    def payload(self, *, truncated: bool) -> Payload:
        """The answer, held or in a file; called once, after the last rows."""
        ...

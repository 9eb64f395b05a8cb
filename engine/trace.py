"""The policy trace: the ordered stages of one call, written as it passes them."""

import time
from collections.abc import Callable
from typing import Any

from engine.model.execution import TraceStage, TraceVerdict


class TraceRecorder:
    """Collects the stages of one call; each stage lasts from the one before it."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._last = clock()
        self._stages: list[TraceStage] = []

    def add(self, stage: str, verdict: TraceVerdict, **detail: Any) -> None:
        """Close a stage: what it decided, and what a reader of the trace should know of it."""
        now = self._clock()
        self._stages.append(
            TraceStage(
                stage=stage,
                verdict=verdict,
                duration_ms=round((now - self._last) * 1000, 3),
                detail=detail,
            )
        )
        self._last = now

    @property
    def stages(self) -> tuple[TraceStage, ...]:
        """The stages so far, in order."""
        return tuple(self._stages)

"""Asks every part of an instance how it is."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError

Check = Callable[[], Mapping[str, Any] | None]
"""Raises EngineError when the part is not well; may tell particulars when it is."""


@dataclass(frozen=True, slots=True)
class Health:
    """The checks of an instance; a part that is not `required` degrades it and no more."""

    checks: Mapping[str, Check]
    required: frozenset[str]

    def __call__(self) -> dict[str, Any]:
        """`{"status": "ok"|"degraded"|"down", "components": {name: {"status", …}}}`."""
        components = {name: _examined(check) for name, check in self.checks.items()}
        failing = {name for name, part in components.items() if part["status"] != "ok"}
        status = "down" if failing & self.required else "degraded" if failing else "ok"
        return {"status": status, "components": components}


def _examined(check: Check) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        detail = check() or {}
    except EngineError as error:
        return {"status": "failing", "error": error.code, "message": error.message}
    return {"status": "ok", "ms": round((time.perf_counter() - started) * 1000, 2), **detail}

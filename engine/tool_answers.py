"""What an agent is given: an answer as text of bounded length that says when it is not all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.errors import EngineError
from engine.model import ErrorInfo


@dataclass(frozen=True, slots=True)
class ToolText:
    """A text for an agent, the same as data where it is an object, and how long all of it is."""

    text: str
    data: Mapping[str, Any] | None = None
    chars: int = 0
    truncated: bool = False


def as_text(answer: bytes, max_chars: int) -> ToolText:
    """An answer in JSON, with fewer rows or cut where it is longer than `max_chars`."""
    text = answer.decode()
    data = orjson.loads(answer)
    shown = data if isinstance(data, dict) else None
    if len(text) <= max_chars:
        return ToolText(text, shown, len(text), truncated=bool(shown and shown.get("truncated")))
    if shown is not None and isinstance(shown.get("rows"), list):
        fewer = _fewer_rows(shown, len(text), max_chars)
        if fewer is not None:
            return fewer
    note = (
        f"\n[cut: the answer has {len(text)} characters and this tool gives {max_chars}; "
        "narrow the parameters to see the rest]"
    )
    return ToolText(text[: max_chars - len(note)] + note, None, len(text), truncated=True)


def error_text(error: EngineError | ErrorInfo) -> str:
    """What an agent needs to do better: what was wrong, every particular, and what to do."""
    code = error.code if isinstance(error, EngineError) else error.type
    lines = [f"{code}: {error.message}"]
    lines += [
        f"- {mistake.get('param')}: {mistake.get('message')}"
        for mistake in error.details.get("params", ())
    ]
    lines += [error.hint] if error.hint else []
    return "\n".join(lines)


def _fewer_rows(data: Mapping[str, Any], chars: int, max_chars: int) -> ToolText | None:
    rows = data["rows"]
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_with_rows(data, middle)[0]) <= max_chars:
            low = middle
        else:
            high = middle - 1
    text, shown = _with_rows(data, low)
    if low == 0 or len(text) > max_chars:
        return None
    return ToolText(text, shown, chars, truncated=True)


def _with_rows(data: Mapping[str, Any], count: int) -> tuple[str, dict[str, Any]]:
    rows = data["rows"]
    note = f"{count} of {len(rows)} rows are shown; narrow the parameters to see the rest"
    shown = {**data, "rows": rows[:count], "row_count": count, "truncated": True, "note": note}
    return orjson.dumps(shown).decode(), shown

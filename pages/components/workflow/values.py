"""The values of a step's fields as text in a widget, and back."""

import json
from typing import Any

_TEXT_TYPES = frozenset({"text", "uuid", "date", "datetime"})


def as_text(value: Any) -> str:
    """A value as the author types it; text that would be read as something else is quoted."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value if as_value(value) == value else json.dumps(value, ensure_ascii=False)


def as_value(text: str | None, kind: str | None = None) -> Any:
    """What a text means: nothing, a template, a text where one is wanted, else JSON or text."""
    if text is None or not text.strip():
        return None
    if "{{" in text and not text.lstrip().startswith(('{"', "[")):
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    is_plain = not isinstance(value, (dict, list, str))
    return text if kind in _TEXT_TYPES and is_plain else value

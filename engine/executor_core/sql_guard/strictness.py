"""What strict mode refuses in a statement, and what a parameter's value may be warned of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.executor_core.sql_guard.lexer import scan
from engine.executor_core.sql_guard.verdict import Finding

_SUSPICIOUS = (
    ("a UNION SELECT", re.compile(r"\bunion\s+(all\s+)?select\b", re.IGNORECASE)),
    (
        "a stacked statement",
        re.compile(r";\s*(select|insert|update|delete|drop|alter|create)\b", re.I),
    ),
    ("an SQL comment", re.compile(r"--\s|--$|/\*.*\*/", re.DOTALL)),
    ("a tautology", re.compile(r"\bor\b\s+(['\"]?)(\w+)\1\s*=\s*(['\"]?)\2\b", re.IGNORECASE)),
)


def strict_findings(sql: str) -> tuple[Finding, ...]:
    """The UNIONs and comments of a statement, which strict mode refuses."""
    return tuple(
        Finding("strict_comment", "strict mode allows no comments", lexeme.start)
        if lexeme.kind == "comment"
        else Finding("strict_union", "strict mode allows no UNION", lexeme.start)
        for lexeme in scan(sql)
        if lexeme.kind == "comment" or (lexeme.kind == "word" and lexeme.text.lower() == "union")
    )


def suspicious_values(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Warnings for parameters that look like injected SQL; they are bound, so harmless."""
    return tuple(
        f"parameter {name!r} looks like {what}; it was bound as a value"
        for name, value in values.items()
        for text in _texts(value)
        for what, pattern in _SUSPICIOUS
        if pattern.search(text)
    )


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(item for item in value if isinstance(item, str))
    return ()

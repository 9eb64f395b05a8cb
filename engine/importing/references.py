"""A parsed document whose parts refer to each other by `$ref` (JSON Pointer, RFC 6901)."""

import re
from collections.abc import Mapping
from typing import Any

from engine.importing.proposal import UnusableError

_LONGEST_CHAIN = 20
_BASE = re.compile(r"https?://[^/?#{}\s@]+(?:/[^?#{}\s]*)?", re.IGNORECASE)


class References:
    """Follows the references inside one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def follow(self, value: Any) -> Any:
        """The value, or what it refers to.

        Raises:
            UnusableError: It refers to another document, to nothing, or to itself.
        """
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                return value
            value = self._at(value["$ref"])
        raise UnusableError("a reference refers to itself")

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise UnusableError(f"{reference[:80]!r} is another document; put all into one")
        found: Any = self._document
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or key not in found:
                raise UnusableError(f"{reference[:80]!r} is not there")
            found = found[key]
        return found


def is_http_url(text: str) -> bool:
    """Whether a text is the whole URL of a server, perhaps with a path."""
    return bool(_BASE.fullmatch(text))

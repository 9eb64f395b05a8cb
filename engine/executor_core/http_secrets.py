"""Secrets of a call: looked up when a template reads them, hidden wherever they come back."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from engine.model.masked import MASKED

_MIN_CHARS = 8
_PLAIN_RUN = re.compile(rb"[A-Za-z0-9]+")


class UsedSecrets(Mapping[str, str]):
    """The secrets of one call by name; remembers those that were read."""

    def __init__(self, secret: Callable[[str], str]) -> None:
        self._secret = secret
        self.used: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        self.used[name] = self._secret(name)
        return self.used[name]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class MaskedSecrets(UsedSecrets):
    """Secrets that must exist and are shown as stars."""

    def __getitem__(self, name: str) -> str:
        super().__getitem__(name)
        return MASKED


class Redactor:
    """Hides values in what a server sends back: as they are, percent-encoded, escaped in JSON.

    Values shorter than 8 characters are left alone: hiding them would spoil ordinary data.
    """

    def __init__(self, values: Iterable[str]) -> None:
        secret = {value for value in values if len(value) >= _MIN_CHARS}
        spellings = {spelling for value in secret for spelling in _spellings(value)}
        self._spellings = sorted(spellings, key=len, reverse=True)
        self._marks = {max(_PLAIN_RUN.findall(v.encode()), key=len, default=b"") for v in secret}

    def may_touch(self, content: bytes) -> bool:
        """Whether any value can stand in `content` in one of its spellings; quick."""
        return any(mark in content for mark in self._marks)

    def text(self, text: str) -> str:
        """The text with values hidden."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASKED)
        return text

    def data(self, data: Any) -> Any:
        """The JSON value with values hidden in every text and key."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {self.text(key): self.data(item) for key, item in data.items()}
        if isinstance(data, list):
            return [self.data(item) for item in data]
        return data


def _spellings(value: str) -> Iterator[str]:
    yield value
    yield quote(value)
    yield quote(value, safe="")
    once = _escaped(value)
    yield once
    yield _escaped(once)


def _escaped(text: str) -> str:
    return orjson.dumps(text).decode()[1:-1]

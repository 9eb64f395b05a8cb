"""The Lua scripts that run inside Redis, each atomic and one trip."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import NoScriptError

from engine.errors import StoreUnavailableError

Argument = str | bytes | int

_FOLDER = Path(__file__).with_name("lua")
_PARTS: Mapping[str, tuple[str, ...]] = {
    "admit": ("clock", "window", "cache", "breaker"),
    "settle": ("clock", "cache", "breaker"),
    "permit": ("clock", "breaker"),
    "set_breaker": ("clock", "breaker"),
    "peek": ("clock", "cache"),
    "usage": ("clock", "window"),
    "enter": ("clock",),
    "invalidate": (),
}


class Scripts:
    """Runs scripts by name over one client.

    A script is sent by its digest, and by its text only to a server that does not know it yet;
    redis-py's own `Script` would ask for it first in every pipeline.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._sources = {
            name: "\n".join(_read(part) for part in (*parts, name))
            for name, parts in _PARTS.items()
        }
        self._digests = {
            name: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
            for name, source in self._sources.items()
        }

    def run(self, name: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """The script's answer; raises StoreUnavailableError when Redis does not give one."""
        try:
            try:
                return send(
                    self._client, "EVALSHA", self._digests[name], len(keys), *keys, *arguments
                )
            except NoScriptError:
                return send(self._client, "EVAL", self._sources[name], len(keys), *keys, *arguments)
        except redis.RedisError as error:
            raise unavailable(error) from error


def send(client: "redis.Redis", *command: Argument) -> Any:
    """Send one command, or add it to a pipeline."""
    return client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py's own


def unavailable(error: redis.RedisError) -> StoreUnavailableError:
    """Redis' failure as ours."""
    return StoreUnavailableError(f"Redis cannot be used: {type(error).__name__}: {error}")


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")

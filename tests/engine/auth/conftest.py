from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.auth import KeyService
from engine.model import Caller
from storage.api_keys import SqlKeyStore
from storage.database import Database, default_url
from storage.migrations import migrate


class Clock:
    """A time of day, and seconds that pass only when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 2, 8, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlKeyStore]:
    url = default_url(tmp_path)
    migrate(url)
    database = Database(url)
    yield SqlKeyStore(database)
    database.close()


@pytest.fixture
def keys(store: SqlKeyStore, clock: Clock) -> KeyService:
    return KeyService(store, b"pepper", now=clock.now, clock=clock.monotonic)


@pytest.fixture
def elsewhere(store: SqlKeyStore, clock: Clock) -> KeyService:
    """The key service of another process on the same database."""
    return KeyService(store, b"pepper", now=clock.now, clock=clock.monotonic)


@pytest.fixture
def admin() -> Caller:
    return Caller(subject="ada", roles=frozenset({"admin"}))

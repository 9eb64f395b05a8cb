import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from engine.auth import (
    Auth,
    KeyGroups,
    KeyService,
    Passwords,
    RoleBindings,
    Sessions,
    SignInThrottle,
    TokenPolicy,
    TokenVerifier,
    Users,
)
from engine.model import Caller
from storage.api_keys import SqlKeyStore
from storage.database import Database, default_url
from storage.instance_key import InstanceKey
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.shared_state.memory import MemorySharedState
from storage.users import SqlUserStore

JWT_SECRET = "s" * 32


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


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty metadata database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate(default_url(folder))
    return next(folder.glob("*.sqlite3"))


@pytest.fixture
def database(tmp_path: Path, migrated: Path) -> Iterator[Database]:
    shutil.copy(migrated, tmp_path)
    database = Database(default_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqlKeyStore:
    return SqlKeyStore(database)


@pytest.fixture
def settings_store(database: Database, tmp_path: Path) -> SqlSettingStore:
    return SqlSettingStore(database, InstanceKey.load(tmp_path))


@pytest.fixture
def user_store(database: Database) -> SqlUserStore:
    return SqlUserStore(database)


@pytest.fixture
def shared(clock: Clock) -> MemorySharedState:
    return MemorySharedState(cache_bytes=1, clock=clock.monotonic)


@pytest.fixture
def auth(
    keys: KeyService,
    user_store: SqlUserStore,
    settings_store: SqlSettingStore,
    shared: MemorySharedState,
    clock: Clock,
) -> Auth:
    bindings = RoleBindings(user_store, settings_store, now=clock.now, clock=clock.monotonic)
    return Auth(
        keys=keys,
        users=Users(
            user_store,
            bindings,
            settings_store,
            SignInThrottle(shared),
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
            now=clock.now,
        ),
        bindings=bindings,
        sessions=Sessions(
            user_store, bindings, shared, b"k" * 32, now=clock.now, clock=clock.monotonic
        ),
        key_groups=KeyGroups(settings_store, clock=clock.monotonic),
        tokens=TokenVerifier(TokenPolicy(secret=JWT_SECRET)),
    )


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

"""Brings the metadata database to the schema of this code, once over all processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from engine.errors import SettingsError
from storage import file_lock
from storage.database import Database, damaged

_ADVISORY_LOCK = 0x6170_6965  # any number that no other program uses in the same database
_one_at_a_time = threading.Lock()  # alembic's environment is global to the process


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest schema; without effect when it is there already.

    The upgrade is one transaction, and processes that start together wait for one another.

    Raises:
        SettingsError: The URL or the folder cannot be used, or the schema is newer than this code.
        StoreUnavailableError: The database is away or damaged; it is left as it is.
    """
    database = Database(url)
    try:
        with _one_at_a_time, _alone(database), database.rebuild() as connection:
            _upgrade(database, connection)
    finally:
        database.close()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings: these scripts, run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(database: Database, connection: Connection) -> None:
    if not database.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        raise SettingsError(
            f"{database.name} has schema {present}, which is newer than this version of API Engine",
            hint="Install the version that wrote it, or use another database.",
        )
    if present == scripts.get_current_head():
        return
    if database.is_sqlite:
        _check_file(database, connection)
    command.upgrade(config, "head")


def _check_file(database: Database, connection: Connection) -> None:
    verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if verdict != "ok":
        raise damaged(database, str(verdict))


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    if not database.is_sqlite:
        yield
        return
    file = Path(database.url.database or "")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = file_lock.held(file.with_name(f"{file.name}.lock"))
        with lock:
            yield
    except OSError as error:
        raise SettingsError(
            f"the folder {file.parent} cannot be used: {error.strerror}",
            hint="Make it writable for this user, or set API_ENGINE_DATA_DIR to a folder that is.",
        ) from error

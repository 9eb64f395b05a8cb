"""Opens the instance key in force, and replaces it by another without ever losing both.

The order is what makes a rotation safe to kill at any moment: the key that follows is in its file
and on disk before the database changes; the database changes in one durable transaction, its
fingerprint of the key included; only then does the file move into the place of the old one. At a
start the fingerprint tells which of the two files counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from engine.errors import SettingsError
from storage import file_lock
from storage.database import Database
from storage.instance_key import FILE_NAME, FINGERPRINT, NEXT_FILE_NAME, InstanceKey
from storage.sealed import (
    current_fingerprint,
    dsn_place,
    is_reference,
    job_place,
    secret_place,
)
from storage.tables import ConnectionRow, JobRow, SecretRow, SettingRow, table_of

_LOCK_FILE_NAME = "instance.key.lock"


def open_key(database: Database, data_dir: Path, given: str | None) -> InstanceKey:
    """The instance key: the one given by a setting, or else that of the data folder.

    Ends a rotation that was killed after its transaction.

    Raises:
        SettingsError: The key cannot be read or made.
    """
    if given is not None:
        return parse_given(given)
    if (data_dir / NEXT_FILE_NAME).exists():
        with _key_files_locked(data_dir):
            _end_killed_rotation(database, data_dir)
    return InstanceKey.load(data_dir)


def parse_given(text: str) -> InstanceKey:
    """The key in the setting's text; raises SettingsError."""
    try:
        return InstanceKey.parse(text)
    except ValueError as error:
        raise SettingsError(
            f"API_ENGINE_INSTANCE_KEY cannot be used: {error}",
            hint="Make one: openssl rand -base64 32 | tr '+/' '-_'",
        ) from error


def rotate_file(database: Database, data_dir: Path) -> int:
    """Replace the key of a data folder by a new one; how many values were encrypted again.

    Raises:
        SettingsError: A value cannot be read with the key in force; nothing was changed.
    """
    following = data_dir / NEXT_FILE_NAME
    with _key_files_locked(data_dir):
        _end_killed_rotation(database, data_dir)
        following.unlink(missing_ok=True)
        count = rotate(database, InstanceKey.load(data_dir), InstanceKey.read_or_make(following))
        _put_in_force(data_dir)
    return count


def rotate(database: Database, current: InstanceKey, following: InstanceKey) -> int:
    """Encrypt every secret, DSN and job with another key, in one durable transaction.

    Does nothing when `following` is in force already.

    Raises:
        SettingsError: `current` is not the key in force, or does not open every value.
    """
    with database.write_through() as connection:
        known = current_fingerprint(connection)
        if known == following.fingerprint:
            return 0
        if known != current.fingerprint:
            raise SettingsError("this is not the instance key that the metadata is encrypted with")
        count = _encrypt_secrets(connection, current, following)
        count += _encrypt_dsns(connection, current, following)
        count += _encrypt_jobs(connection, current, following)
        _note_fingerprint(connection, following)
    return count


def _encrypt_secrets(connection: Connection, current: InstanceKey, following: InstanceKey) -> int:
    table = table_of(SecretRow)
    rows = connection.execute(select(table)).all()
    for row in rows:
        place = secret_place(row.tenant_id, row.name)
        again = following.encrypt(current.decrypt(row.ciphertext, place), place)
        connection.execute(update(table).where(table.c.id == row.id).values(ciphertext=again))
    return len(rows)


def _encrypt_dsns(connection: Connection, current: InstanceKey, following: InstanceKey) -> int:
    table = table_of(ConnectionRow)
    rows = [row for row in connection.execute(select(table)) if not is_reference(row.dsn)]
    for row in rows:
        place = dsn_place(row.tenant_id, row.name)
        again = following.encrypt(current.decrypt(row.dsn, place), place)
        connection.execute(update(table).where(table.c.id == row.id).values(dsn=again))
    return len(rows)


def _encrypt_jobs(connection: Connection, current: InstanceKey, following: InstanceKey) -> int:
    table = table_of(JobRow)
    rows = connection.execute(select(table.c.id, table.c.tenant_id, table.c.work)).all()
    for row in rows:
        place = job_place(row.tenant_id, row.id)
        again = following.encrypt(current.decrypt(row.work, place), place)
        connection.execute(update(table).where(table.c.id == row.id).values(work=again))
    return len(rows)


def _note_fingerprint(connection: Connection, key: InstanceKey) -> None:
    tenant_id, name = FINGERPRINT
    value: dict[str, Any] = {"value": key.fingerprint}
    connection.execute(
        update(table_of(SettingRow))
        .where(SettingRow.tenant_id == tenant_id, SettingRow.key == name)
        .values(value=value)
    )


def _end_killed_rotation(database: Database, data_dir: Path) -> None:
    """Put the file that follows in force when its rotation came as far as the database."""
    following = data_dir / NEXT_FILE_NAME
    if not following.exists():
        return
    with database.write() as connection:
        known = current_fingerprint(connection)
    if known == InstanceKey.read_or_make(following).fingerprint:
        _put_in_force(data_dir)


def _put_in_force(data_dir: Path) -> None:
    (data_dir / NEXT_FILE_NAME).replace(data_dir / FILE_NAME)
    folder = os.open(data_dir, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _key_files_locked(data_dir: Path) -> Iterator[None]:
    try:
        with file_lock.held(data_dir / _LOCK_FILE_NAME):
            yield
    except OSError as error:
        raise SettingsError(
            f"the key files in {data_dir} cannot be used: {error.strerror}"
        ) from error

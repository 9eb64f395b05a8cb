"""Backup and restore of an instance's metadata, with the instance key that opens it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from engine.bootstrap.stores import plain
from engine.errors import BadRequestError, SettingsError
from engine.settings import Settings
from storage.backup import read_header, restore_backup, write_backup
from storage.database import Database, default_url
from storage.instance_key import FILE_NAME, InstanceKey
from storage.key_rotation import parse_given
from storage.migrations import migrate


def backup_instance(settings: Settings, file: Path, *, with_log: bool = True) -> dict[str, int]:
    """Write the metadata to a file, as of one moment; how many rows of each table.

    Raises:
        BadRequestError: The file cannot be written.
    """
    url = _url(settings)
    migrate(url)
    with closing(Database(url)) as database:
        return write_backup(database, file, with_log=with_log)


def restore_instance(
    settings: Settings, file: Path, *, replace: bool = False, key_file: Path | None = None
) -> dict[str, int]:
    """Bring back what a backup holds, all of it or nothing; how many rows of each table.

    Args:
        settings: Of the instance that is restored; no process of it may run.
        file: The backup.
        replace: What the instance holds is deleted, instead of refusing.
        key_file: The instance key of the backup, copied into the data folder.

    Raises:
        BadRequestError: It is no backup, was damaged, or is of another schema.
        ConflictError: The instance is not empty.
        SettingsError: The instance key is not the one that the backup was made with.
    """
    header = read_header(file)
    _refuse_other_key(settings, header.instance_key, key_file)
    url = _url(settings)
    migrate(url)
    with closing(Database(url)) as database:
        counts = restore_backup(database, file, replace=replace)
    if key_file is not None:
        _put_key(settings.data_dir, key_file)
    return counts


def _url(settings: Settings) -> str:
    return plain(settings.metadata_url) or default_url(settings.data_dir)


def _refuse_other_key(settings: Settings, fingerprint: str | None, key_file: Path | None) -> None:
    """The backup's secrets, connections and API keys can be read with its own key alone."""
    given, own = plain(settings.instance_key), settings.data_dir / FILE_NAME
    if given is not None and key_file is not None:
        raise SettingsError(
            "the instance key comes from API_ENGINE_INSTANCE_KEY, not from a file",
            hint="Unset it, or leave the key file out.",
        )
    if given is not None:
        key = parse_given(given)
    elif key_file is not None and not key_file.is_file():
        raise BadRequestError(f"there is no file {key_file}")
    elif key_file is not None or own.exists():
        key = InstanceKey.read_or_make(key_file or own)
    else:
        key = None
    if fingerprint is not None and (key is None or key.fingerprint != fingerprint):
        raise SettingsError(
            "the backup was made with another instance key than the one that is here",
            hint=f"Name the {FILE_NAME} of the instance that made it with --key-file, or set "
            "API_ENGINE_INSTANCE_KEY to what that instance had.",
        )


def _put_key(data_dir: Path, key_file: Path) -> None:
    own = data_dir / FILE_NAME
    if own.exists() and own.samefile(key_file):
        return
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = own.with_name(f"{FILE_NAME}.part")
    shutil.copyfile(key_file, draft)
    draft.chmod(0o600)
    draft.replace(own)

"""The stores, opened on the metadata database and the data folder."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from engine.bootstrap.upkeep import start_upkeep
from engine.errors import SettingsError
from engine.settings import Settings
from storage.api_keys import SqlKeyStore
from storage.api_tests import SqlCaseStore
from storage.assets import SqlAssetStore
from storage.connections import SqlConnectionStore
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.executions import SqlExecutionStore
from storage.instance_key import InstanceKey
from storage.journal import FileJournal
from storage.key_rotation import open_key, parse_given, rotate, rotate_file
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.users import SqlUserStore


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that keeps data, opened."""

    definitions: SqlDefinitionStore
    cases: SqlCaseStore
    assets: SqlAssetStore
    executions: SqlExecutionStore
    connections: SqlConnectionStore
    keys: SqlKeyStore
    users: SqlUserStore
    settings: SqlSettingStore
    journal: FileJournal
    database: Database
    instance_key: InstanceKey


def open_stores(settings: Settings, opening: ExitStack) -> Stores:
    url = plain(settings.metadata_url) or default_url(settings.data_dir)
    migrate(url)
    database = Database(url)
    opening.callback(database.close)
    instance_key = open_key(database, settings.data_dir, plain(settings.instance_key))
    executions = SqlExecutionStore(database)
    journal = FileJournal(
        settings.data_dir / "journal",
        executions,
        max_backlog_bytes=settings.journal_max_mb * 1_048_576,
    )
    opening.callback(journal.close)
    stores = Stores(
        definitions=SqlDefinitionStore(database),
        cases=SqlCaseStore(database),
        assets=SqlAssetStore(database),
        executions=executions,
        connections=SqlConnectionStore(database, instance_key),
        keys=SqlKeyStore(database),
        users=SqlUserStore(database),
        settings=SqlSettingStore(database, instance_key),
        journal=journal,
        database=database,
        instance_key=instance_key,
    )
    instance_key.check_against(stores.settings)
    opening.callback(start_upkeep(settings, database).close)
    return stores


def rotate_instance_key(settings: Settings, new_key_file: Path | None) -> int:
    """Encrypt every secret and connection with another instance key; how many there were.

    The data folder's key is replaced by one that is made here. A key that was given by a setting
    is replaced by the one in `new_key_file`, which is made when missing, and which the setting has
    to hold from then on.

    Raises:
        SettingsError: A file is needed and not named, or the key in force does not open a value.
    """
    url = plain(settings.metadata_url) or default_url(settings.data_dir)
    migrate(url)
    with ExitStack() as opening:
        database = Database(url)
        opening.callback(database.close)
        given = plain(settings.instance_key)
        if given is None:
            return rotate_file(database, settings.data_dir)
        if new_key_file is None:
            raise SettingsError(
                "the instance key comes from API_ENGINE_INSTANCE_KEY",
                hint="Name a file for the new key: --new-key-file PATH.",
            )
        return rotate(database, parse_given(given), InstanceKey.read_or_make(new_key_file))


def plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None

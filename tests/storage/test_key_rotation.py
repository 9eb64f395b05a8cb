"""Another instance key takes the place of the old one, and no moment of it loses both."""

import multiprocessing
import os
import signal

import pytest

from engine.errors import SettingsError
from engine.model import Connection
from storage import key_rotation
from storage.connections import SqlConnectionStore
from storage.database import Database
from storage.instance_key import FILE_NAME, NEXT_FILE_NAME, InstanceKey
from storage.key_rotation import open_key, rotate, rotate_file
from storage.migrations import migrate
from storage.settings import SqlSettingStore

DSN = "postgresql://reader:pw@db/sales"


class Instance:
    """An instance as it is right after a start."""

    def __init__(self, database, folder, given=None):
        self.database = database
        self.key = open_key(self.database, folder, given)
        self.settings = SqlSettingStore(self.database, self.key)
        self.connections = SqlConnectionStore(self.database, self.key)
        self.key.check_against(self.settings)

    def kept(self):
        dsns = [each.dsn for each in self.connections.all("t")]
        return (self.settings.secret("t", "token"), self.settings.secret("u", "token"), dsns)


KEPT = ("s3cret", "theirs", [DSN, "env:SALES_DSN"])


@pytest.fixture
def start(empty_url, tmp_path, closing):
    migrate(empty_url)
    folder = tmp_path / "keys"

    def start(given=None):
        database = Database(empty_url)
        closing.append(database)
        return Instance(database, folder, given)

    return start


@pytest.fixture
def instance(start):
    return fill(start())


def fill(instance):
    instance.settings.put_secret("t", "token", "s3cret")
    instance.settings.put_secret("u", "token", "theirs")
    for name, dsn in (("a", DSN), ("b", "env:SALES_DSN")):
        connection = Connection(tenant_id="t", name=name, dialect="postgres", dsn=dsn)
        instance.connections.save(connection)
    return instance


def test_everything_is_readable_with_the_new_key_and_nothing_with_the_old(
    instance, start, tmp_path
):
    old = (tmp_path / "keys" / FILE_NAME).read_text()

    assert rotate_file(instance.database, tmp_path / "keys") == 3

    assert start().kept() == KEPT
    assert (tmp_path / "keys" / FILE_NAME).read_text() != old
    assert not (tmp_path / "keys" / NEXT_FILE_NAME).exists()
    with pytest.raises(SettingsError, match="cannot be decrypted"):
        instance.kept()


def test_a_process_that_runs_on_with_the_old_key_writes_nothing_unreadable(
    instance, start, tmp_path
):
    rotate_file(instance.database, tmp_path / "keys")

    with pytest.raises(SettingsError, match="rotated while this process was running"):
        instance.settings.put_secret("t", "token", "later")
    with pytest.raises(SettingsError, match="rotated while this process was running"):
        fill(instance)

    assert start().kept() == KEPT


STEPS = ["_encrypt_secrets", "_encrypt_dsns", "_note_fingerprint", "_put_in_force"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_rotation_killed_at_any_moment_leaves_a_usable_instance(
    instance, start, empty_url, tmp_path, step, moment
):
    instance.database.close()
    child = multiprocessing.get_context("fork").Process(
        target=rotate_until, args=(empty_url, tmp_path / "keys", step, moment)
    )
    child.start()
    child.join(30)

    assert child.exitcode == -signal.SIGKILL
    assert start().kept() == KEPT
    rotate_file(start().database, tmp_path / "keys")
    assert start().kept() == KEPT


def rotate_until(url, folder, step, moment):
    """Rotate in a process that is killed just before or after a step of it."""
    real = getattr(key_rotation, step)

    def killed(*args):
        if moment == "after":
            real(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(key_rotation, step, killed)
    rotate_file(Database(url), folder)


def test_a_value_that_cannot_be_read_stops_the_rotation_and_changes_nothing(
    instance, start, tmp_path
):
    stranger = SqlSettingStore(instance.database, InstanceKey.load(tmp_path / "elsewhere"))
    with instance.database.write() as connection:
        connection.exec_driver_sql("UPDATE tb_secret SET name = 'moved' WHERE tenant_id = 'u'")

    with pytest.raises(SettingsError, match="'moved' of tenant 'u' cannot be decrypted"):
        rotate_file(instance.database, tmp_path / "keys")

    assert start().settings.secret("t", "token") == "s3cret"
    assert stranger.secret_names("t") == ("token",)


def test_a_key_from_a_setting_is_replaced_by_the_one_in_a_file(start, tmp_path):
    first, second = tmp_path / "first.key", tmp_path / "second.key"
    current = InstanceKey.read_or_make(first)
    instance = fill(start(first.read_text()))

    assert rotate(instance.database, current, InstanceKey.read_or_make(second)) == 3
    assert rotate(instance.database, current, InstanceKey.read_or_make(second)) == 0

    assert start(second.read_text()).kept() == KEPT
    with pytest.raises(SettingsError, match="another instance key"):
        start(first.read_text())
    assert not (tmp_path / "keys" / FILE_NAME).exists()


def test_a_setting_that_holds_no_key_is_named(start):
    with pytest.raises(SettingsError, match="API_ENGINE_INSTANCE_KEY"):
        start("not a key")

import threading

import pytest

from engine.errors import SettingsError
from storage.instance_key import FILE_NAME, InstanceKey


def test_the_key_file_is_made_once_and_only_its_user_can_read_it(tmp_path):
    first = InstanceKey.load(tmp_path / "data")

    second = InstanceKey.load(tmp_path / "data")

    file = tmp_path / "data" / FILE_NAME
    assert second.decrypt(first.encrypt("s3cret", "here"), "here") == "s3cret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_processes_that_start_together_get_the_same_key(tmp_path):
    derived: list[bytes] = []
    together = threading.Barrier(8)

    def load():
        together.wait()
        derived.append(InstanceKey.load(tmp_path).derive("test"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(derived)) == 1


def test_each_purpose_has_a_secret_of_its_own(tmp_path):
    key = InstanceKey.load(tmp_path)

    assert key.derive("one") != key.derive("two")
    assert key.derive("one") == key.derive("one")


def test_a_text_is_never_encrypted_the_same_way_twice(tmp_path):
    key = InstanceKey.load(tmp_path)

    assert key.encrypt("s3cret", "here") != key.encrypt("s3cret", "here")


@pytest.mark.parametrize("content", ["", "short", "not base64 \u00e9", "A" * 200])
def test_a_damaged_key_file_is_said_and_left_alone(tmp_path, content):
    file = tmp_path / FILE_NAME
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError, match="does not hold an instance key"):
        InstanceKey.load(tmp_path)

    assert file.read_text(encoding="utf-8") == content


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be used"):
        InstanceKey.load(tmp_path / "file")


@pytest.mark.parametrize("token", ["", "v1:", "v1:AAAA", "v1:" + "A" * 80])
def test_a_changed_ciphertext_is_refused(tmp_path, token):
    with pytest.raises(SettingsError, match="cannot be decrypted"):
        InstanceKey.load(tmp_path).decrypt(token, "here")

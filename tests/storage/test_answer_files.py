"""Files of large answers: without a name, and bounded together."""

import pytest

from engine.errors import OverloadedError, PayloadTooLargeError, StoreUnavailableError
from storage.answer_files import TemporaryAnswerFiles

MB = 1_048_576


@pytest.fixture
def files(tmp_path):
    return TemporaryAnswerFiles(tmp_path / "spool", max_bytes=2 * MB)


def test_what_is_appended_is_read_at_any_place(files):
    file = files.create()

    file.append(b"one ")
    file.append(b"two")

    assert file.size == 7
    assert (file.read(0, 100), file.read(4, 2)) == (b"one two", b"tw")


def test_a_file_has_no_name(files, tmp_path):
    file = files.create()
    file.append(b"kept from sight")

    assert list((tmp_path / "spool").iterdir()) == []


def test_a_file_is_gone_with_the_last_that_refers_to_it(files):
    file = files.create()
    file.append(bytes(MB))
    assert files.used_bytes == MB

    del file

    assert files.used_bytes == 0


def test_a_closed_file_gives_its_room_back_once(files):
    file = files.create()
    file.append(bytes(MB))

    file.close()
    file.close()

    assert files.used_bytes == 0


def test_an_answer_larger_than_all_the_room_is_refused_for_good(files):
    file = files.create()
    file.append(bytes(2 * MB))

    with pytest.raises(PayloadTooLargeError, match="larger than the 2 MB"):
        file.append(b"x")


def test_an_answer_beside_others_that_take_the_room_may_come_again(files):
    first, second = files.create(), files.create()
    first.append(bytes(2 * MB))

    with pytest.raises(OverloadedError, match="all of the 2 MB") as refused:
        second.append(b"x")
    first.close()
    second.append(b"x")

    assert refused.value.retry_after_s
    assert files.used_bytes == 1


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "spool").write_text("a file in the place of the folder")

    with pytest.raises(StoreUnavailableError, match="cannot be written to disk"):
        TemporaryAnswerFiles(tmp_path / "spool", max_bytes=MB).create()

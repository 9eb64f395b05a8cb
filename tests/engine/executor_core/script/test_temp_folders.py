"""Folders of level B: measured while written to, removed however they were left."""

import os
from pathlib import Path

import pytest

from engine.executor_core.sandbox.temp_folders import TempFolders, fits, remove


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "folder"
    made.mkdir()
    return made


def fits_in(folder, max_bytes=1_000_000, max_files=10):
    return fits(folder, max_bytes=max_bytes, max_files=max_files)


def test_bytes_in_subfolders_count(folder):
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_bytes(b"x" * 100_000)

    assert fits_in(folder)
    assert not fits_in(folder, max_bytes=50_000)


def test_files_and_folders_count(folder):
    for number in range(5):
        (folder / f"folder-{number}").mkdir()
        (folder / f"file-{number}").touch()

    assert fits_in(folder, max_files=10)
    assert not fits_in(folder, max_files=9)


def test_a_link_counts_as_itself(folder):
    (folder / "link").symlink_to("/usr")

    assert fits_in(folder, max_files=1)


def test_a_pit_does_not_fit(folder):
    folder.joinpath(*["d"] * 60).mkdir(parents=True)

    assert not fits_in(folder, max_files=1000)


def test_removal_ends_a_pit_that_no_path_can_name(folder):
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(100):
            Path("d" * 100).mkdir()
            os.chdir("d" * 100)
        Path("bottom").touch()
    finally:
        os.chdir(here)

    remove(folder)

    assert not folder.exists()


def test_removal_opens_what_is_closed_and_follows_no_link(folder, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o755)
    (kept / "file").write_text("kept")
    closed = folder / "closed" / "inner"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    (folder / "link").symlink_to(kept)
    (folder / "closed" / "link").symlink_to(kept)
    closed.chmod(0)
    (folder / "closed").chmod(0)
    folder.chmod(0)

    remove(folder)

    assert not folder.exists()
    assert (kept / "file").read_text() == "kept"
    assert kept.stat().st_mode & 0o777 == 0o755


def test_folders_of_a_dead_service_are_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = tmp_path / "api-engine-scripts-999999999-x"
    (dead / "inner").mkdir(parents=True)
    alive = tmp_path / f"api-engine-scripts-{os.getpid()}-x"
    alive.mkdir()
    other = tmp_path / "something-else"
    other.mkdir()

    folders = TempFolders()

    assert not dead.exists()
    assert alive.exists()
    assert other.exists()
    folders.close()
    assert not folders.path.exists()

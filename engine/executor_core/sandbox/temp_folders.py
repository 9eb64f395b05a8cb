"""Private folders for scripts where the kernel gives no private file system (level B)."""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "api-engine-scripts-"
_DEEPEST = 50
_NAME = re.compile(rf"{_PREFIX}(\d+)-")


class TempFolders:
    """The service's own folder of script folders; each lives as long as one call."""

    def __init__(self) -> None:
        _remove_those_of_dead_processes()
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.path.chmod(0o711)

    @contextmanager
    def one(self, owner: int | None) -> Iterator[Path]:
        """An empty folder for user `owner`, or this one; gone with all it holds after the block."""
        folder = Path(tempfile.mkdtemp(dir=self.path))
        if owner is not None:
            os.chown(folder, owner, owner)
        try:
            yield folder
        finally:
            remove(folder)

    def close(self) -> None:
        """Remove everything."""
        if self.path.exists():
            remove(self.path)


def fits(folder: Path, *, max_bytes: int, max_files: int) -> bool:
    """Whether a folder that is being written to holds no more than it may.

    What cannot be looked into, or lies deeper than anybody needs, does not fit either.
    """
    pending = [(str(folder), 0)]
    size = files = 0
    while pending:
        place, depth = pending.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((entry.path, depth + 1))
                    else:
                        size += _size(entry)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if size > max_bytes or files > max_files or depth > _DEEPEST:
            return False
    return True


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except FileNotFoundError:
        return 0


def remove(folder: Path) -> None:
    """Remove a folder however deep, unreadable or full of links a script has made it.

    Its subfolders are first moved up to the top, so that no path grows too long to be named.
    """
    number = 0
    pending = [entry.name for entry in os.scandir(_opened(folder))]
    while pending:
        path = folder / pending.pop()
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            continue
        for entry in os.scandir(_opened(path)):
            number += 1
            moved = f"moved-{number}"
            if entry.is_dir(follow_symlinks=False):
                Path(entry.path).chmod(0o700)
                Path(entry.path).rename(folder / moved)
                pending.append(moved)
            else:
                Path(entry.path).unlink()
        path.rmdir()
    folder.rmdir()


def _opened(folder: Path) -> Path:
    folder.chmod(0o700)
    return folder


def _remove_those_of_dead_processes() -> None:
    for leftover in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        match = _NAME.match(leftover.name)
        owned = leftover.lstat().st_uid == os.geteuid()
        if match and owned and not Path(f"/proc/{match[1]}").exists():
            remove(leftover)

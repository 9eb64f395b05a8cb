"""A world of its own for a process and its children: users, mounts, network, processes, IPC, names.

The private root shows read-only what it is given and nothing else of the machine. Everything here
needs no privilege where the kernel lets users have namespaces.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.jail import limits, syscalls

_NEW_MOUNTS, _NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_PIDS, _NEW_NET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_ISOLATED = _NEW_USER | _NEW_MOUNTS | _NEW_NET | _NEW_IPC | _NEW_UTS | _NEW_PIDS
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_STATVFS_RELATIME, _MOUNT_RELATIME = 4096, 1 << 21
_DETACH = 2
_INSIDE_ID = 1000
_MOUNT_POINTS = ("/tmp", "/mnt", "/run", "/var/tmp")  # noqa: S108  # covered, never written to


@dataclass(frozen=True)
class PrivateRoot:
    """What the private root shows: directories and devices at their own paths, some hidden."""

    folders: tuple[Path, ...]
    hidden: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()


def probe(root: PrivateRoot) -> str | None:
    """Try `enter` in a throw-away process; None when it works, else what was refused."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            enter(root)
            os.write(write_end, b"ok")
        except OSError as error:
            os.write(write_end, str(error).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answers:
        answer = answers.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return None if answer == "ok" else f"namespaces: {answer or 'the trial process died'}"


def enter(root: PrivateRoot, *, unprivileged_id: int = 65534) -> None:
    """Move this process into fresh namespaces and the private root; its next child is process 1.

    Started as root, the process becomes `unprivileged_id` for good. It keeps every capability
    inside the namespaces: whoever runs untrusted code in a child drops them there.

    Raises:
        OSError: A step was refused; the process is then half moved and fit only to exit.
    """
    process_folder = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    as_root = os.geteuid() == 0
    if as_root:
        _unshare(_NEW_MOUNTS)
        _change_root(root)
        become(unprivileged_id)
    user, group = os.geteuid(), os.getegid()
    _unshare(_ISOLATED)
    _map_ids(process_folder, user, group)
    os.close(process_folder)
    if not as_root:
        _change_root(root)


def become(unprivileged_id: int) -> None:
    """Give up root for a user and group id nobody has."""
    os.setgroups([])
    os.setresgid(unprivileged_id, unprivileged_id, unprivileged_id)
    os.setresuid(unprivileged_id, unprivileged_id, unprivileged_id)
    limits.set_dumpable(dumpable=True)


def mount_private_folder(path: str, *, max_bytes: int, max_files: int) -> None:
    """Cover `path`, for this process alone, with an empty file system of bounded size."""
    _unshare(_NEW_MOUNTS)
    options = f"size={max_bytes},nr_inodes={max_files},mode=0700"
    _mount("tmpfs", path, "tmpfs", _NO_SUID | _NO_DEVICES | _NO_EXEC, options)


def _unshare(what: int) -> None:
    syscalls.call("unshare", what)


def _map_ids(process_folder: int, user: int, group: int) -> None:
    _write(process_folder, "setgroups", "deny")
    _write(process_folder, "uid_map", f"{_INSIDE_ID} {user} 1")
    _write(process_folder, "gid_map", f"{_INSIDE_ID} {group} 1")


def _write(folder: int, name: str, text: str) -> None:
    handle = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def _change_root(root: PrivateRoot) -> None:
    place = _mount_point(root)
    _mount("none", "/", None, _RECURSIVE | _PRIVATE, None)
    _mount("tmpfs", place, "tmpfs", _NO_SUID | _NO_DEVICES, "size=1m,mode=0755")
    _fill(Path(place), root)
    os.chdir(place)
    syscalls.call("pivot_root", ".", ".")
    syscalls.call("umount2", ".", _DETACH)
    os.chdir("/")
    _mount("none", "/", None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES, None)


def _mount_point(root: PrivateRoot) -> str:
    """A folder that can be covered without covering what is to be shown."""
    for point in map(Path, _MOUNT_POINTS):
        if point.is_dir() and not any(point in folder.parents for folder in root.folders):
            return str(point)
    raise OSError(f"no free place to build the private root at: {', '.join(_MOUNT_POINTS)}")


def _fill(place: Path, root: PrivateRoot) -> None:
    place.joinpath("tmp").mkdir()
    for folder in _outermost(root.folders):
        _show(folder, place)
    for hidden in root.hidden:
        if hidden.is_dir():
            _mount("tmpfs", _beneath(place, hidden), "tmpfs", _READ_ONLY, "size=4k,nr_inodes=1")
    for device in root.devices:
        target = Path(_beneath(place, device))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        _mount(str(device), str(target), None, _BIND, None)


def _show(folder: Path, place: Path) -> None:
    target = _beneath(place, folder)
    Path(target).mkdir(parents=True, exist_ok=True)
    _mount(str(folder), target, None, _BIND | _RECURSIVE, None)
    _mount("none", target, None, _REMOUNT | _BIND | _READ_ONLY | _flags_to_keep(target), None)


def _flags_to_keep(path: str) -> int:
    """Mount flags that a user namespace may not clear when it remounts."""
    flags = os.statvfs(path).f_flag
    kept = flags & (_NO_SUID | _NO_DEVICES | _NO_EXEC | 1024 | 2048)
    return kept | (_MOUNT_RELATIME if flags & _STATVFS_RELATIME else 0)


def _outermost(folders: Sequence[Path]) -> list[Path]:
    unique = sorted(set(folders))
    return [one for one in unique if not any(other in one.parents for other in unique)]


def _beneath(place: Path, path: Path) -> str:
    return str(place / path.relative_to("/"))


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    try:
        syscalls.call("mount", source, target, kind, flags, options)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({target})") from error

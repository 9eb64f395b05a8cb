"""Which walls this machine can give a script, and putting them around a child.

A     namespaces, seccomp, and Landlock where there
B     Landlock and seccomp; files in a private folder that the service makes
C     seccomp without any file call
none  limits only: no isolation
"""

import contextlib
import fcntl
import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.executor_core.sandbox import stdlib
from engine.jail import landlock, limits, namespaces, seccomp
from engine.jail.seccomp import Files

Level = Literal["A", "B", "C", "none"]
LEVELS: tuple[Level, ...] = ("A", "B", "C", "none")
"""From full isolation to none."""

_DEVICES = tuple(map(Path, ("/dev/null", "/dev/zero", "/dev/urandom")))
_TEMP = "/tmp"  # noqa: S108  # a private one: nothing else is there behind the walls
_UNPRIVILEGED_ID = 65534
_THREADS_PER_SCRIPT = 16
_OTHER_PROCESSES = 16
_OPEN_FILES = 256
_EVERY_DESCRIPTOR = 65_536
FIRST_CLOSED_DESCRIPTOR = 4
"""A child keeps input, output, error output and its channel to the service."""
FILES_IN_TEMP = 1000
"""How many files and folders a script may make."""


@dataclass(frozen=True)
class Request:
    """What the service asks for one child; `folder` is its own where it has no file system."""

    memory_mb: int
    temp_mb: int
    folder: str | None = None


@dataclass(frozen=True)
class Walls:
    """What stands around every child of this template.

    Attributes:
        why: For each wall that is missing, what refused it.
        become: The user and group a child turns into, where the template is root.
        threads: How many threads all children together may have, where that can be counted.
        base_rules: Landlock rules made ahead: the library without installed packages.
        process_folder: The template's folder in `/proc`, opened before it went out of sight.
        baseline_bytes: Address space of the interpreter before any script.
    """

    level: Level
    namespaces: bool
    landlock_abi: int
    seccomp: bool
    why: tuple[str, ...]
    become: int | None
    threads: int | None
    base_rules: int | None
    process_folder: int
    baseline_bytes: int

    @property
    def files(self) -> Files:
        """Whose the files are that a script sees."""
        if self.level == "C":
            return "none"
        return "own" if self.namespaces else "shared"

    def report(self) -> dict[str, Any]:
        """What the service is told."""
        told = ("level", "namespaces", "landlock_abi", "seccomp", "why", "become")
        return {name: getattr(self, name) for name in told}


def survey(*, strongest: Level, temp_folder: Path, slots: int) -> Walls:
    """Try every wall without touching this process, and choose the level, at most `strongest`."""
    missing: list[str] = []
    filtered = _seccomp_works(missing)
    abi = _landlock_abi(missing)
    isolated = strongest == "A" and filtered and _namespaces_work(missing)
    level = max(
        _reachable(isolated=isolated, abi=abi, filtered=filtered), strongest, key=LEVELS.index
    )
    become = _UNPRIVILEGED_ID if os.geteuid() == 0 and _is_public(stdlib.folders()) else None
    countable = (isolated and _counts_per_namespace()) or become is not None
    return Walls(
        level=level,
        namespaces=isolated,
        landlock_abi=abi if level in {"A", "B"} else 0,
        seccomp=filtered and level != "none",
        why=tuple(missing),
        become=None if isolated else become,
        threads=slots * _THREADS_PER_SCRIPT + _OTHER_PROCESSES if countable else None,
        base_rules=_out_of_the_way(_base_rules(temp_folder)) if level == "B" else None,
        process_folder=_out_of_the_way(os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)),
        baseline_bytes=_address_space(),
    )


def private_root() -> namespaces.PrivateRoot:
    """The file system of level A: the standard library, the time zones, three devices."""
    return namespaces.PrivateRoot(
        folders=stdlib.folders(), hidden=stdlib.third_party_folders(), devices=_devices()
    )


def raise_around_child(walls: Walls, request: Request, template: int) -> None:
    """Lock this process in for good; `template` is its parent's process id.

    Raises:
        OSError: A wall of the level does not stand; nothing foreign may run here then.
    """
    _end_with(template)
    _be_first_out_of_memory(walls)
    os.umask(0o077)
    _enter_temp_folder(walls, request)
    if walls.become is not None:
        namespaces.become(walls.become)
        _end_with(template)
    limits.drop_capabilities()
    limits.forbid_new_privileges()
    limits.set_dumpable(dumpable=False)
    _limit(walls, request)
    _restrict_files(walls, request)
    os.closerange(FIRST_CLOSED_DESCRIPTOR, _EVERY_DESCRIPTOR)
    if walls.seccomp:
        seccomp.confine_script_calls(own_pid=os.getpid(), files=walls.files)


def _out_of_the_way(descriptor: int) -> int:
    """The same file under a number that no child's own descriptors take."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 32)
    os.close(descriptor)
    return moved


def _seccomp_works(missing: list[str]) -> bool:
    try:
        seccomp.probe()
    except OSError as error:
        missing.append(f"seccomp: {error.strerror or error}")
        return False
    return True


def _landlock_abi(missing: list[str]) -> int:
    try:
        return landlock.abi()
    except OSError as error:
        missing.append(f"landlock: {error.strerror or error}")
        return 0


def _namespaces_work(missing: list[str]) -> bool:
    refusal = namespaces.probe(private_root())
    if refusal is not None:
        missing.append(refusal)
    return refusal is None


def _reachable(*, isolated: bool, abi: int, filtered: bool) -> Level:
    if not filtered:
        return "none"
    if isolated:
        return "A"
    return "B" if abi else "C"


def _is_public(folders: Iterable[Path]) -> bool:
    """Whether any user may read these folders, all on the way to them included."""
    on_the_way = {place for folder in folders for place in (folder, *folder.parents)}
    return all(place.stat().st_mode & 0o005 == 0o005 for place in on_the_way)


def _counts_per_namespace() -> bool:
    """Whether RLIMIT_NPROC counts a user namespace by itself: since Linux 5.14."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (5, 14)


def _base_rules(temp_folder: Path) -> int:
    return landlock.prepare(
        read_only=[*stdlib.entries_without_third_party(), *_devices()],
        read_write=[temp_folder],
        listed=stdlib.folders(),
    )


def _devices() -> tuple[Path, ...]:
    return tuple(device for device in _DEVICES if device.exists())


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _end_with(template: int) -> None:
    limits.die_with_parent_thread()
    if os.getppid() != template:
        os._exit(1)


def _be_first_out_of_memory(walls: Walls) -> None:
    """Offer this process to the kernel before any other of the machine, where it lets us."""
    with contextlib.suppress(OSError):
        handle = os.open("oom_score_adj", os.O_WRONLY, dir_fd=walls.process_folder)
        os.write(handle, b"1000")
        os.close(handle)


def _enter_temp_folder(walls: Walls, request: Request) -> None:
    folder = request.folder or "/"
    if walls.namespaces and request.temp_mb:
        folder = _TEMP
        namespaces.mount_private_folder(
            folder, max_bytes=request.temp_mb << 20, max_files=FILES_IN_TEMP
        )
    os.chdir(folder)
    os.environ["TMPDIR"] = os.environ["HOME"] = folder


def _limit(walls: Walls, request: Request) -> None:
    bounds = {
        resource.RLIMIT_AS: walls.baseline_bytes + (request.memory_mb << 20),
        resource.RLIMIT_FSIZE: request.temp_mb << 20,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if walls.threads is not None:
        bounds[resource.RLIMIT_NPROC] = walls.threads
    limits.limit_resources(bounds)


def _restrict_files(walls: Walls, request: Request) -> None:
    if not walls.landlock_abi:
        return
    if walls.namespaces:
        own = [Path(_TEMP)] if request.temp_mb else []
        landlock.restrict_files(read_only=[Path("/")], read_write=own)
        return
    if walls.base_rules is not None:
        landlock.enforce(walls.base_rules)
    own = [Path(request.folder)] if request.folder and request.temp_mb else []
    landlock.restrict_files(read_only=[*stdlib.folders(), *_devices()], read_write=own)

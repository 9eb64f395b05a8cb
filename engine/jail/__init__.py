"""Walls of the operating system around our own processes; standard library only.

Each wall is applied where the kernel has it and left out, with the reason, where it has not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.jail import landlock, limits, seccomp

_MACHINE_FACTS = (
    "/proc/self/cgroup",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
)
"""What C libraries read to size their pools; DuckDB aborts when it may not."""


@dataclass(frozen=True)
class JailReport:
    """Which walls stand around this process; `why` says for each missing one what refused it.

    Attributes:
        no_new_privs: Set-uid files are worthless to this process.
        landlock_abi: The Landlock version in force, 0 for none.
        seccomp: The system-call filter is in force, in every thread.
    """

    no_new_privs: bool
    landlock_abi: int
    seccomp: bool
    why: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every wall stands."""
        return self.no_new_privs and self.landlock_abi > 0 and self.seccomp and not self.why


def confine_service(*, read_only: Sequence[Path], read_write: Sequence[Path]) -> JailReport:
    """Lock this long-lived process in: no network, no exec, no new process, only these paths.

    Everything beneath a directory of `read_only` may be read, beneath `read_write` also written; a
    path that does not exist gives no right. What a process may know of the machine's processors and
    memory stays readable. Modules imported later must lie beneath the named paths. Threads may
    still be started, and descriptors that are open already, an inherited socket pair among them,
    keep working. The process also ends when its parent process does.

    Call it once and before starting threads: Landlock does not reach those that run already (the
    system-call filter does).

    Returns:
        What was applied. A wall the kernel lacks or forbids is reported, not raised.
    """
    missing: list[str] = []
    no_new_privs = _applied("no_new_privs", limits.forbid_new_privileges, missing)
    abi = _landlock_abi(read_only, read_write, missing)
    filtered = _applied("seccomp", seccomp.confine_service_calls, missing)
    _applied("parent watch", limits.die_with_parent_process, missing)
    return JailReport(no_new_privs, abi, filtered, tuple(missing))


def _landlock_abi(read_only: Sequence[Path], read_write: Sequence[Path], missing: list[str]) -> int:
    running = limits.thread_count()
    facts = map(Path, _MACHINE_FACTS)
    try:
        abi = landlock.restrict_files(
            read_only=[path for path in (*read_only, *facts) if path.exists()],
            read_write=[path for path in read_write if path.exists()],
        )
    except OSError as error:
        missing.append(f"landlock: {error}")
        return 0
    if running > 1:
        missing.append(f"landlock does not cover {running - 1} threads that ran before")
    return abi


def _applied(wall: str, apply: Callable[[], None], missing: list[str]) -> bool:
    try:
        apply()
    except OSError as error:
        missing.append(f"{wall}: {error}")
        return False
    return True

"""Limits and privileges of this process: resources, capabilities, its parent's death."""

import ctypes
import os
import resource
import select
import signal
import struct
import threading
from collections.abc import Mapping
from pathlib import Path

from engine.jail import syscalls

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 40


def forbid_new_privileges() -> None:
    """Make set-uid files and file capabilities worthless to this process and its children."""
    syscalls.call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def set_dumpable(*, dumpable: bool) -> None:
    """Say whether others of the same user may trace this process and read its memory."""
    syscalls.call("prctl", _PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)


def die_with_parent_thread() -> None:
    """Be killed when the thread that made this process ends; for children of one-thread parents."""
    syscalls.call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def die_with_parent_process() -> None:
    """End this process when its parent process has ended, whichever thread of it made us.

    The kernel's own parent-death signal is sent as soon as the creating thread ends, which a
    request thread does while the service lives on; a watching thread sees the process itself.
    """
    parent = os.getppid()
    try:
        handle = os.pidfd_open(parent)
    except ProcessLookupError:
        os._exit(1)
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_exit_after, args=(handle,), name="parent-watch", daemon=True).start()


def bound_capabilities() -> None:
    """Make sure that no exec can bring a capability to this process or its children."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            syscalls.call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
        except PermissionError:
            return  # without CAP_SETPCAP there is nothing to lose either


def drop_capabilities() -> None:
    """Give up every capability this process has."""
    syscalls.call("prctl", _PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), 8)
    nothing = ctypes.create_string_buffer(24)
    syscalls.call("capset", ctypes.addressof(header), ctypes.addressof(nothing))


def limit_resources(limits: Mapping[int, int]) -> None:
    """Set soft and hard limits by `resource.RLIMIT_*`, never above what is allowed already."""
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))


def thread_count() -> int:
    """How many threads this process has; 1 where the system does not tell."""
    try:
        return Path("/proc/self/task").stat().st_nlink - 2
    except OSError:
        return 1


def _exit_after(process_handle: int) -> None:
    poller = select.poll()
    poller.register(process_handle, select.POLLIN)
    poller.poll()
    os._exit(1)

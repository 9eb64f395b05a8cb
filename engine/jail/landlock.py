"""Landlock: what the file system still is to this thread and those it starts.

Landlock hides no names: `stat` and `readlink` still tell whether a path exists.
"""

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from engine.jail import syscalls

_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_READ = _READ_FILE | _READ_DIR
_READ_AND_WRITE = ~(_EXECUTE | _IOCTL_DEVICE)
_FILE_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_SINCE_ABI_5 = (1 << 16) - 1
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def abi() -> int:
    """The kernel's Landlock version.

    Raises:
        OSError: ENOSYS where Landlock is not built, EOPNOTSUPP where it is not switched on.
    """
    return syscalls.call("landlock_create_ruleset", 0, 0, _VERSION)


def restrict_files(*, read_only: Sequence[Path], read_write: Sequence[Path]) -> int:
    """Leave this thread only these paths and what lies beneath them; returns the ABI in force.

    TCP, abstract sockets and signals outside this process are denied too where the kernel can.
    Running threads are not affected, later ones inherit. Needs no_new_privs.

    Raises:
        OSError: Landlock is missing, or a path does not exist.
    """
    version = abi()
    ruleset = prepare(read_only=read_only, read_write=read_write)
    try:
        enforce(ruleset)
    finally:
        os.close(ruleset)
    return version


def prepare(
    *, read_only: Sequence[Path], read_write: Sequence[Path], listed: Sequence[Path] = ()
) -> int:
    """A descriptor of rules that this process and its children may enforce, any number of times.

    The folders of `listed` may be listed without reading the files beneath them.
    """
    version = abi()
    everything = _ALL_BY_ABI.get(version, _ALL_SINCE_ABI_5)
    ruleset = _create_ruleset(version, everything)
    rights = ((listed, _READ_DIR), (read_only, _READ), (read_write, everything & _READ_AND_WRITE))
    for paths, allowed in rights:
        for path in paths:
            _allow(ruleset, path, allowed)
    return ruleset


def enforce(ruleset: int) -> None:
    """Add a layer of rules to this thread: what is allowed must be allowed by every layer."""
    syscalls.call("landlock_restrict_self", ruleset, 0)


def _create_ruleset(version: int, files: int) -> int:
    words = [files]
    if version >= 4:
        words.append(_TCP_BIND_AND_CONNECT)
    if version >= 6:
        words.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = ctypes.create_string_buffer(struct.pack(f"{len(words)}Q", *words), 8 * len(words))
    return syscalls.call("landlock_create_ruleset", ctypes.addressof(attributes), 8 * len(words), 0)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not path.is_dir():
            rights &= _FILE_ONLY
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, beneath), 12)
        syscalls.call("landlock_add_rule", ruleset, _PATH_BENEATH, ctypes.addressof(rule), 0)
    finally:
        os.close(beneath)

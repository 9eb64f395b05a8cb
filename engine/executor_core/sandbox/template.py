"""The warm process that scripts are forked from: surveys the walls, then serves fork requests.

Each request is one packet with three descriptors: the child's channel, its log and a status socket.
On the status socket the template sends the child's pidfd, later how it ended and what it used.
"""

import contextlib
import gc
import json
import os
import select
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from engine.executor_core.sandbox import child, stdlib, walls
from engine.jail import limits, namespaces, seccomp

_PACKET_BYTES = 4096
_DESCRIPTORS = 3
_NICENESS = 5
_hidden_modules: list[ModuleType] = []


@dataclass(frozen=True)
class _Child:
    handle: int
    pid: int
    status: socket.socket


def main(control_descriptor: int, config: str) -> None:
    """Get ready, say how, and serve until the service closes the control socket."""
    control = socket.socket(fileno=control_descriptor)
    settings = json.loads(config)
    os.nice(_NICENESS)
    stdlib.preload()
    surveyed = walls.survey(
        strongest=settings["strongest"],
        temp_folder=Path(settings["temp_folder"]),
        slots=settings["slots"],
    )
    if surveyed.seccomp:
        seccomp.prepare_script_filter(surveyed.files)
    outer_pid = _become_first_process(control) if surveyed.namespaces else os.getpid()
    _settle_down()
    control.send(json.dumps({**surveyed.report(), "pid": outer_pid}).encode())
    _serve(control, surveyed)


def _become_first_process(control: socket.socket) -> int:
    """Go on as process 1 of new namespaces, the process before only waits; the outer pid."""
    process_table = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    namespaces.enter(walls.private_root())
    first = os.fork()
    if first:
        control.close()
        os.waitpid(first, 0)
        os._exit(0)
    limits.die_with_parent_thread()
    outer_pid = int(os.readlink("self", dir_fd=process_table))
    os.close(process_table)
    return outer_pid


def _settle_down() -> None:
    """Hide what scripts have no business with, and share all memory with children untouched."""
    os.dup2(1, 2)
    with contextlib.suppress(OSError):
        limits.bound_capabilities()
    sys.argv[:] = [""]
    for name in [name for name in sys.modules if name == "engine" or name.startswith("engine.")]:
        _hidden_modules.append(sys.modules.pop(name))
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # a real file
    sys.stderr.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # a real file
    gc.collect()
    gc.freeze()
    gc.disable()


def _serve(control: socket.socket, around: walls.Walls) -> NoReturn:
    children: dict[int, _Child] = {}
    poller = select.poll()
    poller.register(control, select.POLLIN)
    while True:
        for descriptor, _ in poller.poll():
            if descriptor in children:
                poller.unregister(descriptor)
                _report_end(children.pop(descriptor))
            else:
                started = _start(*_next_request(control), around)
                children[started.handle] = started
                poller.register(started.handle, select.POLLIN)


def _next_request(control: socket.socket) -> tuple[walls.Request, list[int]]:
    packet, received, _, _ = socket.recv_fds(control, _PACKET_BYTES, _DESCRIPTORS)
    if not packet:
        os._exit(0)
    return walls.Request(**json.loads(packet)), received


def _start(request: walls.Request, received: list[int], around: walls.Walls) -> _Child:
    channel, log, status_end = received
    template = os.getpid()
    pid = os.fork()
    if pid == 0:
        child.run(request, around, template, channel, log)
    os.close(channel)
    os.close(log)
    started = _Child(os.pidfd_open(pid), pid, socket.socket(fileno=status_end))
    with contextlib.suppress(BrokenPipeError):
        socket.send_fds(started.status, [b"{}"], [started.handle])
    return started


def _report_end(ended: _Child) -> None:
    os.close(ended.handle)
    _, wait_status, used = os.wait4(ended.pid, 0)
    report = {
        "exit": os.waitstatus_to_exitcode(wait_status),
        "cpu_ms": (used.ru_utime + used.ru_stime) * 1000,
        "memory_mb": used.ru_maxrss / 1024,
    }
    with contextlib.suppress(BrokenPipeError):
        ended.status.send(json.dumps(report).encode())
    ended.status.close()

"""Runs one job in a child of the template and watches it from fork to exit."""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.deadline import Deadline
from engine.executor_core.sandbox import temp_folders
from engine.executor_core.sandbox.child import Job
from engine.executor_core.sandbox.process import TemplateProcess
from engine.executor_core.sandbox.walls import FILES_IN_TEMP, Request

MAX_LOG_BYTES = 65_536
_MAX_ERROR_BYTES = 65_536
_CHUNK = 65_536
_DISK_CHECK_S = 0.03
_DEATH_WITHIN_S = 0.5
_SHORTEST_S = 0.001


class TemplateLostError(Exception):
    """The template died under a job; `started` tells whether the child had been made."""

    def __init__(self, *, started: bool) -> None:
        super().__init__("the sandbox's template process died")
        self.started = started


@dataclass
class JobOutcome:
    """What a child left behind.

    Attributes:
        answer: All it wrote to its channel: one letter and a JSON document, or whatever it wrote.
        exit_code: As `subprocess` has it: negative for a signal.
        stopped: Why the service killed it, if it did.
    """

    answer: bytes = b""
    log: bytes = b""
    log_truncated: bool = False
    exit_code: int = 0
    stopped: str | None = None
    cpu_ms: float = 0.0
    memory_mb: float = 0.0
    wall_ms: float = 0.0


class ChildLines:
    """A child forked and locked in, or about to be, and the service's ends of its lines.

    It waits for its job; it can therefore be made ahead.
    """

    def __init__(self, template: TemplateProcess, request: Request) -> None:
        """Have a child forked; raises TemplateLostError when there is no template any more."""
        self.template = template
        self.request = request
        self.handle: int | None = None
        self.channel, their_channel = socket.socketpair()
        self.status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.log, their_log = os.pipe()
        try:
            theirs = (their_channel.fileno(), their_log, their_status.fileno())
            template.fork(request, *theirs)
        except OSError as error:
            self.close()
            raise TemplateLostError(started=False) from error
        finally:
            their_channel.close()
            their_status.close()
            os.close(their_log)

    def send(self, job: Job, deadline: Deadline) -> None:
        """Hand the job over; raises TimeoutError, or OSError when the child is gone."""
        self.channel.settimeout(deadline.remaining_s() or _SHORTEST_S)
        self.channel.sendall(job.encode())
        self.channel.settimeout(None)

    def kill(self) -> None:
        """End the child now, if its handle has come."""
        if self.handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def close(self) -> None:
        """Let go of the child: one that still waits for a job ends, one that runs is killed."""
        self.kill()
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
        self.channel.close()
        self.status.close()
        os.close(self.log)


def run_job(child: ChildLines, job: Job, deadline: Deadline) -> JobOutcome:
    """Hand a child its job and collect what it leaves; it is gone when this returns.

    Raises:
        TemplateLostError: The template died before the child's end was known.
        ExecutionCancelledError: The call was told to stop before the child had its job.
    """
    with closing(child):
        watch = _Watch(child, deadline, job.max_answer_bytes + _MAX_ERROR_BYTES)
        with deadline.on_cancel(watch.cancel):
            watch.begin(job)
            return watch.until_the_end()


class _Watch:
    """The service's eye on one child: its answer, its log, its end, its limits."""

    def __init__(self, child: ChildLines, deadline: Deadline, max_bytes: int) -> None:
        self._child = child
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._began = time.monotonic()
        self._outcome = JobOutcome()
        self._answer = bytearray()
        self._log = bytearray()
        self._ended = False
        self._gone_by: float | None = None
        self._poller = select.poll()
        self._readers: dict[int, Callable[[], bool]] = {}

    def begin(self, job: Job) -> None:
        """Send the job and open the eye."""
        self._watch(self._child.channel.fileno(), self._read_answer)
        self._watch(self._child.log, self._read_log)
        self._watch(self._child.status.fileno(), self._read_status)
        try:
            self._child.send(job, self._deadline)
        except TimeoutError:
            self._stop("timeout")
        except OSError:
            return  # the child is gone: how it ended comes by the status line

    def cancel(self) -> None:
        """End the child from another thread; the eye sees it end like any other."""
        self._stop("cancelled")

    def until_the_end(self) -> JobOutcome:
        """Serve the lines until the child has ended and everything it wrote is read."""
        while self._readers and not self._overdue():
            for descriptor, _ in self._poller.poll(self._patience_ms()):
                if not self._readers[descriptor]():
                    self._poller.unregister(descriptor)
                    del self._readers[descriptor]
            self._enforce()
        if not self._ended:
            self._child.template.close()
        self._outcome.answer = bytes(self._answer)
        self._outcome.log = bytes(self._log)
        self._outcome.wall_ms = (time.monotonic() - self._began) * 1000
        return self._outcome

    def _watch(self, descriptor: int, read: Callable[[], bool]) -> None:
        self._poller.register(descriptor, select.POLLIN)
        self._readers[descriptor] = read

    def _read_answer(self) -> bool:
        try:
            chunk = self._child.channel.recv(_CHUNK)
        except ConnectionResetError:
            return False
        if len(self._answer) + len(chunk) > self._max_bytes:
            self._stop("answer_too_large")
            return False
        self._answer += chunk
        return bool(chunk)

    def _read_log(self) -> bool:
        chunk = os.read(self._child.log, _CHUNK)
        room = MAX_LOG_BYTES - len(self._log)
        self._log += chunk[: max(0, room)]
        self._outcome.log_truncated |= len(chunk) > room
        return bool(chunk)

    def _read_status(self) -> bool:
        packet, descriptors, _, _ = socket.recv_fds(self._child.status, 4096, 1)
        if descriptors:
            self._child.handle = descriptors[0]
            if self._outcome.stopped:
                self._child.kill()
            return True
        if not packet:
            raise TemplateLostError(started=bool(self._answer))
        report = json.loads(packet)
        self._ended = True
        self._gone_by = time.monotonic() + _DEATH_WITHIN_S
        self._outcome.exit_code = report["exit"]
        self._outcome.cpu_ms = report["cpu_ms"]
        self._outcome.memory_mb = report["memory_mb"]
        return False

    def _patience_ms(self) -> float:
        if self._gone_by is not None:
            left = self._gone_by - time.monotonic()
        else:
            left = self._deadline.remaining_s()
        if self._child.request.folder and not self._ended:
            left = min(left, _DISK_CHECK_S)
        return max(0.0, left) * 1000 + 1

    def _overdue(self) -> bool:
        return self._gone_by is not None and time.monotonic() > self._gone_by

    def _enforce(self) -> None:
        if self._ended or self._outcome.stopped:
            return
        if self._deadline.remaining_s() <= 0:
            self._stop("timeout")
        elif self._child.request.folder and self._fills(Path(self._child.request.folder)):
            self._stop("disk_full")

    def _fills(self, folder: Path) -> bool:
        allowed = self._child.request.temp_mb << 20
        return not temp_folders.fits(folder, max_bytes=allowed, max_files=FILES_IN_TEMP)

    def _stop(self, why: str) -> None:
        self._outcome.stopped = why
        self._gone_by = time.monotonic() + _DEATH_WITHIN_S
        self._child.kill()

"""A DuckDB worker process as its parent sees it: start, call from many threads, interrupt, end."""

from __future__ import annotations

import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    TargetTransientError,
    TargetUnavailableError,
)
from storage.targets.duckdb_worker import CHANNEL, INTERRUPT, LENGTH, OPEN, write_frames

START_TIMEOUT_S = 20.0
INTERRUPT_AFTER_S = 0.02
"""DuckDB ends a statement at the deadline by itself; this long after it, the parent asks."""
KILL_AFTER_S = 0.07
"""This long after it the worker is killed: the caller is answered within 100 ms."""
_CANCEL_TRIES, _CANCEL_TRY_S = 5, 0.05
"""An interrupt that comes before DuckDB has begun is lost: it is sent again, then the kill."""
_REPORT_BYTES = 65_536
_CHUNK_BYTES = 262_144
_ROOT = Path(__file__).parents[2]
# The packages are entered as empty shells: their faces would load the whole product.
_PROGRAM = """
import sys
from types import ModuleType
for name in ("engine", "storage"):
    sys.modules[name] = shell = ModuleType(name)
    shell.__path__ = [f"{sys.argv[1]}/{name}"]
from storage.targets.duckdb_worker import main
main(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
"""


class DuckDbProcess:
    """One worker on one file; thread-safe.

    Every calling thread borrows a channel, a socket pair of which a thread of the worker holds the
    other end, so that answers need no sorting. A worker that does not stop at a deadline is killed,
    and the calls that ran beside are told to try again.

    Raises:
        TargetUnavailableError: The file cannot be opened, or the process does not start.
    """

    def __init__(self, path: Path, *, memory_mb: int, threads: int) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="api-engine-duckdb-"))
        self._lock = threading.Lock()
        self._idle: list[_Channel] = []
        self._in_use = 0
        self._channels = 0
        self._retired = False
        self._control, remote = socket.socketpair()
        with remote:
            arguments = (_ROOT, remote.fileno(), path, memory_mb, threads, self._scratch)
            self._process = subprocess.Popen(  # noqa: S603  # our own program and arguments
                [sys.executable, "-I", "-c", _PROGRAM, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[remote.fileno()],
                env={"TZ": "UTC", "LANG": "C.UTF-8", "HOME": str(self._scratch)},
                cwd=self._scratch,
            )
        try:
            self.missing_walls = self._started(path)
        except TargetUnavailableError:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether new calls may be sent."""
        return not self._retired and self._process.poll() is None

    def call(self, request: Mapping[str, Any], deadline: Deadline) -> tuple[dict[str, Any], bytes]:
        """Send a request and wait for its answer until the deadline, not much longer.

        Raises:
            DeadlineExceededError: The worker was stopped or killed.
            ExecutionCancelledError: The call was told to stop before it was sent.
            TargetTransientError: The worker ended under this call, without its fault.
        """
        with self._sent(request, deadline) as channel:
            return self._answer(channel, deadline)

    def stream(
        self,
        request: Mapping[str, Any],
        deadline: Deadline,
        take: Callable[[dict[str, Any], bytes], None],
    ) -> dict[str, Any]:
        """Send a request that has many answers, and hand on each but the last, which is returned.

        What `take` raises ends the statement. Raises as `call` does.
        """
        with self._sent(request, deadline) as channel:
            while True:
                answer, rows = self._answer(channel, deadline)
                if "end" in answer or "error" in answer:
                    return answer
                take(answer, rows)

    def retire(self) -> None:
        """Take no more calls, and end when those under way are answered."""
        with self._lock:
            self._retired = True
            idle = not self._in_use
        if idle:
            self.kill()

    def kill(self) -> None:
        """End the process at once and remove its temporary files; idempotent."""
        self._retired = True
        self._process.kill()
        self._reap()

    def _reap(self) -> None:
        self._retired = True
        self._process.kill()  # one that closed its sockets is of no use, ended or not
        self._process.wait()
        with self._lock:
            for channel in self._idle:
                channel.close()
            self._idle.clear()
        self._control.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _started(self, path: Path) -> tuple[str, ...]:
        self._control.settimeout(START_TIMEOUT_S)
        try:
            report = self._control.recv(_REPORT_BYTES)
        except OSError as error:
            raise TargetUnavailableError(
                f"the DuckDB worker for {path} did not start within {START_TIMEOUT_S:g} s"
            ) from error
        if not report:
            raise TargetUnavailableError(f"the DuckDB worker for {path} ended while starting")
        facts = orjson.loads(report)
        if "error" in facts:
            raise TargetUnavailableError(
                f"the DuckDB file {path} cannot be opened: {facts['message']}",
                hint=facts["hint"] or "Check that it is a DuckDB database nobody is writing to.",
            )
        self._control.settimeout(None)
        return tuple(facts["missing_walls"])

    @contextmanager
    def _sent(self, request: Mapping[str, Any], deadline: Deadline) -> Iterator[_Channel]:
        """A channel on which a request was sent; the block reads every answer to it."""
        timeout_ms = int(deadline.remaining_s() * 1000)
        body = pickle.dumps({**request, "timeout_ms": timeout_ms})
        with self._borrowed() as channel:
            try:
                with self._cancellable(channel, deadline):
                    channel.send(body)
                    yield channel
            except (OSError, EOFError) as error:
                self._reap()
                raise TargetTransientError(
                    "the DuckDB worker ended while the statement ran; it is started again"
                ) from error
            # A late interrupt would stop the next statement of a channel that is used again.
            channel.clean = not deadline.is_cancelled()

    @contextmanager
    def _cancellable(self, channel: _Channel, deadline: Deadline) -> Iterator[None]:
        if deadline.cancellation is None:
            yield
            return
        ended = threading.Event()
        with deadline.on_cancel(lambda: self._break_off(channel, ended)):
            try:
                yield
            finally:
                ended.set()

    def _break_off(self, channel: _Channel, ended: threading.Event) -> None:
        """Interrupt a channel's statement; end the worker when that does not help."""
        for _ in range(_CANCEL_TRIES):
            with suppress(OSError):
                self._control.sendall(CHANNEL.pack(INTERRUPT, channel.number))
            if ended.wait(_CANCEL_TRY_S):
                return
        self._retired = True
        self._process.kill()

    @contextmanager
    def _borrowed(self) -> Iterator[_Channel]:
        channel = self._channel()
        try:
            yield channel
        finally:
            self._give_back(channel)

    def _channel(self) -> _Channel:
        with self._lock:
            self._in_use += 1
            if self._idle:
                channel = self._idle.pop()
                channel.clean = False
                return channel
            self._channels += 1
            number = self._channels
            local, remote = socket.socketpair()
            with remote:
                try:
                    message = CHANNEL.pack(OPEN, number)
                    socket.send_fds(self._control, [message], [remote.fileno()])
                except OSError as error:
                    local.close()
                    self._in_use -= 1
                    raise TargetTransientError("the DuckDB worker has just ended") from error
        return _Channel(number, local)

    def _give_back(self, channel: _Channel) -> None:
        with self._lock:
            self._in_use -= 1
            keep = channel.clean and not self._retired
            last = self._retired and not self._in_use
            if keep:
                self._idle.append(channel)
        if not keep:
            channel.close()
        if last:
            self.kill()

    def _answer(self, channel: _Channel, deadline: Deadline) -> tuple[dict[str, Any], bytes]:
        for grace_s in (INTERRUPT_AFTER_S, KILL_AFTER_S):
            try:
                return channel.receive(deadline.at + grace_s - deadline.clock())
            except TimeoutError:
                if grace_s == INTERRUPT_AFTER_S:
                    self._control.sendall(CHANNEL.pack(INTERRUPT, channel.number))
        self.kill()
        raise DeadlineExceededError(
            f"the statement did not finish within {deadline.budget_s:g} s; "
            "it could not be interrupted, so its worker was ended"
        )


class _Channel:
    """One end of a socket pair; `clean` tells that no answer is outstanding on it."""

    def __init__(self, number: int, connection: socket.socket) -> None:
        self.number = number
        self.clean = False
        self._socket = connection
        self._received = bytearray()

    def send(self, body: bytes) -> None:
        self._socket.settimeout(None)
        write_frames(self._socket, body)

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """The two frames of an answer; after a TimeoutError the next call goes on from there."""
        until = time.monotonic() + timeout_s
        while (answer := self._complete()) is None:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            chunk = self._socket.recv(_CHUNK_BYTES)
            if not chunk:
                raise EOFError
            self._received += chunk
        del self._received[: 2 * LENGTH.size + len(answer[0]) + len(answer[1])]
        return orjson.loads(answer[0]), answer[1]

    def close(self) -> None:
        self._socket.close()

    def _complete(self) -> tuple[bytes, bytes] | None:
        head = self._frame(0)
        rows = None if head is None else self._frame(LENGTH.size + len(head))
        return None if head is None or rows is None else (head, rows)

    def _frame(self, start: int) -> bytes | None:
        body = start + LENGTH.size
        if len(self._received) < body:
            return None
        end = body + LENGTH.unpack_from(self._received, start)[0]
        return bytes(self._received[body:end]) if len(self._received) >= end else None

"""Sends requests over some kept connections as fast as they are answered, and times each."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

MakeRequest = Callable[[int], bytes]
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_GRACE_S = 30.0


@dataclass
class Answers:
    """What came back: milliseconds of each answer, and how many there were of each status."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return len(self.milliseconds) / self.seconds


def post(path: str, port: int, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it crosses the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + _HEAD_END + body


def load(port: int, make: MakeRequest, *, connections: int, seconds: float) -> Answers:
    """Load a server of this machine; each connection sends when its last request is answered.

    Raises:
        ConnectionError: The server closed a connection, or left one without an answer.
    """
    return asyncio.run(_load(port, make, connections, seconds))


async def _load(port: int, make: MakeRequest, connections: int, seconds: float) -> Answers:
    answers, numbers = Answers(), iter(range(1, 1 << 62))
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: _Client(answers, lambda: make(next(numbers)), loop), "127.0.0.1", port
        )
        clients.append(client)
    began = time.perf_counter()
    for client in clients:
        client.start(began + seconds)
    done = asyncio.gather(*(client.done for client in clients))
    try:
        await asyncio.wait_for(done, seconds + _GRACE_S)
    except TimeoutError as error:
        raise ConnectionError("a request was not answered") from error
    finally:
        for client in clients:
            client.close()
    answers.seconds = time.perf_counter() - began
    return answers


class _Client(asyncio.Protocol):
    """One connection. Reads answers that tell their length, as both servers' do."""

    def __init__(
        self, answers: Answers, make: Callable[[], bytes], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.done: asyncio.Future[None] = loop.create_future()
        self._answers = answers
        self._make = make
        self._received = bytearray()
        self._expected = 0
        self._end = self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP connections have
        self._transport = transport

    def start(self, end: float) -> None:
        """Send requests until a time on the performance counter."""
        self._end = end
        self._send()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            head_length = self._received.find(_HEAD_END)
            if head_length < 0:
                return
            head = bytes(self._received[:head_length]).lower()
            self._answers.statuses[int(head[9:12])] += 1
            length = head.split(_LENGTH, 1)[1].split(b"\r\n", 1)[0]
            self._expected = head_length + len(_HEAD_END) + int(length)
        if len(self._received) >= self._expected:
            self._received.clear()
            self._expected = 0
            now = time.perf_counter()
            self._answers.milliseconds.append((now - self._sent) * 1000)
            if now < self._end:
                self._send()
            elif not self.done.done():
                self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the connection was closed: {error}"))

    def _send(self) -> None:
        request = self._make()
        self._sent = time.perf_counter()
        self._transport.write(request)

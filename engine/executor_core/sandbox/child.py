"""One call: locks itself in, runs the script, answers and ends; nothing of it survives."""

import asyncio
import gc
import inspect
import io
import json
import os
import pickle  # what is unpickled was written by the service itself
import random
import resource
import struct
import sys
import threading
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any, NoReturn

from engine.executor_core.sandbox import jsonable, walls
from engine.jail import limits

SCRIPT_NAME = "<script>"
LOCKED_IN, NOT_LOCKED_IN = b"L", b"N"
"""The first byte a child sends, before anything foreign runs; a refusal's reason follows."""
RESULT, FAILURE = b"R", b"F"
"""What follows the first byte: one of these and a JSON document."""
CHANNEL = 3
_LENGTH = struct.Struct("<Q")
_MESSAGE_CHARACTERS = 4000
_FRAMES = 20
_RESERVE_BYTES = 1 << 20
_THREAD_STACK_BYTES = 1 << 20


@dataclass(frozen=True)
class Job:
    """What the service sends: the script, its arguments, and how long its answer may be."""

    source: str
    params: Mapping[str, Any]
    input_payload: Any
    cpu_s: int
    max_answer_bytes: int

    def encode(self) -> bytes:
        """The job as it crosses the channel."""
        arguments = (dict(self.params), self.input_payload)
        body = pickle.dumps((self.source, *arguments, self.cpu_s, self.max_answer_bytes))
        return _LENGTH.pack(len(body)) + body


def run(
    request: walls.Request, around: walls.Walls, template: int, channel: int, log: int
) -> NoReturn:
    """Be one call from fork to exit."""
    try:
        _arrange_descriptors(channel, log)
        walls.raise_around_child(around, request, template)
    except (OSError, ValueError) as error:
        _send(NOT_LOCKED_IN + str(error).encode())
        os._exit(70)
    job = _receive()
    _send(LOCKED_IN)
    limits.limit_resources({resource.RLIMIT_CPU: job.cpu_s})
    _freshen()
    _send(_answer(job))
    os._exit(0)


def _arrange_descriptors(channel: int, log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    if channel != CHANNEL:
        os.dup2(channel, CHANNEL, inheritable=False)


def _receive() -> Job:
    with io.FileIO(CHANNEL, "r", closefd=False) as channel:
        length = _LENGTH.unpack(_read(channel, _LENGTH.size))[0]
        return Job(*pickle.loads(_read(channel, length)))  # noqa: S301  # the service's own words


def _read(channel: io.FileIO, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        chunk = channel.read(length - len(received))
        if not chunk:
            os._exit(0)
        received += chunk
    return bytes(received)


def _freshen() -> None:
    """Undo what a fork shares: chance, garbage collection, the size of new threads' stacks."""
    random.seed()
    threading.stack_size(_THREAD_STACK_BYTES)
    gc.enable()


def _answer(job: Job) -> bytes:
    reserve = bytes(_RESERVE_BYTES)
    try:
        document = jsonable.encode(_call_main(job))
        _refuse_more_than(job.max_answer_bytes, document)
    except BaseException as error:  # noqa: BLE001  # the boundary: what a script raises is its answer
        del reserve
        return FAILURE + _describe(error)
    return RESULT + document


def _refuse_more_than(max_bytes: int, document: bytes) -> None:
    if len(document) > max_bytes:
        raise jsonable.NotJsonError(
            f"the answer is {len(document)} bytes of JSON; {max_bytes} are allowed"
        )


def _call_main(job: Job) -> Any:
    module: dict[str, Any] = {"__name__": "script", "__file__": SCRIPT_NAME}
    code: CodeType = compile(job.source, SCRIPT_NAME, "exec", dont_inherit=True)
    exec(code, module)  # noqa: S102  # this is what the walls are for
    answer = module["main"](job.params, job.input_payload)
    if inspect.iscoroutine(answer):
        answer = asyncio.run(answer)
    sys.stdout.flush()
    return answer


def _describe(error: BaseException) -> bytes:
    frames = _script_frames(error.__traceback__)
    description = {
        "type": type(error).__name__,
        "message": _message_of(error),
        "line": frames[-1]["line"] if frames else getattr(error, "lineno", None),
        "frames": frames,
    }
    return json.dumps(description).encode()


def _message_of(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE_CHARACTERS]
    except Exception as broken:  # noqa: BLE001  # a script's own __str__
        return f"(its message cannot be read: {type(broken).__name__})"


def _script_frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    """The innermost frames of the script's own; a deep recursion has millions."""
    own = (
        (frame.f_code.co_name, line)
        for frame, line in traceback.walk_tb(trace)
        if frame.f_code.co_filename == SCRIPT_NAME
    )
    return [{"line": line, "function": name} for name, line in deque(own, maxlen=_FRAMES)]


def _send(answer: bytes) -> None:
    left = memoryview(answer)
    try:
        while left:
            left = left[os.write(CHANNEL, left) :]
    except OSError:
        os._exit(71)

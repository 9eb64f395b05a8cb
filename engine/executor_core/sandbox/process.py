"""The template process as the service sees it: start it, ask it for children, end it."""

import json
import socket
import subprocess  # the template is started with a fixed command
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import SandboxUnavailableError
from engine.executor_core.sandbox.walls import Level, Request

_BOOT = Path(__file__).with_name("boot.py")
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
"""One heap for all threads: glibc's default reserves 128 MB of address space for each."""
_READY_WITHIN_S = 20.0
_ENDS_WITHIN_S = 0.5
_PACKET_BYTES = 65_536


@dataclass(frozen=True)
class Isolation:
    """How well scripts are isolated on this machine, as the template found and the trial confirmed.

    Attributes:
        level: `A` full, `B` without namespaces, `C` without any file access, `none`.
        files: What a script has of the file system.
        why: For each missing wall, what refused it.
    """

    level: Level
    namespaces: bool
    landlock_abi: int
    seccomp: bool
    files: str
    why: tuple[str, ...] = ()


_FILES: dict[Level, str] = {
    "A": "private root with the standard library, private temporary file system",
    "B": "standard library and a private temporary folder",
    "C": "none",
    "none": "all of the service's",
}


class TemplateProcess:
    """One running template; thread-safe. Dead ones are replaced, never revived."""

    def __init__(self, *, strongest: Level, temp_folder: Path, slots: int) -> None:
        """Start it and wait until it is ready; raises SandboxUnavailableError."""
        if not sys.platform.startswith("linux"):
            raise SandboxUnavailableError(
                "scripts run on Linux only: this system has no way to isolate them",
                hint="Run the engine in a Linux container.",
            )
        config = {"strongest": strongest, "temp_folder": str(temp_folder), "slots": slots}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            descriptor = theirs.fileno()
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and file
                [
                    sys.executable,
                    "-I",
                    "-S",
                    "-X",
                    "utf8",
                    _BOOT,
                    str(descriptor),
                    json.dumps(config),
                ],
                pass_fds=[descriptor],
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        try:
            hello = self._hello()
        except BaseException:
            self.close()
            raise
        self.pid: int = hello["pid"]
        self.script_user: int | None = hello["become"]
        self.isolation = _isolation(hello)

    def fork(self, request: Request, channel: int, log: int, status: int) -> None:
        """Ask for a child that owns these descriptors.

        Raises:
            OSError: The template is gone.
        """
        packet = json.dumps(vars(request)).encode()
        socket.send_fds(self._control, [packet], [channel, log, status])

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it and every child it has; idempotent.

        The template ends by itself when the socket closes; one that does not is killed.
        """
        self._control.close()
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hello(self) -> dict[str, Any]:
        self._control.settimeout(_READY_WITHIN_S)
        try:
            packet = self._control.recv(_PACKET_BYTES)
        except TimeoutError:
            packet = b""
        self._control.settimeout(None)
        if packet:
            hello: dict[str, Any] = json.loads(packet)
            if self._process.stderr is not None:
                self._process.stderr.close()
            return hello
        raise SandboxUnavailableError(f"the script sandbox did not start: {self._last_words()}")

    def _last_words(self) -> str:
        self._process.kill()
        _, errors = self._process.communicate()
        lines = errors.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"


def _isolation(hello: dict[str, Any]) -> Isolation:
    level: Level = hello["level"]
    return Isolation(
        level=level,
        namespaces=hello["namespaces"],
        landlock_abi=hello["landlock_abi"],
        seccomp=hello["seccomp"],
        files=_FILES[level],
        why=tuple(hello["why"]),
    )

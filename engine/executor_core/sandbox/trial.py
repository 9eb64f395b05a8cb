"""The self-test: real attacks run as a script, so that the level shown is the level measured."""

import json
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from engine.executor_core.sandbox.child import LOCKED_IN, RESULT
from engine.executor_core.sandbox.walls import Level
from engine.jail import syscalls

TRIAL_SCRIPT = """
import ctypes, os, socket, tempfile, threading

def attempt(action):
    try:
        action()
    except (OSError, MemoryError, ValueError, ImportError, AttributeError) as error:
        return f"blocked: {type(error).__name__}"
    return "open"

def connect(port):
    with socket.socket() as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", port))

def fork():
    if os.fork() == 0:
        os._exit(0)

def run_a_program():
    os.execv("/bin/true", ["true"])

def raw(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def native_code():
    import mmap
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)

def temp_file():
    with tempfile.TemporaryFile() as file:
        file.write(b"x")

def start_thread():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()

def lazy_import():
    import wsgiref.headers, xml.etree.ElementInclude

def main(params, _):
    leaked = [name for name in os.environ if name.startswith("API_ENGINE")]
    attempt(lambda: os.chmod(params["planted"], 0))
    attempt(lambda: os.truncate(params["planted"], 0))
    attempt(lambda: os.remove(params["planted"]))
    return {
        "walls": {
            "read a file of the service": attempt(lambda: open(params["planted"]).read()),
            "write outside": attempt(lambda: open(params["planted"] + ".new", "w")),
            "list the service's folder": attempt(lambda: os.listdir(params["folder"])),
            "connect to the network": attempt(lambda: connect(params["port"])),
            "start a process": attempt(fork),
            "run a program": attempt(run_a_program),
            "signal another process": attempt(lambda: os.kill(os.getppid(), 0)),
            "read another process": attempt(lambda: open("/proc/1/environ", "rb").read()),
            "enter a namespace": attempt(lambda: raw(params["unshare"], 0x10000000)),
            "make native code": attempt(native_code),
            "take more memory": attempt(lambda: bytearray(params["memory_bytes"])),
            "see settings": "open" if leaked else "blocked: empty",
        },
        "needs": {
            "a temporary file": attempt(temp_file),
            "a thread": attempt(start_thread),
            "an import when it is needed": attempt(lazy_import),
        },
    }
"""
_PLANTED, _PLANTED_MODE = "secret", 0o644
_RIGHT_ANSWER = LOCKED_IN + RESULT
_NEEDED: Mapping[Level, frozenset[str]] = {
    "A": frozenset({"a temporary file", "a thread", "an import when it is needed"}),
    "B": frozenset({"a temporary file", "a thread", "an import when it is needed"}),
    "C": frozenset({"a thread"}),
    "none": frozenset(),
}


class Trial:
    """What the attacks aim at: a planted file, a listening port, this service's process."""

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._closing = ExitStack()
        self._planted = ""
        self._port = 0

    def __enter__(self) -> Self:
        folder = self._closing.enter_context(tempfile.TemporaryDirectory())
        Path(folder).chmod(0o755)
        planted = Path(folder) / "planted"
        planted.write_text(_PLANTED, encoding="ascii")
        planted.chmod(_PLANTED_MODE)
        listener = self._closing.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._planted = str(planted)
        self._port = listener.getsockname()[1]
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closing.close()

    @property
    def params(self) -> dict[str, Any]:
        """What the attacking script is told of its targets."""
        return {
            "planted": self._planted,
            "folder": str(Path(self._planted).parent),
            "port": self._port,
            "unshare": syscalls.number("unshare"),
            "memory_bytes": (self._memory_mb + 64) << 20,
        }

    def damage(self) -> tuple[str, ...]:
        """What the attacks did to the planted file."""
        planted = Path(self._planted)
        untouched = planted.exists() and planted.stat().st_mode & 0o777 == _PLANTED_MODE
        if untouched and planted.read_text(encoding="ascii") == _PLANTED:
            return ()
        return ("a script can change a file of the service",)


def problems(level: Level, answer: bytes) -> tuple[str, ...]:
    """What an attack got through, or a script needs and did not get, at this level."""
    if not answer.startswith(_RIGHT_ANSWER):
        return (
            f"the trial script failed: {answer[:300].decode(errors='replace') or 'it crashed'}",
        )
    try:
        seen = json.loads(answer.removeprefix(_RIGHT_ANSWER))
        walls, needs = dict(seen["walls"]), dict(seen["needs"])
    except (ValueError, TypeError, KeyError):
        return ("the trial script gave no answer",)
    breached = [f"a script can {attack}" for attack, how in walls.items() if how == "open"]
    lacking = [
        f"a script cannot have {need} ({needs.get(need, 'untried')})"
        for need in sorted(_NEEDED[level])
        if needs.get(need) != "open"
    ]
    return (*breached, *lacking)

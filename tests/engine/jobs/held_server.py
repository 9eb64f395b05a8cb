"""A server whose answers wait until a test lets them go: it sees which jobs run at once."""

import http.server
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PATIENCE_S = 30.0


class HeldServer:
    """Calls of `/<group>/<name>`, in order of arrival; those of a group are let go together."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._changed = threading.Condition()
        self._arrived: list[tuple[str, str]] = []
        self._held: Counter[str] = Counter()
        self._peak: Counter[str] = Counter()
        self._open: set[str] = set()

    def arrived(self, group: str) -> list[str]:
        """Who has called, in order."""
        return [name for each, name in self._arrived if each == group]

    def peak(self, group: str) -> int:
        """The most calls that were there at once."""
        return self._peak[group]

    def wait_for(self, group: str, count: int) -> None:
        """Wait until so many have called."""
        with self._changed:
            is_so = self._changed.wait_for(lambda: len(self.arrived(group)) >= count, PATIENCE_S)
        assert is_so, self.arrived(group)

    def let_go(self, *groups: str) -> None:
        """Answer those that wait, and whoever calls from now on."""
        with self._changed:
            self._open.update(groups)
            self._changed.notify_all()

    def hold(self, path: str) -> None:
        """Take a call and wait until it may be answered."""
        group, _, name = path.strip("/").partition("/")
        with self._changed:
            self._arrived.append((group, name))
            self._held[group] += 1
            self._peak[group] = max(self._peak[group], self._held[group])
            self._changed.notify_all()
            self._changed.wait_for(lambda: group in self._open, PATIENCE_S)
            self._held[group] -= 1


@contextmanager
def held_server() -> Iterator[HeldServer]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.hold(self.path)
            with suppress(ConnectionError):  # the caller was told to stop
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        held = HeldServer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield held
        server.shutdown()
        thread.join()

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Clients that hang up or refuse a certificate are part of the tests."""


class Upstream:
    """A real HTTP server on loopback that answers by path and remembers what it was asked."""

    def __init__(self, family=socket.AF_INET):
        self.requests = []
        self.connections = 0
        self._stopping = threading.Event()
        server_class = type("_FamilyServer", (_Server,), {"address_family": family})
        address = "127.0.0.1" if family == socket.AF_INET else "::1"
        self._server = server_class((address, 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def serve_tls(self, context):
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def close(self):
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(upstream):  # noqa: N805  # the handler needs its own self
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                upstream.connections += 1
                super().setup()

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                asked = {
                    "method": self.command,
                    "path": self.path,
                    "headers": dict(self.headers.items()),
                    "body": self.rfile.read(length).decode(),
                }
                upstream.requests.append(asked)
                route = urlsplit(self.path).path.strip("/").split("/")[0]
                getattr(self, f"do_{route}", self.do_echo)(asked)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815  # its protocol

            def reply(self, body, *, status=200, content_type="application/json", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if content_type:
                    self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_echo(self, asked):
                self.reply(json.dumps(asked).encode())

            def do_raw(self, asked):
                """Answer with the request's body, its type taken from X-Type."""
                self.reply(asked["body"].encode(), content_type=self.headers.get("X-Type"))

            def do_status(self, asked):
                retry_after = {"Retry_After": self.headers.get("X-After", "7")}
                status = int(urlsplit(asked["path"]).path.rsplit("/", 1)[-1])
                self.reply(json.dumps(asked).encode(), status=status, **retry_after)

            def do_redirect(self, asked):
                """/redirect/<status>?<location>."""
                path, _, location = asked["path"].partition("?")
                self.reply(b"", status=int(path.rsplit("/", 1)[-1]), Location=location)

            def do_loop(self, asked):
                left = int(asked["path"].rsplit("/", 1)[-1])
                location = f"/loop/{left - 1}" if left else "/echo"
                self.reply(b"", status=302, Location=location)

            def do_drip(self, asked):
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                while not upstream._stopping.wait(0.02):
                    try:
                        self.wfile.write(b" ")
                    except OSError:
                        return

            def do_slow(self, asked):
                time.sleep(0.2)
                self.do_echo(asked)

            def do_bomb(self, asked):
                body = gzip.compress(b"\0" * 50_000_000, compresslevel=9)
                self.reply(body, Content_Encoding="gzip")

            def do_big(self, asked):
                self.reply(b"x" * 200_000, content_type="text/plain")

            def do_gzip(self, asked):
                body = gzip.compress(b'[{"a": 1},') + gzip.compress(b' {"a": 2}]')
                self.reply(body, Content_Encoding="gzip")

            def do_cut(self, asked):
                self.reply(gzip.compress(b"[1, 2, 3]")[:-9], Content_Encoding="gzip")

            def do_br(self, asked):
                self.reply(b"xx", Content_Encoding="br")

            def do_break(self, asked):
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"[1")
                self.close_connection = True

            def do_binary(self, asked):
                self.reply(b"\xff\xfe\x00", content_type="application/octet-stream")

            def do_cookie(self, asked):
                self.reply(json.dumps(asked).encode(), Set_Cookie="sid=1; Path=/")

            def do_empty(self, asked):
                self.reply(b"", status=200, content_type=None)

            def log_message(self, *args):
                pass

        return Handler


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def other_upstream() -> Iterator[Upstream]:
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def ipv6_upstream() -> Iterator[Upstream]:
    server = Upstream(socket.AF_INET6)
    yield server
    server.close()

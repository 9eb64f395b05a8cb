import os
from pathlib import Path

import anyio
import pytest

from engine.sidecar import large_response
from engine.sidecar.body import PIECE_BYTES, PacedResponse
from engine.sidecar.large_response import LargeResponse

MB = 1_048_576
ROWS = "SELECT range AS n, repeat('x', 100) AS t FROM range(10000)"


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES])
def test_a_body_goes_out_in_pieces_and_whole(size):
    body, sent = os.urandom(size), []

    async def send(message):
        sent.append(message)

    async def never():
        await anyio.sleep_forever()

    anyio.run(PacedResponse(body), {"type": "http"}, never, send)

    start, *pieces = sent
    assert dict(start["headers"])[b"content-length"] == str(size).encode()
    assert b"".join(piece["body"] for piece in pieces) == body
    assert all(len(piece["body"]) <= PIECE_BYTES for piece in pieces)
    assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [False]


def test_a_reader_who_stalls_is_given_up_and_the_pieces_are_closed(monkeypatch):
    monkeypatch.setattr(large_response, "STALLED_S", 0.01)
    closed = []

    def pieces():
        try:
            yield b"x"
            yield b"y"
        finally:
            closed.append(True)

    async def stall(message):
        if message["type"] == "http.response.body":
            await anyio.sleep_forever()

    async def never():
        await anyio.sleep_forever()

    anyio.run(LargeResponse(pieces(), 200, {}, "text/csv"), {"type": "http"}, never, stall)

    assert closed == [True]


@pytest.fixture
def at_the_ceiling(new_api):
    policy = {"max_rows": 10_000}
    return new_api(logic_body=ROWS, param_schema={}, runtime_policy=policy)["api_name"]


def resident_bytes():
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


@pytest.mark.parametrize("fmt", ["json", "csv", "arrow"])
def test_answers_at_the_ceiling_leave_no_memory_behind(admin, at_the_ceiling, fmt):
    url = f"/call/{at_the_ceiling}?format={fmt}"

    def read():
        with admin.stream("GET", url) as response:
            return sum(len(piece) for piece in response.iter_raw(PIECE_BYTES))

    for _ in range(3):
        read()
    before = resident_bytes()
    for _ in range(8):
        assert read() > 10_000
    assert resident_bytes() - before < 32 * MB

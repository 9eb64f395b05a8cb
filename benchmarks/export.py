"""What an answer of many rows costs in each format: time, and memory of the server's process."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.effort import Effort
from benchmarks.postgres import free_port
from benchmarks.rest.servers import running

TITLE = "Large answers, streamed"
KEY = "benchmark-key-of-exports"
API = {
    "api_name": "numbers",
    "logic_type": "sql",
    "logic_body": "SELECT i AS n, 'row ' || i AS t, (i * 1.5)::DECIMAL(18, 2) AS d, "
    "DATE '2013-01-01' + (i % 365)::INT AS day FROM range(:rows) r(i)",
    "connection": "sample",
    "param_schema": {"rows": {"type": "integer", "required": True}},
    "runtime_policy": {"max_rows": 1_000_000, "timeout_seconds": 300},
}
_FORMATS = ("json", "csv", "parquet", "arrow")
_MB = 1_048_576


def run(effort: Effort) -> str:
    """One answer of `table_rows` rows, at most a million, in each format; none of it is kept."""
    count = min(effort.table_rows, 1_000_000)
    lines = [
        f"{count:,} rows of 4 columns.\n",
        "| format | rows a second | begins after, s | MB sent | memory grew by, MB |",
        "|---|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "API_ENGINE_DATA_DIR": folder,
            "API_ENGINE_BOOTSTRAP_KEY": KEY,
            "API_ENGINE_JOBS": "workers",
            "API_ENGINE_RUN_RULES": "false",
        }
        port = free_port()
        command = ["-m", "engine.cli", "serve", "--port", str(port)]
        with (
            running(command, environment, port=port, path="/readyz") as server,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"X-API-Key": KEY, "Accept-Encoding": "identity"},
                timeout=300,
            ) as client,
        ):
            client.post("/api-manager/apis", json=API).raise_for_status()
            lines += [_measured(client, server.pid, fmt, count) for fmt in _FORMATS]
    return "\n".join(lines)


def _measured(client: httpx.Client, pid: int, fmt: str, count: int) -> str:
    _read(client, fmt, min(count, 20_000))  # imports what the format needs
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = _memory(pid, "VmRSS")
    begun = time.perf_counter()
    first_s, size = _read(client, fmt, count)
    spent_s = time.perf_counter() - begun
    grown = _memory(pid, "VmHWM") - before
    return (
        f"| {fmt} | {count / spent_s:,.0f} | {first_s:.1f} | {size / _MB:.1f} | {grown / _MB:.0f} |"
    )


def _read(client: httpx.Client, fmt: str, count: int) -> tuple[float, int]:
    """When the answer began, in seconds, and how many bytes it had."""
    begun, size = time.perf_counter(), 0
    with client.stream("GET", "/call/numbers", params={"rows": count, "format": fmt}) as answer:
        answer.raise_for_status()
        first_s = time.perf_counter() - begun
        for piece in answer.iter_raw():
            size += len(piece)
    return first_s, size


def _memory(pid: int, what: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) * 1024

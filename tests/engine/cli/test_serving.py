import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from engine.cli.serving import curl_line
from engine.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("command", ["serve", "dashboard"])
def test_a_taken_port_is_said_with_what_to_do(api_engine, command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        outcome = api_engine(command, "--port", str(port))

    variable = "API_ENGINE_REST_PORT" if command == "serve" else "API_ENGINE_PORT"
    assert outcome.code == 1
    assert f"port {port} on 127.0.0.1 is taken" in outcome.err
    assert f"{variable}={port + 1}" in outcome.err


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(api_engine, free_port, host):
    outcome = api_engine("serve", "--host", host, "--port", str(free_port()))

    assert outcome.code == 1
    assert host in outcome.err
    assert "Traceback" not in outcome.err


@contextmanager
def running(command, folder, port, **environment):
    """A server as a process of its own; yields it once it answers, ends it by SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", command, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "API_ENGINE_DATA_DIR": str(folder), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def wait_for(url, process):
    for _ in range(600):
        assert process.poll() is None, process.stderr.read()
        try:
            return httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def welcome(process):
    """What is printed before the server starts, up to the line that ends it."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("    curl"):
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.parametrize(("command", "root"), [("serve", ""), ("dashboard", "/api")])
def test_the_printed_curl_line_works_and_the_server_ends_well(tmp_path, free_port, command, root):
    port = free_port()

    with running(command, tmp_path, port) as process:
        line = re.findall(r"curl.*", welcome(process))[0]
        wait_for(f"http://127.0.0.1:{port}{root}/healthz", process)
        called = subprocess.run(line, shell=True, capture_output=True, text=True)  # noqa: S602 - as printed

    assert '"code":0' in called.stdout
    assert '"carrier"' in called.stdout
    # The dashboard's server hands the signal on after its own clean end.
    assert process.returncode in (0, -signal.SIGTERM)


def test_the_curl_line_has_the_key_where_it_is_known():
    fresh = Settings.load(sample_data=True)
    given = Settings.load(sample_data=False, bootstrap_key="a-key-of-the-operator")

    assert "X-API-Key: ae_1" in curl_line(fresh, "ae_1", "http://h")
    assert '"X-API-Key: $API_KEY"' in curl_line(fresh, None, "http://h")
    assert "$API_ENGINE_BOOTSTRAP_KEY" in curl_line(given, None, "http://h")
    assert curl_line(given, None, "http://h").endswith("http://h/api-manager/apis")

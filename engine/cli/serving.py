"""`api-engine serve` and `api-engine dashboard`: start a server, and say how to reach it."""

import errno
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.auth import first_key_notice
from engine.errors import SettingsError
from engine.facade import Engine
from engine.settings import Settings

APP = Path(__file__).parents[2] / "app.py"
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")]


def serve(
    host: Host = None,
    port: Port = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes to run.")] = 1,
) -> None:
    """Serve the REST API alone."""
    # Here, so that no other command waits for the server's imports.
    from engine.sidecar.server import serve_engine, serve_in_processes  # noqa: PLC0415

    settings = Settings.load()
    host, port = host or settings.host, port or settings.rest_port
    _refuse_taken(host, port, variable="API_ENGINE_REST_PORT")
    with Engine.open(settings) as engine:
        _welcome(settings, engine.first_key, rest=f"http://{_reachable(host)}:{port}")
        if workers == 1:
            engine.job_runner.watch()
            signal.signal(signal.SIGTERM, _stop)
            serve_engine(engine, settings, host, port)
            return
    if settings.redis_url is None:
        typer.echo(
            f"note: without API_ENGINE_REDIS_URL each of the {workers} processes keeps limits, "
            "breakers and cache of its own",
            err=True,
        )
    serve_in_processes(settings, host, port, count=workers)


def dashboard(host: Host = None, port: Port = None) -> None:
    """Serve the dashboard, and the REST API under /api of the same port."""
    settings = Settings.load()
    host, port = host or settings.host, port or settings.port
    if not APP.is_file():
        raise SettingsError(
            f"the dashboard is not installed: {APP} is missing",
            hint="Run it from a checkout of the project, or serve REST alone: api-engine serve.",
        )
    _refuse_taken(host, port, variable="API_ENGINE_PORT")
    here = f"http://{_reachable(host)}:{port}"
    with Engine.open(settings) as engine:
        _welcome(settings, engine.first_key, rest=f"{here}/api", dashboard=here)
    sys.stderr.flush()
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "logger.hideWelcomeMessage": "true",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    environment = {
        **os.environ,
        "API_ENGINE_HOST": host,
        "API_ENGINE_PORT": str(port),
        "API_ENGINE_DATA_DIR": str(settings.data_dir.absolute()),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - the server replaces this process


def _stop(*_: object) -> None:
    """Leave by way of the engine's end; the server hands its signals on once it has stopped."""
    sys.exit(0)


def _refuse_taken(host: str, port: int, *, variable: str) -> None:
    """Say what is wrong with an address before anything is started on it."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the servers do: the connections of one that has just ended are not in the way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} on {host} is taken by another program",
                hint=f"End that program, or choose another port: {variable}={port + 1}",
            ) from error
        raise SettingsError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}",
            hint=f"Set API_ENGINE_HOST and {variable} to an address of this machine.",
        ) from error


def _reachable(host: str) -> str:
    """A name that a client on this machine can connect to."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _welcome(
    settings: Settings, first_key: str | None, *, rest: str, dashboard: str | None = None
) -> None:
    lines = [f"Dashboard  {dashboard}"] if dashboard else []
    lines += [f"REST API   {rest}", f"OpenAPI    {rest}/docs", "", "Try it:", ""]
    lines += [f"    {curl_line(settings, first_key, rest)}", ""]
    typer.echo("\n".join(lines), err=True)
    if first_key is not None:
        typer.echo(first_key_notice(first_key), err=True)


def curl_line(settings: Settings, first_key: str | None, rest: str) -> str:
    """A command that works as it stands where the key is known, else once `API_KEY` is set."""
    variable = "$API_ENGINE_BOOTSTRAP_KEY" if settings.bootstrap_key else "$API_KEY"
    key = f"-H 'X-API-Key: {first_key}'" if first_key else f'-H "X-API-Key: {variable}"'
    if not settings.sample_data:
        return f"curl -s {key} {rest}/api-manager/apis"
    return (
        f"curl -s {key} -H 'Content-Type: application/json' "
        f'-d \'{{"params": {{"origin": "JFK"}}}}\' '
        f"{rest}/api-manager/apis/delays-by-carrier/execute"
    )

"""`api-engine worker`: a process that runs jobs and nothing else."""

import signal
import threading
from typing import Annotated

import typer

from engine.facade import Engine
from engine.settings import Settings


def worker(
    queues: Annotated[
        str, typer.Option(help="Queues to take jobs from, separated by commas; all if left out.")
    ] = "",
) -> None:
    """Run jobs until asked to end; those that run then may finish, the rest is handed over."""
    settings = Settings.load()
    wanted = tuple(name for part in queues.split(",") if (name := part.strip()))
    asked_to_end = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: asked_to_end.set())
    with Engine.open(settings) as engine:
        engine.job_runner.work(wanted)
        named = ", ".join(wanted or settings.queues)
        typer.echo(f"Running jobs of the queues: {named}", err=True)
        asked_to_end.wait()
        typer.echo("Finishing; no more jobs are begun", err=True)

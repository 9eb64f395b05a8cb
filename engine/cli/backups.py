"""`api-engine backup` and `restore`: an instance's metadata in one file."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.output import AsJson, working, write_json
from engine.facade import Engine
from engine.settings import Settings

File = Annotated[Path, typer.Argument(help="The file.")]


def backup(
    file: File,
    *,
    log: Annotated[
        bool, typer.Option("--log/--no-log", help="With the execution log and its sums.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Write everything but the instance key to a file, as of one moment, while others work on."""
    from engine.bootstrap import backup_instance  # noqa: PLC0415 - slow to import

    settings = Settings.load()
    with working(f"writing {file}"):
        Engine.open(settings).close()  # what a killed process left in its journal comes along
        counts = backup_instance(settings, file, with_log=log)
    _tell(counts, "written", as_json=as_json)
    if not as_json:
        typer.echo("keep the instance key apart from it: secrets are encrypted with it", err=True)


def restore(
    file: File,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Delete what is here already, instead of refusing.")
    ] = False,
    key_file: Annotated[
        Path | None, typer.Option(help="The instance.key of the instance that was backed up.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring back a backup, all of it or nothing; stop the other processes of the instance first."""
    from engine.bootstrap import restore_instance  # noqa: PLC0415 - slow to import

    with working(f"reading {file}"):
        counts = restore_instance(Settings.load(), file, replace=force, key_file=key_file)
    _tell(counts, "restored", as_json=as_json)


def _tell(counts: dict[str, int], done: str, *, as_json: bool) -> None:
    if as_json:
        write_json({"rows": counts})
        return
    total = sum(counts.values())
    typer.echo(f"{total} rows of {len(counts)} tables were {done}", err=True)

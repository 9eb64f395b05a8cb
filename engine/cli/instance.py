"""`api-engine migrate`, `config` and `load-sample`: look after an instance."""

from typing import Annotated

import typer

from engine.cli.output import AsJson, working, write_json
from engine.connections import with_secret
from engine.errors import BadRequestError, NotFoundError
from engine.facade import Engine, local_caller
from engine.settings import PREFIX, Settings
from engine.settings_report import effective_settings
from sample_data.build import load_into_postgres


def migrate() -> None:
    """Bring the metadata database to the current schema."""
    with Engine.open():
        typer.echo("the metadata database is at the current schema", err=True)


def config(*, as_json: AsJson = False) -> None:
    """Write the effective settings, without secrets."""
    if as_json:
        write_json(effective_settings(Settings.load()))
        return
    for setting in effective_settings(Settings.load()):
        typer.echo(f"{setting.name}={setting.value}")


def load_sample(
    connection: Annotated[str, typer.Option(help="A connection to a PostgreSQL database.")],
) -> None:
    """Load the sample data into a PostgreSQL database; without effect when it is there."""
    with Engine.open() as engine:
        known = {each.name: each for each in engine.connections.all(local_caller())}
    target = known.get(connection)
    if target is None:
        raise NotFoundError(
            f"no connection {connection!r}; there is {', '.join(known)}",
            hint=f"Name one: {PREFIX}CONNECTION_{connection.upper()}=postgresql://…",
        )
    if target.dialect != "postgres":
        raise BadRequestError(f"{connection!r} is no PostgreSQL connection")
    with working("loading the sample data"):
        loaded = load_into_postgres(with_secret(target).dsn)
    typer.echo("sample data loaded" if loaded else "sample data is there already", err=True)

"""`python -m sample_data postgresql://…`: load the sample data into a PostgreSQL database."""

import sys
from typing import Annotated

import typer

from engine.errors import EngineError
from sample_data.build import load_into_postgres


def main(
    dsn: Annotated[str, typer.Argument(help="PostgreSQL connection string of the database.")],
) -> None:
    """Load tables and views into the database; without effect when they are there already."""
    try:
        loaded = load_into_postgres(dsn)
    except EngineError as error:
        typer.echo(f"{error.message}. {error.hint or ''}".strip(), err=True)
        sys.exit(1)
    typer.echo("sample data loaded" if loaded else "sample data is there already")


typer.run(main)

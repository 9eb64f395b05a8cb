"""`api-engine secrets`: store, list and delete what HTTP APIs use and nobody may read."""

import sys
from typing import Annotated

import typer

from engine.cli.keys import operator
from engine.cli.output import AsJson, write_json
from engine.facade import Engine

app = typer.Typer(
    help="Store, list and delete secrets; nobody can read them back.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="As templates name it: `{{secrets.NAME}}`.")]
Tenant = Annotated[str, typer.Option(help="Whose secret.")]


@app.command()
def put(name: Name, tenant: Tenant = "default") -> None:
    """Store or replace a secret; its value is asked for, or read from standard input."""
    if sys.stdin.isatty():
        value = typer.prompt("Value", hide_input=True, err=True)
    else:
        value = sys.stdin.read().rstrip("\r\n")
    with Engine.open() as engine:
        engine.secrets.put(name, value, operator(tenant))
    typer.echo(f"secret {name} was stored", err=True)


@app.command("list")
def list_secrets(tenant: Tenant = "default", *, as_json: AsJson = False) -> None:
    """List the names of secrets."""
    with Engine.open() as engine:
        names = engine.secrets.names(operator(tenant))
    if as_json:
        write_json(names)
        return
    for name in names:
        typer.echo(name)


@app.command()
def delete(name: Name, tenant: Tenant = "default") -> None:
    """Delete a secret; APIs that use it fail until it is stored again."""
    with Engine.open() as engine:
        engine.secrets.delete(name, operator(tenant))
    typer.echo(f"secret {name} was deleted", err=True)

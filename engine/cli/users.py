"""`api-engine users`: the people who sign in, and who has which role."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from engine.auth.subjects import user_subject
from engine.cli.keys import RoleName, Tenant, operator
from engine.cli.output import AsJson, write_json
from engine.facade import Engine

app = typer.Typer(help="The people who sign in, and who has which role.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The user's name.")]
Subject = Annotated[
    str,
    typer.Argument(help="user:NAME, sub:SUBJECT, email:ADDRESS, group:NAME or claim:NAME=VALUE."),
]
RoleArgument = Annotated[RoleName, typer.Argument(help="What it may do.")]


@app.command()
def create(
    name: Name,
    *,
    role: Annotated[RoleName, typer.Option(help="What the user may do.")] = RoleName.VIEWER,
    tenant: Tenant = "default",
) -> None:
    """Create a user; the password is asked for, or read from standard input."""
    with Engine.open() as engine:
        engine.auth.users.create(name, _password(), [role.value], operator(tenant))
    typer.echo(f"user {name} was created; the dashboard asks everybody to sign in", err=True)


@app.command("list")
def list_users(tenant: Tenant = "default", *, as_json: AsJson = False) -> None:
    """List the users of a tenant, and the roles that others were given."""
    with Engine.open() as engine:
        users = engine.auth.users.all(operator(tenant))
        bindings = engine.auth.bindings.all(operator(tenant))
    known = {user_subject(user.name): user for user in users}
    rows = []
    for subject in sorted({*known, *(each.subject for each in bindings)}):
        user = known.get(subject)
        roles = [each.role for each in bindings if each.subject == subject]
        state = "" if user is None else "active" if user.is_active else "disabled"
        rows.append((subject, roles, state, user.last_login_at if user else None))
    if as_json:
        names = ("subject", "roles", "state", "last_login_at")
        write_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    table = Table("subject", "roles", "state", "last sign-in")
    for subject, roles, state, last in rows:
        table.add_row(subject, ", ".join(roles), state, f"{last:%Y-%m-%d %H:%M}" if last else "")
    Console().print(table, markup=False)


@app.command()
def set_password(name: Name, tenant: Tenant = "default") -> None:
    """Set a user's password, which ends all of the user's sessions."""
    with Engine.open() as engine:
        engine.auth.users.set_password(name, _password(), operator(tenant))
    typer.echo(f"user {name} has a new password", err=True)


@app.command()
def disable(name: Name, tenant: Tenant = "default") -> None:
    """Keep a user from signing in, and end all of the user's sessions."""
    with Engine.open() as engine:
        engine.auth.users.set_active(name, operator(tenant), active=False)
    typer.echo(f"user {name} may not sign in any more", err=True)


@app.command()
def enable(name: Name, tenant: Tenant = "default") -> None:
    """Let a user sign in again."""
    with Engine.open() as engine:
        engine.auth.users.set_active(name, operator(tenant), active=True)
    typer.echo(f"user {name} may sign in", err=True)


@app.command()
def bind(subject: Subject, role: RoleArgument, tenant: Tenant = "default") -> None:
    """Give a role to a user, or to those whom an identity provider describes so."""
    with Engine.open() as engine:
        engine.auth.bindings.bind(subject, role.value, operator(tenant))
    typer.echo(f"{subject} has the role {role.value}", err=True)


@app.command()
def unbind(subject: Subject, role: RoleArgument, tenant: Tenant = "default") -> None:
    """Take a role."""
    with Engine.open() as engine:
        engine.auth.bindings.unbind(subject, role.value, operator(tenant))
    typer.echo(f"{subject} has the role {role.value} no more", err=True)


def _password() -> str:
    """A password that is not echoed, or the first line of what is piped in."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\n")

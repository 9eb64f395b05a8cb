"""`api-engine keys`: make, list and revoke API keys; replace the instance key."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from engine.cli.output import AsJson, write_json
from engine.facade import Engine, local_caller
from engine.model import Caller, Scope
from engine.ports import ApiKey
from engine.settings import Settings

app = typer.Typer(
    help="Make, list and revoke API keys; replace the instance key.", no_args_is_help=True
)
Tenant = Annotated[str, typer.Option(help="The tenant the key belongs to.")]
_PUBLIC = (
    *("id", "name", "roles", "scope", "allowed_ips", "rate"),
    *("created_at", "expires_at", "revoked_at", "last_used_at"),
)


class RoleName(StrEnum):
    """The roles a key can have."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    role: Annotated[RoleName, typer.Option(help="What it may do.")] = RoleName.VIEWER,
    api: Annotated[list[str] | None, typer.Option(help="Only APIs of this name pattern.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only APIs with this tag.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="Only this endpoint group.")] = None,
    ip: Annotated[list[str] | None, typer.Option(help="Only from this network.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="End after so many days.")] = None,
    rate: Annotated[str | None, typer.Option(help="At most so many calls: 100/minute.")] = None,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Make a key and write it to standard output, this one time."""
    scope = Scope(groups=tuple(group or ()), api_patterns=tuple(api or ()), tags=tuple(tag or ()))
    with Engine.open() as engine:
        issued = engine.auth.keys.create(
            operator(tenant),
            name=name,
            roles=[role.value],
            scope=scope if scope != Scope() else None,
            expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
            allowed_ips=ip or (),
            rate=rate,
        )
    if as_json:
        write_json({"key": issued.text, **_public(issued.key)})
        return
    typer.echo(issued.text)
    typer.echo(f"key {issued.key.id} was made; it is not shown again", err=True)


@app.command("list")
def list_keys(tenant: Tenant = "default", *, as_json: AsJson = False) -> None:
    """List the keys of a tenant, newest first; their secrets are not kept."""
    with Engine.open() as engine:
        keys = engine.auth.keys.all(operator(tenant))
    if as_json:
        write_json([_public(key) for key in keys])
        return
    table = Table("id", "name", "roles", "limited to", "made", "last used", "state")
    for key in keys:
        table.add_row(
            key.id,
            key.name,
            ", ".join(sorted(key.roles)),
            _limits(key),
            _day(key.created_at),
            _day(key.last_used_at),
            _state(key),
        )
    Console().print(table, markup=False)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id: what stands between `ae_` and the dot.")],
    tenant: Tenant = "default",
) -> None:
    """End a key; every process refuses it within two seconds."""
    with Engine.open() as engine:
        engine.auth.keys.revoke(key_id, operator(tenant))
    typer.echo(f"key {key_id} was revoked", err=True)


@app.command()
def rotate_instance(
    new_key_file: Annotated[
        Path | None,
        typer.Option(help="The new key, made if missing; with API_ENGINE_INSTANCE_KEY only."),
    ] = None,
) -> None:
    """Encrypt every secret and connection with a new instance key; API keys stay valid.

    Everybody has to sign in again. Start the other processes of this instance again afterwards:
    until then they can read no secret. It may be repeated when it was interrupted.
    """
    from engine.bootstrap import rotate_instance_key  # noqa: PLC0415 - slow to import

    settings = Settings.load()
    count = rotate_instance_key(settings, new_key_file)
    typer.echo(f"{count} values were encrypted with the new instance key", err=True)
    if settings.instance_key is not None:
        typer.echo(f"set API_ENGINE_INSTANCE_KEY to the content of {new_key_file}", err=True)


def operator(tenant: str) -> Caller:
    """The person at this machine, as an admin of a tenant."""
    return local_caller().model_copy(update={"tenant_id": tenant})


def _public(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in _PUBLIC}


def _limits(key: ApiKey) -> str:
    scope = key.scope or Scope()
    limits = {"apis": scope.api_patterns, "tags": scope.tags, "groups": scope.groups}
    named = {**limits, "from": key.allowed_ips}
    named["rate"] = (key.rate,) if key.rate else ()
    return "; ".join(f"{what} {', '.join(values)}" for what, values in named.items() if values)


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    if key.expires_at is None:
        return "valid"
    verb = "expired" if key.expires_at <= datetime.now(UTC) else "valid until"
    return f"{verb} {_day(key.expires_at)}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""

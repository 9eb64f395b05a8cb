"""`api-engine import`: make APIs of what others wrote."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.keys import operator
from engine.cli.output import AsJson, working, write_json
from engine.errors import BadRequestError, DefinitionInvalidError
from engine.facade import Engine
from engine.importing import (
    Plan,
    PlannedApi,
    Proposal,
    read_curl,
    read_openapi,
    read_postman,
    read_sql_folder,
)

app = typer.Typer(
    help="Make APIs of OpenAPI documents, SQL files, cURL commands and Postman collections.",
    no_args_is_help=True,
)
Prefix = Annotated[str, typer.Option(help="Put before each name.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag for each API.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="Only this one, by name or origin.")]
Publish = Annotated[bool, typer.Option("--publish", help="Live at once, instead of drafts.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be made; make nothing.")]
SkipExisting = Annotated[
    bool, typer.Option("--skip-existing", help="Leave those alone whose name is taken.")
]
Tenant = Annotated[str, typer.Option(help="Whose APIs they will be.")]


@dataclass(frozen=True)
class How:
    """What every kind of import is asked."""

    prefix: str
    tags: Sequence[str]
    only: Sequence[str]
    publish: bool
    dry_run: bool
    skip_existing: bool
    as_json: bool
    tenant: str


@app.command("openapi")
def import_openapi(
    file: Annotated[Path, typer.Argument(help="JSON or YAML, OpenAPI 3; - for standard input.")],
    *,
    server: Annotated[
        str | None, typer.Option(help="The URL that the paths are below, if not the document's.")
    ] = None,
    prefix: Prefix = "",
    tag: Tags = None,
    only: Only = None,
    publish: Publish = False,
    dry_run: DryRun = False,
    skip_existing: SkipExisting = False,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Make an HTTP API of each operation."""
    how = How(prefix, tag or (), only or (), publish, dry_run, skip_existing, as_json, tenant)
    _import(lambda: read_openapi(_text_of(file), server=server), how)


@app.command("sql")
def import_sql(
    folder: Annotated[Path, typer.Argument(help="A folder of .sql files.")],
    *,
    connection: Annotated[
        str | None, typer.Option(help="Of files that name none; `sample` if not given.")
    ] = None,
    prefix: Prefix = "",
    tag: Tags = None,
    only: Only = None,
    publish: Publish = False,
    dry_run: DryRun = False,
    skip_existing: SkipExisting = False,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Make a SQL API of each file."""
    how = How(prefix, tag or (), only or (), publish, dry_run, skip_existing, as_json, tenant)
    _import(lambda: read_sql_folder(folder, connection=connection), how)


@app.command("curl")
def import_curl(
    command: Annotated[str, typer.Argument(help="The command, quoted; - for standard input.")],
    *,
    name: Annotated[str | None, typer.Option(help="Of the API; from the URL if not given.")] = None,
    prefix: Prefix = "",
    tag: Tags = None,
    publish: Publish = False,
    dry_run: DryRun = False,
    skip_existing: SkipExisting = False,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Make an HTTP API of a cURL command."""
    how = How(prefix, tag or (), (), publish, dry_run, skip_existing, as_json, tenant)
    _import(lambda: read_curl(sys.stdin.read() if command == "-" else command, name=name), how)


@app.command("postman")
def import_postman(
    file: Annotated[Path, typer.Argument(help="A collection, v2.1; - for standard input.")],
    *,
    variables: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="The value of a variable."),
    ] = None,
    prefix: Prefix = "",
    tag: Tags = None,
    only: Only = None,
    publish: Publish = False,
    dry_run: DryRun = False,
    skip_existing: SkipExisting = False,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Make an HTTP API of each request of a Postman collection."""
    values = dict(_pair(each) for each in variables or ())
    how = How(prefix, tag or (), only or (), publish, dry_run, skip_existing, as_json, tenant)
    _import(lambda: read_postman(_text_of(file), values=values), how)


def _import(read: Callable[[], Proposal], how: How) -> None:
    caller = operator(how.tenant)
    with Engine.open() as engine, working("reading and checking"):
        plan = engine.imports.plan(read(), caller, prefix=how.prefix, tags=how.tags, only=how.only)
        made: tuple[PlannedApi, ...] = ()
        try:
            if not how.dry_run:
                made = engine.imports.create(
                    plan, caller, publish=how.publish, skip_existing=how.skip_existing
                )
        except DefinitionInvalidError:
            if not how.as_json:
                _show_issues(plan)
            raise
    if how.as_json:
        write_json(_as_json(plan, made))
    else:
        _show(plan, made, how)
    if not plan.apis:
        raise typer.Exit(1)


def _show(plan: Plan, made: Sequence[PlannedApi], how: How) -> None:
    state = "live" if how.publish else "draft"
    for each in plan.apis if how.dry_run else made:
        taken = " (this name is taken)" if each.exists else ""
        typer.echo(f"+ {each.name} <- {each.origin}{taken}")
        for note in each.notes:
            typer.echo(f"    {note}", err=True)
    _show_issues(plan)
    for left in plan.left_out:
        typer.echo(f"left out: {left.origin}: {left.reason}", err=True)
    if plan.missing_secrets:
        typer.echo(f"secrets to store: {', '.join(plan.missing_secrets)}", err=True)
    if how.dry_run:
        typer.echo(f"{len(plan.apis)} would be made; this was a dry run", err=True)
    else:
        typer.echo(f"{len(made)} made ({state}), {len(plan.left_out)} left out", err=True)


def _show_issues(plan: Plan) -> None:
    for each in plan.apis:
        for issue in each.issues:
            typer.echo(f"{issue.severity}: {each.origin}: {issue.message}", err=True)


def _as_json(plan: Plan, made: Sequence[PlannedApi]) -> dict[str, Any]:
    names = {each.name for each in made}
    return {
        "apis": [
            {
                "name": each.name,
                "origin": each.origin,
                "logic_type": each.definition.logic_type,
                "params": list(each.definition.param_schema),
                "made": each.name in names,
                "exists": each.exists,
                "notes": each.notes,
                "issues": each.issues,
            }
            for each in plan.apis
        ],
        "left_out": plan.left_out,
        "missing_secrets": plan.missing_secrets,
    }


def _text_of(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequestError(f"{file} cannot be read: {error}") from error


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"a variable is set as NAME=VALUE, not {text!r}")
    return name, value

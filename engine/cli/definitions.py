"""`api-engine export`, `diff`, `apply`, `validate` and `schema`: definitions as files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.calling import api_names
from engine.cli.output import AsJson, working, write_json
from engine.definition_plan import Change, Plan
from engine.errors import DefinitionInvalidError
from engine.facade import Engine, local_caller
from engine.file_kinds import SCHEMAS, read_definitions
from engine.folder_check import check_folder
from engine.model import Caller, Issue
from engine.model.gate import GateReport
from engine.settings import Settings

DIFFERENT = 3
"""The exit code of `diff` where something differs."""
_SIGNS = {"create": "+", "update": "~", "delete": "-"}

Folder = Annotated[Path, typer.Argument(help="A folder with a YAML file for each API.")]
Tenant = Annotated[str, typer.Option(help="Whose definitions.")]
Variables = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="What ${NAME} stands for in the files."),
]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what is live and has no file.")]


class DialectName(StrEnum):
    """The dialects of SQL."""

    DUCKDB = "duckdb"
    POSTGRES = "postgres"


class FileType(StrEnum):
    """What has files of its own."""

    DEFINITION = "definition"
    ASSET = "asset"
    RULE = "rule"
    SCREEN = "screen"
    TOOL = "tool"
    ALERT = "alert"


def export(
    folder: Folder,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Only these APIs.", autocompletion=api_names),
    ] = None,
    *,
    variables: Variables = None,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Write the live definitions into a folder; files that say the same stay as they are."""
    given = _given(variables)
    shown = _issues_shown(as_json=as_json)
    with shown, Engine.open() as engine, working("exporting", silently=as_json) as step:
        report = engine.definitions.export(
            folder, _caller(tenant), names=names or (), variables=given, step=step
        )
    if as_json:
        write_json(asdict(report))
        return
    for name in report.written:
        typer.echo(f"wrote {name}")
    typer.echo(f"{len(report.written)} written, {len(report.unchanged)} unchanged", err=True)
    if report.others and not names:
        typer.echo(f"of nothing that is live: {', '.join(report.others)}", err=True)


def diff(
    folder: Folder,
    *,
    prune: Prune = False,
    variables: Variables = None,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Show what applying a folder would change; exits with 3 when it would change something."""
    given = _given(variables)
    with _issues_shown(as_json=as_json):
        found = read_definitions(folder, given)
        with Engine.open() as engine:
            plan = engine.definitions.plan(found, _caller(tenant), prune=prune)
    if as_json:
        write_json(_plan_json(plan))
    else:
        for change in plan.changes:
            typer.echo(change.diff)
        _summarize(plan)
    if plan.changes:
        raise typer.Exit(DIFFERENT)


def apply(
    folder: Folder,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, change nothing.")] = False,
    prune: Prune = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Publish although a publish gate blocks it.")
    ] = False,
    note: Annotated[str, typer.Option(help="The note of each new version.")] = "",
    variables: Variables = None,
    as_json: AsJson = False,
    tenant: Tenant = "default",
) -> None:
    """Publish what a folder says, all of it or nothing."""
    given = _given(variables)
    with _issues_shown(as_json=as_json):
        found = read_definitions(folder, given)
        with Engine.open() as engine, working("applying", silently=as_json) as step:
            how = {"prune": prune, "accept_changes": accept_changes}
            sync, caller = engine.definitions, _caller(tenant)
            plan = (
                sync.check(found, caller, **how, step=step)
                if dry_run
                else sync.apply(found, caller, **how, note=note, step=step)
            )
    if as_json:
        write_json({**_plan_json(plan), "applied": not dry_run})
        return
    _show_issues(plan.warnings)
    for name, gate in plan.gates.items():
        typer.echo(f"{name}: {_told(gate)}", err=True)
    for change in plan.changes:
        typer.echo(_line(change))
    _summarize(plan)
    if dry_run:
        typer.echo("nothing was changed: this was a dry run", err=True)


def validate(
    folder: Folder,
    *,
    dialect: Annotated[
        DialectName | None, typer.Option(help="Of connections that are not known here.")
    ] = None,
    variables: Variables = None,
    as_json: AsJson = False,
) -> None:
    """Check a folder by itself, without server or database; for CI."""
    given = _given(variables)
    with _issues_shown(as_json=as_json):
        found = read_definitions(folder, given)
        issues = check_folder(found, Settings.load(), dialect=dialect.value if dialect else None)
    errors = [issue for issue in issues if issue.severity == "error"]
    if as_json:
        write_json(_report(issues))
    else:
        _show_issues(issues)
        typer.echo(f"{len(found)} definitions, {len(errors)} errors", err=True)
    if errors:
        raise typer.Exit(1)


def schema(
    of: Annotated[
        FileType, typer.Argument(metavar="[KIND]", help="Of which files; of APIs by default.")
    ] = FileType.DEFINITION,
) -> None:
    """Write the JSON Schema of files in a folder, for editors."""
    write_json(SCHEMAS[of.value]())


@contextmanager
def _issues_shown(*, as_json: bool) -> Iterator[None]:
    """Show every mistake of a folder that is refused, not only the first."""
    try:
        yield
    except DefinitionInvalidError as error:
        if as_json:
            write_json(_report(error.issues))
        else:
            _show_issues(error.issues)
            typer.echo("nothing was changed", err=True)
        raise typer.Exit(1) from error


def _given(variables: Sequence[str] | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in variables or ()]
    for name, separator, _ in pairs:
        if not separator or not name:
            raise typer.BadParameter(f"a variable is set as NAME=VALUE, not {name!r}")
    return {name: value for name, _, value in pairs}


def _caller(tenant: str) -> Caller:
    return local_caller().model_copy(update={"tenant_id": tenant})


def _summarize(plan: Plan) -> None:
    typer.echo(f"{len(plan.changes)} changes, {len(plan.unchanged)} unchanged", err=True)
    if plan.others:
        typer.echo(f"without a file, and kept: {', '.join(plan.others)}", err=True)


def _line(change: Change) -> str:
    fields = f" ({', '.join(change.fields)})" if change.fields else ""
    return f"{_SIGNS[change.action]} {change.action} {change.name}{fields}"


def _told(gate: GateReport) -> str:
    """What the replay of logged calls came to, in a line."""
    if gate.verdict == "nothing":
        return f"no logged call was replayed: {gate.reason}"
    skipped = f", {len(gate.skipped)} cannot be made again" if gate.skipped else ""
    return f"{len(gate.calls)} logged calls were replayed: {gate.verdict}{skipped}"


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "changes": [asdict(change) for change in plan.changes],
        "unchanged": plan.unchanged,
        "others": plan.others,
        "issues": [issue.model_dump() for issue in plan.warnings],
        "gates": {name: gate.model_dump(mode="json") for name, gate in plan.gates.items()},
    }


def _report(issues: Sequence[Issue]) -> dict[str, Any]:
    return {
        "valid": not any(issue.severity == "error" for issue in issues),
        "issues": [issue.model_dump() for issue in issues],
    }


def _show_issues(issues: Sequence[Issue]) -> None:
    for issue in issues:
        hint = f" ({issue.suggestion})" if issue.suggestion else ""
        typer.echo(f"{issue.severity}: {issue.message}{hint}", err=True)

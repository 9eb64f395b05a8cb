"""`api-engine test`: run the test cases of APIs, for people and for CI."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.calling import api_names
from engine.cli.output import AsJson, working, write_json
from engine.facade import Engine, local_caller
from engine.model.testing import CaseOutcome, CaseReport
from engine.testing import junit_xml


class Side(StrEnum):
    """Which definition of an API to test."""

    LIVE = "live"
    DRAFT = "draft"


def run_tests(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Only of these APIs.", autocompletion=api_names),
    ] = None,
    *,
    against: Annotated[Side, typer.Option(help="What to test.")] = Side.LIVE,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report as JUnit XML, too.")
    ] = None,
    as_json: AsJson = False,
    tenant: Annotated[str, typer.Option(help="Whose APIs.")] = "default",
) -> None:
    """Run the test cases of APIs; exits with 1 when one fails."""
    caller = local_caller().model_copy(update={"tenant_id": tenant})
    with Engine.open() as engine, working("running the test cases"):
        report = engine.tests.run_all(caller, refs=names or (), against=against.value)
    if junit is not None:
        _write(junit, junit_xml(report))
    if as_json:
        write_json(report)
    else:
        _show(report)
    if report.failed:
        raise typer.Exit(1)


def _show(report: CaseReport) -> None:
    for outcome in report.outcomes:
        typer.echo(_line(outcome))
        for failure in outcome.failures:
            typer.echo(f"       {failure}")
    passed = len(report.outcomes) - len(report.failed)
    typer.echo(
        f"{passed} passed, {len(report.failed)} failed in {report.duration_ms / 1000:.1f} s",
        err=True,
    )


def _line(outcome: CaseOutcome) -> str:
    verdict = "passed" if outcome.passed else "FAILED"
    return f"{verdict} {outcome.api_name}: {outcome.name} ({outcome.duration_ms:.0f} ms)"


def _write(path: Path, document: bytes) -> None:
    try:
        path.write_bytes(document)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}") from error

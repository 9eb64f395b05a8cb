"""`api-engine audit`: name what makes this instance easier to attack."""

import typer

from engine.cli.output import AsJson, write_json
from engine.facade import Engine, local_caller


def audit(*, as_json: AsJson = False) -> None:
    """Look at settings, connections and the sandbox; exit code 1 when something was found."""
    with Engine.open() as engine:
        findings = engine.audit.findings(local_caller())
    if as_json:
        write_json(findings)
    else:
        for finding in findings:
            typer.echo(f"{finding.about}: {finding.message}\n    {finding.advice}")
        if not findings:
            typer.echo("nothing was found", err=True)
    if findings:
        raise typer.Exit(1)

"""`api-engine audit`: name what makes this instance easier to attack."""

import typer

from engine.facade import Engine, local_caller


def audit() -> None:
    """Look at settings, connections and the sandbox; exit code 1 when something was found."""
    with Engine.open() as engine:
        findings = engine.audit.findings(local_caller())
    for finding in findings:
        typer.echo(f"{finding.about}: {finding.message}\n    {finding.advice}")
    if findings:
        raise typer.Exit(1)
    typer.echo("nothing was found", err=True)

"""The command line: `api-engine`.

Exit codes: 0 done, 1 it failed or a check found something (the reason is on standard error),
2 it was asked wrongly, 3 `diff` found a difference.
"""

import sys

import typer

from engine.cli import (
    agents,
    audit,
    backups,
    calling,
    definitions,
    importing,
    instance,
    keys,
    secrets,
    serving,
    testing,
    users,
    working,
)
from engine.errors import EngineError

app = typer.Typer(
    name="api-engine",
    help="Queries, HTTP calls, Python functions and workflows as governed APIs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(serving.serve)
app.command()(serving.dashboard)
app.command()(working.worker)
app.command()(calling.run)
app.command()(agents.mcp)
app.command("test")(testing.run_tests)
app.command()(definitions.export)
app.command()(definitions.diff)
app.command()(definitions.apply)
app.command()(definitions.validate)
app.command()(definitions.schema)
app.command()(instance.migrate)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(instance.config)
app.command("load-sample")(instance.load_sample)
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
app.add_typer(secrets.app, name="secrets")
app.add_typer(importing.app, name="import")
app.command()(audit.audit)


def main() -> None:
    """Run the command line; what fails is said in a sentence, without a traceback."""
    try:
        app()
    except EngineError as error:
        typer.echo(f"error: {error.message}", err=True)
        if error.hint:
            typer.echo(error.hint, err=True)
        sys.exit(1)

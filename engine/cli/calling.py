"""`api-engine run`: call a published API from the shell."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from engine.call import ExecutionRequest
from engine.facade import Engine, local_caller
from engine.formats import to_csv
from engine.model import ExecutionResult


class OutputFormat(StrEnum):
    """How an answer is written to standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def run(
    name: Annotated[str, typer.Argument(help="Name or id of the API.")],
    params: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its parameters.")
    ] = None,
    output: Annotated[
        OutputFormat, typer.Option("--format", help="How to write the answer.")
    ] = OutputFormat.TABLE,
    input_json: Annotated[
        str | None, typer.Option("--input", metavar="JSON", help="The input payload.")
    ] = None,
) -> None:
    """Call an API and write its answer."""
    request = ExecutionRequest(
        api=name, params=_parsed(params or ()), input_payload=_decoded(input_json, "--input")
    )
    with Engine.open() as engine:
        result = engine.run(request, local_caller())
    if result.error is not None:
        typer.echo(f"error: {result.error.message}", err=True)
        if result.error.hint:
            typer.echo(result.error.hint, err=True)
        raise typer.Exit(1)
    _write(result, output)


def _parsed(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` as parameters: texts for the schema to convert, lists and objects as JSON."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise typer.BadParameter(f"a parameter is written key=value, not {pair!r}")
        found[key] = _decoded(value, key) if value.startswith(("[", "{")) else value
    return found


def _decoded(text: str | None, what: str) -> Any:
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"{what} is no JSON: {error}") from error


def _write(result: ExecutionResult, output: OutputFormat) -> None:
    if output is OutputFormat.CSV:
        sys.stdout.buffer.write(to_csv(result.data_json))
    elif output is OutputFormat.TABLE and result.rows:
        _write_table(result)
    else:
        pretty = orjson.dumps(result.data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        sys.stdout.buffer.write(pretty)


def _write_table(result: ExecutionResult) -> None:
    table = Table(*result.rows[0])
    for row in result.rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table, markup=False)
    state = "cache hit" if result.cached else f"{result.duration_ms:.0f} ms"
    cut = ", cut at the row limit" if result.truncated else ""
    typer.echo(f"{len(result.rows)} rows, {state}{cut}", err=True)

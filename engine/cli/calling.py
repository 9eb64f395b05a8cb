"""`api-engine run`: call a published API from the shell."""

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from engine.call import ExecutionRequest
from engine.cli.keys import operator
from engine.cli.output import working, write_json
from engine.errors import BadRequestError
from engine.facade import Engine, local_caller
from engine.formats import to_arrow_ipc, to_csv, to_parquet
from engine.model import ApiQuery, ExecutionResult
from engine.params.pairs import read_json, read_pairs


class OutputFormat(StrEnum):
    """How an answer is written to standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


_ENCODERS: Mapping[OutputFormat, Callable[[bytes], bytes]] = {
    OutputFormat.CSV: to_csv,
    OutputFormat.PARQUET: to_parquet,
    OutputFormat.ARROW: to_arrow_ipc,
}
_BINARY = (OutputFormat.PARQUET, OutputFormat.ARROW)


def api_names(incomplete: str) -> list[str]:
    """The names of published APIs that begin so, for the completion of a shell."""
    with Engine.open() as engine:
        query = ApiQuery(q=incomplete, is_active=True, limit=500)
        found = engine.apis.search(query, local_caller()).items
    return [api.api_name for api in found if api.version and api.api_name.startswith(incomplete)]


def run(
    name: Annotated[str, typer.Argument(help="Name or id of the API.", autocompletion=api_names)],
    params: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its parameters.")
    ] = None,
    *,
    output: Annotated[
        OutputFormat, typer.Option("--format", help="How to write the answer.")
    ] = OutputFormat.TABLE,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there, not to standard output.")
    ] = None,
    input_json: Annotated[
        str | None, typer.Option("--input", metavar="JSON", help="The input payload.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the whole result, also of a failed call.")
    ] = False,
    tenant: Annotated[str, typer.Option(help="Whose API.")] = "default",
) -> None:
    """Call an API and write its answer; exits with 1 when the call fails."""
    if output in _BINARY and file is None and sys.stdout.isatty():
        raise typer.BadParameter(f"{output.value} is not for a terminal: name a file with -o")
    try:
        payload = None if input_json is None else read_json(input_json, "--input")
        request = ExecutionRequest(api=name, params=read_pairs(params or ()), input_payload=payload)
    except BadRequestError as error:
        raise typer.BadParameter(error.message) from error
    with Engine.open() as engine, working(f"calling {name}"):
        result = engine.run(request, operator(tenant))
    if as_json:
        write_json(_whole(result))
    elif result.error is None:
        _write(result, output, file)
    if result.error is not None:
        typer.echo(f"error: {result.error.message}", err=True)
        if result.error.hint:
            typer.echo(result.error.hint, err=True)
        raise typer.Exit(1)


def _write(result: ExecutionResult, output: OutputFormat, file: Path | None) -> None:
    if output is OutputFormat.TABLE and file is None and result.rows:
        _write_table(result)
        return
    encode = _ENCODERS.get(output, _pretty)
    encoded = encode(result.data_json)
    if file is None:
        sys.stdout.buffer.write(encoded)
        return
    try:
        file.write_bytes(encoded)
    except OSError as error:
        raise BadRequestError(f"{file} cannot be written: {error.strerror}") from error


def _pretty(data_json: bytes) -> bytes:
    # Not by orjson: whole numbers may have any number of digits.
    return f"{json.dumps(json.loads(data_json), indent=2, ensure_ascii=False)}\n".encode()


def _whole(result: ExecutionResult) -> dict[str, Any]:
    """A result as REST has it, without its policy trace."""
    apart = ("data_json", "trace", "headers")
    names = [field.name for field in dataclasses.fields(result) if field.name not in apart]
    return {**{name: getattr(result, name) for name in names}, "data": result.data}


def _write_table(result: ExecutionResult) -> None:
    table = Table(*result.rows[0])
    for row in result.rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table, markup=False)
    state = "cache hit" if result.cached else f"{result.duration_ms:.0f} ms"
    cut = ", cut at the row limit" if result.truncated else ""
    typer.echo(f"{len(result.rows)} rows, {state}{cut}", err=True)

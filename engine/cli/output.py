"""What the commands share: JSON on standard output, and a sign of life on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from pydantic import BaseModel
from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Write the outcome as JSON.")]


def write_json(value: Any) -> None:
    """Write a value to standard output, indented."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    sys.stdout.buffer.write(orjson.dumps(value, default=_jsonable, option=options))
    sys.stdout.buffer.flush()


@contextmanager
def working(on: str, *, silently: bool = False) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what takes its time, until it is done; nothing anywhere else.

    Yields a function that tells what is being worked on.
    """
    console = Console(stderr=True)
    if silently or not console.is_terminal:
        yield lambda _: None
        return
    with console.status(f"{on} …") as status:
        yield lambda each: status.update(f"{on}: {each} …")


def _jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)

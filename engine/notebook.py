"""Magics for notebooks: `%load_ext engine.notebook`, then `%api` calls and `%%api_sql` tries.

    delays = %api delays-by-carrier origin=JFK

    %%api_sql top-routes origin=JFK --publish
    SELECT dest, count(*) AS flights FROM flights WHERE origin = :origin GROUP BY 1

Both answer with a DataFrame. They use the engine that the notebook calls `eng`, or open one of the
environment's settings.
"""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from engine.call import ExecutionRequest
from engine.definition_fields import new_definition
from engine.errors import EngineError, NotFoundError
from engine.facade import Engine, local_caller
from engine.model import ErrorInfo, ExecutionResult
from engine.outcome import error_info
from engine.params.pairs import read_pairs

_NAME = "eng"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; called by `%load_ext engine.notebook`."""
    shell.register_magics(ApiMagics(shell))


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Close the engine that the magics opened; called by `%unload_ext engine.notebook`."""
    magics = shell.magics_manager.registry.get(ApiMagics.__name__)
    if isinstance(magics, ApiMagics):
        magics.close()


@magics_class
class ApiMagics(Magics):
    """The magics of one notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._own: Engine | None = None

    @line_magic
    def api(self, line: str) -> Any:
        """Call a published API: `%api NAME KEY=VALUE …`.

        Its rows come as a DataFrame, any other answer as it is.
        """
        asked = _calling().parse_args(_words(line))
        with _said():
            request = ExecutionRequest(
                api=asked.name, params=read_pairs(asked.params), source="notebook"
            )
            return _answer(self._engine.run(request, local_caller()))

    @cell_magic
    def api_sql(self, line: str, cell: str) -> Any:
        """Try a statement: `%%api_sql [NAME] [KEY=VALUE …] [--publish]`; its rows as a DataFrame.

        Its parameters are inferred; those of an API of this name keep their schema. `--draft`
        keeps it, `--publish` makes it live once it has worked. `--connection`, `--description`
        and `--tag` describe it.
        """
        asked = _trying().parse_intermixed_args(_words(line))
        asked.name = asked.params.pop(0) if asked.params and "=" not in asked.params[0] else None
        if (asked.draft or asked.publish) and not asked.name:
            raise UsageError("name the API that is to be kept: %%api_sql NAME --publish")
        with _said():
            return self._tried(asked, cell.strip())

    def close(self) -> None:
        """Close the engine that was opened here, if any."""
        if self._own is not None:
            self._own.close()
            self._own = None

    @property
    def _engine(self) -> Engine:
        """The notebook's own engine, or one opened here."""
        known = self.shell.user_ns.get(_NAME) if self.shell else None
        if isinstance(known, Engine):
            return known
        if self._own is None:
            self._own = Engine.open()
        return self._own

    def _tried(self, asked: Namespace, sql: str) -> Any:
        engine, caller = self._engine, local_caller()
        fields = self._fields(asked, sql)
        definition = new_definition({"api_name": asked.name or "unnamed", **fields}, caller)
        request = ExecutionRequest(
            api=definition, params=read_pairs(asked.params), source="test", test=True
        )
        answer = _answer(engine.run(request, caller))
        if asked.draft or asked.publish:
            self._keep(asked.name, fields, publish=asked.publish)
        return answer

    def _fields(self, asked: Namespace, sql: str) -> dict[str, Any]:
        """The definition: parameters declared before keep their schema, others are inferred."""
        found = self._engine.checks.check_sql(sql, local_caller(), connection=asked.connection)
        declared: dict[str, Any] = {}
        if asked.name:
            try:
                before = self._engine.apis.working_copy(asked.name, local_caller())
            except NotFoundError:
                pass
            else:
                declared = dict(before.param_schema)
        return {
            "logic_type": "sql",
            "logic_body": sql,
            "connection": asked.connection,
            "param_schema": {
                name: declared.get(name, spec).model_dump(mode="json")
                for name, spec in found.params.items()
            },
            **({"description": asked.description} if asked.description else {}),
            **({"tags": asked.tag} if asked.tag else {}),
        }

    def _keep(self, name: str, fields: dict[str, Any], *, publish: bool) -> None:
        apis, caller = self._engine.apis, local_caller()
        try:
            apis.get(name, caller)
        except NotFoundError:
            apis.create(
                {"api_name": name, **fields}, caller, publish=publish, note="from a notebook"
            )
        else:
            apis.update(name, fields, caller, publish=publish, note="from a notebook")


class _Parser(ArgumentParser):
    """Says what is wrong as IPython does, instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{self.prog}: {message}")


def _calling() -> ArgumentParser:
    parser = _Parser(prog="%api", add_help=False)
    parser.add_argument("name")
    parser.add_argument("params", nargs="*")
    return parser


def _trying() -> ArgumentParser:
    parser = _Parser(prog="%%api_sql", add_help=False)
    parser.add_argument("params", nargs="*")
    parser.add_argument("--connection", default="sample")
    parser.add_argument("--description")
    parser.add_argument("--tag", action="append")
    parser.add_argument("--draft", action="store_true")
    parser.add_argument("--publish", action="store_true")
    return parser


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"the line cannot be read: {error}") from error


@contextmanager
def _said() -> Iterator[None]:
    """Turn an EngineError into a sentence: in a notebook its traceback helps nobody."""
    try:
        yield
    except EngineError as error:
        raise UsageError(_sentence(error_info(error))) from None


def _answer(result: ExecutionResult) -> Any:
    if result.error is not None:
        raise UsageError(_sentence(result.error))
    return result.data if result.row_count is None else result.df()


def _sentence(error: ErrorInfo) -> str:
    return f"{error.message} {error.hint}" if error.hint else error.message

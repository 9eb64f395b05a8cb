"""Checks a folder of definitions by itself: no server, no metadata, no query target."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import ClassVar, NoReturn

from engine.asset_files import AssetFile
from engine.asset_sync import assets_of_files
from engine.compilation import Compiler
from engine.connections import environment_connection
from engine.deadline import Deadline
from engine.definitions import DefinitionFile
from engine.errors import DefinitionInvalidError, TargetUnavailableError
from engine.executor_core.http import HttpExecutor
from engine.executor_core.script import ScriptExecutor
from engine.executor_core.sql import SqlExecutor
from engine.executor_policies import check_policy
from engine.executor_workflow import WorkflowExecutor
from engine.file_kinds import KINDS, Folder
from engine.model import ApiDefinition, Issue
from engine.ports import (
    BoundQuery,
    Description,
    Dialect,
    FetchedRows,
    FunctionInfo,
    QueryTarget,
    RowSink,
    TableInfo,
)
from engine.settings import Settings


def check_folder(
    folder: Folder,
    settings: Settings,
    *,
    dialect: Dialect | None = None,
) -> tuple[Issue, ...]:
    """Everything wrong with a folder that can be told without a database; with file and line.

    Tables and columns are not looked up, and functions are those that come with the database.
    Workflows, rules, screens, tools and alerts are checked against the APIs of the folder.

    Args:
        folder: As `read_definitions` reads it; what is named is found in it alone.
        settings: Ceilings of policies, and the connections the environment names.
        dialect: Of connections that are not known here; without it a statement is right when one
            of the dialects takes it.
    """
    with ExitStack() as opened:
        compilers = _compilers(folder.apis, folder.assets, settings, opened)
        known: dict[str, Dialect] = {"sample": "duckdb"}
        known |= {
            name: environment_connection(name, dsn.get_secret_value()).dialect
            for name, dsn in settings.environment_connections.items()
        }
        found: list[Issue] = []
        for file in folder.apis:
            api = file.definition()
            its = known.get(api.connection or "", dialect)
            tried = [_issues(api, compilers[each]) for each in ([its] if its else compilers)]
            found += map(file.located, min(tried, key=_count_errors))
    apis = {file.name: file.definition() for file in folder.apis}
    for kind in KINDS:
        for each in folder.named.get(kind.folder, ()):
            found += map(each.located, kind.issues(each, apis.get))
    return tuple(found)


class _NoTarget:
    """A database that is never asked."""

    def fetch(self, query: BoundQuery, *, max_rows: int, deadline: Deadline) -> FetchedRows:  # noqa: ARG002 - the port's
        """Refuse."""
        _refuse()

    def stream(
        self,
        query: BoundQuery,  # noqa: ARG002 - the port's
        sink: RowSink,  # noqa: ARG002
        *,
        max_rows: int,  # noqa: ARG002
        deadline: Deadline,  # noqa: ARG002
    ) -> bool:
        """Refuse."""
        _refuse()

    def describe(self, sql: str) -> Description:  # noqa: ARG002 - the port's
        """Refuse."""
        _refuse()

    def explain(self, query: BoundQuery, *, deadline: Deadline) -> str:  # noqa: ARG002 - the port's
        """Refuse."""
        _refuse()

    def schema(self) -> tuple[TableInfo, ...]:
        """Refuse."""
        _refuse()

    def functions(self) -> tuple[FunctionInfo, ...]:
        """Refuse, so that the database's own functions are taken."""
        _refuse()

    def audit(self) -> tuple[str, ...]:
        """Nothing is dangerous about it."""
        return ()

    def ping(self) -> None:
        """Refuse."""
        _refuse()

    def close(self) -> None:
        """There is nothing to release."""


class _NoDuckDb(_NoTarget):
    dialect: ClassVar[Dialect] = "duckdb"


class _NoPostgres(_NoTarget):
    dialect: ClassVar[Dialect] = "postgres"


class _Files:
    """The APIs of a folder, as workflows look them up."""

    def __init__(self, files: Sequence[DefinitionFile]) -> None:
        self._apis = {file.name: file.definition() for file in files}

    def find(self, tenant_id: str, ref: str) -> ApiDefinition | None:  # noqa: ARG002 - the port's
        """The definition of that name, or None."""
        return self._apis.get(ref)

    def names(self, tenant_id: str) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Names to suggest for one that is not there."""
        return tuple(self._apis)


def _refuse() -> NoReturn:
    raise TargetUnavailableError("no database is asked here")


def _compilers(
    files: Sequence[DefinitionFile],
    assets: Sequence[AssetFile],
    settings: Settings,
    opened: ExitStack,
) -> Mapping[Dialect, Compiler]:
    http = HttpExecutor()
    opened.callback(http.close)
    script = ScriptExecutor(settings)
    opened.callback(script.close)
    workflow = WorkflowExecutor(_Files(files))
    found = assets_of_files(assets)
    targets: Mapping[Dialect, QueryTarget] = {"duckdb": _NoDuckDb(), "postgres": _NoPostgres()}

    def compiler(target: QueryTarget) -> Compiler:
        sql = SqlExecutor(lambda _tenant, _connection: target)
        return Compiler(
            {"sql": sql, "http": http, "script": script, "workflow": workflow},
            partial(_policy_issues, settings),
            found,
        )

    return {dialect: compiler(target) for dialect, target in targets.items()}


def _policy_issues(settings: Settings, api: ApiDefinition) -> tuple[Issue, ...]:
    return check_policy(api.runtime_policy, api.logic_type, settings, params=api.param_schema)


def _issues(api: ApiDefinition, compiler: Compiler) -> tuple[Issue, ...]:
    try:
        found = compiler.compile(api).warnings
    except DefinitionInvalidError as error:
        found = error.issues
    return tuple(issue for issue in found if issue.code != "target_unavailable")


def _count_errors(issues: Iterable[Issue]) -> int:
    return sum(issue.severity == "error" for issue in issues)

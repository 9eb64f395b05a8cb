"""Which rows a scoped caller sees: those of the APIs that its scope names, in SQL."""

import re
import string
from fnmatch import fnmatchcase

from sqlalchemy import ColumnElement, false, or_, true

from engine.model import Scope
from storage.columns import json_array_contains
from storage.database import TenantRows
from storage.tables import ApiDefinitionRow, ExecutionRow

_NAME_CHARACTERS = string.ascii_lowercase + string.digits + "_-"
_PART = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


def api_in_scope(scope: Scope | None) -> ColumnElement[bool]:
    """Whether an API's row is one that the scope names: by a pattern, and by a tag.

    The tags and patterns of `engine.auth`, which decides about one API at a time.
    """
    wanted: ColumnElement[bool] = true()
    if scope is None:
        return wanted
    row = ApiDefinitionRow
    if scope.api_patterns:
        named = (row.api_name.regexp_match(name_regex(each)) for each in scope.api_patterns)
        wanted &= or_(false(), *named)
    if scope.tags:
        wanted &= or_(false(), *(json_array_contains(row.tags, tag) for tag in scope.tags))
    return wanted


def execution_in_scope(rows: TenantRows, scope: Scope | None) -> ColumnElement[bool]:
    """Whether an execution is one of an API that the scope names, as that API is live.

    To a scope that names APIs, executions of none and of deleted ones do not exist.
    """
    if scope is None or not scope.names_apis:
        return true()
    visible = rows.select(ApiDefinitionRow, ApiDefinitionRow.id).where(api_in_scope(scope))
    return ExecutionRow.api_id.in_(visible)


def name_regex(pattern: str) -> str:
    """A shell-style pattern as a regular expression that SQLite and PostgreSQL read alike.

    It agrees with `fnmatchcase` on every name that an API can have. Sets are spelt out, since
    ranges and classes are read in three ways.
    """
    return f"^{''.join(_regex_of(part) for part in _PART.findall(pattern))}$"


def _regex_of(part: str) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    if len(part) == 1:
        return re.escape(part)
    members = "".join(each for each in _NAME_CHARACTERS if fnmatchcase(each, part))
    return f"[{members}]" if members else "[.]"

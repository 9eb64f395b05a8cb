"""Proposals from `.sql` files: a SQL API for each, described by the comment at its top."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from engine.errors import BadRequestError
from engine.importing.proposal import Collected, Proposal, UnusableError
from engine.yaml_source import YamlSource

MAX_FILE = 1_000_000
_KNOWN = ("name", "description", "connection", "tags", "params", "policy")
_LINE = re.compile(r"[ \t]*--[ ]?(.*)")


def read_sql_folder(folder: Path, *, connection: str | None = None) -> Proposal:
    """As `read_sql_files`, of every `.sql` file of a folder and of those below it.

    Raises:
        BadRequestError: There is no such folder, or no such file in it.
    """
    if not folder.is_dir():
        raise BadRequestError(f"{folder} is no folder")
    paths = sorted(path for path in folder.rglob("*.sql") if path.is_file())
    if not paths:
        raise BadRequestError(f"{folder} has no .sql file")
    return read_sql_files(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths},
        connection=connection,
    )


def read_sql_files(files: Mapping[str, bytes], *, connection: str | None = None) -> Proposal:
    """The APIs of SQL files, by their names.

    The comment lines at the top of a file may be YAML with `name`, `description`, `connection`,
    `tags`, `params` and `policy`; any other comment there is the description. Parameters that are
    not described are left to be inferred.

    Args:
        files: The content of each file.
        connection: Of files that name none.
    """
    collected = Collected()
    for origin, content in files.items():
        try:
            said, body = _read(content)
        except UnusableError as error:
            collected.leave_out(origin, str(error))
            continue
        fields: dict[str, Any] = {
            "logic_type": "sql",
            "logic_body": body,
            "connection": said.get("connection") or connection,
            "description": str(said.get("description") or "").strip(),
            "tags": [str(tag) for tag in said.get("tags") or ()],
            "param_schema": said.get("params") or {},
            "runtime_policy": said.get("policy") or {},
        }
        name = str(said.get("name") or origin.removesuffix(".sql"))
        collected.add(name, origin, fields)
    return collected.proposal()


def _read(content: bytes) -> tuple[Mapping[str, Any], str]:
    """What the comment at the top says, and the statement."""
    if len(content) > MAX_FILE:
        raise UnusableError(f"it is longer than {MAX_FILE} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableError(f"it is not UTF-8: byte {error.start}") from error
    lines = text.splitlines()
    front: list[str] = []
    for line in lines:
        comment = _LINE.fullmatch(line)
        if comment is None and (line.strip() or front):
            break
        front.append(comment[1] if comment else "")
    body = "\n".join(lines[len(front) :]).strip()
    if not body:
        raise UnusableError("it has no statement")
    said = _front_matter(front)
    if said is None:
        return {"description": "\n".join(front)}, text.strip()
    return said, body


def _front_matter(front: list[str]) -> Mapping[str, Any] | None:
    """The comment as YAML; None when it is a comment like any other."""
    try:
        said = YamlSource.parse("\n".join(front)).value
    except yaml.MarkedYAMLError as error:
        if not any(line.startswith(tuple(f"{name}:" for name in _KNOWN)) for line in front):
            return None
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = f"line {line}: the comment at the top is no YAML: {error.problem}"
        raise UnusableError(reason) from error
    if not isinstance(said, Mapping) or not set(said) & set(_KNOWN):
        return None
    unknown = [str(key) for key in said if key not in _KNOWN]
    if unknown:
        raise UnusableError(
            f"the comment at the top says {unknown[0]!r}; known: {', '.join(_KNOWN)}"
        )
    if not isinstance(said.get("tags") or [], list):
        raise UnusableError("`tags` at the top is no list")
    if not isinstance(said.get("params") or {}, Mapping):
        raise UnusableError("`params` at the top is no mapping from names to their schema")
    return said

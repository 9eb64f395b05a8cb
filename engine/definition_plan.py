"""What applying a folder of definitions would change, told before anything is checked or done."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from engine.definition_fields import authored_fields
from engine.definition_tests import applied_cases, said_cases
from engine.definition_text import file_fields, same, to_yaml
from engine.definitions import BODY_SUFFIX, DefinitionFile
from engine.model import ApiDefinition, Caller, Issue
from engine.model.definition import AUTHORED_FIELDS
from engine.model.gate import GateReport
from engine.model.testing import ApiTestCase
from engine.ports import CaseChange, DefinitionChanges
from engine.references import with_names

Action = Literal["create", "update", "delete"]
Cases = Mapping[UUID, tuple[ApiTestCase, ...]]
TESTS_ONLY = ("tests",)
"""The fields of a change that publishes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one thing: which authored fields change, and how its files would differ."""

    action: Action
    name: str
    fields: tuple[str, ...] = ()
    diff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What applying a folder does.

    Attributes:
        changes: In the order of names.
        unchanged: Names of what is as its files say.
        others: Names of what is live, has no file and stays, because nothing is pruned.
        warnings: Advice on what would be published; each begins with file and line.
        gates: What a replay of logged calls found, by the names of the APIs published anew.
    """

    changes: tuple[Change, ...] = ()
    unchanged: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    warnings: tuple[Issue, ...] = ()
    gates: Mapping[str, GateReport] = field(default_factory=dict)
    commit: DefinitionChanges = field(default_factory=DefinitionChanges, repr=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An API with its test cases, as it is or will be."""

    api: ApiDefinition
    cases: tuple[ApiTestCase, ...] = ()


def planned(
    files: Sequence[DefinitionFile],
    live: Sequence[ApiDefinition],
    cases: Cases,
    caller: Caller,
    *,
    prune: bool,
) -> Plan:
    """What these files make of the live definitions and their test cases.

    Args:
        files: As `read_folder` reads them.
        live: Every definition of the caller's tenant.
        cases: Its test cases, by API.
        caller: Who applies them.
        prune: Delete what has no file, and the test cases that a file does not say.
    """
    names = {str(api.id): api.api_name for api in live}
    before = {api.api_name: _Kept(api, tuple(cases.get(api.id, ()))) for api in portable(live)}
    after = {
        file.name: _after(file, names, before.get(file.name), caller, prune=prune) for file in files
    }
    others = [kept for name, kept in before.items() if name not in after and kept.api.version]
    deleted = others if prune else []
    changes = [
        *(_change(before.get(name), kept) for name, kept in after.items()),
        *(_change(kept, None) for kept in deleted),
    ]
    made = {change.name: change for change in changes if change is not None}
    return Plan(
        changes=tuple(made[name] for name in sorted(made)),
        unchanged=tuple(sorted(after.keys() - made.keys())),
        others=() if prune else tuple(kept.api.api_name for kept in others),
        commit=DefinitionChanges(
            created=tuple(kept.api for name, kept in after.items() if name not in before),
            published=tuple(
                kept.api
                for name, kept in after.items()
                if name in before and made.get(name) and made[name].fields != TESTS_ONLY
            ),
            deleted=tuple(kept.api for kept in deleted),
            tests={
                kept.api.id: CaseChange(was, kept.cases)
                for name, kept in after.items()
                if (was := before[name].cases if name in before else ()) != kept.cases
            },
        ),
    )


def portable(apis: Sequence[ApiDefinition]) -> tuple[ApiDefinition, ...]:
    """The definitions calling each other by names, which mean the same on every instance."""
    names = {str(api.id): api.api_name for api in apis}
    return tuple(with_names(api, names) for api in apis)


def _after(
    file: DefinitionFile,
    names: Mapping[str, str],
    before: _Kept | None,
    caller: Caller,
    *,
    prune: bool,
) -> _Kept:
    api = with_names(file.definition(caller), names)
    if before is not None:
        api = _with_fields(before.api, api)
    known = before.cases if before else ()
    return _Kept(api, applied_cases(api, known, file.tests, caller, prune=prune))


def _with_fields(live: ApiDefinition, wanted: ApiDefinition) -> ApiDefinition:
    # Copied, not dumped and read again: a policy knows which of its fields an author set.
    authored = {name: getattr(wanted, name) for name in AUTHORED_FIELDS}
    return live.model_copy(update={**authored, "updated_at": wanted.updated_at})


def _change(before: _Kept | None, after: _Kept | None) -> Change | None:
    """What happens to an API; None when it is as it was."""
    kept = after or before
    if kept is None:
        raise ValueError("a change is from something or to something")
    name = kept.api.api_name
    if before is None:
        return Change(action="create", name=name, diff=_diff(before, after))
    if after is None:
        return Change(action="delete", name=name, diff=_diff(before, after))
    a, b = authored_fields(before.api), authored_fields(after.api)
    fields = [each for each in AUTHORED_FIELDS if not same(a[each], b[each])]
    if before.cases != after.cases:
        fields.append("tests")
    # What is only a draft yet is published, however little of it changes.
    if not fields and before.api.version:
        return None
    if not before.api.version and tuple(fields) == TESTS_ONLY:
        fields = []
    return Change(action="update", name=name, fields=tuple(fields), diff=_diff(before, after))


def _diff(before: _Kept | None, after: _Kept | None) -> str:
    """The files as they would be exported, before and after, as one unified diff."""
    old, new = _as_files(before), _as_files(after)
    lines = [
        line
        for name in dict.fromkeys((*old, *new))
        for line in difflib.unified_diff(
            old.get(name, "").splitlines(),
            new.get(name, "").splitlines(),
            f"live/{name}" if name in old else "/dev/null",
            f"folder/{name}" if name in new else "/dev/null",
            lineterm="",
        )
    ]
    return "\n".join(lines)


def _as_files(kept: _Kept | None) -> dict[str, str]:
    if kept is None:
        return {}
    api = kept.api
    tests = {"tests": said_cases(kept.cases)} if kept.cases else {}
    return {
        f"{api.api_name}.yaml": to_yaml({**file_fields(api), **tests}),
        f"{api.api_name}{BODY_SUFFIX[api.logic_type]}": api.logic_body,
    }

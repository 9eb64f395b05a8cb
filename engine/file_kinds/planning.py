"""What applying files would change of rules, screens, tools and alerts, and making it so."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from engine.auth import Action as Permitted
from engine.auth import authorize
from engine.definition_plan import Action, Change
from engine.definition_text import same, to_yaml
from engine.errors import DefinitionInvalidError
from engine.file_kinds.kind import FileKind, FindApi, issues_located
from engine.model import Caller, Issue
from engine.model.alerting import Alert
from engine.model.cep import Rule
from engine.model.screen import Screen
from engine.model.tool import Tool
from engine.named_files import NamedFile
from engine.ports.definitions import Edit
from engine.yaml_source import YamlSource

Thing = TypeVar("Thing", bound=Rule | Screen | Tool | Alert)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[Thing]):
    """A kind of thing that has files, and where its things are kept.

    Attributes:
        kind: Reads its files.
        all: Every thing of a tenant.
        planned: The thing that a file makes, of the one that it replaces if there is one; raises
            DefinitionInvalidError and PermissionDeniedError.
        read, write: What a caller needs to be allowed.
        audit: What the audit log calls each change.
    """

    kind: FileKind[Thing]
    all: Callable[[str], Sequence[Thing]]
    planned: Callable[[NamedFile, Thing | None, Caller, FindApi], Thing]
    read: Permitted
    write: Permitted
    audit: Mapping[Action, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPlan(Generic[Thing]):
    """What files make of the things of a kind.

    Attributes:
        changes: In the order of names, each `rules/late-arrival`.
        unchanged: Names of the things that are as their files say.
        others: Names of things that have no file and stay.
        after: What is said of each thing that there will be, by name.
        files: What is read of each that has a file.
        live: Each thing that there is.
    """

    kept: Kept[Thing]
    changes: tuple[Change, ...] = ()
    unchanged: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    after: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, NamedFile] = field(default_factory=dict)
    live: Mapping[str, Thing] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """What a thing of this kind is called among all that a folder holds."""
        return _label(self.kept.kind, name)

    def users_of(self, api: str) -> tuple[str, ...]:
        """The things that will name an API, by their labels."""
        naming = (name for name, said in self.after.items() if api in self.kept.kind.apis(said))
        return tuple(self.label(name) for name in naming)

    def issues(self, changed: frozenset[str], find: FindApi, find_live: FindApi) -> Iterator[Issue]:
        """What is wrong with files, and with things without change by APIs that are `changed`.

        Args:
            changed: Names of the APIs that are published anew.
            find: Finds the APIs that there will be.
            find_live: Finds those that there are.
        """
        made = {change.name for change in self.changes}
        for name, said in self.after.items():
            file = self.files.get(name)
            if file is not None and self.kept.kind.is_exclusive:
                yield from map(file.located, self._clashes(file))
            if file is not None and self.label(name) in made:
                yield from map(file.located, self.kept.kind.issues(file, find))
            elif changed & self.kept.kind.apis(said):
                yield from self._broken(name, said, find, find_live)

    def edits(self, caller: Caller, find: FindApi) -> Iterator[Edit]:
        """The changes as they are stored; raises as `Kept.planned`."""
        for change in self.changes:
            name = change.name.partition("/")[2]
            before = self.live.get(name)
            if change.action == "delete":
                authorize(caller, self.kept.write)
                yield Edit(before=before)
            else:
                file = self.files[name]
                try:
                    after = self.kept.planned(file, before, caller, find)
                except DefinitionInvalidError as error:
                    raise issues_located(file, error) from error
                yield Edit(before=before, after=after)

    def _clashes(self, file: NamedFile) -> Iterator[Issue]:
        for api in self.kept.kind.apis(file.said):
            others = [each for each in self.users_of(api) if each != self.label(file.name)]
            if others:
                message = f"api: {api!r} is exported by {others[0]!r}"
                yield Issue(code="already_exported", message=message, path="api")

    def _broken(
        self, name: str, said: Mapping[str, Any], find: FindApi, find_live: FindApi
    ) -> Iterator[Issue]:
        label = self.label(name)
        file = self.files.get(name) or NamedFile(Path(f"{label}.yaml"), said, _NOWHERE)
        kind = self.kept.kind
        if any(_errors(kind.issues(file, find_live))):
            return
        for issue in _errors(kind.issues(file, find)):
            if name in self.files:
                yield file.located(issue)
            else:
                message = f"{label!r}, which is live and has no file, would break: {issue.message}"
                yield issue.model_copy(update={"message": message})


_NOWHERE = YamlSource.parse("{}")


def planned_kind(
    kept: Kept[Thing],
    files: Sequence[NamedFile],
    caller: Caller,
    names: Mapping[str, str],
    *,
    prune: bool,
) -> KindPlan[Thing]:
    """What these files make of the things that there are.

    Args:
        kept: The kind.
        files: As its kind reads them.
        caller: In whose tenant.
        names: Of APIs, by id.
        prune: Delete what has no file.
    """
    kind = kept.kind
    live = {kind.name(thing): thing for thing in kept.all(caller.tenant_id)}
    before = {name: kind.said(thing, names) for name, thing in live.items()}
    wanted = {file.name: file.said for file in files}
    others = [name for name in before if name not in wanted]
    changes = [
        *(_change(kind, name, before.get(name), said) for name, said in wanted.items()),
        *(_change(kind, name, before[name], None) for name in others if prune),
    ]
    made = {change.name: change for change in changes if change is not None}
    return KindPlan(
        kept=kept,
        changes=tuple(made[label] for label in sorted(made)),
        unchanged=tuple(_label(kind, name) for name in wanted if _label(kind, name) not in made),
        others=() if prune else tuple(_label(kind, name) for name in others),
        after={**({} if prune else before), **wanted},
        files={file.name: file for file in files},
        live=live,
    )


def _change(
    kind: FileKind[Any],
    name: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> Change | None:
    if before is not None and after is not None and same(before, after):
        return None
    action: Action = "create" if before is None else "delete" if after is None else "update"
    old, new = before or {}, after or {}
    fields = [each for each in {**old, **new} if not same(old.get(each), new.get(each))]
    label = _label(kind, name)
    return Change(
        action=action,
        name=label,
        fields=tuple(fields) if action == "update" else (),
        diff="\n".join(_diff(label, before, after)),
    )


def _diff(
    label: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[str]:
    old, new = (to_yaml(said).splitlines() if said else [] for said in (before, after))
    return difflib.unified_diff(
        old,
        new,
        f"live/{label}.yaml" if old else "/dev/null",
        f"folder/{label}.yaml" if new else "/dev/null",
        lineterm="",
    )


def _label(kind: FileKind[Any], name: str) -> str:
    return f"{kind.folder}/{name}"


def _errors(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    return tuple(issue for issue in issues if issue.severity == "error")

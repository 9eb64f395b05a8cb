"""Alerts as files: `alerts/many-calls-fail.yaml` says what is watched and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.alerting import ALERT_FIELDS, alert_issues
from engine.errors import DefinitionInvalidError
from engine.file_kinds.kind import FindApi, issues_located, named, with_name, without_defaults
from engine.model import Issue
from engine.model.alerting import Alert
from engine.named_files import NamedFile, invalid, parse_fields

_DEFAULTS: Mapping[str, Any] = {"description": "", "is_active": True, "delivery": {"type": "log"}}


class AlertKind:
    """An alert has the name of its file; where it stands is the instance's."""

    folder = "alerts"
    is_exclusive = False

    def read(self, path: Path, text: str) -> NamedFile:
        """Read an alert; raises as `FileKind`."""
        source = parse_fields(path, text, "an alert")
        if "alert_name" in source.value:
            line = source.line_of(("alert_name",))
            raise invalid(path, line, "alert_name: an alert has the name of its file")
        file = NamedFile(path, without_defaults(source.value, _DEFAULTS, ALERT_FIELDS), source)
        issues = alert_issues(self.fields(file))
        if issues:
            raise issues_located(file, DefinitionInvalidError(issues[0].message, issues=issues))
        return file

    def fields(self, file: NamedFile) -> dict[str, Any]:
        """All fields of the alert that a file says."""
        return {**_DEFAULTS, **file.said, "alert_name": file.name}

    def name(self, thing: Alert) -> str:
        """The alert's name."""
        return thing.alert_name

    def said(self, thing: Alert, names: Mapping[str, str]) -> dict[str, Any]:
        """What a file says of an alert."""
        fields = {name: getattr(thing, name) for name in ALERT_FIELDS if name != "alert_name"}
        fields |= {
            "spec": with_name(thing.spec, "api", names),
            "delivery": dict(thing.delivery),
        }
        return without_defaults(fields, _DEFAULTS, ALERT_FIELDS)

    def apis(self, said: Mapping[str, Any]) -> frozenset[str]:
        """The API whose figures are watched, if it is one."""
        return frozenset(named(said["spec"].get("api")))

    def issues(self, file: NamedFile, find: FindApi) -> tuple[Issue, ...]:
        """Whether the API is there that it watches."""
        missing = [name for name in self.apis(file.said) if find(name) is None]
        return tuple(
            Issue(code="unknown_api", message=f"there is no API {name!r}", path="spec.api")
            for name in missing
        )

"""Rules as files: `rules/late-arrival.yaml` says description, trigger, action and `is_active`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.cep.rules import RULE_FIELDS, compile_rule, named_issues
from engine.errors import DefinitionInvalidError
from engine.file_kinds.kind import FindApi, issues_located, named, with_name, without_defaults
from engine.model import Issue
from engine.model.cep import Rule
from engine.named_files import NamedFile, invalid, parse_fields

_DEFAULTS: Mapping[str, Any] = {"description": "", "is_active": True}


class RuleKind:
    """A rule has the name of its file."""

    folder = "rules"
    is_exclusive = False

    def read(self, path: Path, text: str) -> NamedFile:
        """Read a rule; raises as `FileKind`."""
        source = parse_fields(path, text, "a rule")
        if "rule_name" in source.value:
            line = source.line_of(("rule_name",))
            raise invalid(path, line, "rule_name: a rule has the name of its file")
        file = NamedFile(path, without_defaults(source.value, _DEFAULTS, RULE_FIELDS), source)
        try:
            compile_rule(self.fields(file))
        except DefinitionInvalidError as error:
            raise issues_located(file, error) from error
        return file

    def fields(self, file: NamedFile) -> dict[str, Any]:
        """All fields of the rule that a file says."""
        return {**_DEFAULTS, **file.said, "rule_name": file.name}

    def name(self, thing: Rule) -> str:
        """The rule's name."""
        return thing.rule_name

    def said(self, thing: Rule, names: Mapping[str, str]) -> dict[str, Any]:
        """What a file says of a rule."""
        fields = {name: getattr(thing, name) for name in RULE_FIELDS if name != "rule_name"}
        fields["trigger_spec"] = with_name(thing.trigger_spec, "api", names)
        fields["action_spec"] = with_name(thing.action_spec, "api_id", names)
        return without_defaults(fields, _DEFAULTS, RULE_FIELDS)

    def apis(self, said: Mapping[str, Any]) -> frozenset[str]:
        """The API that a rule calls, and the one that it watches."""
        return frozenset(named(said["action_spec"].get("api_id"), said["trigger_spec"].get("api")))

    def issues(self, file: NamedFile, find: FindApi) -> tuple[Issue, ...]:
        """What does not fit between the rule and the APIs that it names."""
        return named_issues(compile_rule(self.fields(file)), find)

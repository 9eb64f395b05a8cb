"""Writes definitions as YAML that people read and edit: anew, or into a text that is there.

What is written is read back the same by `YamlSource`, whose rules (YAML 1.1 without its booleans
and dates) decide what must be quoted.
"""

import itertools
import re
import textwrap
from collections.abc import Mapping
from io import StringIO
from typing import Any

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    PlainScalarString,
)

from engine.model import ApiDefinition, ParamSpec
from engine.yaml_source import reads_as_text

WIDTH = 100
"""Where the lines of a long description end; nothing else is folded."""
_DASH = re.compile(
    r"^(?P<key> *)[^\s#-][^\n]*:[ ]*\r?\n(?P<before> *)-(?P<after> +)\S", re.MULTILINE
)
"""The first list under a key: how far its items are indented."""


class _AsWritten(VersionedResolver):
    """Takes every value without quotes for a text, so that it is written as it was read."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node; only what is empty is null."""
        if kind is ScalarNode and value and implicit[0]:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)


def file_fields(api: ApiDefinition) -> dict[str, Any]:
    """What a file says of a definition: all that was authored but name and body, no defaults."""
    # On top of an asset's policy, what is said may be what is the default.
    on_an_asset = api.runtime_policy.asset is not None
    policy = api.runtime_policy.model_dump(mode="json", exclude_defaults=not on_an_asset)
    fields = {
        "logic_type": api.logic_type,
        "connection": api.connection,
        "description": api.description,
        "tags": list(api.tags),
        "param_schema": {name: _param(spec) for name, spec in api.param_schema.items()},
        "runtime_policy": _whole_numbers(policy),
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def to_yaml(fields: Mapping[str, Any]) -> str:
    """A document of these fields, always the same for the same fields."""
    tree = _styled(fields)
    description = fields.get("description")
    if isinstance(description, str) and len(description) > WIDTH:
        tree["description"] = _folded(description)
    return _dumped(tree, _writer())


def merged_yaml(text: str, said: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """`text`, which says `said`, changed to say `wanted`; comments and the rest stay.

    Args:
        text: A YAML mapping.
        said: Its fields by `file_fields`, so without defaults that it spells out.
        wanted: The fields it is to have.
    """
    writer = _writer()
    tree = writer.load(text)
    dash = _DASH.search(text)
    if dash is not None:
        offset = len(dash["before"]) - len(dash["key"])
        writer.indent(mapping=2, sequence=offset + 1 + len(dash["after"]), offset=offset)
    _merge(tree, said, wanted)
    merged = _dumped(tree, writer)
    return merged.replace("\n", "\r\n") if "\r\n" in text else merged


def same(a: object, b: object) -> bool:
    """Whether two JSON-able values are the same, the order of keys and `1` against `1.0` too."""
    return orjson.dumps(a) == orjson.dumps(b)


def _merge(tree: CommentedMap, said: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in said.keys() - wanted.keys():
        tree.pop(name, None)
    for name, value in wanted.items():
        before = said.get(name)
        if name in said and same(before, value):
            continue
        inner = tree.get(name)
        if isinstance(inner, CommentedMap) and isinstance(before, dict) and isinstance(value, dict):
            _merge(inner, before, value)
        else:
            tree[_quoted(name)] = _unlike_before(_styled(value))


def _unlike_before(styled: Any) -> Any:
    """A value that does not take over the quotes of the text in whose place it is put.

    ruamel.yaml gives a plain text the style of the one before: `"1"` changed to 1 would stay text.
    """
    is_text = isinstance(styled, str) and reads_as_text(styled)
    return PlainScalarString(styled) if type(styled) is str and not is_text else styled


def _param(spec: ParamSpec) -> dict[str, Any]:
    said = spec.model_dump(mode="json", exclude_defaults=True, exclude={"items", "type"})
    items = {} if spec.items is None else {"items": _param(spec.items)}
    return {"type": spec.type, **items, **said}


def _whole_numbers(value: Any) -> Any:
    """Seconds and the like, which are floats, as a person writes them: 60 and not 60.0."""
    if isinstance(value, dict):
        return {name: _whole_numbers(each) for name, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _styled(value: Any) -> Any:
    """Values with a style each: texts of several lines as blocks, short lists on their line."""
    if isinstance(value, str):
        return _styled_text(value)
    if isinstance(value, Mapping):
        return CommentedMap({_quoted(name): _styled(each) for name, each in value.items()})
    if isinstance(value, list | tuple):
        sequence = CommentedSeq([_styled(each) for each in value])
        if not any(isinstance(each, dict | list | tuple) for each in value):
            sequence.fa.set_flow_style()
        return sequence
    return _number(value)


def _number(value: float | None) -> str:
    """As both YAML 1.1 and 1.2 read it: an exponent has a point before it, and a sign."""
    if not isinstance(value, float):
        return str(orjson.dumps(value), "ascii")
    text = repr(value)
    return text if "." in text else text.replace("e", ".0e", 1)


def _styled_text(text: str) -> str:
    return LiteralScalarString(text) if _fits_a_block(text) else _quoted(text)


def _quoted(text: str) -> str:
    """On one line, in quotes where it would be read as something else without."""
    is_plain = text[:1].isalnum() and text.isprintable() and reads_as_text(text)
    return text if is_plain else DoubleQuotedScalarString(text)


def _fits_a_block(text: str) -> bool:
    lines = text.split("\n")
    return (
        len(lines) > 1
        and lines[0] != ""
        and not text[0].isspace()
        and all(line.isprintable() and line == line.rstrip() for line in lines)
        and not text.endswith("\n\n")
    )


def _folded(text: str) -> str:
    """A long line as a block whose line ends are read as spaces, where there is no other space."""
    if not text.isprintable() or "" in text.split(" "):
        return _styled_text(text)
    lines = textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    folded: str = FoldedScalarString(text)
    ends = itertools.accumulate(len(line) + 1 for line in lines[:-1])
    folded.fold_pos = [end - 1 for end in ends]  # type: ignore[attr-defined]  # its writer's name
    return folded


def _writer() -> YAML:
    writer = YAML(typ="rt", pure=True)
    writer.Resolver = _AsWritten
    writer.width = 1_000_000
    writer.preserve_quotes = True
    writer.allow_unicode = True
    return writer


def _dumped(tree: Any, writer: YAML) -> str:
    stream = StringIO()
    writer.dump(tree, stream)
    return stream.getvalue()

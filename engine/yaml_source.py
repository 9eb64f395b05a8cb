"""YAML that remembers its lines: plain values as in JSON, and where each of them was written."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Self

import yaml


class _JsonLikeLoader(yaml.SafeLoader):
    """Reads only JSON's types; `no` and `2013-01-01` stay text, a repeated key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"key {key.value!r} appears more than once"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_JsonLikeLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_JsonLikeLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"]
)


def reads_as_text(plain: str) -> bool:
    """Whether this text, written without quotes, is read as a text and not as a number or so."""
    loader = _JsonLikeLoader("")
    tag: str = loader.resolve(yaml.ScalarNode, plain, (True, False))  # type: ignore[no-untyped-call]  # PyYAML's stubs
    return tag == "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A parsed document: its value, and the tree it came from."""

    value: Any
    root: yaml.Node | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one document; raises yaml.MarkedYAMLError with line and problem."""
        loader = _JsonLikeLoader(text)
        root = loader.get_single_node()
        return cls(None if root is None else loader.construct_document(root), root)

    def line_of(self, path: tuple[str, ...]) -> int:
        """The line, from 1, of the value at `path`, or of the deepest part of it that is there."""
        return self._deepest(path)[0]

    def is_block(self, path: tuple[str, ...]) -> bool:
        """Whether the value at `path` is a text on the lines below its key (`|` or `>`)."""
        node = self._deepest(path)[1]
        return isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}

    def _deepest(self, path: tuple[str, ...]) -> tuple[int, yaml.Node | None]:
        node, line = self.root, 1
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return line, node


def _child(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        value = node.value[int(part)]
        return value.start_mark.line + 1, value
    return None

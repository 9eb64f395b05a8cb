"""Finds the assets that a definition or another asset names; pure, and silent about mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from engine.model import ApiDefinition, RuntimePolicy
from engine.model.asset import AssetRef, AssetType
from engine.templates import Expression, parse_text

MAPPINGS = "mappings"
_TEMPLATED = frozenset({"http", "workflow"})
"""The logic types whose bodies hold templates."""


@dataclass(frozen=True, slots=True)
class MappingRead:
    """One place where a template reads a mapping.

    Attributes:
        source: How the template names the mapping; empty where it names none.
        key: The key that is read, None when it is computed or all are.
        path: Where the template stands.
    """

    source: str
    key: str | None
    path: str


def names_an_asset(logic_type: str, body: str) -> bool:
    """Whether a body is a reference to a query asset and not a statement."""
    return logic_type in {"sql"} and body.lstrip().startswith("{")


def body_ref(body: str) -> AssetRef:
    """The query asset that a SQL body names; raises ValueError that says what is wrong."""
    try:
        return AssetRef.model_validate(json.loads(body))
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def policy_ref(policy: RuntimePolicy) -> AssetRef | None:
    """The asset that a policy stands on; raises ValueError for what is no name of one."""
    if policy.asset is None:
        return None
    try:
        return AssetRef(asset=policy.asset, version=policy.version, label=policy.label)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def mapping_reads(tree: Any, path: str = "") -> Iterator[MappingRead]:
    """Every place of a tree that reads a mapping; texts that are no templates have none."""
    if isinstance(tree, str):
        if MAPPINGS in tree:
            yield from _reads_of_text(tree, path)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from mapping_reads(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from mapping_reads(value, f"{path}[{index}]")


def body_tree(logic_type: str, body: str) -> Any:
    """The parsed body of a type with templates, where it may read a mapping; else None."""
    if logic_type not in _TEMPLATED or MAPPINGS not in body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def named_assets(api: ApiDefinition) -> Mapping[str, tuple[str, ...]]:
    """Names of the assets that a definition refers to itself, each with how: policy, body, path."""
    found: dict[str, tuple[str, ...]] = {}
    for name, how in _named(api):
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), how)))
    return found


def assets_in_content(asset_type: AssetType, content: Mapping[str, Any]) -> frozenset[str]:
    """Names of the assets that the content of another one refers to."""
    if asset_type == "query":
        source = content.get("source")
        return frozenset({source["asset"]} if isinstance(source, Mapping) else ())
    if asset_type == "mapping":
        return frozenset(filter(None, (_name_of(read) for read in mapping_reads(content))))
    return frozenset()


def _named(api: ApiDefinition) -> Iterator[tuple[str, str]]:
    if api.runtime_policy.asset:
        yield api.runtime_policy.asset, "runtime_policy"
    if names_an_asset(api.logic_type, api.logic_body):
        try:
            yield body_ref(api.logic_body).asset, "logic_body"
        except ValueError:
            return
    for read in mapping_reads(body_tree(api.logic_type, api.logic_body)):
        name = _name_of(read)
        if name:
            yield name, read.path


def _name_of(read: MappingRead) -> str | None:
    try:
        return AssetRef.parse(read.source).asset
    except ValueError:
        return None


def _reads_of_text(text: str, path: str) -> Iterator[MappingRead]:
    try:
        parts = parse_text(text)
    except ValueError:
        return
    for part in parts:
        if isinstance(part, Expression):
            for root, *rest in sorted(part.paths, key=str):
                if root == MAPPINGS:
                    source = rest[0] if rest else ""
                    key = str(rest[1]) if len(rest) > 1 else None
                    yield MappingRead(str(source), key, path)

"""What an asset of each type holds, and what is wrong with one that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.errors import DefinitionInvalidError
from engine.model import Issue, ParamSpec, RuntimePolicy
from engine.model.asset import AssetRef, AssetType
from engine.templates import check_template

KEY_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
MAX_KEYS = 1000
MAPPING_ROOTS = ("params", "input", "mappings")
"""What the templates of a mapping may read."""


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PromptContent(_Content):
    """A text with placeholders, and what stands for those that a caller leaves out."""

    template: str = Field(min_length=1, max_length=100_000)
    variables: Mapping[str, str] = Field(default_factory=dict)


class MappingContent(_Content):
    """Values by key; texts in them may be templates."""

    values: Mapping[str, Any] = Field(min_length=1, max_length=MAX_KEYS)

    @field_validator("values")
    @classmethod
    def _keys_are_names(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        for key in values:
            if not re.match(KEY_PATTERN, key):
                raise ValueError(f"a key is a name of letters, digits and '_', not {key!r}")
        return values


class PolicyContent(_Content):
    """A runtime policy that does not itself stand on another one."""

    policy: RuntimePolicy

    @field_validator("policy")
    @classmethod
    def _stands_alone(cls, policy: RuntimePolicy) -> RuntimePolicy:
        if policy.asset is not None:
            raise ValueError("the policy of an asset cannot stand on another asset")
        return policy


class QueryContent(_Content):
    """A statement, where it runs, and the parameters it takes."""

    sql: str = Field(min_length=1)
    connection: str | None = None
    source: AssetRef | None = None
    param_schema: Mapping[str, ParamSpec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _runs_in_one_place(self) -> Self:
        if (self.connection is None) == (self.source is None):
            raise ValueError("name either the connection or the source asset that it runs on")
        return self


class SourceContent(_Content):
    """A connection by its name; what stands on the source moves with it."""

    connection: str = Field(min_length=1)


class ResolverContent(_Content):
    """An API, what it is called with, and which part of its answer is the value."""

    api: str = Field(min_length=1)
    params: Mapping[str, Any] = Field(default_factory=dict)
    value: str | None = Field(default=None, min_length=1)

    @field_validator("value")
    @classmethod
    def _is_a_path(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                jmespath.compile(value)
            except JMESPathError as error:
                raise ValueError(f"not a JMESPath: {str(error).splitlines()[0]}") from error
        return value


Content = (
    PromptContent | MappingContent | PolicyContent | QueryContent | SourceContent | ResolverContent
)
_MODELS: Mapping[AssetType, type[Content]] = {
    "prompt": PromptContent,
    "mapping": MappingContent,
    "policy": PolicyContent,
    "query": QueryContent,
    "source": SourceContent,
    "resolver": ResolverContent,
}


def parse_content(asset_type: AssetType, content: Mapping[str, Any]) -> Content:
    """Read the content of a type, as far as it can be judged by itself.

    Raises:
        DefinitionInvalidError: With every issue; paths begin with `content`.
    """
    try:
        parsed = _MODELS[asset_type].model_validate(_wrapped(asset_type, content))
    except ValidationError as error:
        issues = tuple(_field_issues(asset_type, error))
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error
    issues = tuple(_template_issues(parsed))
    if issues:
        raise DefinitionInvalidError(f"{issues[0].path}: {issues[0].message}", issues=issues)
    return parsed


def content_schema(asset_type: AssetType) -> dict[str, Any]:
    """The JSON Schema of a type's content."""
    schema = _MODELS[asset_type].model_json_schema()
    if asset_type == "policy":
        return {**RuntimePolicy.model_json_schema()}
    if asset_type == "mapping":
        return {"type": "object", "minProperties": 1, "description": "Values by key."}
    return schema


def _wrapped(asset_type: AssetType, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A policy and a mapping are their content; the others have fields."""
    if asset_type == "policy":
        return {"policy": dict(content)}
    if asset_type == "mapping":
        return {"values": dict(content)}
    return content


def _field_issues(asset_type: AssetType, error: ValidationError) -> Iterator[Issue]:
    drop = 1 if asset_type in {"policy", "mapping"} else 0
    for mistake in error.errors(include_input=False, include_url=False):
        path = ".".join(("content", *(str(part) for part in mistake["loc"][drop:])))
        message = mistake["msg"].removeprefix("Value error, ")
        yield Issue(code="invalid_content", message=f"{path}: {message}", path=path)


def _template_issues(content: Content) -> Iterator[Issue]:
    if isinstance(content, PromptContent):
        yield from check_template(content.template, {"variables": None}, "content.template")
    if isinstance(content, MappingContent):
        yield from check_template(dict(content.values), dict.fromkeys(MAPPING_ROOTS), "content")
    if isinstance(content, ResolverContent):
        yield from check_template(dict(content.params), {"context": None}, "content.params")

"""Checks an asset's content against the instance: connections, APIs, ceilings, other assets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from engine.asset_content import (
    MappingContent,
    PolicyContent,
    QueryContent,
    ResolverContent,
    SourceContent,
    parse_content,
)
from engine.asset_references import mapping_reads
from engine.compilation import Compiler
from engine.errors import DefinitionInvalidError, NotFoundError
from engine.model import ApiDefinition, Issue, LogicType, RuntimePolicy
from engine.model.asset import AssetRef, AssetType, PublishedAsset
from engine.ports import AssetLookup

_NOBODY = UUID(int=0)


class FindsApis(Protocol):
    """Where the APIs are found that resolvers name."""

    def get(self, tenant_id: str, ref: str) -> ApiDefinition:
        """The definition by id or name; raises NotFoundError."""
        ...


class ContentCheck:
    """Everything wrong with a content that parsing it cannot tell."""

    def __init__(
        self,
        compiler: Compiler,
        assets: AssetLookup,
        definitions: FindsApis,
        connection: Callable[[str, str], object],
    ) -> None:
        self._compiler = compiler
        self._assets = assets
        self._definitions = definitions
        self._connection = connection

    def check(
        self, tenant_id: str, name: str, asset_type: AssetType, content: Mapping[str, Any]
    ) -> tuple[Issue, ...]:
        """The advice on a content that can be used.

        Raises:
            DefinitionInvalidError: With every issue; paths begin with `content`.
        """
        issues = tuple(self._issues(tenant_id, name, asset_type, content))
        errors = [issue for issue in issues if issue.severity == "error"]
        if errors:
            raise DefinitionInvalidError(f"{name!r}: {errors[0].message}", issues=issues)
        return issues

    def _issues(
        self, tenant_id: str, name: str, asset_type: AssetType, content: Mapping[str, Any]
    ) -> Iterator[Issue]:
        parsed = parse_content(asset_type, content)
        if isinstance(parsed, QueryContent):
            yield from self._of_query(tenant_id, parsed)
        elif isinstance(parsed, SourceContent):
            yield from self._of_source(tenant_id, parsed)
        elif isinstance(parsed, PolicyContent):
            yield from self._of_policy(tenant_id, parsed)
        elif isinstance(parsed, MappingContent):
            yield from self._of_mapping(tenant_id, name, parsed)
        elif isinstance(parsed, ResolverContent):
            yield from self._of_resolver(tenant_id, parsed)

    def _of_query(self, tenant_id: str, query: QueryContent) -> Iterator[Issue]:
        connection = query.connection
        if query.source is not None:
            source = self._assets.find(tenant_id, query.source)
            if source is None or source.asset_type != "source":
                message = f"there is no published source {str(query.source)!r}"
                yield Issue(code="unknown_asset", message=message, path="content.source")
                return
            connection = source.content["connection"]
        api = _definition(tenant_id, "sql", query.sql).model_copy(
            update={"connection": connection, "param_schema": query.param_schema}
        )
        yield from self._compiled(api, {"logic_body": "content.sql"})

    def _of_source(self, tenant_id: str, source: SourceContent) -> Iterator[Issue]:
        try:
            self._connection(tenant_id, source.connection)
        except NotFoundError as error:
            yield Issue(
                code="unknown_connection",
                message=error.message,
                path="content.connection",
                suggestion=error.hint,
            )

    def _of_policy(self, tenant_id: str, content: PolicyContent) -> Iterator[Issue]:
        api = _definition(tenant_id, "script", _SCRIPT, content.policy)
        for issue in self._compiled(api, {"runtime_policy": "content"}):
            if issue.code != "policy_without_effect" and issue.path:
                yield issue

    def _of_mapping(self, tenant_id: str, name: str, content: MappingContent) -> Iterator[Issue]:
        for read in mapping_reads(dict(content.values), "content"):
            chain = self._chain_back(tenant_id, read.source, name)
            if chain is None:
                message = f"there is no published mapping {read.source!r}"
                yield Issue(code="unknown_asset", message=message, path=read.path)
            elif chain:
                circle = " → ".join((name, *chain))
                message = f"mappings read each other: {circle}"
                yield Issue(code="mapping_cycle", message=message, path=read.path)

    def _chain_back(self, tenant_id: str, source: str, name: str) -> tuple[str, ...] | None:
        """The mappings by which reading `source` reads `name`; empty when it does not.

        None when `source` is no mapping. Every reference counts, whichever version it follows.
        """
        pending: list[tuple[str, tuple[str, ...]]] = [(source, ())]
        seen: set[str] = set()
        while pending:
            text, way = pending.pop()
            found = self._mapping(tenant_id, text, name)
            if found == name:
                return (*way, name)
            if found is None:
                if not way:
                    return None
                continue
            if isinstance(found, PublishedAsset) and text not in seen:
                seen.add(text)
                reads = mapping_reads(found.content)
                pending += [(read.source, (*way, found.name)) for read in reads]
        return ()

    def _mapping(self, tenant_id: str, text: str, name: str) -> PublishedAsset | str | None:
        try:
            ref = AssetRef.parse(text)
        except ValueError:
            return None
        if ref.asset == name:
            return name
        found = self._assets.find(tenant_id, ref)
        return found if found and found.asset_type == "mapping" else None

    def _of_resolver(self, tenant_id: str, content: ResolverContent) -> Iterator[Issue]:
        try:
            api = self._definitions.get(tenant_id, content.api)
        except NotFoundError as error:
            yield Issue(code="unknown_api", message=error.message, path="content.api")
            return
        sendable = {name: spec for name, spec in api.param_schema.items() if spec.source is None}
        for name in content.params:
            if name not in sendable:
                known = ", ".join(sendable) or "none"
                message = f"API {api.api_name!r} has no parameter {name!r}; known: {known}"
                yield Issue(code="unknown_param", message=message, path=f"content.params.{name}")
        for name, spec in sendable.items():
            if spec.required and name not in content.params:
                message = f"API {api.api_name!r} requires the parameter {name!r}"
                yield Issue(code="missing_param", message=message, path="content.params")

    def _compiled(self, api: ApiDefinition, paths: Mapping[str, str]) -> Iterator[Issue]:
        """What compiling finds, with the paths of a definition as those of the content."""
        try:
            issues = self._compiler.compile(api).warnings
        except DefinitionInvalidError as error:
            issues = error.issues
        for issue in issues:
            path = issue.path or "logic_body"
            root, dot, rest = path.partition(".")
            where = f"{paths.get(root, f'content.{root}')}{dot}{rest}"
            yield issue.model_copy(update={"path": where})


_SCRIPT = "def main(params, input_payload):\n    return None\n"


def _definition(
    tenant_id: str,
    logic_type: LogicType,
    body: str,
    policy: RuntimePolicy | None = None,
) -> ApiDefinition:
    now = datetime.now(UTC)
    return ApiDefinition(
        id=_NOBODY,
        tenant_id=tenant_id,
        api_name="asset",
        logic_type=logic_type,
        logic_body=body,
        runtime_policy=policy or RuntimePolicy(),
        created_at=now,
        updated_at=now,
    )

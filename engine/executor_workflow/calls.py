"""Checks a workflow against the APIs it calls: that they exist, take its params, and end."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Protocol

from engine.errors import NotFoundError
from engine.executor_workflow.model import MAX_NESTING, Node, Workflow
from engine.executor_workflow.parse import parse
from engine.model import ApiDefinition, ApiQuery, Issue, ParamSpec
from engine.ports import DefinitionStore


class ApiLookup(Protocol):
    """What a workflow needs to know of the other APIs of its tenant."""

    def find(self, tenant_id: str, ref: str) -> ApiDefinition | None:
        """The live definition by name or id, or None."""
        ...

    def names(self, tenant_id: str) -> tuple[str, ...]:
        """Names to suggest for one that is not there."""
        ...


class StoredApis:
    """The APIs of a definition store."""

    def __init__(self, store: DefinitionStore) -> None:
        self._store = store

    def find(self, tenant_id: str, ref: str) -> ApiDefinition | None:
        """The live definition by name or id, or None."""
        try:
            return self._store.get(tenant_id, ref)
        except NotFoundError:
            return None

    def names(self, tenant_id: str) -> tuple[str, ...]:
        """The first 500 names."""
        page = self._store.search(tenant_id, ApiQuery(limit=500))
        return tuple(api.api_name for api in page.items)


def check_calls(api: ApiDefinition, workflow: Workflow, apis: ApiLookup) -> Iterator[Issue]:
    """Missing APIs, parameters that do not fit them, and workflows that call each other."""
    for index, node in enumerate(workflow.nodes):
        called = _called(api, node.api_id, apis)
        if called is None:
            yield _missing_api(node, f"nodes[{index}].api_id", apis.names(api.tenant_id))
        else:
            yield from _check_params(node, f"nodes[{index}]", called.param_schema)
            yield from _check_type(node, f"nodes[{index}].type", called)
    yield from _check_nesting(api, workflow, apis)


def _called(api: ApiDefinition, ref: str, apis: ApiLookup) -> ApiDefinition | None:
    # What is being saved is not in the store yet, or there as it was before.
    return api if ref in {api.api_name, str(api.id)} else apis.find(api.tenant_id, ref)


def _missing_api(node: Node, path: str, names: tuple[str, ...]) -> Issue:
    close = difflib.get_close_matches(node.api_id, names, 1)
    return Issue(
        code="unknown_api",
        message=f"node {node.id!r} calls API {node.api_id!r}, which does not exist",
        path=path,
        suggestion=f"did you mean {close[0]!r}?" if close else None,
    )


def _check_params(node: Node, path: str, schema: Mapping[str, ParamSpec]) -> Iterator[Issue]:
    sendable = [name for name, spec in schema.items() if spec.source is None]
    for name in node.params:
        if name not in sendable:
            close = difflib.get_close_matches(name, sendable, 1)
            known = ", ".join(sendable) or "none"
            yield Issue(
                code="unknown_param",
                message=f"API {node.api_id!r} has no parameter {name!r}; known: {known}",
                path=f"{path}.params.{name}",
                suggestion=f"did you mean {close[0]!r}?" if close else None,
            )
    for name in sendable:
        if schema[name].required and name not in node.params:
            message = f"API {node.api_id!r} requires the parameter {name!r}"
            yield Issue(code="missing_param", message=message, path=f"{path}.params")


def _check_type(node: Node, path: str, called: ApiDefinition) -> Iterator[Issue]:
    if node.type is not None and node.type != called.logic_type:
        yield Issue(
            severity="warning",
            code="type_differs",
            message=f"node {node.id!r} says {node.type}, but API {node.api_id!r} is of type "
            f"{called.logic_type}",
            path=path,
            suggestion=f"use {called.logic_type!r}",
        )


def _check_nesting(api: ApiDefinition, workflow: Workflow, apis: ApiLookup) -> Iterator[Issue]:
    nested = _Nesting(api, apis)
    for index, node in enumerate(workflow.nodes):
        path = f"nodes[{index}].api_id"
        chain = nested.deepest(node.api_id)
        if chain[-1:] == (api.api_name,):
            names = " → ".join((api.api_name, *chain))
            message = f"workflows call each other: {names}"
            yield Issue(code="nested_cycle", message=message, path=path)
        elif len(chain) >= MAX_NESTING:
            message = f"workflows are nested {len(chain) + 1} deep; at most {MAX_NESTING}"
            yield Issue(code="nested_too_deep", message=message, path=path)


class _Nesting:
    """Follows calls of workflows; each workflow is read once."""

    def __init__(self, api: ApiDefinition, apis: ApiLookup) -> None:
        self._api = api
        self._apis = apis
        self._known: dict[str, tuple[str, ...]] = {}

    def deepest(self, ref: str) -> tuple[str, ...]:
        """The longest chain of workflows a call of `ref` begins.

        It ends with the name of the workflow being checked where that is called again.
        """
        called = _called(self._api, ref, self._apis)
        if called is None or called.logic_type != "workflow":
            return ()
        name = called.api_name
        if called.id == self._api.id:
            return (self._api.api_name,)
        if name not in self._known:
            self._known[name] = (name,)  # a circle that does not pass the checked one ends here
            workflow, _ = parse(called.logic_body)
            chains = [self.deepest(node.api_id) for node in workflow.nodes] if workflow else []
            self._known[name] = (name, *max(chains, key=self._weight, default=()))
        return self._known[name]

    def _weight(self, chain: tuple[str, ...]) -> tuple[bool, int]:
        return chain[-1:] == (self._api.api_name,), len(chain)

"""Tools: APIs as agents see and call them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from engine.auth import authorize, may
from engine.call import ExecutionRequest
from engine.errors import ApiInactiveError, DefinitionInvalidError, EngineError, NotFoundError
from engine.model import ApiDefinition, Caller, ExecutionResult, Issue, Page
from engine.model.tool import TOOL_FIELDS, Tool, ToolCallRecord, ToolDoor, ToolQuery
from engine.params import to_json_schema
from engine.ports import AuditEntry, DefinitionStore, SettingStore, ToolStore
from engine.tool_answers import ToolText, as_text, error_text
from engine.tool_checks import (
    DRY_RUN,
    FindApi,
    changes_nothing,
    check_tool,
    schema_changes,
    tool_name_of,
)
from engine.tool_fields import OfferedTool, changed_tool, exported_anew, new_tool, offered

Run = Callable[[ExecutionRequest, Caller], ExecutionResult]
DryRun = Callable[[ExecutionRequest, Caller], dict[str, Any]]
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """A tool and how it stands.

    Attributes:
        drift: How the API's parameters differ from those at the export, in words.
        is_callable: Whether agents see it: it and its API are on, and the API is published.
        issues: What speaks against it.
    """

    tool: Tool
    drift: tuple[str, ...] = ()
    is_callable: bool = True
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """The outcome of a call; a failure is an answer too, with `is_error`."""

    answer: ToolText
    is_error: bool = False
    execution_id: UUID | None = None


class Tools:
    """The tools of the caller's tenant.

    Reading and calling needs the role viewer, changing analyst. To a key that is limited to some
    APIs there are only the tools of these. Every call goes through the pipeline, with source
    `tool`, and leaves a record here that names its execution.
    """

    def __init__(
        self,
        store: ToolStore,
        definitions: DefinitionStore,
        audit: SettingStore,
        run: Run,
        dry_run: DryRun,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._audit = audit
        self._run = run
        self._dry_run = dry_run

    def get(self, ref: str, caller: Caller) -> ToolView:
        """One tool by name or id; raises NotFoundError."""
        tool, api = self._readable(ref, caller)
        return self._view(tool, api)

    def search(self, query: ToolQuery, caller: Caller) -> Page[ToolView]:
        """Tools that match, by name, as far as the caller may see their APIs."""
        authorize(caller, "tools:read")
        if caller.scope is None or not caller.scope.names_apis:
            page = self._store.search(caller.tenant_id, query)
            views = tuple(self._view(tool, self._api(tool)) for tool in page.items)
            return Page(items=views, total=page.total, limit=query.limit, offset=query.offset)
        seen = [
            (tool, api)
            for tool, api in self._every(caller, query)
            if may(caller, "apis:read", api) or may(caller, "execute:run", api)
        ]
        some = seen[query.offset : query.offset + query.limit]
        return Page(
            items=tuple(self._view(tool, api) for tool, api in some),
            total=len(seen),
            limit=query.limit,
            offset=query.offset,
        )

    def of_api(self, api: ApiDefinition, caller: Caller) -> ToolView | None:
        """The tool that an API is exported as, if any."""
        authorize(caller, "tools:read", api)
        tool = self._store.of_api(caller.tenant_id, api.id)
        return None if tool is None else self._view(tool, api)

    def export(self, api_ref: str, fields: Mapping[str, Any], caller: Caller) -> ToolView:
        """Make an API a tool; what is left out is taken from the API.

        Raises:
            DefinitionInvalidError: With every issue; nothing was stored.
            ConflictError: The name is taken, or the API is a tool already.
            NotFoundError: There is no such API.
        """
        authorize(caller, "tools:write")
        api = self._definitions.get(caller.tenant_id, api_ref)
        authorize(caller, "tools:write", api)
        taken_over = {
            "name": tool_name_of(api.api_name),
            "description": api.description,
            "read_only": changes_nothing(api, self._finder(caller.tenant_id)),
        }
        tool = new_tool(api, {**taken_over, **fields}, caller)
        _refuse_errors(tool, api, self._finder(caller.tenant_id))
        stored = self._store.create(tool)
        self._record(caller, "tool.export", stored)
        return self._view(stored, api)

    def planned(
        self,
        api_ref: str,
        fields: Mapping[str, Any],
        caller: Caller,
        find_api: FindApi,
        *,
        before: Tool | None = None,
    ) -> Tool:
        """The tool that saving these fields would make; nothing is saved.

        Args:
            api_ref: Name or id of its API.
            fields: Those of an author, all of them.
            caller: Who saves it.
            find_api: Where APIs are found.
            before: The tool that it replaces, if any.

        Raises:
            DefinitionInvalidError: With every issue.
        """
        authorize(caller, "tools:write")
        api = find_api(api_ref)
        if api is None:
            message = f"api: there is no API {api_ref!r}"
            issue = Issue(code="unknown_api", message=message, path="api")
            raise DefinitionInvalidError(message, issues=(issue,))
        authorize(caller, "tools:write", api)
        if before is None:
            tool = new_tool(api, fields, caller)
        else:
            tool = changed_tool(before, fields)
            tool = tool if tool.api_id == api.id else exported_anew(tool, api)
        _refuse_errors(tool, api, find_api)
        return tool

    def update(self, ref: str, fields: Mapping[str, Any], caller: Caller) -> ToolView:
        """Change the given fields; the schema at the export stays. Raises as `export`."""
        tool, api = self._writable(ref, caller)
        changed = changed_tool(tool, fields)
        _refuse_errors(changed, api, self._finder(caller.tenant_id))
        stored = self._store.update(changed)
        self._record(caller, "tool.update", stored)
        return self._view(stored, api)

    def refresh(self, ref: str, caller: Caller) -> ToolView:
        """Take the API's parameters as they are for those at the export: the drift is accepted."""
        tool, api = self._writable(ref, caller)
        changed = exported_anew(tool, api)
        stored = self._store.update(changed)
        self._record(caller, "tool.refresh", stored, api_version=api.version)
        return self._view(stored, api)

    def delete(self, ref: str, caller: Caller) -> None:
        """Remove a tool; its API and the record of its calls stay."""
        tool, _ = self._writable(ref, caller)
        self._store.delete(caller.tenant_id, tool.id)
        self._record(caller, "tool.delete", tool)

    def document(self, ref: str, caller: Caller) -> dict[str, Any]:
        """A tool as a document that another instance can import."""
        tool, api = self._readable(ref, caller)
        return {
            "name": tool.name,
            "description": tool.description,
            "inputSchema": to_json_schema(api.param_schema),
            "annotations": {"readOnlyHint": tool.read_only},
            "api": api.api_name,
            "offers_dry_run": tool.offers_dry_run,
            "max_chars": tool.max_chars,
        }

    def import_(self, document: Mapping[str, Any], caller: Caller) -> ToolView:
        """Make a tool of the API that a document names, as the document says.

        The parameters that the document tells are those at the export, so that what this API takes
        otherwise shows as drift. Raises as `export`.
        """
        authorize(caller, "tools:write")
        fields = {name: document[name] for name in TOOL_FIELDS if name in document}
        hints = document.get("annotations") or {}
        if isinstance(hints, Mapping) and isinstance(hints.get("readOnlyHint"), bool):
            fields.setdefault("read_only", hints["readOnlyHint"])
        view = self.export(_text(document, "api"), fields, caller)
        told = document.get("inputSchema")
        if not isinstance(told, Mapping) or dict(told) == dict(view.tool.schema_at_export):
            return view
        stored = self._store.update(view.tool.model_copy(update={"schema_at_export": dict(told)}))
        return self.get(stored.name, caller)

    def offered(self, caller: Caller) -> tuple[OfferedTool, ...]:
        """What an agent may call as this caller, by name."""
        authorize(caller, "tools:read")
        return tuple(
            offered(tool, api)
            for tool, api in self._every(caller, ToolQuery(is_active=True))
            if _is_live(api) and may(caller, "execute:run", api)
        )

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        caller: Caller,
        *,
        door: ToolDoor = "notebook",
        dry_run: bool = False,
        trace_id: str | None = None,
    ) -> ToolAnswer:
        """Call a tool; a call that fails is an answer with `is_error`.

        Raises:
            NotFoundError: There is no such tool for this caller.
            ApiInactiveError: It is switched off.
        """
        tool, api = self._callable(name, caller)
        sent = dict(arguments)
        wants_dry_run = dry_run or (tool.offers_dry_run and sent.pop(DRY_RUN, False) is True)
        request = ExecutionRequest(api=str(api.id), params=sent, source="tool", trace_id=trace_id)
        started = time.perf_counter()
        answer, result = self._answer(tool, request, caller, dry_run=wants_dry_run)
        error = result.error if result else None
        failed_dry = answer.is_error and result is None
        self._store.add_call(
            ToolCallRecord(
                id=uuid4(),
                tenant_id=caller.tenant_id,
                tool_id=tool.id,
                tool_name=tool.name,
                execution_id=answer.execution_id,
                called_by=caller.subject,
                door=door,
                dry_run=wants_dry_run,
                status=result.status if result else "rejected" if failed_dry else "success",
                error_type=error.type if error else None,
                chars=answer.answer.chars,
                truncated=answer.answer.truncated,
                duration_ms=(time.perf_counter() - started) * 1000,
                created_at=datetime.now(UTC),
            )
        )
        return answer

    def calls(
        self, ref: str, caller: Caller, *, limit: int = 50, offset: int = 0
    ) -> Page[ToolCallRecord]:
        """The calls of a tool, newest first."""
        authorize(caller, "logs:read")
        tool, _ = self._readable(ref, caller)
        return self._store.calls(caller.tenant_id, tool.id, limit=limit, offset=offset)

    def _answer(
        self, tool: Tool, request: ExecutionRequest, caller: Caller, *, dry_run: bool
    ) -> tuple[ToolAnswer, ExecutionResult | None]:
        if dry_run:
            try:
                plan = orjson.dumps(self._dry_run(request, caller), default=str)
            except EngineError as error:
                text = error_text(error)
                return ToolAnswer(answer=ToolText(text, None, len(text)), is_error=True), None
            return ToolAnswer(answer=as_text(plan, tool.max_chars)), None
        result = self._run(request, caller)
        if result.error is not None:
            text = error_text(result.error)
            failed = ToolText(text[: tool.max_chars], None, len(text))
            answer = ToolAnswer(answer=failed, is_error=True, execution_id=result.execution_id)
            return answer, result
        text_of_it = as_text(result.data_json, tool.max_chars)
        return ToolAnswer(answer=text_of_it, execution_id=result.execution_id), result

    def _callable(self, name: str, caller: Caller) -> tuple[Tool, ApiDefinition]:
        authorize(caller, "tools:read")
        tool = self._store.get(caller.tenant_id, name)
        api = self._api(tool)
        authorize(caller, "execute:run", api)
        if not tool.is_active:
            raise ApiInactiveError(
                f"tool {tool.name!r} is switched off", hint="Switch it on, on its page."
            )
        return tool, api

    def _readable(self, ref: str, caller: Caller) -> tuple[Tool, ApiDefinition]:
        authorize(caller, "tools:read")
        tool = self._store.get(caller.tenant_id, ref)
        api = self._api(tool)
        authorize(caller, "tools:read", api)
        return tool, api

    def _writable(self, ref: str, caller: Caller) -> tuple[Tool, ApiDefinition]:
        authorize(caller, "tools:write")
        tool = self._store.get(caller.tenant_id, ref)
        api = self._api(tool)
        authorize(caller, "tools:write", api)
        return tool, api

    def _every(self, caller: Caller, query: ToolQuery) -> list[tuple[Tool, ApiDefinition]]:
        found: list[tuple[Tool, ApiDefinition]] = []
        offset, total = 0, 1
        while offset < total:
            wanted = query.model_copy(update={"limit": _PAGE, "offset": offset})
            page = self._store.search(caller.tenant_id, wanted)
            found += [(tool, self._api(tool)) for tool in page.items]
            offset, total = offset + _PAGE, page.total
        return found

    def _api(self, tool: Tool) -> ApiDefinition:
        return self._definitions.get(tool.tenant_id, str(tool.api_id))

    def _finder(self, tenant_id: str) -> FindApi:
        def find(ref: str) -> ApiDefinition | None:
            try:
                return self._definitions.get(tenant_id, ref)
            except NotFoundError:
                return None

        return find

    def _view(self, tool: Tool, api: ApiDefinition) -> ToolView:
        return ToolView(
            tool=tool,
            drift=schema_changes(tool.schema_at_export, to_json_schema(api.param_schema)),
            is_callable=tool.is_active and _is_live(api),
            issues=check_tool(tool, api, self._finder(tool.tenant_id)),
        )

    def _record(self, caller: Caller, action: str, tool: Tool, **detail: Any) -> None:
        self._audit.add_audit(
            AuditEntry(
                tenant_id=caller.tenant_id,
                actor=caller.subject,
                action=action,
                target=tool.name,
                at=datetime.now(UTC),
                detail={"tool_id": str(tool.id), "api_id": str(tool.api_id), **detail},
            )
        )


def _refuse_errors(tool: Tool, api: ApiDefinition, find_api: FindApi) -> None:
    issues = check_tool(tool, api, find_api)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise DefinitionInvalidError(f"{tool.name!r}: {errors[0].message}", issues=issues)


def _is_live(api: ApiDefinition) -> bool:
    return bool(api.version) and api.is_active


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if isinstance(value, str) and value:
        return value
    message = f"{name}: name the API that the tool calls"
    raise DefinitionInvalidError(
        message, issues=(Issue(code="invalid_field", message=message, path=name),)
    )

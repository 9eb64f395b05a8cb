"""Writes what every execution leaves behind, and lets callers read it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.auth import authorize
from engine.log_values import MAX_STACKTRACE_BYTES, fit_json, head, json_head, storable_text, tail
from engine.model import (
    Caller,
    ExecutionPage,
    ExecutionQuery,
    ExecutionRecord,
    ExecutionResult,
    ExecutionSource,
)
from engine.ports import ApiUsage, ExecutionStore, Journal, Params
from engine.trace_context import SpanParent

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 10_240
EXPORTED_AT_ONCE = 500

Observe = Callable[[ExecutionRecord, SpanParent | None], None]
"""Is told of every execution and of the span its caller named; must neither block nor fail."""


class Monitor:
    """Records executions: one journal entry, then one canonical log line, for each.

    Args:
        journal: Where the record is safe once `record` returns.
        max_logged_bytes: How much of the parameters and of the answer is kept, each.
        observe: Who else is told of each record.
    """

    def __init__(
        self, journal: Journal, *, max_logged_bytes: int, observe: Observe | None = None
    ) -> None:
        self._journal = journal
        self._observe = observe
        self.max_logged_bytes = max_logged_bytes

    def check_room(self) -> None:
        """Let a call begin; raises StoreUnavailableError when it could not be recorded in time."""
        self._journal.check_room()

    def record(
        self,
        result: ExecutionResult,
        *,
        api_name: str,
        caller: Caller,
        source: ExecutionSource,
        created_at: datetime,
        api_id: UUID | None = None,
        params: Params | None = None,
        input_payload: Any = None,
        parent_execution_id: UUID | None = None,
        stacktrace: str | None = None,
        breaker_changed: bool = False,
        span_parent: SpanParent | None = None,
    ) -> ExecutionRecord:
        """Keep the outcome of one call; what is passed in is masked already.

        Args:
            api_name: The API's name, or the reference that could not be resolved.
            api_id: None when the reference could not be resolved.
            stacktrace: The traceback of a failure nobody foresaw; never shown to a caller.
            breaker_changed: Whether this call opened or closed the circuit.
            span_parent: The span that the caller named.

        Raises:
            StoreUnavailableError: The journal could not be written; the answer must not be given.
        """
        params_kept, params_cut = fit_json(params or {}, self.max_logged_bytes)
        answer, answer_cut = json_head(result.data_json, self.max_logged_bytes)
        metadata = self._metadata(result, input_payload)
        if breaker_changed and result.circuit_breaker_state == "open":
            metadata["breaker_tripped"] = True
        if params_cut:
            metadata["request_truncated"] = True
        error = result.error
        record = ExecutionRecord(
            id=result.execution_id,
            api_id=api_id,
            api_name=head(api_name, 200),
            api_version=result.version,
            tenant_id=caller.tenant_id,
            executed_by=storable_text(caller.subject),
            source=source,
            parent_execution_id=parent_execution_id,
            trace_id=head(result.trace_id, 200),
            status=result.status,
            duration_ms=result.duration_ms,
            request_params=params_kept,
            response_data=answer,
            response_truncated=answer_cut,
            response_status=error.http_status if error else 200,
            error_type=error.type if error else None,
            error_message=head(error.message, MAX_MESSAGE_BYTES) if error else None,
            error_stacktrace=tail(stacktrace, MAX_STACKTRACE_BYTES) if stacktrace else None,
            rows_affected=result.row_count,
            cached=result.cached,
            attempts=result.attempts,
            circuit_breaker_state=result.circuit_breaker_state,
            metadata=metadata,
            created_at=created_at,
        )
        self._journal.append(record)
        _log(record, breaker_changed=breaker_changed)
        if self._observe is not None:
            self._observe(record, span_parent)
        return record

    def _metadata(self, result: ExecutionResult, input_payload: Any) -> dict[str, Any]:
        known = {
            "trace": [stage.model_dump() for stage in result.trace] or None,
            "steps": [step.model_dump() for step in result.steps] or None,
            "warnings": result.warnings or None,
            "usage": result.usage or None,
            "logs": result.logs or None,
            "stale": result.stale or None,
            "age_s": result.age_s,
            "rows_truncated": result.truncated or None,
            "error_details": (result.error and result.error.details) or None,
            "hint": result.error and result.error.hint,
            "input_payload": input_payload,
        }
        kept = {name: value for name, value in known.items() if value is not None}
        fitted = {name: fit_json(value, self.max_logged_bytes) for name, value in kept.items()}
        cut = {"input_truncated": True} if fitted.get("input_payload", ("", False))[1] else {}
        return {name: value for name, (value, _) in fitted.items()} | cut


class ExecutionLog:
    """Reads the execution log of the caller's tenant; at least the viewer role is needed.

    What this process has recorded before a call is seen by it. A key that is limited to some APIs
    sees their executions alone; the others are not there.
    """

    def __init__(self, store: ExecutionStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def search(self, query: ExecutionQuery, caller: Caller) -> ExecutionPage:
        """Records that match, newest first, without their answers."""
        self._prepare(caller)
        return self._store.search(caller.tenant_id, query, caller.scope)

    def export(
        self, query: ExecutionQuery, caller: Caller
    ) -> Iterator[tuple[ExecutionRecord, ...]]:
        """All records that match, newest first, without their answers, some at a time.

        What is recorded after the first were read is not among them.
        """
        self._prepare(caller)
        position = query.after
        while True:
            some = query.model_copy(
                update={"after": position, "limit": EXPORTED_AT_ONCE, "offset": 0}
            )
            page = self._store.search(caller.tenant_id, some, caller.scope)
            yield page.items
            position = page.next
            if position is None:
                return

    def get(self, execution_id: UUID, caller: Caller) -> ExecutionRecord:
        """One record; raises NotFoundError."""
        self._prepare(caller)
        return self._store.get(caller.tenant_id, execution_id, caller.scope)

    def summary(self, since: datetime, caller: Caller) -> tuple[ApiUsage, ...]:
        """How each API fared since a time."""
        self._prepare(caller)
        return self._store.summary(caller.tenant_id, since, caller.scope)

    def _prepare(self, caller: Caller) -> None:
        authorize(caller, "logs:read")
        self._journal.flush()


def _log(record: ExecutionRecord, *, breaker_changed: bool) -> None:
    level = _level(record, breaker_changed=breaker_changed)
    if not logger.isEnabledFor(level):
        return
    fields: Mapping[str, Any] = {
        "execution_id": record.id,
        "api_id": record.api_id,
        "api_name": record.api_name,
        "status": record.status,
        "duration_ms": round(record.duration_ms, 3),
        "cached": record.cached,
        "attempts": record.attempts,
        "circuit_breaker_state": record.circuit_breaker_state,
        "source": record.source,
        "error_type": record.error_type,
        "user_id": record.executed_by,
        "tenant_id": record.tenant_id,
        "trace_id": record.trace_id,
    }
    logger.log(level, "%s: %s", record.api_name, record.status, extra={"fields": fields})


def _level(record: ExecutionRecord, *, breaker_changed: bool) -> int:
    if record.status == "fail" or breaker_changed:
        return logging.ERROR
    if record.status == "success" and record.attempts <= 1:
        return logging.INFO
    return logging.WARNING

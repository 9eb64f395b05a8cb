"""Makes a logged call again, on any definition of its API and with other inputs, and compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from engine.api_manager import ApiManager
from engine.auth import authorize
from engine.call import ExecutionRequest
from engine.comparison import difference
from engine.compilation import Compiler
from engine.errors import ConflictError, NotFoundError
from engine.executor_monitoring import ExecutionLog
from engine.logged_inputs import LoggedInputs, inputs_of
from engine.masking import mask_answer
from engine.model import (
    ApiDefinition,
    Caller,
    ErrorInfo,
    ExecutionRecord,
    ExecutionResult,
    ExecutionStatus,
)
from engine.model.gate import Difference
from engine.model.testing import Against
from engine.testing.sides import definition_of

Side = Literal["logged"] | Against
"""What the log has kept of the run, or a definition to run it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunPlan:
    """What to compare with what.

    Attributes:
        params: Instead of those of the log, all of them; None for those.
        input_payload: Instead of the log's, where `has_input` says so.
    """

    left: Side = "logged"
    right: Side = "live"
    params: Mapping[str, Any] | None = None
    input_payload: Any = None
    has_input: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One side: a run, or what the log has kept of one; `data_json` is None where it is cut."""

    side: Side
    version: int
    execution_id: UUID
    status: ExecutionStatus
    duration_ms: float
    row_count: int | None
    error: ErrorInfo | None
    data_json: bytes | None
    result: ExecutionResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides, and how the right answer differs from the left.

    `difference` is None where one of them failed, or the log has kept only a head of its answer.
    """

    left: Ran
    right: Ran
    difference: Difference | None


class Reruns:
    """Logged calls, made again as test runs in the caller's name; needs the role analyst."""

    def __init__(
        self,
        apis: ApiManager,
        compiler: Compiler,
        run: Callable[[ExecutionRequest, Caller], ExecutionResult],
        logs: ExecutionLog,
    ) -> None:
        self._apis = apis
        self._compiler = compiler
        self._run = run
        self._logs = logs

    def inputs(self, execution_id: UUID, caller: Caller) -> LoggedInputs:
        """What a logged call was sent, as far as the log tells; raises NotFoundError."""
        record = self._logs.get(execution_id, caller)
        return inputs_of(record, self._api_of(record, caller))

    def compare(self, execution_id: UUID, plan: RerunPlan, caller: Caller) -> Comparison:
        """Run both sides, one after the other, and compare their answers.

        Raises:
            NotFoundError: No such run, API or version.
            ConflictError: The log has masked or cut what was sent, and no other inputs are given.
            DefinitionInvalidError: The draft cannot be run.
        """
        authorize(caller, "execute:test")
        record = self._logs.get(execution_id, caller)
        api = self._api_of(record, caller)
        inputs = _inputs(record, api, plan)
        left = self._side(plan.left, record, api, inputs, caller)
        right = self._side(plan.right, record, api, inputs, caller)
        return Comparison(left=left, right=right, difference=_difference(left, right, api))

    def _api_of(self, record: ExecutionRecord, caller: Caller) -> ApiDefinition:
        if record.api_id is None:
            raise NotFoundError("the run is not one of an API")
        return self._apis.get(str(record.api_id), caller)

    def _side(
        self,
        side: Side,
        record: ExecutionRecord,
        api: ApiDefinition,
        inputs: LoggedInputs,
        caller: Caller,
    ) -> Ran:
        if side == "logged":
            return _as_logged(record)
        definition = definition_of(self._apis, str(api.id), side, caller)
        request = ExecutionRequest(
            api=self._compiler.compile(definition),
            params=inputs.params,
            input_payload=inputs.input_payload,
            source="test",
            test=True,
            want_trace=True,
        )
        result = self._run(request, caller)
        return Ran(
            side=side,
            version=definition.version,
            execution_id=result.execution_id,
            status=result.status,
            duration_ms=result.duration_ms,
            row_count=result.row_count,
            error=result.error,
            data_json=result.data_json,
            result=result,
        )


def _inputs(record: ExecutionRecord, api: ApiDefinition, plan: RerunPlan) -> LoggedInputs:
    logged = inputs_of(record, api)
    if logged.missing and plan.params is None and {plan.left, plan.right} != {"logged"}:
        raise ConflictError(
            f"the run cannot be made again as it was: {'; '.join(logged.missing)}",
            hint="Give the parameters anew.",
        )
    return LoggedInputs(
        params=logged.params if plan.params is None else plan.params,
        input_payload=plan.input_payload if plan.has_input else logged.input_payload,
    )


def _as_logged(record: ExecutionRecord) -> Ran:
    error = None
    if record.error_type is not None:
        error = ErrorInfo(
            type=record.error_type,
            message=record.error_message or "",
            http_status=record.response_status,
        )
    is_whole = record.response_data is not None and not record.response_truncated
    return Ran(
        side="logged",
        version=record.api_version,
        execution_id=record.id,
        status=record.status,
        duration_ms=record.duration_ms,
        row_count=record.rows_affected,
        error=error,
        data_json=(record.response_data or "").encode() if is_whole else None,
    )


def _difference(left: Ran, right: Ran, api: ApiDefinition) -> Difference | None:
    if not (left.status == right.status == "success"):
        return None
    if left.data_json is None or right.data_json is None:
        return None
    # The log is masked for everybody, so the other side has to be for a comparison.
    masks = api.runtime_policy.mask.columns if "logged" in (left.side, right.side) else {}
    before, after = (_masked(ran, masks) for ran in (left, right))
    return difference(before, after)


def _masked(ran: Ran, masks: Mapping[str, Any]) -> bytes:
    document = ran.data_json or orjson.dumps(None)
    return mask_answer(document, masks) if masks and ran.side != "logged" else document

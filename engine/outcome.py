"""Turns the end of a call into the one result that every door shows."""

from engine.call import Answer, Call
from engine.errors import EngineError
from engine.model import ErrorInfo, ExecutionResult, Payload, Step

NOTHING = Payload(json=b"null")


def result_of(call: Call, answer: Answer | None, error: EngineError | None) -> ExecutionResult:
    """The outcome: an answer, or the error that took its place."""
    payload = answer.payload if answer else NOTHING
    return ExecutionResult(
        execution_id=call.execution_id,
        status=error.outcome if error else "success",
        data_json=payload.json,
        duration_ms=round(call.elapsed_ms(), 3),
        version=call.api.definition.version if call.api else 0,
        trace_id=call.trace_id,
        error=error_info(error) if error else None,
        attempts=call.attempts,
        cached=answer.cached if answer else False,
        stale=answer.stale if answer else False,
        age_s=answer.age_s if answer else None,
        circuit_breaker_state=call.breaker_state,
        row_count=payload.row_count,
        truncated=payload.truncated,
        steps=_steps_of(payload, error),
        logs=payload.logs,
        warnings=payload.warnings,
        usage=payload.usage,
        trace=call.trace.stages,
        headers=call.headers,
        large=payload.large,
    )


def _steps_of(payload: Payload, error: EngineError | None) -> tuple[Step, ...]:
    """What each node of a workflow did, also of one that failed."""
    if error is None:
        return payload.steps
    return tuple(Step.model_validate(step) for step in error.details.get("steps", ()))


def error_info(error: EngineError) -> ErrorInfo:
    """An error as a value, fit for a caller."""
    return ErrorInfo(
        type=error.code,
        message=error.message,
        http_status=error.http_status,
        details=error.details,
        hint=error.hint,
        retry_after_s=error.retry_after_s,
    )

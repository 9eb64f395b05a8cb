"""Every failure of the engine, as one tree.

    EngineError                     500 internal_error
    ├── CallerError                 what the caller sent or may not do; outcome "rejected"
    │   ├── BadRequestError         400 bad_request
    │   ├── AuthenticationError     401 unauthenticated
    │   ├── PermissionDeniedError   403 permission_denied
    │   ├── NotFoundError           404 not_found
    │   ├── ConflictError           409 conflict
    │   │   └── ApiInactiveError    409 api_inactive
    │   ├── PayloadTooLargeError    413 payload_too_large
    │   ├── ParamsInvalidError      422 params_invalid
    │   ├── DefinitionInvalidError  422 definition_invalid
    │   └── RateLimitedError        429 rate_limited
    │       └── ConcurrencyLimitedError  429 concurrency_limited
    ├── ExecutionCancelledError     409 cancelled; outcome "rejected"
    ├── BreakerOpenError            503 breaker_open; outcome "rejected"
    ├── OverloadedError             503 overloaded; outcome "rejected"
    ├── DeadlineExceededError       504 timeout; retried, trips the breaker; outcome "timeout"
    │   └── ScriptTimeoutError      504 timeout; the author's fault: never retried, never trips
    ├── LogicError                  502 the author's fault: never retried, never trips
    │   ├── QueryFailedError        502 query_failed
    │   ├── ScriptFailedError       502 script_failed
    │   ├── TemplateFailedError     502 template_failed
    │   ├── OutboundRefusedError    502 outbound_refused
    │   ├── ResponseInvalidError    502 response_invalid
    │   └── NodeFailedError         502 node_failed
    ├── TargetError                 502 target_failed; the target's fault: trips the breaker
    │   ├── TargetUnavailableError  502 target_unavailable; retried
    │   ├── TargetTransientError    502 target_transient; retried, does not trip
    │   └── UpstreamStatusError     502 upstream_status; retried for 429, 502, 503 and 504
    ├── SandboxUnavailableError     503 sandbox_unavailable
    ├── StoreUnavailableError       503 store_unavailable; retried by the caller
    └── SettingsError               refuses the start

The codes are public: clients branch on them, so they are never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from engine.model.definition import Issue

Outcome = Literal["fail", "timeout", "rejected"]


class EngineError(Exception):
    """A failure with a public code, an HTTP status and a place in the policies.

    Args:
        message: What was wrong, where, and what would be right; never a secret or a param's value.
        details: Machine-readable particulars for the caller, JSON-able.
        hint: What to do next, when the message does not say it.
        retry_after_s: When trying again may help, in seconds.
    """

    code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500
    outcome: ClassVar[Outcome] = "fail"
    retryable: bool = False
    trips_breaker: bool = False

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        hint: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.hint = hint
        self.retry_after_s = retry_after_s


def error_codes() -> tuple[str, ...]:
    """The code of every failure there is, by name."""
    found, kinds = set(), [EngineError]
    while kinds:
        kind = kinds.pop()
        found.add(kind.code)
        kinds += kind.__subclasses__()
    return tuple(sorted(found))


class CallerError(EngineError):
    """The caller's fault; nothing of the target was touched."""

    code = "bad_request"
    http_status = 400
    outcome = "rejected"


class BadRequestError(CallerError):
    """The request itself is malformed: JSON, a query parameter, a header."""


class AuthenticationError(CallerError):
    """No credentials, or credentials that are unknown, expired or revoked."""

    code = "unauthenticated"
    http_status = 401


class PermissionDeniedError(CallerError):
    """The caller is known and may not do this."""

    code = "permission_denied"
    http_status = 403


class NotFoundError(CallerError):
    """No such thing in the caller's tenant."""

    code = "not_found"
    http_status = 404


class ConflictError(CallerError):
    """The change meets a state it did not expect: a name taken, a lost update, a dependant."""

    code = "conflict"
    http_status = 409


class ApiInactiveError(ConflictError):
    """The API exists and is switched off, or was never published."""

    code = "api_inactive"


class PayloadTooLargeError(CallerError):
    """A request body or an answer past its size limit."""

    code = "payload_too_large"
    http_status = 413


class ParamsInvalidError(CallerError):
    """Parameters that do not fit the schema; `details["params"]` names every mistake."""

    code = "params_invalid"
    http_status = 422


class DefinitionInvalidError(CallerError):
    """A definition that cannot be saved or compiled; `details["issues"]` names every mistake."""

    code = "definition_invalid"
    http_status = 422

    def __init__(self, message: str, *, issues: tuple[Issue, ...], hint: str | None = None) -> None:
        super().__init__(
            message, details={"issues": [issue.model_dump() for issue in issues]}, hint=hint
        )
        self.issues = issues


class RateLimitedError(CallerError):
    """A rate limit refused the call; `details` names level, limit, remaining and reset."""

    code = "rate_limited"
    http_status = 429


class ConcurrencyLimitedError(RateLimitedError):
    """As many calls of this API as it allows are running already."""

    code = "concurrency_limited"


class ExecutionCancelledError(EngineError):
    """The call was stopped while it ran, because somebody asked for it: no sign of any trouble."""

    code = "cancelled"
    http_status = 409
    outcome = "rejected"


class BreakerOpenError(EngineError):
    """The circuit breaker is open: the target was not called."""

    code = "breaker_open"
    http_status = 503
    outcome = "rejected"


class OverloadedError(EngineError):
    """The engine has no room for this call now."""

    code = "overloaded"
    http_status = 503
    outcome = "rejected"


class DeadlineExceededError(EngineError):
    """The attempt or the whole call ran out of time."""

    code = "timeout"
    http_status = 504
    outcome = "timeout"
    retryable = True
    trips_breaker = True


class ScriptTimeoutError(DeadlineExceededError):
    """A script did not end in time: its author's to mend, no sign of a target in trouble."""

    retryable = False
    trips_breaker = False


class LogicError(EngineError):
    """The definition itself failed on this input: its author's to mend."""

    code = "logic_failed"
    http_status = 502


class QueryFailedError(LogicError):
    """The target refused the statement; `details` has line and column where the target tells."""

    code = "query_failed"


class ScriptFailedError(LogicError):
    """The script raised, returned what is not JSON, or broke a limit of its sandbox."""

    code = "script_failed"


class TemplateFailedError(LogicError):
    """A template names what does not exist or does what templates may not do."""

    code = "template_failed"


class OutboundRefusedError(LogicError):
    """The outbound guard refused an address: a policy decision, no failure of the target."""

    code = "outbound_refused"


class ResponseInvalidError(LogicError):
    """The answer arrived and does not fit what the definition expects of it."""

    code = "response_invalid"


class NodeFailedError(LogicError):
    """A workflow node failed and nothing handled it; `details` names node and cause."""

    code = "node_failed"


class TargetError(EngineError):
    """The target failed: database, upstream server or child process."""

    code = "target_failed"
    http_status = 502
    trips_breaker = True


class TargetUnavailableError(TargetError):
    """The target could not be reached, or the connection broke."""

    code = "target_unavailable"
    retryable = True


class TargetTransientError(TargetError):
    """The target asks to try again: serialization failure, deadlock, restarting worker."""

    code = "target_transient"
    retryable = True
    trips_breaker = False


class UpstreamStatusError(TargetError):
    """An upstream answered with an error status; `details["status"]` is that status.

    5xx and 429 count against the breaker, other 4xx do not; 429, 502, 503 and 504 may be retried.
    """

    code = "upstream_status"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        details: Mapping[str, Any] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(
            message, details={**(details or {}), "status": status}, retry_after_s=retry_after_s
        )
        self.retryable = status in {429, 502, 503, 504}
        self.trips_breaker = status == 429 or status >= 500


class SandboxUnavailableError(EngineError):
    """This machine cannot give the isolation that is required for scripts."""

    code = "sandbox_unavailable"
    http_status = 503


class StoreUnavailableError(EngineError):
    """The metadata database or another store of ours cannot be reached or read."""

    code = "store_unavailable"
    http_status = 503


class SettingsError(EngineError):
    """A setting has a value the engine cannot start with; the message names it."""

    code = "settings_invalid"

"""Repeats an execution while that may help: one attempt after another under one deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.call import Call
from engine.compilation import CompiledApi
from engine.deadline import Deadline
from engine.errors import BreakerOpenError, EngineError
from engine.executor_circuit_breaker import outcome_of
from engine.executor_policies import retry_delay_s
from engine.model import Payload
from engine.ports import BreakerConfig, CacheWrite, Permit, Settlement, SharedState

RunAttempt = Callable[[Deadline, int], Payload]
"""Runs attempt number n (from 1) within a deadline."""
WriteFor = Callable[[Payload], CacheWrite | None]
"""How an answer is to be cached, if at all."""


@dataclass(slots=True, kw_only=True)
class Attempts:
    """The retry loop of one call; used once, by one thread.

    The breaker guards every attempt and learns of every one, so a dead target opens it after
    `failure_threshold` attempts and an opening circuit ends the loop. With `breaker` None nothing
    is asked and nothing reported.
    """

    shared: SharedState
    call: Call
    api: CompiledApi
    deadline: Deadline
    timeout_s: float
    max_retries: int
    breaker: BreakerConfig | None
    permit: Permit | None
    sleep: Callable[[float], None] = field(default=time.sleep)

    def run(self, attempt: RunAttempt, write_for: WriteFor) -> Payload:
        """The payload of the first attempt that succeeds, cached as `write_for` says.

        Raises:
            BreakerOpenError: The circuit is open; nothing was attempted.
            ExecutionCancelledError: The call was stopped.
            EngineError: The last attempt's failure, when no more may follow.
        """
        if self.permit is None and self.breaker is not None:
            # The look-up met a fresh answer, so no permit was taken, and the answer was not used.
            self.permit = self.shared.permit(self.breaker)
        if self.permit is not None and not self.permit.allowed:
            raise self._refusal(self.permit)
        while True:
            self.call.attempts += 1
            cut_short = self.deadline.remaining_s() < self.timeout_s
            try:
                payload = attempt(self.deadline.within(self.timeout_s), self.call.attempts)
            except EngineError as error:
                self._failed(self.deadline.cause_of(error), cut_short=cut_short)
            except BaseException:
                self.release()
                raise
            else:
                self.call.trace.add("attempt", "ok", number=self.call.attempts)
                self._settle(Settlement(outcome="success", write=write_for(payload)))
                return payload

    def release(self) -> None:
        """Give back a permit that no attempt was made with; without effect after one."""
        if self.permit is not None and self.permit.token is not None:
            self._settle(Settlement(outcome="neutral"))

    def _failed(self, error: EngineError, *, cut_short: bool) -> None:
        """Report a failure, wait and get leave for another attempt; raises `error` when it ends."""
        number = self.call.attempts
        self.call.trace.add(
            "attempt", "failed", number=number, error=error.code, message=error.message
        )
        self._settle(Settlement(outcome=outcome_of(error, cut_short=cut_short)))
        delay_s = retry_delay_s(
            error,
            attempt=number,
            max_retries=self.max_retries,
            repeatable=self.api.logic.repeatable,
            policy=self.api.definition.runtime_policy,
            deadline=self.deadline,
        )
        if delay_s is None:
            raise error
        self._pause(delay_s)
        self.call.trace.add("backoff", "waited", delay_ms=round(delay_s * 1000, 1))
        if self.breaker is None:
            return
        permit = self.shared.permit(self.breaker)
        if not permit.allowed:
            self._show(permit)
            raise error
        self.permit = permit

    def _pause(self, delay_s: float) -> None:
        cancellation = self.deadline.cancellation
        if cancellation is None:
            self.sleep(delay_s)
        elif cancellation.wait(delay_s):
            raise cancellation.error()

    def _settle(self, settlement: Settlement) -> None:
        """Report an attempt, once: with no permit left only a cache write is passed on."""
        permit, self.permit = self.permit, None
        if permit is None and settlement.write is None:
            return
        settled = self.shared.settle(
            Settlement(
                breaker=self.breaker if permit else None,
                permit=permit,
                outcome=settlement.outcome,
                write=settlement.write,
            )
        )
        if permit is not None:
            self.call.breaker_changed |= settled.changed
            self.call.breaker_state = settled.state

    def _refusal(self, permit: Permit) -> BreakerOpenError:
        return BreakerOpenError(
            f"the circuit breaker of {self.api.definition.api_name!r} is {permit.state} after "
            f"{permit.failures} failures: the target was not called",
            details={"state": permit.state, "failures": permit.failures},
            hint=f"Try again in {max(1, round(permit.retry_after_s))} s.",
            retry_after_s=permit.retry_after_s,
        )

    def _show(self, permit: Permit) -> None:
        self.call.breaker_state = permit.state
        self.call.trace.add("breaker", "refused", state=permit.state, failures=permit.failures)

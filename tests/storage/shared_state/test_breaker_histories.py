"""Whatever happens, memory and Lua do what the pure state machine says."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import breaker_rules
from engine.breaker_rules import BreakerState
from engine.ports import BreakerConfig, BreakerEvent, Permit, Settlement, SharedState

ASK = st.tuples(st.just("ask"), st.none())
TELL = st.tuples(
    st.just("tell"),
    st.tuples(st.integers(0, 7), st.sampled_from(["success", "failure", "failure", "neutral"])),
)
WAIT = st.tuples(st.just("wait"), st.sampled_from([1, 400, 999, 1000, 2500, 5000]))
MODE = st.tuples(st.just("mode"), st.sampled_from(["auto", "forced_open", "disabled"]))
HISTORIES = st.lists(st.one_of(ASK, ASK, TELL, TELL, WAIT, MODE), min_size=30, max_size=80)


@dataclass
class Reference:
    """The specification: the pure functions, one after another."""

    config: BreakerConfig
    state: BreakerState = field(default_factory=BreakerState)
    events: list[BreakerEvent] = field(default_factory=list)
    asked: int = 0

    def ask(self, now_ms: int) -> Permit:
        self.asked += 1
        self.state, permit, events = breaker_rules.admit(
            self.state, self.config, now_ms, f"token {self.asked}"
        )
        self.events += events
        return permit

    def tell(self, permit: Permit, outcome: Any, now_ms: int) -> str:
        self.state, events = breaker_rules.record(self.state, self.config, permit, outcome, now_ms)
        self.events += events
        return self.state.shown

    def set_mode(self, mode: Any, now_ms: int) -> None:
        self.state, events = breaker_rules.set_mode(
            self.state, self.config.key, mode, now_ms, reason="because", by="ada"
        )
        self.events += events


def agree(
    history: list[tuple[str, Any]], state: SharedState, clock: Any, config: BreakerConfig
) -> None:
    reference = Reference(config)
    pending: list[tuple[Permit, Permit]] = []
    for step, detail in history:
        if step == "wait":
            clock.advance(detail / 1000)
        elif step == "ask":
            permits = reference.ask(clock.now_ms), state.permit(config)
            assert without_token(permits[1]) == without_token(permits[0])
            pending.append(permits)
        elif step == "tell" and pending:
            expected, permit = pending.pop(detail[0] % len(pending))
            told = state.settle(Settlement(breaker=config, permit=permit, outcome=detail[1]))
            assert told.state == reference.tell(expected, detail[1], clock.now_ms)
        elif step == "mode":
            state.set_breaker(config.key, detail, reason="because", by="ada")
            reference.set_mode(detail, clock.now_ms)
    expected_snapshot = breaker_rules.snapshot(reference.state, config.key, clock.now_ms)
    assert state.breaker(config.key) == expected_snapshot
    assert state.breaker_events(config.key, 1000) == tuple(reversed(reference.events))


def without_token(permit: Permit) -> tuple[Permit, bool]:
    return replace(permit, token=None), permit.token is not None


CONFIGS = st.builds(
    BreakerConfig,
    key=st.just(""),
    failure_threshold=st.integers(1, 4),
    success_threshold=st.integers(1, 3),
    open_s=st.sampled_from([1.0, 5.0]),
    lease_s=st.sampled_from([0.4, 3.0]),
    max_probes=st.integers(1, 2),
)


@settings(max_examples=150, deadline=None)
@given(history=HISTORIES, config=CONFIGS)
def test_memory_follows_the_specification(
    history: Any, config: BreakerConfig, open_by_clock: Any, new_clock: Callable[[], Any]
) -> None:
    clock = new_clock()

    agree(history, open_by_clock("memory", clock), clock, replace(config, key=token_hex(6)))


@settings(max_examples=60, deadline=None)
@given(history=HISTORIES, config=CONFIGS)
def test_lua_follows_the_specification(
    history: Any, config: BreakerConfig, open_by_clock: Any, new_clock: Callable[[], Any]
) -> None:
    clock = new_clock()

    agree(history, open_by_clock("redis", clock), clock, replace(config, key=token_hex(6)))

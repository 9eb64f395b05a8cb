"""The implementations of the shared state, on clocks that tests set."""

from collections.abc import Callable, Iterator
from secrets import token_hex

import pytest

from engine.ports import BreakerConfig, CacheKey, SharedState
from storage.shared_state.fallback import FallbackSharedState
from storage.shared_state.memory import MemorySharedState
from storage.shared_state.redis import RedisSharedState

PATIENCE_S = 10.0
"""A busy machine is no fault of Redis; what its faults do is tested apart."""

NOWHERE = "redis://127.0.0.1:1/0"


class Clock:
    """Seconds since 1970 that pass only when a test says so."""

    def __init__(self) -> None:
        self.now_ms = 1_800_000_000_000

    def __call__(self) -> float:
        return self.now_ms / 1000

    def advance(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


def _choose(kind: str, shared: RedisSharedState, memory: MemorySharedState) -> SharedState:
    if kind == "memory":
        return memory
    return shared if kind == "redis" else FallbackSharedState(shared, memory)


OpenState = Callable[[str, Callable[[], float] | None], SharedState]


@pytest.fixture(scope="module")
def open_state(redis_url: str) -> Iterator[OpenState]:
    """A function that opens an implementation by name on a clock, or on its own for None."""
    opened: list[SharedState] = []

    def open_one(kind: str, clock: Callable[[], float] | None) -> SharedState:
        memory = MemorySharedState(cache_bytes=1_048_576, clock=clock)
        url = NOWHERE if "without" in kind else redis_url
        shared = RedisSharedState(url, timeout_s=PATIENCE_S, clock=clock)
        opened.append(_choose(kind, shared, memory))
        return opened[-1]

    yield open_one
    for state in opened:
        state.close()


@pytest.fixture(scope="module")
def open_by_clock(redis_url: str) -> Iterator[Callable[[str, Clock], SharedState]]:
    """Like `open_state`, over one connection to Redis however many clocks there are."""
    current = [Clock()]

    def now() -> float:
        return current[0]()

    shared = RedisSharedState(redis_url, timeout_s=PATIENCE_S, clock=now)

    def open_one(kind: str, clock: Clock) -> SharedState:
        current[0] = clock
        memory = MemorySharedState(cache_bytes=1_048_576, clock=clock)
        return _choose(kind, shared, memory)

    yield open_one
    shared.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def new_clock() -> Callable[[], Clock]:
    return Clock


@pytest.fixture(params=["memory", "redis", "fallback", "fallback without redis"])
def state(request: pytest.FixtureRequest, open_state: OpenState, clock: Clock) -> SharedState:
    return open_state(request.param, clock)


@pytest.fixture
def name() -> str:
    """A key nobody else uses, so that tests can share one Redis."""
    return f"default/{token_hex(6)}"


@pytest.fixture
def breaker(name: str) -> BreakerConfig:
    return BreakerConfig(
        key=name, failure_threshold=3, success_threshold=2, open_s=60, lease_s=6, max_probes=1
    )


@pytest.fixture
def answer(name: str) -> CacheKey:
    return CacheKey(name, (f"{name}/all", f"{name}/table:flights"))

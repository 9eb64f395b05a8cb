"""A cache service over memory, on a clock that tests set."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest

from engine.executor_cache import APICacheService
from engine.model import ApiDefinition
from engine.ports import Admission, Settlement
from engine.templates import compile_template, to_text
from storage.shared_state.memory import MemorySharedState


class Clock:
    """Seconds since 1970 that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shared(clock):
    return MemorySharedState(cache_bytes=1_048_576, clock=clock)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def cache(shared, pool):
    def render(text, names):
        return to_text(compile_template(text).render(names))

    return APICacheService(shared, render=render, pool=pool, chance=lambda: 0.5)


@pytest.fixture(scope="session")
def api():
    """A function that makes an API with a cache policy."""

    def make(policy=None, *, number=1, tenant="default", version=1):
        now = datetime(2026, 2, 8, tzinfo=UTC)
        return ApiDefinition.model_validate(
            {
                "id": UUID(int=number),
                "tenant_id": tenant,
                "api_name": f"api-{number}",
                "logic_type": "sql",
                "logic_body": "select 1",
                "version": version,
                "runtime_policy": {"cache": {"enabled": True, **(policy or {})}},
                "created_at": now,
                "updated_at": now,
            }
        )

    return make


@pytest.fixture
def store(cache, shared):
    """A function that stores a payload where an API's call would."""

    def put(where, payload, policy):
        generations = shared.admit(Admission(cache=where)).generations
        write = cache.write_for(where, payload, policy, generations)
        shared.settle(Settlement(write=write))

    return put

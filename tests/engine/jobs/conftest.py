"""One engine that runs jobs: a process can run those of one engine only."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from engine.facade import Engine
from engine.jobs import JobOrder
from engine.model import ApiDefinition, Caller
from engine.model.job import Job
from engine.settings import Settings
from tests.engine.jobs.waiting import ended

Publish = Callable[..., ApiDefinition]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("jobs"), log_level="ERROR", drain_seconds=1
    )
    with Engine.open(settings) as engine:
        yield engine


@pytest.fixture
def publish(engine: Engine, admin_caller: Caller) -> Publish:
    """Publishes an API under a name of its own."""

    def create(logic_type: str, body: Any, **fields: Any) -> ApiDefinition:
        return engine.apis.create(
            {
                "api_name": f"t-{uuid4().hex[:12]}",
                "logic_type": logic_type,
                "logic_body": body if isinstance(body, str) else orjson.dumps(body).decode(),
                **fields,
            },
            admin_caller,
        )

    return create


@pytest.fixture
def run_job(engine: Engine, admin_caller: Caller) -> Callable[..., Job]:
    """Submits a job and waits for its end."""

    def run(api: ApiDefinition, **order: Any) -> Job:
        job = engine.jobs.submit(JobOrder(api=api.api_name, **order), admin_caller)
        return ended(engine, job.id, admin_caller)

    return run

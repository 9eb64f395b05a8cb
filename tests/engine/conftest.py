"""One engine with the sample data, for tests that need a whole one and leave no trace in it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from engine.facade import Engine, local_caller
from engine.model import ApiDefinition, Caller
from engine.settings import Settings

NewApi = Callable[..., ApiDefinition]


@pytest.fixture(scope="session")
def sample_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("engine"), log_level="ERROR")
    with Engine.open(settings) as engine:
        yield engine


@pytest.fixture(scope="session")
def admin_caller() -> Caller:
    return local_caller()


@pytest.fixture
def new_sql_api(sample_engine: Engine, admin_caller: Caller) -> NewApi:
    """Publishes a SQL API of a name of its own, with a policy."""

    def create(policy: dict[str, Any] | None = None, **fields: Any) -> ApiDefinition:
        return sample_engine.apis.create(
            {
                "api_name": f"t-{uuid4().hex[:12]}",
                "logic_type": "sql",
                "logic_body": "SELECT :n + 1 AS answer",
                "connection": "sample",
                "param_schema": {"n": {"type": "integer", "default": 41}},
                "runtime_policy": policy or {},
                **fields,
            },
            admin_caller,
        )

    return create

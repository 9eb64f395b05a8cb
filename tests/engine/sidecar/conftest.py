import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn

from engine.facade import Engine, local_caller
from engine.model import Caller
from engine.settings import Settings
from engine.sidecar import create_app

MAX_BODY = 100_000


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A real engine over SQLite and DuckDB, with the sample data and APIs."""
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("instance"),
        max_request_bytes=MAX_BODY,
        log_level="ERROR",
        jobs="workers",  # a process runs the jobs of one engine, which is another one
    )
    with Engine.open(settings) as engine:
        yield engine


@pytest.fixture(scope="session")
def operator() -> Caller:
    return local_caller()


@pytest.fixture(scope="session")
def keys(engine: Engine, operator: Caller) -> dict[str, str]:
    """One API key for each role."""
    made = engine.auth.keys
    return {
        role: made.create(operator, name=role, roles=[role]).text
        for role in ("viewer", "analyst", "admin")
    }


@pytest.fixture(scope="session")
def base_url(engine: Engine, free_port: Callable[[], int]) -> Iterator[str]:
    """A real server on loopback."""
    port = free_port()
    config = uvicorn.Config(create_app(engine), host="127.0.0.1", port=port, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def client_as(
    base_url: str, keys: dict[str, str]
) -> Iterator[Callable[[str | None], httpx.Client]]:
    """A client with the key of a role, or with none."""
    clients = {
        role: httpx.Client(base_url=base_url, headers={"X-API-Key": keys[role]} if role else {})
        for role in (None, *keys)
    }
    yield clients.__getitem__
    for client in clients.values():
        client.close()


@pytest.fixture
def admin(client_as: Any) -> httpx.Client:
    client: httpx.Client = client_as("admin")
    return client


@pytest.fixture
def stranger(client_as: Any) -> httpx.Client:
    client: httpx.Client = client_as(None)
    return client


@pytest.fixture
def new_api(admin: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Creates an API of a name of its own, and returns its definition."""

    def create(**fields: Any) -> dict[str, Any]:
        response = admin.post("/api-manager/apis", json=definition(**fields))
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()["data"]
        return created

    return create


def definition(**fields: Any) -> dict[str, Any]:
    return {
        "api_name": f"t-{uuid4().hex[:12]}",
        "logic_type": "sql",
        "logic_body": "SELECT :n + 1 AS answer",
        "connection": "sample",
        "param_schema": {"n": {"type": "integer", "default": 41}},
        **fields,
    }


@pytest.fixture
def a_definition() -> Callable[..., dict[str, Any]]:
    return definition

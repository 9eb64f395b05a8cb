import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from engine.facade import Engine
from engine.settings import Settings
from engine.sidecar import create_app


def test_health_needs_no_credentials(stranger):
    response = stranger.get("/healthz")

    assert response.status_code == 200
    assert response.json()["data"] == {"status": "ok"}


def test_readiness_tells_of_every_component(stranger):
    data = stranger.get("/readyz").json()["data"]

    assert data["status"] == "ok"
    assert data["components"]
    assert all(part["status"] == "ok" for part in data["components"].values())
    assert data["components"]["sandbox"]["isolation"] in {"A", "B", "C"}


def test_the_index_says_where_things_are(stranger, base_url):
    links = stranger.get("/").json()["data"]

    assert links["openapi"] == f"{base_url}/openapi.json"
    assert all(httpx.get(links[name]).status_code == 200 for name in ("openapi", "docs", "health"))


@pytest.fixture
def mounted(engine):
    with TestClient(Starlette(routes=[Mount("/api", create_app(engine))])) as client:
        yield client


def test_mounted_under_a_path_the_links_hold(mounted):
    links = mounted.get("/api/").json()["data"]

    assert links["apis"] == "http://testserver/api/api-manager/apis"
    assert mounted.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
    assert mounted.get("/api/docs").status_code == 200


def test_mounted_under_a_path_calls_and_failures_are_the_same(mounted, keys):
    called = mounted.post(
        "/api/api-manager/apis/delays-by-carrier/execute", headers={"X-API-Key": keys["viewer"]}
    )

    assert called.json()["data"]["data"]["row_count"] > 0
    assert mounted.get("/api/nowhere").json()["code"] == 404
    assert mounted.get("/api/api-manager/apis").json()["code"] == 401


def test_standing_alone_it_opens_an_engine_and_shows_the_first_key_once(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("API_ENGINE_SAMPLE_DATA", "false")

    with TestClient(create_app()) as first:
        shown = capsys.readouterr().err
        key = next(word for word in shown.split() if word.startswith("ae_"))
        listed = first.get("/api-manager/apis", headers={"X-API-Key": key})
    with TestClient(create_app()) as second:
        again = second.get("/api-manager/apis", headers={"X-API-Key": key})

    assert (listed.status_code, again.status_code) == (200, 200)
    assert "ae_" not in capsys.readouterr().err


def test_an_engine_is_opened_by_its_owner_when_it_is_first_needed(engine: Engine, keys):
    opened: list[Engine] = []

    def provide() -> Engine:
        opened.append(engine)
        return engine

    client = TestClient(create_app(provide))

    assert client.get("/healthz").status_code == 200
    assert not opened
    assert client.get("/readyz").status_code == 200
    assert opened


def test_browsers_of_other_origins_are_let_in_only_when_told(engine):
    listed = engine.settings.model_copy(update={"cors_origins": ("https://shop.example",)})
    told = Engine(**{**vars(engine), "settings": listed})
    asks = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}

    allowed = TestClient(create_app(told)).options("/healthz", headers=asks)
    refused = TestClient(create_app(engine)).options("/healthz", headers=asks)

    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in refused.headers


def test_origins_are_written_with_commas():
    origins = Settings.load(cors_origins="https://a.example/, https://b.example,").cors_origins

    assert origins == ("https://a.example", "https://b.example")

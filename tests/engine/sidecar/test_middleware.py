import gzip
import logging
from typing import cast

import pytest
from fastapi.testclient import TestClient

from engine.facade import Engine
from engine.sidecar import create_app

MANY = "SELECT range AS n, 'the same text again and again' AS t FROM range(500)"


@pytest.fixture
def large(new_api):
    return new_api(logic_body=MANY, param_schema={})["api_name"]


def raw(client, path, **headers):
    with client.stream("GET", path, headers=headers) as response:
        return response, b"".join(response.iter_raw())


def test_a_large_answer_is_compressed_for_who_asks(admin, large):
    plain, whole = raw(admin, f"/call/{large}?format=csv", **{"Accept-Encoding": "identity"})
    packed, body = raw(admin, f"/call/{large}?format=csv", **{"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == whole
    assert len(body) < len(whole) / 5
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_what_is_compressed_already_or_small_is_left_alone(admin, large):
    packed = {"Accept-Encoding": "gzip"}

    assert (
        "Content-Encoding" not in raw(admin, f"/call/{large}?format=parquet", **packed)[0].headers
    )
    assert "Content-Encoding" not in raw(admin, "/healthz", **packed)[0].headers


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/docs", "/api-manager/apis"])
def test_head_answers_as_get_without_a_body(admin, path):
    head, got = admin.head(path), admin.get(path)

    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


def test_head_tells_the_tag_of_an_answer(admin, new_api):
    api = new_api()["api_name"]

    tag = admin.head(f"/call/{api}?n=1").headers["ETag"]

    assert admin.get(f"/call/{api}?n=1", headers={"If-None-Match": tag}).status_code == 304


def test_where_get_is_allowed_head_is(admin, stranger):
    assert admin.put("/healthz").headers["Allow"] == "GET, HEAD"
    several = admin.request("TRACE", "/api-manager/apis/nowhere").headers["Allow"]
    assert several == "GET, PUT, PATCH, DELETE, HEAD"
    assert "HEAD" not in admin.get("/api-manager/validate").headers["Allow"]
    assert stranger.head("/api-manager/apis").status_code == 401


def test_a_bug_is_logged_once_with_its_cause(caplog):
    broken = create_app(lambda: cast(Engine, object()))  # an engine that has none of its parts
    client = TestClient(broken)

    with caplog.at_level(logging.ERROR):
        response = client.get("/api-manager/apis", headers={"x-request-id": "mine-7"})

    assert response.status_code == 500
    assert response.headers["x-request-id"] == "mine-7"
    assert [record.exc_info[0] for record in caplog.records] == [AttributeError]

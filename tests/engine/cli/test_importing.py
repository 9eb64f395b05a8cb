"""Imports on the command line; what becomes of each source is told in tests/engine/importing."""

import io
import json
import shutil

import pytest

OPENAPI = {
    "openapi": "3.0.0",
    "servers": [{"url": "https://api.example.org"}],
    "paths": {
        "/items/{id}": {
            "get": {"operationId": "getItem", "security": [{"key": []}]},
            "post": {"requestBody": {"content": {"multipart/form-data": {}}}},
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}}},
}


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(OPENAPI))
    return str(path)


def test_a_dry_run_shows_everything_and_makes_nothing(api_engine, document):
    outcome = api_engine("import", "openapi", document, "--prefix", "shop-", "--dry-run")

    assert outcome.code == 0
    assert outcome.out == "+ shop-get-item <- GET /items/{id}\n"
    assert "left out: POST /items/{id}: its body is multipart/form-data" in outcome.err
    assert "secrets to store: KEY" in outcome.err
    assert "this was a dry run" in outcome.err
    assert "1 made" in api_engine("import", "openapi", document, "--prefix", "shop-").err


def test_a_taken_name_refuses_all_or_is_skipped(api_engine, document):
    api_engine("import", "openapi", document, "--publish")

    refused = api_engine("import", "openapi", document)
    skipped = api_engine("import", "openapi", document, "--skip-existing")

    assert (refused.code, skipped.code) == (1, 0)
    assert "already: get-item; nothing was imported" in refused.err
    assert "0 made" in skipped.err


@pytest.fixture
def on_a_copy(on_samples, instance, tmp_path, monkeypatch):
    """Runs a command line for an instance with the samples that may be changed."""
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(shutil.copytree(instance, tmp_path / "copy")))
    return on_samples


def test_a_folder_of_sql_files_is_live_at_once(on_a_copy, tmp_path):
    folder = tmp_path / "queries"
    folder.mkdir()
    (folder / "answer.sql").write_text("-- tags: [numbers]\nSELECT :n + 1 AS answer")

    made = on_a_copy("import", "sql", str(folder), "--publish", "--tag", "imported", "--json")
    called = on_a_copy("run", "answer", "n=41", "--format", "csv")

    (api,) = json.loads(made.out)["apis"]
    assert (made.code, api["made"], api["params"]) == (0, True, ["n"])
    assert called.out == "answer\r\n42\r\n"


def test_what_does_not_compile_is_named_and_nothing_is_made(on_a_copy, tmp_path):
    folder = tmp_path / "queries"
    folder.mkdir()
    (folder / "good.sql").write_text("SELECT 1")
    (folder / "bad.sql").write_text("DROP TABLE flights")

    outcome = on_a_copy("import", "sql", str(folder), "--publish")

    assert outcome.code == 1
    assert "error: bad.sql: " in outcome.err
    assert "nothing was imported" in outcome.err
    assert on_a_copy("run", "good").code == 1


def test_a_command_and_a_collection_are_read_from_standard_input(api_engine, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("curl https://api.example.org/items"))
    assert "+ mine <- cURL" in api_engine("import", "curl", "-", "--name", "mine").out

    item = {"name": "List", "request": {"method": "GET", "url": "{{base}}/items"}}
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    collection = {"info": {"schema": schema}, "item": [item]}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(collection)))
    outcome = api_engine("import", "postman", "-", "--set", "base=https://a.example", "--json")
    assert json.loads(outcome.out)["apis"][0]["name"] == "list"


def test_a_source_that_cannot_be_read_fails_in_a_sentence(api_engine, tmp_path):
    outcome = api_engine("import", "openapi", str(tmp_path / "gone.yaml"))

    assert outcome.code == 1
    assert "gone.yaml cannot be read" in outcome.err
    assert "Traceback" not in outcome.err
    assert api_engine("import", "postman", "x", "--set", "novalue").code == 2


def test_an_import_without_any_api_fails(api_engine, tmp_path):
    path = tmp_path / "openapi.json"
    path.write_text('{"openapi": "3.0.0", "paths": {}}')

    assert api_engine("import", "openapi", str(path)).code == 1


def test_secrets_are_stored_listed_and_deleted_and_never_shown(api_engine, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret\n"))

    stored = api_engine("secrets", "put", "KEY")

    assert (stored.code, stored.out) == (0, "")
    assert api_engine("secrets", "list").out == "KEY\n"
    assert json.loads(api_engine("secrets", "list", "--json").out) == ["KEY"]
    assert api_engine("secrets", "delete", "KEY").code == 0
    assert api_engine("secrets", "delete", "KEY").code == 1

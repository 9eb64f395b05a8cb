"""Bodies of every logic type run directly, by the public names of the package."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import engine as api_engine
from engine import Engine, Settings


@pytest.fixture(scope="module")
def eng(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("direct")
    with Engine.open(Settings.load(data_dir=folder)) as eng:
        yield eng


def test_a_statement_runs_with_its_binds(eng: Engine) -> None:
    result = api_engine.execute_sql_api(
        eng, "SELECT name FROM airlines WHERE carrier = :carrier", {"carrier": "UA"}
    )

    assert result.rows == [{"name": "United Air Lines Inc."}]


def test_a_refused_statement_is_in_the_result(eng: Engine) -> None:
    result = api_engine.execute_sql_api(eng, "DELETE FROM airlines")

    assert result.error is not None
    assert result.error.type == "definition_invalid"
    assert not api_engine.validate_select_sql("DELETE FROM airlines").valid


def test_a_script_runs_in_the_sandbox(eng: Engine) -> None:
    body = "def main(params, input_payload):\n    return params['n'] * len(input_payload)\n"

    result = api_engine.execute_python_api(eng, body, {"n": 3}, ["a", "b"])

    assert result.data == 6


def test_a_request_to_a_private_address_is_refused(eng: Engine) -> None:
    result = api_engine.execute_http_api(eng, {"method": "GET", "url": "http://127.0.0.1:1/"})

    assert result.error is not None
    assert result.error.type == "outbound_refused"


def test_a_workflow_calls_published_apis(eng: Engine) -> None:
    graph = {
        "version": 1,
        "nodes": [{"id": "carriers", "type": "sql", "api_id": "carriers-list"}],
        "output": "{{steps.carriers.rows | length}}",
    }

    result = api_engine.execute_workflow_api(eng, graph)

    assert result.data == 16

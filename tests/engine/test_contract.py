from typing import Any
from uuid import uuid4

import pytest

from engine.errors import ConflictError
from engine.facade import Engine, local_caller
from engine.file_kinds import read_definitions
from engine.settings import Settings

PARAMS: dict[str, dict[str, Any]] = {
    "origin": {"type": "text", "enum": ["EWR", "JFK"]},
    "top": {"type": "integer", "default": 3, "min": 1, "max": 9},
}
SQL = (
    "SELECT carrier, count(*) AS n FROM flights WHERE origin = coalesce(:origin, origin)"
    " GROUP BY carrier ORDER BY n LIMIT :top"
)
FIELDS = {"api_name": "a", "logic_type": "sql", "logic_body": SQL, "param_schema": PARAMS}


def opened(folder, mode):
    return Engine.open(Settings.load(data_dir=folder, log_level="ERROR", breaking_changes=mode))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="module")
def warning(folder):
    with opened(folder, "warn") as engine:
        yield engine


@pytest.fixture(scope="module")
def blocking(folder, warning):
    with opened(folder, "block") as engine:
        yield engine


@pytest.fixture
def caller():
    return local_caller().model_copy(update={"tenant_id": f"tenant-{uuid4().hex[:8]}"})


@pytest.fixture
def published(warning, caller):
    """An API and a workflow that calls it."""
    warning.apis.create(FIELDS, caller)
    nodes = '{"nodes": [{"id": "n", "api_id": "a", "params": {"top": 2}}]}'
    warning.apis.create({"api_name": "w", "logic_type": "workflow", "logic_body": nodes}, caller)


def changed(**params):
    merged = {name: {**PARAMS.get(name, {}), **spec} for name, spec in params.items()}
    return {"param_schema": {**PARAMS, **merged}}


@pytest.fixture
def breaks(warning, caller, published):
    def found(fields):
        report = warning.checks.check({**FIELDS, **fields}, caller)
        assert report.valid, report.issues
        return [issue.message for issue in report.issues if issue.code == "breaking_change"]

    return found


def test_the_columns_of_the_answer_are_recorded(warning, caller, published):
    [version] = warning.apis.versions("a", caller)

    assert [(column.name, column.type) for column in version.response_columns] == [
        ("carrier", "VARCHAR"),
        ("n", "BIGINT"),
    ]
    assert version.breaking == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"logic_body": SQL.replace("count(*) AS n", "1 AS m, 1 AS n")}, "the column 'n' is"),
        (
            {"logic_body": SQL.replace("SELECT carrier,", "SELECT").replace("BY n", "BY 1")},
            "no longer has the column 'carrier'",
        ),
        (changed(top={"max": 5}), "'top' takes fewer values"),
        (changed(top={"min": 2}), "'top' takes fewer values"),
        (changed(origin={"enum": ["JFK"]}), "'origin' takes fewer values"),
        (changed(origin={"pattern": "^[A-Z]{3}$"}), "'origin' takes fewer values"),
        (changed(origin={"required": True}), "'origin' is required now"),
        (changed(origin={"source": "context.user_id"}), "'origin' can no longer be sent"),
        (changed(origin={"type": "uuid", "enum": None}), "'origin' takes uuid, not text"),
    ],
)
def test_a_break_is_told_before_it_is_published_and_names_who_relies_on_it(breaks, fields, said):
    messages = breaks(fields)

    assert len(messages) == 1
    assert said in messages[0]
    assert messages[0].endswith("; used by workflow 'w'")


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "other"},
        {"logic_body": SQL.replace("count(*) AS n", "count(*) AS n, 1 AS more")},
        changed(top={"max": 20, "min": 0}),
        changed(origin={"enum": ["JFK", "LGA", "EWR"]}),
        changed(origin={"enum": None}),
        changed(extra={"type": "text"}),
    ],
)
def test_what_takes_nothing_away_is_no_break(warning, caller, published, fields):
    report = warning.checks.check({**FIELDS, **fields}, caller)

    assert [issue for issue in report.issues if issue.code == "breaking_change"] == []


def test_a_published_break_is_kept_with_its_version(warning, caller, published):
    warning.apis.update("a", changed(top={"max": 5}), caller)

    newest, oldest = warning.apis.versions("a", caller)
    assert "'top' takes fewer values" in newest.breaking[0].message
    assert oldest.breaking == ()


def test_a_break_is_refused_where_that_is_set_and_others_rely_on_it(blocking, caller, published):
    with pytest.raises(ConflictError, match="workflow 'w'") as refusal:
        blocking.apis.update("a", changed(top={"max": 5}), caller)

    assert refusal.value.details["breaking"][0]["path"] == "param_schema.top"
    assert blocking.apis.get("a", caller).version == 1
    blocking.apis.delete("w", caller)
    assert blocking.apis.update("a", changed(top={"max": 5}), caller).version == 2


def test_a_preview_tells_that_a_break_would_be_refused(blocking, warning, caller, published):
    fields = changed(top={"max": 5})

    assert "workflow 'w'" in blocking.apis.preview("a", caller, fields).refused
    assert warning.apis.preview("a", caller, fields).refused == ""
    assert len(warning.apis.preview("a", caller, fields).breaking) == 1


def test_files_that_change_the_users_along_are_not_refused(blocking, caller, published, tmp_path):
    blocking.definitions.export(tmp_path, caller)
    api, workflow = tmp_path / "a.yaml", tmp_path / "w.yaml"
    api.write_text(api.read_text().replace("max: 9", "max: 5"))

    with pytest.raises(ConflictError, match="workflow 'w'"):
        blocking.definitions.apply(read_definitions(tmp_path), caller)
    workflow.write_text(workflow.read_text() + "description: looks at fewer\n")
    plan = blocking.definitions.apply(read_definitions(tmp_path), caller)

    assert [change.name for change in plan.changes] == ["a", "w"]
    assert any(issue.message.startswith("a.yaml:") for issue in plan.warnings)
    assert blocking.apis.versions("a", caller)[0].response_columns is not None

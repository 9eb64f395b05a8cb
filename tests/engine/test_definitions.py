import pytest

from engine.definitions import read_folder
from engine.errors import DefinitionInvalidError
from engine.executor_workflow import WorkflowExecutor
from engine.model import Caller
from sample_data.source import DEFINITIONS

REST = {"rest_host": "127.0.0.1:8501", "rest_url": "http://127.0.0.1:8501/api"}
SQL = "logic_type: sql\nconnection: sample\n"


@pytest.fixture
def folder(tmp_path):
    def write(files):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def problems(folder):
    with pytest.raises(DefinitionInvalidError) as refusal:
        read_folder(folder)
    return [issue.message for issue in refusal.value.issues]


def test_a_definition_is_its_yaml_with_the_body_beside_it(folder):
    (file,) = read_folder(
        folder(
            {
                "delays.yaml": SQL + "description: Delays\nparam_schema:\n  day: {type: date}\n",
                "delays.sql": "SELECT 1\n",
                "notes.txt": "not a definition",
            }
        )
    )

    assert file.name == "delays"
    assert file.fields == {
        "api_name": "delays",
        "logic_type": "sql",
        "connection": "sample",
        "description": "Delays",
        "param_schema": {"day": {"type": "date"}},
        "logic_body": "SELECT 1\n",
    }


@pytest.mark.parametrize(
    ("logic_type", "suffix"),
    [("http", "json"), ("script", "py"), ("python", "py"), ("workflow", "json")],
)
def test_each_logic_type_has_its_kind_of_body(folder, logic_type, suffix):
    (file,) = read_folder(
        folder({"a.yaml": f"logic_type: {logic_type}\n", f"a.{suffix}": '{"nodes": []}'})
    )

    assert file.fields["logic_body"] == '{"nodes": []}'


def test_a_short_body_may_stand_in_the_file(folder):
    (file,) = read_folder(folder({"one.yaml": SQL + "logic_body: |\n  SELECT 1\n"}))

    assert file.fields["logic_body"] == "SELECT 1\n"


def test_values_are_those_of_json(folder):
    text = SQL + "logic_body: SELECT 1\nparam_schema:\n  c: {enum: [NO, on, 2013-01-01, true, 1]}\n"

    (file,) = read_folder(folder({"a.yaml": text}))

    assert file.fields["param_schema"]["c"]["enum"] == ["NO", "on", "2013-01-01", True, 1]


def test_variables_are_put_in_and_others_left_alone(folder):
    files = {"a.yaml": "logic_type: script\ndescription: at ${host}\n", "a.py": "'${host} ${x}'"}

    (file,) = read_folder(folder(files), {"host": "h:1"})

    assert file.fields["description"] == "at h:1"
    assert file.fields["logic_body"] == "'h:1 ${x}'"


def test_what_is_called_comes_before_what_calls_it(folder):
    calling = '{"nodes": [{"id": "n", "api_id": "%s"}]}'
    workflow = "logic_type: workflow\n"
    files = read_folder(
        folder(
            {
                "a.yaml": workflow,
                "a.json": calling % "b",
                "b.yaml": workflow,
                "b.json": calling % "c",
                "c.yaml": SQL,
                "c.sql": "SELECT 1",
            }
        )
    )

    assert [file.name for file in files] == ["c", "b", "a"]


def test_workflows_that_call_each_other_are_left_to_saving(folder):
    body = '{"nodes": [{"id": "n", "api_id": "%s"}]}'
    files = {"a.yaml": "logic_type: workflow\n", "a.json": body % "b"}
    files |= {"b.yaml": "logic_type: workflow\n", "b.json": body % "a"}

    assert [file.name for file in read_folder(folder(files))] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("logic_type: [sql", "a.yaml:1: expected ',' or ']', but got '<stream end>'"),
        ("- sql", "a.yaml:1: a definition is a mapping of fields to values"),
        ("", "a.yaml:1: a definition is a mapping of fields to values"),
        ("tags: [x]\ntags: [y]\n", "a.yaml:2: key 'tags' appears more than once"),
        (
            "tags: [x]\nlogic_type: sqll\n",
            "a.yaml:2: logic_type is one of sql, http, script, workflow",
        ),
        ("logic_type: sql\napi_name: b\n", "a.yaml:2: api_name is not the file's name, 'a'"),
        (
            SQL + "logic_body: SELECT 1\ntimeout: 3\n",
            "a.yaml:4: unknown field 'timeout'; a definition has api_name, logic_type, logic_body, "
            "connection, param_schema, runtime_policy, description, tags",
        ),
    ],
)
def test_a_mistake_is_said_with_file_and_line(folder, text, problem):
    assert problems(folder({"a.yaml": text})) == [problem]


def test_a_mistake_deep_inside_has_its_own_line(folder):
    text = SQL + "logic_body: SELECT 1\nparam_schema:\n  day:\n    required: true\n    type: dat\n"

    (problem,) = problems(folder({"a.yaml": text}))

    assert problem.startswith("a.yaml:7: param_schema.day.type: ")


def test_a_missing_body_is_named(folder):
    (problem,) = problems(folder({"a.yaml": SQL}))

    assert problem.endswith("a.sql: cannot be read: No such file or directory")


def test_a_file_that_is_not_utf8_is_named(folder):
    target = folder({"a.yaml": SQL})
    (target / "a.sql").write_bytes(b"SELECT '\xff'")

    (problem,) = problems(target)

    assert problem.endswith("a.sql: is not UTF-8: byte 8")


def test_mistakes_of_all_files_are_said_at_once(folder):
    target = folder({"a.yaml": "- 1", "b.yaml": "- 2", "c.yaml": SQL, "c.sql": "SELECT 1"})

    with pytest.raises(DefinitionInvalidError, match=r"^a.yaml:1: .* \(and 1 more\)$") as refusal:
        read_folder(target)

    assert [issue.path for issue in refusal.value.issues] == ["a.yaml", "b.yaml"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DefinitionInvalidError, match="nowhere: the folder cannot be read"):
        read_folder(tmp_path / "nowhere")


def test_the_samples_are_of_every_kind():
    kinds = [file.fields["logic_type"] for file in read_folder(DEFINITIONS, REST)]

    assert {kind: kinds.count(kind) for kind in kinds} == {
        "sql": 11,
        "http": 2,
        "script": 2,
        "workflow": 4,
    }


def test_every_sample_is_described_and_tagged_and_so_is_each_of_its_parameters():
    for file in read_folder(DEFINITIONS, REST):
        assert file.fields["description"], file.name
        assert file.fields["tags"], file.name
        for name, spec in file.fields.get("param_schema", {}).items():
            assert spec.get("description"), f"{file.name}: {name}"


def test_the_sample_workflows_fit_the_samples_they_call():
    from engine.definition_fields import new_definition

    class Samples:
        def __init__(self):
            caller = Caller(subject="test")
            files = read_folder(DEFINITIONS, REST)
            self.apis = {file.name: new_definition(file.fields, caller) for file in files}

        def find(self, tenant_id, ref):
            return self.apis.get(ref)

        def names(self, tenant_id):
            return tuple(self.apis)

    samples = Samples()

    for api in samples.apis.values():
        if api.logic_type == "workflow":
            assert WorkflowExecutor(samples).compile(api).warnings == (), api.api_name

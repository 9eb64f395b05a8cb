import json

import pytest

from engine.definition_export import write_folder
from engine.definition_schema import definition_schema
from engine.definition_tests import case_from, read_case
from engine.definitions import READER, read_folder
from engine.errors import ConflictError, DefinitionInvalidError
from engine.file_kinds import read_definitions

YAML = """\
logic_type: script
param_schema:
  n: {type: integer}
  token: {type: text, secret: true}
tests:
  # the usual one
  plus one:
    params: {n: 1}
    expect:
      values:
        - path: sum
          equals: 2 # not three
  no number:
    params: {n: x}
    expect: {status: rejected}
"""
SCRIPT = "def main(params, input_payload):\n    return {'sum': params['n'] + 1}\n"


@pytest.fixture
def folder(tmp_path):
    def write(yaml=YAML):
        (tmp_path / "add.yaml").write_text(yaml)
        (tmp_path / "add.py").write_text(SCRIPT)
        return tmp_path

    return write


@pytest.fixture
def caller(admin_caller, request):
    return admin_caller.model_copy(update={"tenant_id": f"tests-{abs(hash(request.node.name))}"})


def problems(folder):
    with pytest.raises(DefinitionInvalidError) as refusal:
        read_folder(folder)
    return [issue.message for issue in refusal.value.issues]


def exported(folder, file, *, cases=None):
    api = file.definition()
    kept = [case_from(api, each, READER) for each in (file.tests if cases is None else cases)]
    write_folder(folder, [api], tests={api.id: kept})
    return (folder / "add.yaml").read_text()


def test_test_cases_stand_in_the_file_of_their_api_by_name(folder):
    (file,) = read_folder(folder())

    assert [case.name for case in file.tests] == ["no number", "plus one"]
    assert file.tests[1].params == {"n": 1}
    assert file.tests[1].expect.values[0].equals == 2
    assert "tests" not in file.fields


def test_a_file_that_says_the_same_stays_byte_for_byte(folder):
    (file,) = read_folder(folder())

    assert exported(folder(), file) == YAML


def test_what_is_written_anew_is_read_back_and_written_the_same(folder, tmp_path):
    (file,) = read_folder(folder())
    first, second = tmp_path / "first", tmp_path / "second"

    text = exported(first, file)

    (again,) = read_folder(first)
    assert again.tests == file.tests
    assert exported(second, again) == text


def test_a_change_keeps_the_comments_of_the_rest(folder):
    (file,) = read_folder(folder())
    plus = file.tests[1].model_copy(update={"description": "The usual one."})

    text = exported(folder(), file, cases=[plus])

    assert "  # the usual one\n  plus one:\n" in text
    assert "equals: 2 # not three\n" in text
    assert "description: The usual one.\n" in text
    assert "no number" not in text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("path: sum", "path: 'sum['", "add.yaml:11: tests.plus one.expect.values.0.path: no JMES"),
        ("status: rejected", "status: late", "add.yaml:15: tests.no number.expect.status: "),
        ("    params: {n: 1}", "    parms: {n: 1}", "add.yaml:8: tests.plus one.parms: "),
        ("{n: x}", "{token: abc}", "add.yaml:14: the parameter 'token' is secret"),
        ("  plus one:", "  plus/one:", "add.yaml:7: tests.plus/one.name: a name has"),
    ],
)
def test_a_mistake_names_file_and_line(folder, before, after, said):
    [message] = problems(folder(YAML.replace(before, after)))

    assert message.startswith(said)


def test_tests_that_are_no_mapping_are_refused(folder):
    head = YAML.partition("tests:")[0]

    assert problems(folder(head + "tests: [a]\n"))[0].startswith("add.yaml:5: tests: tests are a")
    assert problems(folder(head + "tests: {a: 1}\n"))[0].startswith("add.yaml:5: tests.a: a test")


def test_applying_brings_test_cases_without_a_new_version(sample_engine, folder, caller):
    sync, apis, tests = sample_engine.definitions, sample_engine.apis, sample_engine.tests
    sync.apply(read_definitions(folder()), caller)
    assert [case.name for case in tests.all("add", caller)] == ["no number", "plus one"]

    changed = read_definitions(folder(YAML.replace("equals: 2 # not three", "equals: 3")))
    plan = sync.apply(changed, caller)

    assert [(change.action, change.fields) for change in plan.changes] == [("update", ("tests",))]
    lines = [line.split() for line in plan.changes[0].diff.splitlines()]
    assert ["-", "equals:", "2"] in lines
    assert ["+", "equals:", "3"] in lines
    assert apis.get("add", caller).version == 1
    assert tests.get("add", "plus one", caller).revision == 2
    assert sync.apply(changed, caller).changes == ()


def test_test_cases_that_a_file_does_not_say_stay_until_they_are_pruned(
    sample_engine, folder, caller
):
    sync, tests = sample_engine.definitions, sample_engine.tests
    sync.apply(read_definitions(folder()), caller)
    fewer = read_definitions(folder(YAML.partition("  no number:")[0]))

    assert sync.apply(fewer, caller).changes == ()
    assert len(tests.all("add", caller)) == 2
    assert [change.fields for change in sync.apply(fewer, caller, prune=True).changes] == [
        ("tests",)
    ]
    assert [case.name for case in tests.all("add", caller)] == ["plus one"]


def test_a_test_case_changed_meanwhile_is_not_overwritten(sample_engine, folder, caller):
    sync, tests = sample_engine.definitions, sample_engine.tests
    sync.apply(read_definitions(folder()), caller)
    files = read_definitions(folder(YAML.replace("equals: 2 # not three", "equals: 3")))
    plan = sync.check(files, caller)
    tests.delete("add", "no number", caller)

    with pytest.raises(ConflictError, match="test cases were changed"):
        sync._store.apply(caller.tenant_id, plan.commit, note="", by="ana", audit=())


def test_the_schema_for_editors_knows_test_cases():
    schema = definition_schema()
    case = schema["$defs"]["TestCase"]

    assert schema["properties"]["tests"]["additionalProperties"] == {"$ref": "#/$defs/TestCase"}
    assert set(case["properties"]) == {"description", "params", "input_payload", "expect"}
    assert read_case({"name": "a"}).expect.status == "success"
    assert json.dumps(schema)

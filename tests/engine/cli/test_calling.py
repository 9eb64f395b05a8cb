import csv
import io
import json


def test_a_call_writes_its_rows_as_json(on_samples):
    outcome = on_samples("run", "delays-by-carrier", "origin=JFK", "limit=3", "--format", "json")

    answer = json.loads(outcome.out)
    assert outcome.code == 0
    assert answer["row_count"] == 3
    assert len(answer["rows"]) == 3


def test_a_call_writes_its_rows_as_csv(on_samples):
    outcome = on_samples("run", "delays-by-carrier", "limit=2", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert len(rows) == 2
    assert "carrier" in rows[0]


def test_a_call_writes_a_table_and_keeps_the_rest_apart(on_samples):
    outcome = on_samples("run", "delays-by-carrier", "limit=2")

    assert "carrier" in outcome.out
    assert "2 rows" in outcome.err
    assert "2 rows" not in outcome.out


def test_wrong_params_fail_with_what_was_wrong(on_samples):
    outcome = on_samples("run", "delays-by-carrier", "limit=many", "origin=XXX")

    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert "limit" in outcome.err
    assert "origin" in outcome.err
    assert "Traceback" not in outcome.err


def test_an_unknown_api_fails(on_samples):
    outcome = on_samples("run", "nowhere")

    assert outcome.code == 1
    assert "nowhere" in outcome.err


def test_what_is_no_parameter_is_wrong_usage(on_samples):
    assert on_samples("run", "delays-by-carrier", "JFK").code == 2
    assert on_samples("run", "delays-by-carrier", "origin=[").code == 2
    assert on_samples("run", "delays-by-carrier", "--input", "{").code == 2


def test_no_command_and_an_unknown_one_are_wrong_usage(api_engine):
    assert api_engine().code == 2
    assert api_engine("fly").code == 2


def test_help_lists_the_commands(api_engine):
    outcome = api_engine("--help")

    assert outcome.code == 0
    for command in ("serve", "dashboard", "run", "migrate", "config", "load-sample", "keys"):
        assert command in outcome.out

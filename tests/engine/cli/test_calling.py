import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq


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


def test_typed_formats_are_written_to_a_file_or_a_pipe(on_samples, tmp_path):
    parquet, arrow = tmp_path / "a.parquet", tmp_path / "a.arrow"
    call = ("run", "delays-by-carrier", "limit=2")

    on_samples(*call, "--format", "parquet", "-o", str(parquet))
    on_samples(*call, "--format", "arrow", "-o", str(arrow))

    assert pq.read_table(parquet).num_rows == 2
    assert pa.ipc.open_stream(arrow).read_all().num_rows == 2


def test_a_file_that_cannot_be_written_is_named(on_samples, tmp_path):
    outcome = on_samples(
        "run", "delays-by-carrier", "--format", "csv", "-o", str(tmp_path / "no" / "a.csv")
    )

    assert outcome.code == 1
    assert "a.csv cannot be written" in outcome.err


def test_the_whole_result_is_written_as_json_also_of_a_failure(on_samples):
    good = on_samples("run", "delays-by-carrier", "limit=2", "--json")
    bad = on_samples("run", "delays-by-carrier", "limit=many", "--json")

    assert json.loads(good.out)["data"]["row_count"] == 2
    assert (good.code, bad.code) == (0, 1)
    assert json.loads(bad.out)["error"]["type"] == "params_invalid"


def test_a_shell_completes_commands_and_the_names_of_apis(on_samples, monkeypatch):
    monkeypatch.setenv("_API_ENGINE_COMPLETE", "complete_bash")

    def completed(line):
        words = line.split(" ")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        return on_samples().out.split()

    assert "import" in completed("api-engine im")
    assert completed("api-engine run delays-by-ca") == ["delays-by-carrier"]


def test_the_script_for_completion_is_written(on_samples):
    assert "_API_ENGINE_COMPLETE" in on_samples("--show-completion", "bash").out

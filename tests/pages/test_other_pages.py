"""Home, the log, connections and the way to a new API."""

from engine.call import ExecutionRequest
from engine.model import Connection, ExecutionQuery


def fail_once(eng, caller):
    return eng.run(ExecutionRequest(api="flight-history", params={"tailnum": 5.5, "x": 1}), caller)


def test_home_counts_apis_and_calls(eng, caller, open_page):
    eng.run(ExecutionRequest(api="worst-routes", source="rest"), caller)

    visit = open_page("home.py")

    values = {each.label: each.value for each in visit.metric}
    assert values["Calls, 24 h"] == "1"
    assert int(values["APIs"]) >= 6
    assert not visit.exception


def test_home_of_an_unused_instance_says_how_to_begin(empty_eng, open_page):
    visit = open_page("home.py")

    assert not visit.exception
    assert any("**New API** starts one" in each.value for each in visit.info)
    assert any("Nothing failed" in each.value for each in visit.success)


def test_the_log_filters_by_status(eng, caller, open_page):
    fail_once(eng, caller)
    eng.run(ExecutionRequest(api="worst-routes"), caller)

    visit = open_page("operate/runs.py", outcome="rejected")

    assert [list(each) for each in visit.dataframe[0].value["Status"]] == [["rejected"]]


def test_the_log_of_an_unused_instance_is_empty_in_words(empty_eng, open_page):
    visit = open_page("operate/runs.py")

    assert "No run matches" in visit.info[0].value


def test_one_run_shows_outcome_parameters_trace_and_answer(eng, caller, open_page):
    result = eng.run(ExecutionRequest(api="worst-routes", params={"limit": 3}), caller)

    visit = open_page("operate/runs.py", run=str(result.execution_id))

    assert not visit.exception
    assert any("**success**" in each.value for each in visit.markdown)
    assert len(visit.dataframe[0].value) == 3


def test_a_refused_run_shows_why(eng, caller, open_page):
    result = fail_once(eng, caller)

    visit = open_page("operate/runs.py", run=str(result.execution_id))

    assert any("**rejected**" in each.value for each in visit.markdown)
    assert visit.error


def test_a_run_that_is_none_is_said_to_be_unknown(eng, open_page):
    visit = open_page("operate/runs.py", run="nonsense")

    assert "is not the id of a run" in visit.error[0].value


def test_connections_show_their_tables(eng, open_page):
    visit = open_page("admin/connections.py")

    assert "sample" in list(visit.dataframe[0].value["Name"])
    visit.button(key="ping").click().run()
    assert "sample answers" in visit.success[0].value


def test_a_target_that_is_down_is_named_and_the_page_stands(eng, caller, open_page, monkeypatch):
    down = "postgresql://u:p@127.0.0.1:1/none?connect_timeout=1"
    eng.connections.save(Connection(name="gone", dialect="postgres", dsn=down), caller)

    visit = open_page("admin/connections.py", connection="gone")

    assert not visit.exception
    assert "target_unavailable" in str(visit.error[0].proto)


def test_a_new_api_begins_as_a_draft_that_previews(eng, caller, open_page):
    visit = open_page("build/new.py")
    visit.text_input(key="new-name").set_value("my-first")

    visit.button(key="create-draft").click().run()

    assert eng.apis.get("my-first", caller).version == 0
    visit = open_page("build/api.py", api="my-first", tab="Edit")
    visit.button(key="preview").click().run()
    [record] = eng.logs.search(ExecutionQuery(source="test"), caller).items
    assert record.status == "success"


def test_a_name_that_cannot_be_is_refused_in_words(eng, open_page):
    visit = open_page("build/new.py")
    visit.text_input(key="new-name").set_value("Not A Name")

    visit.button(key="create-draft").click().run()

    assert "lower-case letters" in visit.error[0].value

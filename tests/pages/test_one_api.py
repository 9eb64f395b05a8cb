"""One API's page: overview, edit, run, versions, runs, and its errors."""

import pytest

from engine.call import ExecutionRequest
from engine.model import ExecutionQuery

API = "delays-by-carrier"


def description(visit):
    return next(each for each in visit.text_area if each.label == "Description")


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption, *visit.info, *visit.error]]


@pytest.mark.parametrize("tab", ["Overview", "Edit", "Run", "Tests", "Versions", "Runs"])
def test_every_tab_draws_by_its_own_link(eng, open_page, tab):
    visit = open_page("build/api.py", api=API, tab=tab)

    assert not visit.exception
    assert not visit.error
    assert visit.title[0].value == API


def test_an_unknown_api_is_said_to_be_unknown(eng, open_page):
    visit = open_page("build/api.py", api="no-such-api")

    assert "not_found" in visit.error[0].value or "not_found" in str(visit.error[0].proto)
    assert not visit.exception


def test_without_an_api_the_page_leads_to_the_list(eng, open_page):
    visit = open_page("build/api.py")

    assert "Choose an API" in visit.info[0].value


def test_the_overview_shows_the_code_to_call_it(eng, open_page):
    visit = open_page("build/api.py", api=API)

    codes = [each.value for each in visit.code]
    assert any(f"/api/call/{API}" in code for code in codes)
    assert any("FROM flights" in code for code in codes)


def test_the_overview_says_how_the_api_fares(eng, caller, open_page):
    visit = open_page("build/api.py", api="flight-history")
    badges = [each.value for each in visit.markdown if "-badge[" in each.value]
    assert any("no calls in 24 hours" in badge for badge in badges)
    assert any("circuit closed" in badge for badge in badges)

    eng.run(ExecutionRequest(api="delay-scorer", source="rest"), caller)
    visit = open_page("build/api.py", api="delay-scorer")

    badges = [each.value for each in visit.markdown if "-badge[" in each.value]
    assert any("1 failure in 24 hours" in badge for badge in badges)
    assert {each.label: each.value for each in visit.metric}["Success"] == "0.0%"


def test_refused_calls_are_no_failures_of_an_api(eng, caller, open_page):
    eng.run(ExecutionRequest(api="flight-history", source="rest"), caller)

    visit = open_page("build/api.py", api="flight-history")

    assert {each.label: each.value for each in visit.metric}["Success"] == "none ran"


def test_running_shows_one_line_the_rows_and_the_trace(eng, open_page):
    visit = open_page("build/api.py", api=API, tab="Run")

    visit.button(key="run").click().run()

    line = next(text for text in texts(visit) if "**success**" in text)
    assert "rows" in line
    assert "circuit closed" in line
    assert len(visit.dataframe[-1].value) > 0


def test_a_run_leaves_a_row_in_the_log_by_this_door(eng, caller, open_page):
    visit = open_page("build/api.py", api=API, tab="Run")

    visit.button(key="run").click().run()

    [record] = eng.logs.search(ExecutionQuery(source="ui"), caller).items
    assert record.api_name == API
    assert record.status == "success"


def test_wrong_parameters_are_named_at_their_fields_all_at_once(eng, caller, open_page):
    schema = {
        "a": {"type": "text", "required": True},
        "b": {"type": "text", "required": True},
    }
    fields = {
        "api_name": "two",
        "logic_type": "sql",
        "logic_body": "SELECT :a AS a, :b AS b",
        "connection": "sample",
        "param_schema": schema,
    }
    eng.apis.create(fields, caller)
    visit = open_page("build/api.py", api="two", tab="Run")

    visit.button(key="run").click().run()

    required = [text for text in texts(visit) if text.startswith(":red[") and "required" in text]
    assert len(required) == 2


def test_publishing_makes_a_version_with_its_note(eng, caller, open_page):
    visit = open_page("build/api.py", api=API, tab="Edit")
    description(visit).set_value("Late carriers").run()

    next(each for each in visit.text_input if each.label == "What changed").set_value(
        "clearer words"
    )
    visit.button(key="publish-now").click().run()

    live = eng.apis.get(API, caller)
    assert (live.version, live.description) == (2, "Late carriers")
    assert eng.apis.versions(API, caller)[0].change_note == "clearer words"


def test_a_draft_is_kept_and_leaves_what_is_live_alone(eng, caller, open_page):
    visit = open_page("build/api.py", api=API, tab="Edit")
    description(visit).set_value("Not yet").run()

    visit.button(key="save-draft").click().run()

    assert eng.apis.draft(API, caller).fields["description"] == "Not yet"
    assert eng.apis.get(API, caller).description != "Not yet"


def test_discarding_shows_what_is_live_again(eng, caller, open_page):
    live = eng.apis.get(API, caller).description
    eng.apis.save_draft(API, {"description": "Not yet"}, caller)
    visit = open_page("build/api.py", api=API, tab="Edit")
    assert description(visit).value == "Not yet"

    visit.button(key="discard").click().run()

    assert description(visit).value == live
    assert eng.apis.draft(API, caller) is None


def test_publishing_over_somebody_elses_version_is_refused_with_a_reason(eng, caller, open_page):
    visit = open_page("build/api.py", api=API, tab="Edit")
    description(visit).set_value("Mine").run()
    eng.apis.update(API, {"description": "Theirs"}, caller)

    visit.button(key="publish-now").click().run()

    assert any("somebody published meanwhile" in each.value for each in visit.error)
    assert eng.apis.get(API, caller).description == "Theirs"


def test_an_untouched_editor_follows_what_is_published_elsewhere(eng, caller, open_page):
    visit = open_page("build/api.py", api=API, tab="Edit")
    eng.apis.update(API, {"description": "Theirs"}, caller)

    visit.run()

    assert description(visit).value == "Theirs"


def test_a_preview_runs_the_draft_as_a_test(eng, caller, open_page):
    eng.apis.save_draft(API, {"logic_body": "SELECT 42 AS answer", "param_schema": {}}, caller)
    visit = open_page("build/api.py", api=API, tab="Edit")

    visit.button(key="preview").click().run()

    [record] = eng.logs.search(ExecutionQuery(source="test"), caller).items
    assert record.status == "success"
    assert any("**success**" in text and "1 row" in text for text in texts(visit))


def test_wrong_sql_is_said_with_line_and_column(eng, caller, open_page):
    eng.apis.save_draft(API, {"logic_body": "SELECT\n  nope\nFROM flights"}, caller)

    visit = open_page("build/api.py", api=API, tab="Edit")

    assert any("line 2" in text and "nope" in text for text in texts(visit))


def test_versions_are_compared_by_lines_and_a_rollback_asks_first(eng, caller, open_page):
    eng.apis.update(API, {"logic_body": "SELECT 1 AS one", "param_schema": {}}, caller)
    visit = open_page("build/api.py", api=API, tab="Versions")

    visit.button(key="roll-back").click().run()

    assert any("+SELECT 1 AS one" in each.value for each in visit.code)
    assert any("will be equal to version 1" in text for text in texts(visit))
    assert eng.apis.get(API, caller).version == 2


def test_runs_of_an_api_open_from_its_page(eng, caller, open_page):
    eng.run(ExecutionRequest(api=API, source="rest"), caller)

    visit = open_page("build/api.py", api=API, tab="Runs")

    assert list(visit.dataframe[0].value["Source"]) == ["rest"]

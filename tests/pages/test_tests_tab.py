"""The test cases of an API on its page, and runs that are kept as one."""

from typing import Any

from streamlit.testing.v1 import AppTest

from engine.model.testing import Expectation
from pages.build.definition.test_form import values_of
from pages.build.definition.tests import words_of

API = "worst-routes"


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption, *visit.info, *visit.error]]


def test_the_list_tells_what_each_sends_and_expects(eng, open_page):
    visit = open_page("build/api.py", api=API, tab="Tests")

    [row] = visit.dataframe[0].value.to_dict("records")
    assert row["Name"] == "from JFK"
    assert row["Sends"] == "origin=JFK, limit=5"
    assert row["Expects"].startswith(
        "success · 5 rows · columns origin, dest, avg_arr_delay · rows"
    )


def test_running_them_says_how_many_passed(eng, open_page):
    visit = open_page("build/api.py", api=API, tab="Tests")

    visit.button(key="run-tests").click().run()

    assert any("1 passed, 0 failed" in text for text in texts(visit))
    assert visit.dataframe[0].value["Last run"].tolist() == [["passed"]]


def test_a_failing_one_says_why_on_the_draft(eng, caller, open_page):
    body = "SELECT 'JFK' AS origin FROM flights LIMIT 2"
    eng.apis.save_draft(API, {"logic_body": body, "param_schema": {}}, caller)
    visit = open_page("build/api.py", api=API, tab="Tests")

    visit.segmented_control[0].set_value("draft").run()
    visit.button(key="run-tests").click().run()

    assert any("0 passed, 1 failed" in text for text in texts(visit))
    [error] = visit.error
    assert "limit is not a parameter" in error.value


def test_an_api_without_any_says_how_to_get_one(eng, open_page):
    visit = open_page("build/api.py", api="carriers-list", tab="Tests")

    assert "No test cases yet" in visit.info[0].value
    assert visit.button(key="run-tests").disabled


def dialog_of(api):
    """The form of a new test case, as its button opens it."""

    def script(api):
        from pages.build.definition.test_form import test_dialog
        from pages.components.context import engine, require_caller

        caller = require_caller()
        test_dialog(engine().apis.get(api, caller), None, caller)

    return AppTest.from_function(script, kwargs={"api": api}, default_timeout=30).run()


def test_one_is_written_in_the_form(eng, caller):
    visit = dialog_of("carriers-list")

    visit.text_input(key="case-new-0-name").set_value("all of them")
    visit.number_input(key="case-new-0-least").set_value(16)
    visit.button(key="save-test").click().run()

    [case] = eng.tests.all("carriers-list", caller)
    assert case.name == "all of them"
    assert case.expect.min_rows == 16


def test_mistakes_in_the_form_are_named_and_nothing_is_kept(eng, caller):
    visit = dialog_of("carriers-list")

    visit.text_input(key="case-new-0-name").set_value("a/b")
    visit.text_area(key="case-new-0-params").set_value("{")
    visit.button(key="save-test").click().run()

    assert "a name has 1 to 100 characters" in visit.error[0].value
    assert "params" in visit.error[0].value
    assert eng.tests.all("carriers-list", caller) == ()


def test_the_rows_of_the_values_are_read_as_json_where_they_are():
    rows: list[dict[Any, Any]] = [
        {"path": " rows[0].n ", "equals": "2", "min": None, "max": "", "tolerance": "0.5"},
        {"path": "carrier", "equals": "AA", "min": float("nan"), "max": None, "tolerance": None},
        {"path": "", "equals": "1"},
    ]

    assert values_of(rows) == [
        {"path": "rows[0].n", "equals": 2, "tolerance": 0.5},
        {"path": "carrier", "equals": "AA"},
    ]


def test_expectations_are_said_in_words():
    expect = {"status": "fail", "error_type": "timeout", "max_rows": 3, "max_latency_ms": 50}

    assert words_of(Expectation.model_validate(expect)) == (
        "fail: timeout · at most 3 rows · within 50 ms"
    )
    assert words_of(Expectation(min_rows=1)) == "success · at least 1 row"
    assert words_of(Expectation(min_rows=1, max_rows=4)) == "success · 1 to 4 rows"

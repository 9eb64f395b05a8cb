"""The SQL workbench: visual builder, schema browser, and the four views of an answer."""

import pytest

from pages.build.sql.schema_browser import written

API = "delays-by-carrier"


@pytest.fixture
def editing(eng, open_page):
    return open_page("build/api.py", api=API, tab="Edit")


def press(visit, label):
    next(each for each in visit.button if each.label == label).click().run()
    return visit


def by_label(widgets, label):
    return next(each for each in widgets if each.label == label)


def statement(visit):
    return next(each.value for each in visit.code if each.value.startswith("SELECT"))


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption, *visit.info, *visit.warning]]


def started(visit):
    by_label(visit.selectbox, "Table").set_value("flights")
    return press(visit, "Start from the builder")


def test_a_statement_written_by_hand_is_not_touched_until_one_starts(editing):
    assert any("does not hold this statement" in text for text in texts(editing))


def test_a_question_is_built_compiled_and_run(editing):
    visit = started(editing)
    press(visit, "Add measure")
    visit.multiselect[0].set_value([("flights", "carrier")]).run()
    press(visit, "Add condition")
    by_label(visit.selectbox, "Column").set_value(("flights", "origin")).run()
    visit.text_input[0].run()
    by_label(visit.text_input, "value").set_value("JFK").run()

    visit.button(key="preview").click().run()

    assert not visit.exception
    assert 'WHERE "origin" = :origin' in statement(visit)
    assert 'GROUP BY "carrier"' in statement(visit)
    assert any("**success**" in text and "10 rows" in text for text in texts(visit))
    assert by_label(visit.text_input, "origin").value == "JFK"


def test_a_value_that_does_not_fit_is_said_and_the_statement_stays(editing):
    visit = started(editing)
    press(visit, "Add condition")
    by_label(visit.selectbox, "Column").set_value(("flights", "dep_delay")).run()
    before = statement(visit)

    by_label(visit.text_input, "value").set_value("late").run()

    assert "a whole number" in visit.error[0].value
    assert statement(visit) == before


def test_a_table_is_joined_by_its_key(editing):
    visit = started(editing)
    menu = next(each for each in visit.menu_button if each.label == "Join a table")
    weather = next(each for each in menu.options if "weather" in each)
    assert weather == ":material/key: weather by origin, time_hour"

    menu.click(weather).run()

    assert (
        'JOIN "weather" ON "flights"."origin" = "weather"."origin" AND '
        '"flights"."time_hour" = "weather"."time_hour"'
    ) in statement(visit)


def test_removing_rows_takes_them_out_of_the_statement(editing):
    visit = started(editing)
    press(visit, "Add measure")
    press(visit, "Add condition")
    assert "WHERE" in statement(visit)

    for button in ("the condition", "the measure"):
        next(each for each in visit.button if each.help == f"Remove {button}").click().run()

    assert statement(visit) == 'SELECT *\nFROM "flights"\nLIMIT 100'
    assert not visit.exception


def test_sql_changed_by_hand_locks_the_builder_and_can_be_built_again(editing):
    visit = started(editing)
    [work] = visit.session_state["working_copies"].values()
    work.write_body("SELECT 1 AS one")
    visit.run()
    assert any("changed by hand" in text for text in texts(visit))

    visit.button(key="restart-visual").click().run()

    assert work.fields["logic_body"] == 'SELECT *\nFROM "flights"\nLIMIT 100'
    assert not any("changed by hand" in text for text in texts(visit))


def test_publishing_what_was_built_keeps_the_builder_open(eng, caller, editing):
    visit = started(editing)

    visit.button(key="publish-now").click().run()
    visit.run()

    assert eng.apis.get(API, caller).logic_body == 'SELECT *\nFROM "flights"\nLIMIT 100'
    assert not any("changed by hand" in text for text in texts(visit))


@pytest.mark.parametrize(
    ("view", "words"), [("Plan", "1. Read airlines"), ("Advice", "Nothing to improve")]
)
def test_plan_and_advice_are_there_without_a_run(eng, open_page, view, words):
    visit = open_page("build/api.py", api=API, tab="Edit")

    visit.session_state["preview-answer-views"] = view
    visit.run()

    assert not visit.exception
    assert any(words in text for text in texts(visit))


def test_a_chart_starts_with_the_first_name_and_the_first_number(eng, open_page):
    visit = open_page("build/api.py", api=API, tab="Edit")
    visit.button(key="preview").click().run()

    visit.session_state["preview-answer-views"] = "Chart"
    visit.run()

    assert by_label(visit.selectbox, "x").value == "carrier"
    assert by_label(visit.selectbox, "y").value == "flights"
    assert not visit.exception


def test_types_stand_below_the_rows(editing):
    editing.button(key="preview").click().run()

    assert any("flights `BIGINT`" in text for text in texts(editing))


def test_the_browser_shows_types_and_samples_and_inserts_on_a_click(editing):
    [work] = editing.session_state["working_copies"].values()
    editing.session_state[f"tables-{work.key}"] = True
    editing.run()
    assert any("`VARCHAR`" in text and "AA" in text for text in texts(editing))

    next(each for each in editing.button if each.label == "carrier").click().run()

    assert [*editing.session_state["editor_inserts"].values()] == [(1, "carrier")]


def test_a_name_is_inserted_quoted_where_it_must_be():
    assert [written(name) for name in ("carrier", "Dep Delay", "x")] == [
        "carrier",
        '"Dep Delay"',
        "x",
    ]

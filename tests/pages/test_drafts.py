"""What is changed is kept as a draft by itself; a draft nobody can show can be discarded."""

import pytest

from engine.model import Caller

API = "delays-by-carrier"


def description(visit):
    return next(each for each in visit.text_area if each.label == "Description")


def change(visit, text):
    description(visit).set_value(text).run()
    return visit


def test_a_change_is_kept_as_a_draft_at_once(eng, caller, open_page):
    change(open_page("build/api.py", api=API, tab="Edit"), "Not yet")

    assert eng.apis.draft(API, caller).fields["description"] == "Not yet"
    again = open_page("build/api.py", api=API, tab="Edit")
    assert description(again).value == "Not yet"


def test_looking_keeps_no_draft(eng, caller, open_page):
    open_page("build/api.py", api=API, tab="Edit").run()

    assert eng.apis.draft(API, caller) is None


def test_going_back_to_what_is_live_ends_the_draft(eng, caller, open_page):
    live = eng.apis.get(API, caller).description
    visit = change(open_page("build/api.py", api=API, tab="Edit"), "Not yet")

    change(visit, live)

    assert eng.apis.draft(API, caller) is None


def test_the_draft_of_somebody_else_is_not_overwritten_by_itself(eng, caller, open_page):
    visit = open_page("build/api.py", api=API, tab="Edit")
    other = Caller(subject="somebody", roles=frozenset({"admin"}))
    eng.apis.save_draft(API, {"description": "Theirs"}, other)

    change(visit, "Mine")

    assert eng.apis.draft(API, caller).fields["description"] == "Theirs"
    assert any("unsaved changes" in each.value for each in visit.markdown)


@pytest.mark.parametrize(
    "fields",
    [
        {"param_schema": {"a": {"type": "nonsense"}}},
        {"param_schema": []},
        {"logic_body": 5},
        {"runtime_policy": {"timeout_seconds": "soon"}},
        {"tags": "one"},
    ],
)
def test_a_draft_that_cannot_be_shown_is_discarded_from_the_page(eng, caller, open_page, fields):
    eng.apis.save_draft(API, fields, caller)
    visit = open_page("build/api.py", api=API, tab="Edit")
    assert not visit.exception
    assert next(iter(fields)) in visit.error[0].value

    visit.button(key="discard-draft").click().run()

    assert eng.apis.draft(API, caller) is None
    assert not visit.error
    assert description(visit).value == eng.apis.get(API, caller).description


def test_who_goes_from_one_editor_to_another_takes_nothing_along(eng, caller, open_page):
    other = "flight-history"
    live = eng.apis.get(other, caller)
    visit = change(open_page("build/api.py", api=API, tab="Edit"), "Mine")

    visit.query_params["api"] = other
    visit.run()

    assert not visit.exception
    assert description(visit).value == live.description
    assert eng.apis.draft(other, caller) is None
    assert eng.apis.draft(API, caller).fields["description"] == "Mine"

"""The HTTP workbench: form and JSON in step, cURL both ways, places that become paths."""

import json

import jmespath
import pytest

from pages.components.http.request_form import (
    body_of,
    entries_of,
    is_complete,
    pairs_of,
    spec_of,
    with_part,
)
from pages.components.http.response_paths import picked, places_of

API = "delays-over-rest"
CURL = (
    "curl 'https://api.example.org/items?day=1' -H 'Accept: application/json' "
    "-H 'Authorization: Bearer t0ken'"
)
ANSWER = {
    "data": {"rows": [{"carrier": "AA", "odd name": {"x": 1}}], "total": 1},
    "tags": ["a", "b"],
}


@pytest.fixture
def editing(eng, open_page):
    return open_page("build/api.py", api=API, tab="Edit")


def work_of(visit):
    [work] = visit.session_state["working_copies"].values()
    return work


def body(visit):
    return json.loads(work_of(visit).fields["logic_body"])


def by_label(widgets, label):
    return next(each for each in widgets if each.label == label)


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption, *visit.info, *visit.warning]]


def test_looking_at_a_request_changes_nothing(eng, caller, editing):
    editing.run()

    assert work_of(editing).fields["logic_body"] == eng.apis.get(API, caller).logic_body
    assert not work_of(editing).is_unsaved


def test_the_form_writes_the_json(editing):
    by_label(editing.text_input, "URL").set_value("https://api.example.org/x").run()
    by_label(editing.selectbox, "Method").set_value("PUT").run()

    assert body(editing)["url"] == "https://api.example.org/x"
    assert body(editing)["method"] == "PUT"
    assert body(editing)["body"]["params"]["origin"] == "{{params.origin}}"


def test_json_typed_by_hand_is_shown_in_the_form(editing):
    work_of(editing).write_body('{"method": "GET", "url": "https://example.com/typed"}')

    editing.run()

    assert by_label(editing.text_input, "URL").value == "https://example.com/typed"
    assert by_label(editing.selectbox, "Method").value == "GET"


def test_json_that_no_form_can_show_is_left_alone(editing):
    work_of(editing).write_body('{"method": ')

    editing.run()

    assert any("no request that a form can show" in text for text in texts(editing))
    assert work_of(editing).fields["logic_body"] == '{"method": '
    assert not editing.exception


def test_a_pasted_curl_command_becomes_the_request(editing):
    by_label(editing.text_area, "cURL command").set_value(CURL).run()

    editing.button(key="import-curl").click().run()

    assert body(editing) == {
        "method": "GET",
        "url": "https://api.example.org/items",
        "headers": {"Accept": "application/json"},
        "params": {"day": "1"},
        "auth": {"type": "bearer", "token": "t0ken"},
    }
    assert work_of(editing).fields["param_schema"] == {}
    assert any(each.value.startswith("curl -X GET") for each in editing.code)


def test_what_is_no_curl_command_is_refused_and_the_request_stays(editing):
    before = body(editing)
    by_label(editing.text_area, "cURL command").set_value("wget x").run()

    editing.button(key="import-curl").click().run()

    assert editing.error
    assert body(editing) == before


def test_the_request_view_shows_what_would_be_sent_without_secrets(eng, caller, editing):
    eng.secrets.put("engine_api_key", "not-to-be-seen", caller)
    editing.session_state["preview-answer-views"] = "Request"

    editing.run()

    [sent] = [
        each.value for each in editing.code if "X-API-Key" in each.value and "***" in each.value
    ]
    assert "not-to-be-seen" not in sent


def test_secrets_are_offered_where_a_secret_belongs(eng, caller, editing):
    eng.secrets.put("OTHER", "some-other-secret", caller)

    editing.run()

    assert "{{secrets.OTHER}}" in by_label(editing.selectbox, "value").options


def test_every_place_of_an_answer_is_what_its_path_picks():
    places = {place.path: place for place in places_of(ANSWER)}

    assert list(places) == [
        "data",
        "data.rows",
        "data.rows[].carrier",
        'data.rows[]."odd name"',
        'data.rows[]."odd name".x',
        "data.total",
        "tags",
    ]
    assert jmespath.search("data.rows[].carrier", ANSWER) == ["AA"]
    assert jmespath.search('data.rows[]."odd name".x', ANSWER) == [1]
    assert places["data.rows"].words == "list of 1 objects"


@pytest.mark.parametrize(
    ("before", "path"),
    [
        ("", "data.rows"),
        ("data", "rows"),
        ("data.rows", "[0]"),
        ("data.rows", "[].carrier"),
        ("data || tags", "rows"),
    ],
)
def test_a_place_below_a_path_is_picked_from_the_whole_answer(before, path):
    below = jmespath.search(before, ANSWER) if before else ANSWER

    assert jmespath.search(picked(before, path), ANSWER) == jmespath.search(path, below)


def test_rows_keep_lists_numbers_and_null():
    entries = {"tag": ["a", "b"], "limit": 5, "gone": None, "name": "x"}

    assert entries_of(pairs_of(entries), entries) == entries
    assert entries_of([{"name": " ", "value": "x"}, {"name": "a", "value": None}], {}) == {"a": ""}


def test_a_body_is_written_in_the_order_of_a_request():
    spec = {"response_path": "x", "url": "https://e.org", "method": "GET", "other": 1}

    assert list(json.loads(body_of(spec))) == ["method", "url", "response_path", "other"]
    assert spec_of(body_of(spec)) == spec
    assert with_part(spec, "response_path", "") == {
        "url": "https://e.org",
        "method": "GET",
        "other": 1,
    }


@pytest.mark.parametrize("text", ["[]", "{", '{"headers": []}', '{"method": "TRACE"}'])
def test_what_is_no_request_has_no_form(text):
    assert spec_of(text) is None


def test_a_request_with_half_an_auth_is_not_complete():
    assert is_complete({"url": "https://e.org"})
    assert not is_complete({"url": "https://e.org", "auth": {"type": "bearer", "token": ""}})

"""APIs are imported on their page after a preview."""

import json

from engine.model import ApiQuery, Caller

DOCUMENT = {
    "openapi": "3.0.0",
    "servers": [{"url": "https://api.example.org"}],
    "paths": {
        "/items/{id}": {
            "get": {"operationId": "getItem", "security": [{"key": []}]},
            "delete": {"operationId": "dropItem"},
            "head": {},
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}}},
}


def names(eng, caller):
    return [api.api_name for api in eng.apis.search(ApiQuery(), caller).items]


def test_a_document_is_previewed_and_then_made_drafts(empty_eng, caller, open_page):
    visit = open_page("build/import_apis.py")
    visit.text_area(key="import-document").set_value(json.dumps(DOCUMENT))
    visit.text_input(key="import-prefix").set_value("shop-").run()

    made, left_out = (table.value for table in visit.dataframe)
    assert list(made["Name"]) == ["shop-get-item", "shop-drop-item"]
    assert list(left_out["From"]) == ["HEAD /items/{id}"]
    assert "`KEY`" in visit.warning[0].value
    assert names(empty_eng, caller) == []

    visit.button(key="import-drafts").click().run()

    assert names(empty_eng, caller) == ["shop-drop-item", "shop-get-item"]
    assert empty_eng.apis.draft("shop-get-item", caller)
    assert not visit.exception


def test_statements_are_checked_and_published_when_they_compile(eng, caller, open_page):
    visit = open_page("build/import_apis.py", **{"from": "SQL files"})
    visit.text_area(key="import-sql").set_value("DELETE FROM flights").run()

    assert visit.button(key="import-publish").disabled
    assert "DELETE is not allowed" in visit.dataframe[1].value["Why"][0]

    visit.text_area(key="import-sql").set_value("-- name: one-more\nSELECT :n + 1 AS x").run()
    visit.button(key="import-publish").click().run()

    assert eng.execute("one-more", n=1).rows == [{"x": 2}]


def test_what_cannot_be_read_is_said(empty_eng, open_page):
    visit = open_page("build/import_apis.py", **{"from": "cURL"})
    visit.text_area(key="import-curl").set_value("wget https://api.example.org").run()

    assert "begins with curl" in visit.error[0].value
    assert not visit.button


def test_a_taken_name_stays_as_it_is(empty_eng, caller, open_page):
    for _ in range(2):
        visit = open_page("build/import_apis.py", **{"from": "cURL"})
        visit.text_input(key="import-name").set_value("mine")
        visit.text_area(key="import-curl").set_value("curl https://api.example.org/x").run()
        last = visit.button(key="import-drafts")
        if not last.disabled:
            last.click().run()

    assert last.disabled
    assert list(visit.dataframe[0].value["State"]) == ["name is taken"]


def test_viewers_are_refused(empty_eng, open_page, monkeypatch):
    viewer = Caller(subject="vic", roles=frozenset({"viewer"}))
    monkeypatch.setattr("pages.components.context.local_caller", lambda: viewer)

    visit = open_page("build/import_apis.py")

    assert "role 'analyst' is needed" in visit.error[0].value.replace("\\", "")

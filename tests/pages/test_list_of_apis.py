"""The list of APIs: what is found, what the menu does, what an empty instance says."""

from engine.model import ApiQuery


def shown(visit):
    return list(visit.dataframe[0].value["Name"])


def test_every_api_is_listed_with_its_type_and_state(eng, caller, open_page):
    visit = open_page("build/apis.py")

    assert shown(visit) == [api.api_name for api in eng.apis.search(ApiQuery(), caller).items]
    assert not visit.exception


def test_a_link_restores_its_filters(eng, open_page):
    visit = open_page("build/apis.py", q="carrier", type="sql")

    assert visit.text_input(key="q").value == "carrier"
    assert shown(visit)
    assert "flight-history" not in shown(visit)


def test_typing_narrows_the_list(eng, open_page):
    visit = open_page("build/apis.py")

    visit.text_input(key="q").set_value("aircraft").run()

    assert shown(visit) == ["flight-history"]


def test_a_search_that_finds_nothing_says_what_to_do(eng, open_page):
    visit = open_page("build/apis.py")

    visit.text_input(key="q").set_value("no such api at all").run()

    assert "Clear the search" in visit.info[0].value


def test_only_what_is_switched_off_is_listed_when_asked_for(eng, caller, open_page):
    eng.apis.set_active("worst-routes", caller, active=False, even_if_used=True)

    visit = open_page("build/apis.py", status="off")

    assert shown(visit) == ["worst-routes"]


def test_those_with_unpublished_work_are_marked_and_found(eng, caller, open_page):
    eng.apis.save_draft("worst-routes", {"description": "Not yet"}, caller)

    visit = open_page("build/apis.py", status="edited")

    assert shown(visit) == ["worst-routes"]
    assert list(visit.dataframe[0].value["Status"][0]) == ["published", "edited"]


def test_the_last_changed_come_first_when_asked_for(eng, caller, open_page):
    eng.apis.update("worst-routes", {"description": "Changed"}, caller)

    visit = open_page("build/apis.py", sort="last changed")

    assert shown(visit)[0] == "worst-routes"


def test_a_tag_that_only_one_api_carries_is_offered(eng, caller, open_page):
    eng.apis.update("worst-routes", {"tags": ["rare"]}, caller)

    visit = open_page("build/apis.py", tag="rare")

    assert shown(visit) == ["worst-routes"]


def test_an_empty_instance_says_how_to_begin(empty_eng, open_page):
    visit = open_page("build/apis.py")

    assert "New API" in visit.info[0].value
    assert not visit.dataframe

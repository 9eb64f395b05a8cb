"""Screens in the dashboard: the list, one by its link, and the editor."""

BROKEN = {
    "title": "Half",
    "blocks": [
        {"id": "good", "type": "text", "text": "it stands"},
        {"id": "bad", "type": "table", "api_id": "flight-history", "params": {"tailnum": "?"}},
    ],
}


def texts(page):
    return " ".join(each.value for each in (*page.markdown, *page.caption, *page.info))


def test_the_list_offers_the_screens(eng, open_page):
    page = open_page("share/screens.py")

    assert list(page.dataframe[0].value["Title"]) == ["Network watch", "Operations of the day"]
    assert not page.exception


def test_an_empty_list_says_how_to_begin(empty_eng, open_page):
    assert "There are no screens yet" in texts(open_page("share/screens.py"))


def test_a_screen_shows_its_blocks_for_the_inputs_of_its_link(eng, open_page):
    page = open_page("share/screen.py", id="operations-day", origin="LGA", day="2013-07-01")

    assert page.title[0].value == "Operations of the day"
    assert "Departures at LGA by the hour" in texts(page)
    assert {each.label for each in page.metric} >= {"Departures", "On time", "Cancelled"}
    assert page.selectbox[0].value == "LGA"
    assert not page.exception


def test_another_input_loads_anew_and_is_in_the_link(eng, open_page):
    page = open_page("share/screen.py", id="operations-day")

    page.selectbox(key="screen-operations-day-origin").set_value("EWR").run()

    assert "Departures at EWR by the hour" in texts(page)
    assert page.query_params["origin"] == "EWR"


def test_a_block_whose_api_fails_says_so_and_the_others_stand(eng, open_page, caller):
    eng.screens.create("half", BROKEN, caller)

    page = open_page("share/screen.py", id="half")

    assert "it stands" in texts(page)
    assert "Some parameters do not fit" in texts(page)
    assert not page.exception


def test_a_screen_that_is_not_there_is_an_error_and_not_a_crash(eng, open_page):
    page = open_page("share/screen.py", id="nowhere")

    assert "there is no screen" in page.error[0].value
    assert not page.exception


def test_a_block_is_added_in_the_editor_and_published(eng, open_page, caller):
    page = open_page("share/screen_editor.py", id="operations-day")
    page.button(key="add-text").click().run()

    page.button(key="publish-screen").click().run()

    blocks = eng.screens.get("operations-day", caller).spec.blocks
    assert (blocks[-1].id, len(blocks)) == ("text-1", 9)
    assert not page.exception


def test_a_draft_is_kept_and_discarded(eng, open_page, caller):
    page = open_page("share/screen_editor.py", id="network-watch")
    page.button(key="remove-block").click().run()
    page.button(key="save-screen").click().run()
    kept = eng.screens.get("network-watch", caller)

    page.button(key="discard-draft").click().run()

    assert len(kept.draft.blocks) == len(kept.spec.blocks) - 1
    assert eng.screens.get("network-watch", caller).draft is None


def test_nothing_is_unsaved_in_an_editor_that_nobody_touched(eng, open_page):
    page = open_page("share/screen_editor.py", id="network-watch")

    assert page.button(key="publish-screen").disabled

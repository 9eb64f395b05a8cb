"""Secrets are stored and deleted on their page, and never shown."""

from streamlit.testing.v1 import AppTest

from engine.model import Caller

DELETING = """
from pages.admin.secret_deletion import confirm_delete
from pages.components.context import require_caller

confirm_delete("weather_key", require_caller())
"""


def test_a_secret_is_stored_listed_by_name_and_leaves_no_value_behind(empty_eng, caller, open_page):
    visit = open_page("admin/secrets.py")
    assert "no secrets yet" in visit.info[0].value

    visit.text_input(key="secret-name").set_value("weather_key")
    visit.text_input(key="secret-value").set_value("s3cret")
    visit.button(key="put-secret-now").click().run()

    assert empty_eng.secrets.names(caller) == ("weather_key",)
    assert list(visit.dataframe[0].value["Name"]) == ["weather_key"]
    assert visit.text_input(key="secret-value").value == ""
    assert not visit.exception


def test_a_name_that_cannot_be_used_is_said_and_stays(empty_eng, open_page):
    visit = open_page("admin/secrets.py")
    visit.text_input(key="secret-name").set_value("a-b")
    visit.text_input(key="secret-value").set_value("s3cret")
    visit.button(key="put-secret-now").click().run()

    assert "cannot be the name" in visit.error[0].value
    assert visit.text_input(key="secret-name").value == "a-b"


def test_a_secret_is_deleted_after_a_confirmation(empty_eng, caller, open_page):
    empty_eng.secrets.put("weather_key", "s3cret", caller)
    visit = open_page("admin/secrets.py")
    visit.button(key="delete-secret").click().run()
    assert visit.button(key="delete-secret-now")
    assert empty_eng.secrets.names(caller) == ("weather_key",)

    AppTest.from_string(DELETING).run().button(key="delete-secret-now").click().run()

    assert empty_eng.secrets.names(caller) == ()


def test_an_analyst_sees_names_only_and_a_viewer_nothing(empty_eng, caller, open_page, monkeypatch):
    empty_eng.secrets.put("weather_key", "s3cret", caller)

    def as_role(role):
        limited = Caller(subject="vic", roles=frozenset({role}))
        monkeypatch.setattr("pages.components.context.local_caller", lambda: limited)
        return open_page("admin/secrets.py")

    analyst, viewer = as_role("analyst"), as_role("viewer")

    assert list(analyst.dataframe[0].value["Name"]) == ["weather_key"]
    assert [each.label for each in analyst.text_input] == ["Search"]
    assert "role 'analyst' is needed" in viewer.error[0].value
    assert not viewer.dataframe


def test_the_list_is_searched_and_has_pages(empty_eng, caller, open_page):
    for number in range(51):
        empty_eng.secrets.put(f"key_{number:02}", "s3cret", caller)

    visit = open_page("admin/secrets.py")
    assert len(visit.dataframe[0].value) == 50
    visit.text_input(key="secrets-q").set_value("KEY_5").run()

    assert list(visit.dataframe[0].value["Name"]) == ["key_50"]


def test_a_link_opens_a_page_of_the_list(empty_eng, caller, open_page):
    for number in range(51):
        empty_eng.secrets.put(f"key_{number:02}", "s3cret", caller)

    visit = open_page("admin/secrets.py", **{"secrets-p": "2"})

    assert list(visit.dataframe[0].value["Name"]) == ["key_50"]


def test_a_search_that_finds_nothing_says_what_to_do(empty_eng, caller, open_page):
    empty_eng.secrets.put("weather_key", "s3cret", caller)

    visit = open_page("admin/secrets.py", **{"secrets-q": "nothing like it"})

    assert "Clear the search" in visit.info[0].value

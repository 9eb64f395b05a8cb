"""The page of connections: added, tried, changed, deleted, and what an empty instance says."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.model import Connection
from tests.flight_tables import make_duckdb_file

PAGE = "admin/connections.py"
DIALOG = """
from engine.bootstrap import default_engine
from engine.facade import local_caller
from pages.admin.connection_changes import delete_dialog, form_dialog, users_of
caller = local_caller()
known = {each.name: each for each in default_engine().connections.all(caller)}
"""


@pytest.fixture
def warehouse(eng, caller, tmp_path):
    made = Connection(name="warehouse", dialect="duckdb", dsn=str(make_duckdb_file(tmp_path)))
    eng.connections.save(made, caller)
    return made


def open_dialog(script):
    """A dialog that stays open: `AppTest` reruns the page, and there it would be closed."""
    return AppTest.from_string(DIALOG + script, default_timeout=30).run()


def test_a_connection_is_tried_and_added(eng, caller, tmp_path):
    visit = open_dialog("form_dialog(None, caller)")
    visit.text_input(key="connection--name").set_value("warehouse")
    visit.segmented_control(key="connection--dialect").set_value("duckdb")
    visit.text_input(key="connection--dsn").set_value(str(make_duckdb_file(tmp_path)))

    visit.button(key="try-connection").click().run()
    assert visit.success[0].value == "It answers."
    visit.button(key="save-connection").click().run()

    assert not visit.exception
    eng.connections.ping("warehouse", caller)


def test_one_that_does_not_answer_says_why_and_is_not_kept(eng, caller):
    visit = open_dialog("form_dialog(None, caller)")
    visit.text_input(key="connection--name").set_value("gone")
    visit.text_input(key="connection--dsn").set_value("postgresql://u@127.0.0.1:1/x")

    visit.button(key="try-connection").click().run()

    assert "target_unavailable" in str(visit.error[0].proto)
    assert "gone" not in [each.name for each in eng.connections.all(caller)]


def test_changing_the_description_keeps_the_address_which_is_not_shown(eng, caller, warehouse):
    visit = open_dialog('form_dialog(known["warehouse"], caller)')
    assert visit.text_input(key="connection-warehouse-dsn").value == ""
    visit.text_input(key="connection-warehouse-description").set_value("The warehouse")

    visit.button(key="save-connection").click().run()

    [kept] = [each for each in eng.connections.all(caller) if each.name == "warehouse"]
    assert (kept.description, kept.dsn) == ("The warehouse", warehouse.dsn)


def test_deleting_names_the_apis_that_will_fail(eng, caller, warehouse):
    fields = {"api_name": "late", "logic_type": "sql", "logic_body": "SELECT id FROM flights"}
    eng.apis.create({**fields, "connection": "warehouse"}, caller)
    visit = open_dialog('delete_dialog("warehouse", users_of("warehouse", caller), caller)')
    assert "**late**" in visit.markdown[0].value

    visit.button(key="delete-now").click().run()

    assert "warehouse" not in [each.name for each in eng.connections.all(caller)]


def test_what_the_environment_names_cannot_be_changed_here(eng, open_page):
    visit = open_page(PAGE, connection="sample")

    assert not visit.exception
    assert "edit-connection" not in [each.key for each in visit.button]
    assert "delete-connection" not in [each.key for each in visit.button]


def test_an_instance_without_connections_says_how_to_get_one(empty_eng, open_page):
    visit = open_page(PAGE)

    assert "A query needs one" in visit.info[0].value
    assert visit.button(key="save-connection")
    assert not visit.exception


def test_connections_are_searched(eng, open_page):
    found = open_page("admin/connections.py", **{"connections-q": "SAMP"})
    nothing = open_page("admin/connections.py", **{"connections-q": "no such place"})

    assert list(found.dataframe[0].value["Name"]) == ["sample"]
    assert "Clear the search" in nothing.info[0].value

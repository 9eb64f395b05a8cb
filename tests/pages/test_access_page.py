"""Keys, users, roles and groups are managed on one page, and the simulator explains them."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.auth import Credentials
from engine.model import Caller

REVOKING = """
from pages.admin.access_keys import confirm_revoke
from pages.components.context import engine, require_caller

caller = require_caller()
key = next(each for each in engine().auth.keys.all(caller) if each.name == "old")
confirm_revoke(key, caller)
"""
PASSWORD = "correct horse battery"


@pytest.fixture
def page(empty_eng, open_page):
    def page(tab):
        return open_page("admin/access.py", tab=tab)

    return page


def texts(visit):
    return " ".join(each.value for each in visit.markdown)


def test_a_key_is_made_shown_once_and_works(empty_eng, page):
    visit = page("API keys")
    visit.text_input(key="key-name").set_value("billing")
    visit.text_input(key="key-apis").set_value("sales-*, stock-*")
    visit.text_input(key="key-rate").set_value("5/minute")
    visit.button(key="make-key").click().run()

    key = empty_eng.auth.authenticate(Credentials(api_key=visit.code[0].value))
    assert key.scope.api_patterns == ("sales-*", "stock-*")
    assert str(key.rate) == "5/minute"
    assert not visit.exception


def test_a_wish_that_no_key_can_have_is_said_and_what_was_typed_stays(empty_eng, caller, page):
    visit = page("API keys")
    visit.text_input(key="key-name").set_value("billing")
    visit.text_input(key="key-rate").set_value("often")
    visit.button(key="make-key").click().run()

    assert "a rate is written" in visit.error[0].value
    assert visit.text_input(key="key-name").value == "billing"
    assert "billing" not in {key.name for key in empty_eng.auth.keys.all(caller)}


def test_a_key_is_revoked_after_a_confirmation(empty_eng, caller, page):
    key = empty_eng.auth.keys.create(caller, name="old", roles=["viewer"]).key
    visit = page("API keys")
    visit.selectbox(key="key-to-revoke").set_value(f"old · {key.id}")

    visit.button(key="revoke-key").click().run()
    assert visit.button(key="revoke-key-now")
    assert not any(each.revoked_at for each in empty_eng.auth.keys.all(caller))
    AppTest.from_string(REVOKING).run().button(key="revoke-key-now").click().run()

    revoked = {each.id for each in empty_eng.auth.keys.all(caller) if each.revoked_at}
    assert revoked == {key.id}


def test_the_first_user_is_made_here_and_has_to_sign_in_from_then_on(empty_eng, page):
    visit = page("Users")
    visit.text_input(key="new-user-name").set_value("ada")
    visit.text_input(key="new-user-password").set_value(PASSWORD)
    visit.button(key="create-user").click().run()

    assert empty_eng.auth.users.exist()
    assert visit.title[0].value == "Sign in"
    assert "new-user-password" not in visit.session_state


def test_a_role_is_given_and_taken(empty_eng, caller, page):
    visit = page("Roles")
    visit.text_input(key="bind-subject").set_value("group:data")
    visit.button(key="bind-now").click().run()
    assert empty_eng.auth.bindings.all(caller)[0].subject == "group:data"

    visit.button(key="take-role").click().run()

    assert empty_eng.auth.bindings.all(caller) == ()


def test_what_keys_may_reach_is_chosen(empty_eng, page):
    visit = page("What keys may reach")
    visit.button_group(key="key-groups").set_value(["execute", "logs"])
    visit.button(key="save-key-groups").click().run()

    assert empty_eng.auth.key_groups.of("default") == ("execute", "logs")


def test_the_simulator_says_why_a_key_may_not(empty_eng, caller, page):
    empty_eng.auth.key_groups.set(["execute"], caller)
    key = empty_eng.auth.keys.create(caller, name="shop", roles=["viewer"]).key
    visit = page("Simulator")
    visit.selectbox(key="simulate-key").set_value(f"shop · {key.id}").run()

    why = dict(zip(visit.dataframe[0].value["What"], visit.dataframe[0].value["Why"], strict=True))
    assert why["execute APIs"] == "needs viewer, has viewer"
    assert "does not accept API keys" in why["read the execution log"]
    assert "role 'analyst' is needed" in why["change definitions"]


def test_the_simulator_finds_the_roles_of_claims_in_this_tenant(empty_eng, caller, page):
    empty_eng.auth.bindings.bind("group:data", "analyst", caller)
    visit = page("Simulator")
    visit.button_group(key="simulate").set_value("Claims").run()

    assert "`u1` has **analyst** in the tenant `default`" in texts(visit)

    visit.text_area(key="simulate-claims").set_value("{").run()
    assert "no JSON" in visit.error[0].value


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_nobody_but_an_admin_sees_the_page(empty_eng, page, monkeypatch, role):
    limited = Caller(subject="vic", roles=frozenset({role}))
    monkeypatch.setattr("pages.components.context.local_caller", lambda: limited)

    visit = page("API keys")

    assert "role 'admin' is needed" in visit.error[0].value
    assert not visit.tabs
    assert not visit.dataframe


def test_keys_and_roles_are_searched_over_the_whole_list(empty_eng, caller, open_page):
    auth = empty_eng.auth
    auth.keys.create(caller, name="billing", roles=["viewer"])
    auth.bindings.bind("user:ada", "admin", caller)
    auth.bindings.bind("group:data", "analyst", caller)

    def names(column, **query):
        visit = open_page("admin/access.py", **query)
        assert not visit.exception
        return list(visit.dataframe[0].value[column])

    assert names("Name", **{"keys-q": "BILL"}) == ["billing"]
    assert names("Subject", tab="Roles", **{"roles-q": "analyst"}) == ["group:data"]
    assert names("Subject", tab="Roles", **{"roles-sort": "by role"}) == ["user:ada", "group:data"]

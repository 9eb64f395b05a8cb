"""Once somebody can sign in, everybody has to; with a password, or by a provider."""

import time

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ROUTER

PASSWORD = "correct horse battery"
PROVIDER = {
    "redirect_uri": "http://127.0.0.1/oauth2callback",
    "cookie_secret": "c" * 32,
    "client_id": "dashboard",
    "client_secret": "x",
    "server_metadata_url": "http://127.0.0.1:1/.well-known/openid-configuration",
}


@pytest.fixture
def people(empty_eng, caller):
    for name, role in (("ada", "admin"), ("vic", "viewer")):
        empty_eng.auth.users.create(name, PASSWORD, [role], caller)
    return empty_eng


@pytest.fixture
def cookies(monkeypatch):
    """What the browser sends; a test without a browser has neither cookies nor an address."""
    cookies: dict[str, str] = {}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: cookies))
    monkeypatch.setattr(type(st.context), "ip_address", property(lambda _: "192.0.2.5"))
    return cookies


@pytest.fixture
def visit(cookies):
    return AppTest.from_file(str(ROUTER), default_timeout=30)


def sign_in(visit, name="ada", password=PASSWORD):
    visit.text_input(key="user-name").set_value(name)
    visit.text_input(key="password").set_value(password)
    return visit.button(key="sign-in").click().run()


def title(visit):
    return visit.title[0].value


def test_with_users_even_this_machine_has_to_sign_in(people, visit):
    visit.run()

    assert title(visit) == "Sign in"
    assert not visit.metric
    assert not visit.exception


def test_the_right_password_opens_the_page_and_leaves_no_password_behind(people, visit):
    sign_in(visit.run())

    assert title(visit) == "Home"
    assert any("ada · default" in each.value for each in visit.caption)
    assert "password" not in visit.session_state
    assert not visit.exception


def test_a_wrong_password_says_so_and_keeps_the_name(people, visit):
    sign_in(visit.run(), password="wrong wrong wrong")

    assert title(visit) == "Sign in"
    assert "do not belong together" in visit.error[0].value
    assert visit.text_input(key="user-name").value == "ada"


def test_a_browser_that_kept_the_cookie_is_signed_in_and_one_that_lost_it_is_not(
    people, visit, cookies
):
    sign_in(visit.run())
    task = visit.session_state["browser_task"]
    cookies["api_engine_session"], _ = people.auth.sessions.redeem(task["ticket"])

    reloaded = AppTest.from_file(str(ROUTER), default_timeout=30).run()
    cookies.clear()
    elsewhere = AppTest.from_file(str(ROUTER), default_timeout=30).run()

    assert task["task"] == "keep"
    assert title(reloaded) == "Home"
    assert title(elsewhere) == "Sign in"


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_a_cookie_that_is_no_session_asks_to_sign_in(people, visit, cookies, cookie):
    cookies["api_engine_session"] = cookie

    assert title(visit.run()) == "Sign in"


def test_signing_out_ends_the_session_and_empties_the_tab(people, visit):
    sign_in(visit.run())
    visit.session_state["draft"] = "mine"
    token = visit.session_state["session_token"]

    visit.button(key="sign-out").click().run()

    assert title(visit) == "Sign in"
    assert "draft" not in visit.session_state
    with pytest.raises(Exception, match="over"):
        people.auth.sessions.caller(token, "dashboard")


def test_a_session_that_ends_asks_again_and_what_was_typed_is_still_there(people, visit):
    sign_in(visit.run())
    visit.session_state["typed"] = "half a sentence"

    people.auth.sessions.end(visit.session_state["session_token"], "dashboard")
    visit.run()
    assert title(visit) == "Sign in"

    sign_in(visit)
    assert title(visit) == "Home"
    assert visit.session_state["typed"] == "half a sentence"


def test_the_next_person_in_the_same_tab_finds_nothing_of_the_one_before(people, visit):
    sign_in(visit.run())
    visit.session_state["typed"] = "half a sentence"
    people.auth.sessions.end(visit.session_state["session_token"], "dashboard")
    visit.run()

    sign_in(visit, "vic")

    assert title(visit) == "Home"
    assert "typed" not in visit.session_state


def test_a_role_that_is_taken_closes_the_dashboard(people, visit, caller):
    sign_in(visit.run(), "vic")
    people.auth.bindings.unbind("user:vic", "viewer", caller)

    visit.run()

    assert title(visit) == "No role yet"
    assert visit.button(key="sign-out")


def by_provider(visit, **claims):
    visit.secrets["auth"] = PROVIDER
    visit.user = {"is_logged_in": True, "sub": "u1", "iat": int(time.time()), **claims}
    return visit.run()


def test_a_provider_alone_asks_for_sign_in(empty_eng, visit):
    visit.secrets["auth"] = PROVIDER
    visit.user = {"is_logged_in": False}
    visit.run()

    assert title(visit) == "Sign in"
    assert [each.label for each in visit.button] == ["Sign in with your organisation"]
    assert not visit.text_input


def test_several_providers_have_a_button_each(empty_eng, visit):
    visit.secrets["auth"] = {"cookie_secret": "c" * 32, "okta": PROVIDER, "google": PROVIDER}
    visit.user = {"is_logged_in": False}
    visit.run()

    assert {each.label for each in visit.button} == {"Sign in with okta", "Sign in with google"}


def test_a_provider_that_claims_a_role_opens_the_page(empty_eng, visit):
    by_provider(visit, roles=["analyst"])

    assert title(visit) == "Home"
    assert any("u1 · default" in each.value for each in visit.caption)


def test_a_provider_without_a_role_gets_one_by_binding(empty_eng, visit, caller):
    by_provider(visit, groups=["data"])
    assert title(visit) == "No role yet"

    empty_eng.auth.bindings.bind("group:data", "viewer", caller)
    visit.run()

    assert title(visit) == "Home"


def test_an_identity_older_than_a_session_has_to_sign_in_again(empty_eng, visit):
    by_provider(visit, roles=["admin"], iat=int(time.time()) - 13 * 3600)

    assert title(visit) == "Sign in"

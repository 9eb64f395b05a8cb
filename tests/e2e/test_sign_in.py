"""Signing in through a browser: by a deep link, over a reload, out again; and by a provider."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle
from tests.e2e.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.e2e.serving import start_app

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
LINK = "/runs?outcome=fail"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, free_port):
    """An app that others can reach, with one person who may sign in."""
    app = start_app(free_port(), tmp_path_factory.mktemp("guarded") / "data", address="0.0.0.0")  # noqa: S104  # on purpose
    made = httpx.post(
        f"{app.url}/api/auth/users",
        headers={"X-API-Key": app.key},
        json={"user_name": "ada", "password": PASSWORD, "roles": ["admin"]},
    )
    assert made.status_code == 201, made.text
    yield app
    app.stop()


@pytest.fixture
def visitor(browser, guarded):
    with browser.new_context(base_url=guarded.url) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert not errors, errors


def sign_in(page, password=PASSWORD):
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").first.fill(password)
    page.keyboard.press("Enter")


def kept_cookie(page):
    page.wait_for_function("() => fetch('/api/healthz').then(() => true)")
    return next((c for c in page.context.cookies() if c["name"] == "api_engine_session"), None)


def test_a_deep_link_asks_to_sign_in_and_then_shows_its_page(visitor):
    visitor.goto(LINK)
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(visitor.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    screenshot(visitor, "sign-in")

    with visitor.expect_response("**/api/auth/session") as kept:
        sign_in(visitor)
        expect(visitor.get_by_role("heading", name="Runs")).to_be_visible()

    assert kept.value.ok
    assert visitor.url.endswith(LINK)
    cookie = kept_cookie(visitor)
    assert cookie
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert visitor.evaluate("document.cookie").find("api_engine_session") == -1

    visitor.reload()
    expect(visitor.get_by_role("heading", name="Runs")).to_be_visible()
    screenshot(visitor, "signed-in")

    with visitor.expect_response("**/api/auth/session"):
        button(visitor, "sign-out").click()
        expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()
    assert kept_cookie(visitor) is None

    visitor.context.add_cookies([cookie])
    visitor.goto(LINK)
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_said_and_the_name_stays(visitor):
    visitor.goto("/")
    sign_in(visitor, "wrong wrong wrong")

    expect(visitor.get_by_text("do not belong together")).to_be_visible()
    expect(visitor.get_by_label("User name")).to_have_value("ada")


@pytest.fixture(scope="module")
def provider_and_app(tmp_path_factory, free_port):
    """An app whose people are known to a provider."""
    folder, port = tmp_path_factory.mktemp("oidc"), free_port()
    redirect_uri = f"http://127.0.0.1:{port}/oauth2callback"
    provider = Provider(free_port(), redirect_uri)
    provider.start()
    settings = {
        "redirect_uri": redirect_uri,
        "cookie_secret": "a secret of this test alone, long enough",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "server_metadata_url": provider.metadata_url,
    }
    secrets = folder / "secrets.toml"
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    secrets.write_text("\n".join(["[auth]", *lines]))
    app = start_app(port, folder / "data", options=[f"--secrets.files={secrets}"])
    yield provider, app
    app.stop()
    provider.stop()


def test_a_provider_signs_in_and_the_deep_link_opens(browser, provider_and_app):
    provider, app = provider_and_app
    provider.claims = {"sub": "mina", "roles": ["analyst"]}
    with browser.new_context(base_url=app.url) as context:
        page = context.new_page()
        page.goto(LINK)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        settle(page)

        button(page, "sign-in-provider").click()

        expect(page.get_by_role("heading", name="Runs")).to_be_visible()
        assert page.url.endswith(LINK)
        expect(page.get_by_text("mina · default")).to_be_visible()

        button(page, "sign-out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_somebody_whom_the_provider_knows_and_nobody_gave_a_role_sees_nothing(
    browser, provider_and_app
):
    provider, app = provider_and_app
    provider.claims = {"sub": "stranger"}
    with browser.new_context(base_url=app.url) as context:
        page = context.new_page()
        page.goto("/apis")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        settle(page)
        button(page, "sign-in-provider").click()

        expect(page.get_by_role("heading", name="No role yet")).to_be_visible()
        expect(page.get_by_text("worst-routes")).to_have_count(0)

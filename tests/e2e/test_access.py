"""Nobody gets past the gate: not by a deep link, not by another name of this machine."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import screenshot, settle
from tests.e2e.serving import start_app

pytestmark = pytest.mark.browser

REFUSED = "Sign-in is not set up"
DEEP_LINKS = ("/apis", "/runs", "/connections", "/new-api", "/definition?api=worst-routes", "/")


@pytest.fixture(scope="module")
def open_app(tmp_path_factory, free_port):
    app = start_app(free_port(), tmp_path_factory.mktemp("open") / "data", address="0.0.0.0")  # noqa: S104  # on purpose
    yield app
    app.stop()


def test_a_dashboard_that_others_can_reach_shows_nothing_without_sign_in(browser, open_app):
    for link in DEEP_LINKS:
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(open_app.url + link)

            expect(page.get_by_role("heading", name=REFUSED)).to_be_visible()
            expect(page.get_by_text("worst-routes")).to_have_count(0)
            expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)
            screenshot(page, "refused")


def test_a_name_that_merely_resolves_to_this_machine_is_not_local(browser, app):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url.replace("127.0.0.1", "attacker.example") + "/apis")

        page.wait_for_timeout(3000)
        expect(page.get_by_text("worst-routes")).to_have_count(0)


def test_a_deep_link_opens_its_page_at_once_on_a_fresh_server(page):
    page.goto("/runs")
    settle(page)

    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)

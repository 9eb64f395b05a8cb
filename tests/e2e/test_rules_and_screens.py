"""A rule is made, fires and is looked at; a screen is made, shown, and asked by its link."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle, visit

pytestmark = pytest.mark.browser


def choose(page, key, value):
    """Choose in a select box as a person does: type and press Enter."""
    box = page.locator(f".st-key-{key} input").first
    box.click()
    box.fill(value)
    page.keyboard.press("Enter")
    settle(page)


def fill(page, key, value):
    field = page.locator(f".st-key-{key}").locator("input, textarea").first
    field.fill(value)
    field.press("Tab")
    settle(page)


@pytest.fixture
def api(app):
    headers = {"X-API-Key": app.key}
    with httpx.Client(base_url=app.url, headers=headers, timeout=30) as client:
        yield client


def test_a_rule_is_made_fires_and_is_tried_on_the_past(page, api):
    visit(page, "/rules")
    button(page, "new-rule").click()
    expect(page.get_by_role("heading", name="New rule")).to_be_visible()
    fill(page, "rule-new-name", "journey")
    fill(page, "rule-new-where", "arr_delay > 90")
    choose(page, "rule-new-api", "delays-by-carrier")
    fill(page, "rule-new-delays-by-carrier-origin", "{{event.origin}}")
    screenshot(page, "rule-form")
    button(page, "save-on").click()
    expect(page.get_by_role("heading", name="journey")).to_be_visible()
    expect(page.get_by_text("It has not fired yet")).to_be_visible()

    event = {"event_type": "flight.landed", "data": {"origin": "JFK", "arr_delay": 120}}
    assert api.post("/api/cep/events", json=event).status_code == 202

    expect(page.get_by_text("1 firing, times in UTC")).to_be_visible(timeout=30_000)
    page.get_by_role("tab", name="Try it").click()
    page.locator('[class*="st-key-trial-"] button', has_text="Try it").first.click()
    expect(page.get_by_text("Would have fired")).to_be_visible()
    screenshot(page, "rule-trial")
    firing = api.get("/api/cep/rules/journey/log").json()["data"]["items"][0]
    run = api.get(f"/api/api-manager/executions/{firing['execution_id']}").json()["data"]
    assert run["trace_id"] == firing["trace_id"]


def test_a_screen_is_made_and_shown(page):
    visit(page, "/screens")
    button(page, "new").click()
    page.locator(".st-key-new-screen-title input").fill("Journey of a screen")
    page.keyboard.press("Tab")
    button(page, "make-screen").click()
    expect(page.get_by_role("heading", name="Edit")).to_be_visible()
    button(page, "add-text").click()
    settle(page)
    expect(page.get_by_text("Write Markdown here.").last).to_be_visible()
    screenshot(page, "screen-editor-new")
    button(page, "publish-screen").click()
    expect(page.get_by_text("is what everybody sees now")).to_be_visible()
    button(page, "show-screen").click()

    expect(page.get_by_role("heading", name="Journey of a screen")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/screen\?id=journey-of-a-screen"))


def test_the_link_of_a_screen_has_its_inputs_in_it(page):
    visit(page, "/screen?id=operations-day&origin=LGA&day=2013-07-01")
    expect(page.get_by_text("Departures at LGA by the hour")).to_be_visible()

    choose(page, "screen-operations-day-origin", "EWR")

    expect(page.get_by_text("Departures at EWR by the hour")).to_be_visible()
    expect(page).to_have_url(re.compile("origin=EWR"))
    screenshot(page, "screen-of-a-link")


def test_a_block_that_fails_leaves_the_others(page):
    visit(page, "/screen?id=network-watch&carrier=AA&min_flights=0")

    expect(page.get_by_text("Some parameters do not fit")).to_be_visible()
    expect(page.get_by_text("Share of flights cancelled, by carrier and month")).to_be_visible()

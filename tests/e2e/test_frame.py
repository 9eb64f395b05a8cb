"""What stands above every page: the search, and the light."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import screenshot, settle, visit

pytestmark = pytest.mark.browser


def search(page):
    return page.get_by_role("combobox", name="Search everything")


def test_the_keyboard_alone_finds_an_api_and_a_page(page):
    visit(page, "/apis")
    page.get_by_role("button", name="Search everything").wait_for()

    page.keyboard.press("Control+k")
    search(page).press_sequentially("carriers")
    expect(page.get_by_role("option").first).to_contain_text("carriers-list")
    screenshot(page, "search")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="carriers-list")).to_be_visible()

    page.keyboard.press("Control+k")
    search(page).press_sequentially("hit rate")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cache", exact=True)).to_be_visible()
    settle(page)


def test_the_search_opens_over_an_editor_that_has_the_focus(page):
    visit(page, "/definition?api=delays-by-carrier&tab=Edit")
    editor = page.locator(".cm-content").first
    editor.click()

    page.keyboard.press("Control+k")
    expect(search(page)).to_be_focused()
    page.keyboard.press("Escape")

    expect(search(page)).to_be_hidden()
    expect(editor).to_contain_text("SELECT")


def test_the_light_tells_part_by_part_how_the_instance_is(page):
    visit(page, "/")

    page.get_by_role("button", name=re.compile("Healthy")).click()

    expect(page.get_by_text("metadata", exact=True)).to_be_visible()

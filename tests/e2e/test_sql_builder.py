"""From nothing to a published query, without writing SQL; and from SQL back to the builder."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, replace_text, screenshot, settle, visit

pytestmark = pytest.mark.browser

API = "late-carriers"


def pick(page, box, option):
    """Choose in the last select box with a label, by typing."""
    page.get_by_role("combobox", name=box, exact=True).last.click()
    page.keyboard.type(option)
    page.get_by_role("option", name=option, exact=True).first.click()
    settle(page)


def test_from_nothing_to_a_published_query_with_the_visual_builder(page, app):
    visit(page, "/new-api")
    page.get_by_role("textbox", name="Name").fill(API)
    page.get_by_text("The visual builder").click()
    button(page, "create-draft").click()
    expect(page.get_by_role("heading", name=API)).to_be_visible()

    sql = page.locator('[data-testid="stCode"]').first
    expect(sql).to_contain_text("SELECT")
    pick(page, "Table", "flights")
    expect(sql).to_contain_text('FROM "flights"')
    pick(page, "Columns", "carrier")
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Add measure").click()
    expect(sql).to_contain_text('count(*) AS "count"')
    expect(sql).to_contain_text('GROUP BY "carrier"')
    settle(page)
    page.get_by_role("button", name="Add condition").click()
    settle(page)
    pick(page, "Column", "origin")
    expect(sql).to_contain_text('"origin" = :origin')
    page.get_by_role("textbox", name="value").fill("JFK' OR 1=1 --")
    page.get_by_role("textbox", name="value").press("Enter")
    settle(page)
    expect(page.get_by_role("textbox", name="origin")).to_have_value("JFK' OR 1=1 --")
    page.get_by_role("textbox", name="value").fill("JFK")
    page.get_by_role("textbox", name="value").press("Enter")
    expect(page.get_by_role("textbox", name="origin")).to_have_value("JFK")
    screenshot(page, "builder-sql-visual")

    button(page, "preview").click()
    expect(page.get_by_text("10 rows")).to_be_visible()
    page.get_by_role("tab", name="Chart").click()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    screenshot(page, "builder-sql-chart")
    page.get_by_role("tab", name="Plan").click()
    expect(page.get_by_text(re.compile("Read flights where origin = 'JFK'"))).to_be_visible()

    page.locator('[class*="st-key-publish-"] button').first.click()
    button(page, "publish-now").click()
    expect(page.get_by_text("same as live version 1")).to_be_visible()
    rows = answer_of(app, {"origin": "LGA"})
    assert len(rows) == 13
    assert set(rows[0]) == {"carrier", "count"}


def answer_of(app, params):
    answer = httpx.post(
        f"{app.url}/api/api-manager/apis/{API}/execute",
        headers={"X-API-Key": app.key},
        json={"params": params},
    )
    return answer.raise_for_status().json()["data"]["data"]["rows"]


def test_sql_by_hand_locks_the_builder_and_a_click_in_the_tables_inserts(page, app):
    visit(page, "/definition?api=airport-lookup&tab=Edit")
    editor = page.locator(".cm-content").first
    editor.wait_for()
    page.get_by_role("tab", name="Builder").click()
    button(page, "start-visual").click()
    expect(page.locator('[data-testid="stCode"]').first).to_contain_text('FROM "airlines"')

    page.get_by_role("tab", name="SQL", exact=True).click()
    expect(editor).to_contain_text('FROM "airlines"')
    replace_text(page, editor, "SELECT  FROM airlines")
    for _ in range(len(" FROM airlines")):
        page.keyboard.press("ArrowLeft")
    page.locator('[class*="st-key-tables-"] button').first.click()
    page.get_by_role("button", name="carrier").click()

    expect(editor).to_contain_text("SELECT carrier FROM airlines")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Builder").click()
    expect(page.get_by_text("changed by hand")).to_be_visible()
    button(page, "restart-visual").click()
    page.get_by_role("tab", name="SQL", exact=True).click()
    expect(editor).to_have_text(re.compile('SELECT \\*FROM "airlines"'))
    settle(page)
    button(page, "preview").click()
    expect(page.get_by_text("16 rows")).to_be_visible()

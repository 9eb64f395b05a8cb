"""Open an API, change its SQL, preview, publish, run, see the log row; the curl line agrees."""

import json
import os
import re
import shutil
import subprocess

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, replace_text, screenshot, settle, visit

pytestmark = pytest.mark.browser

API = "worst-routes"
STATEMENT = """SELECT carrier, count(*) AS flights
FROM flights
GROUP BY carrier
ORDER BY flights DESC, carrier
LIMIT 7"""


def edit(page, api, statement):
    visit(page, f"/definition?api={api}&tab=Edit")
    editor = page.locator(".cm-content").first
    editor.wait_for()
    replace_text(page, editor, statement)


def test_an_analyst_changes_an_api_and_sees_the_change_everywhere(page, app):
    visit(page, "/apis")
    expect(page.get_by_role("heading", name="APIs")).to_be_visible()
    edit(page, API, STATEMENT)

    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("7 rows")).to_be_visible()
    expect(page.get_by_text("draft saved, not published")).to_be_visible()
    screenshot(page, "journey-1-preview")

    page.locator('[class*="st-key-publish-"] button').first.click()
    button(page, "publish-now").click()
    expect(page.get_by_text("version 2", exact=True)).to_be_visible()
    expect(page.get_by_text("same as live version 2")).to_be_visible()

    page.get_by_role("tab", name="Run", exact=True).click()
    settle(page)
    button(page, "run").click()
    expect(page.get_by_text("7 rows")).to_be_visible()
    screenshot(page, "journey-2-run")

    page.get_by_role("tab", name="Overview").click()
    settle(page)
    code = page.locator('[data-testid="stCode"]').first.inner_text()
    rows = call_by_curl(code, app)
    assert [row["flights"] for row in rows] == sorted(
        (row["flights"] for row in rows), reverse=True
    )
    assert len(rows) == 7

    page.get_by_role("tab", name="Runs").click()
    expect(page.get_by_text(re.compile(r"^The latest \d+ of \d+\.$"))).to_be_visible()
    screenshot(page, "journey-3-log")
    logged = [(row["source"], row["api_version"], row["rows_affected"]) for row in log_of(API, app)]
    assert [each for each in logged if each[0] != "test"][:2] == [("rest", 2, 7), ("ui", 2, 7)]
    assert ("test", 1, 7) in logged


def log_of(api, app):
    answer = httpx.get(f"{app.url}/api/api-manager/apis/{api}/logs", headers={"X-API-Key": app.key})
    return answer.raise_for_status().json()["data"]["items"]


def call_by_curl(line, app):
    """The rows that the copied line prints in a shell."""
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    done = subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, "API_ENGINE_KEY": app.key},
        capture_output=True,
        text=True,
        timeout=30,
    )
    answer = json.loads(done.stdout)
    assert answer["code"] == 0, answer
    return answer["data"]["data"]["rows"]


def test_wrong_sql_is_marked_at_its_line_and_nothing_live_changes(page, app):
    edit(page, "daily-punctuality", "SELECT origin,\n       no_such_column\nFROM flights")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_text(re.compile("no_such_column")).first).to_be_visible()
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    screenshot(page, "journey-4-wrong-sql")


def test_typed_text_survives_a_change_of_tab_and_of_page(page, app):
    edit(page, "cancelled-share", "SELECT 41 + 1 AS answer")

    page.get_by_role("tab", name="Versions").click()
    settle(page)
    page.get_by_role("link", name="Home").click()
    settle(page)
    page.go_back()
    settle(page)
    page.get_by_role("tab", name="Edit").click()

    expect(page.locator(".cm-content").first).to_have_text(re.compile("SELECT 41"))


def test_a_rollback_and_a_deletion_ask_and_then_do_it(page, app):
    edit(page, "flight-history", "SELECT 2 AS two")
    page.locator('[class*="st-key-publish-"] button').first.click()
    button(page, "publish-now").click()
    expect(page.get_by_text("version 2", exact=True)).to_be_visible()

    page.get_by_role("tab", name="Versions").click()
    button(page, "roll-back").click()
    button(page, "roll-back-now").click()
    expect(page.get_by_text("version 3", exact=True)).to_be_visible()
    screenshot(page, "journey-5-rollback")

    choose(page, "Delete")
    expect(page.get_by_text("with its 3 versions")).to_be_visible()
    screenshot(page, "journey-6-delete")
    button(page, "delete-for-good").click()
    expect(page.get_by_role("heading", name="APIs")).to_be_visible()
    expect(page.get_by_text("flight-history was deleted")).to_be_visible()


def test_the_menus_of_an_api_lead_to_its_tabs_and_to_a_clone(page, app):
    visit(page, "/definition?api=airport-lookup")

    choose(page, "Versions")
    expect(page.get_by_text("can be compared here")).to_be_visible()
    choose(page, "Clone")
    expect(page.get_by_role("heading", name="airport-lookup-copy")).to_be_visible()
    expect(page.locator(".cm-content").first).to_be_visible()


def choose(page, action):
    page.locator(".st-key-api-actions button").click()
    page.get_by_role("menuitem", name=action).or_(page.get_by_role("option", name=action)).click()
    settle(page)


def test_a_draft_survives_a_reload(page, app):
    edit(page, "weather-on-day", "SELECT 1 AS kept")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("draft saved, not published")).to_be_visible()

    visit(page, "/definition?api=weather-on-day&tab=Edit")

    expect(page.locator(".cm-content").first).to_have_text(re.compile("SELECT 1 AS kept"))


def test_what_was_typed_survives_a_reload_without_saving(page, app):
    edit(page, "carriers-list", "SELECT 2 AS typed")
    expect(page.get_by_text("draft saved, not published")).to_be_visible()

    visit(page, "/definition?api=carriers-list&tab=Edit")

    expect(page.locator(".cm-content").first).to_have_text(re.compile("SELECT 2 AS typed"))

"""A blocking publish gate shows what would change, lets through what is meant, and the way back."""

import re
import uuid

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, replace_text, screenshot, settle, visit

pytestmark = pytest.mark.browser

BODY = "SELECT origin, count(*) AS flights FROM flights GROUP BY origin ORDER BY origin LIMIT 9"
DOUBLED = BODY.replace("count(*)", "2 * count(*)")


@pytest.fixture
def guarded(app):
    """An API whose gate blocks, and that was called."""
    name = f"gate-{uuid.uuid4().hex[:6]}"
    policy = {"publish_gate": {"mode": "block"}}
    fields = {"api_name": name, "logic_type": "sql", "logic_body": BODY, "runtime_policy": policy}
    with httpx.Client(base_url=f"{app.url}/api", headers={"X-API-Key": app.key}) as rest:
        rest.post("/api-manager/apis", json=fields).raise_for_status()
        yield name, lambda: rest.get(f"/call/{name}").raise_for_status().json()["data"]["data"]


def test_a_change_is_checked_against_recent_calls_accepted_and_rolled_back(page, guarded):
    name, call = guarded
    before = call()["rows"]
    visit(page, f"/definition?api={name}&tab=Edit")
    editor = page.locator(".cm-content").first
    editor.wait_for()
    replace_text(page, editor, DOUBLED)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("draft saved, not published")).to_be_visible()

    publish = page.locator('[class*="st-key-publish-"] button').first
    publish.click()
    button(page, "replay-calls").click()
    expect(page.get_by_text("Replay: answers differ")).to_be_visible()
    screenshot(page, "gate-1-before")
    button(page, "publish-now").click()
    expect(page.get_by_text(re.compile("was not published: 1 of 1"))).to_be_visible()
    assert call()["rows"] == before

    visit(page, f"/definition?api={name}&tab=Edit")
    page.locator(".cm-content").first.wait_for()
    page.locator('[class*="st-key-publish-"] button').first.click()
    page.get_by_text("Changed answers are meant").click()
    settle(page)
    button(page, "publish-now").click()
    expect(page.get_by_text("version 2", exact=True)).to_be_visible()
    assert call()["rows"][0]["flights"] == 2 * before[0]["flights"]

    page.get_by_role("tab", name="Versions").click()
    expect(page.get_by_text(re.compile("accepted by"))).to_be_visible()
    screenshot(page, "gate-2-versions")
    button(page, "roll-back").click()
    button(page, "roll-back-now").click()
    expect(page.get_by_text("version 3", exact=True)).to_be_visible()
    assert call()["rows"] == before


def test_a_run_is_compared_with_the_draft_and_kept_as_a_test_case(page, app, guarded):
    name, call = guarded
    call()
    headers = {"X-API-Key": app.key}
    url = f"{app.url}/api/api-manager/apis/{name}"
    [run] = httpx.get(f"{url}/logs", headers=headers).json()["data"]["items"]
    draft = {"logic_body": DOUBLED, "publish": False}
    httpx.patch(url, headers=headers, json=draft).raise_for_status()

    visit(page, f"/compare?run={run['id']}")
    page.get_by_role("combobox", name=re.compile("Right")).click()
    page.get_by_role("option", name="draft").click()
    settle(page)
    button(page, "run-compare").click()
    expect(page.get_by_text(re.compile("3 rows changed"))).to_be_visible()
    screenshot(page, "compare-1")

    visit(page, f"/runs?run={run['id']}")
    button(page, "keep-as-test").click()
    page.get_by_label("Name").fill("three airports")
    page.keyboard.press("Enter")
    button(page, "keep-now").click()
    expect(page.get_by_role("tab", name="Tests")).to_have_attribute("aria-selected", "true")
    button(page, "run-tests").click()
    expect(page.get_by_text(re.compile("1 passed, 0 failed"))).to_be_visible()
    screenshot(page, "tests-1")

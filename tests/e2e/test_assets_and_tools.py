"""A shared policy from draft to an API that follows it; an API that becomes a tool and is tried."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle, visit

pytestmark = pytest.mark.browser


def call(app, method, path, **body):
    response = httpx.request(
        method, f"{app.url}/api{path}", headers={"X-API-Key": app.key}, json=body, timeout=30
    )
    assert response.status_code < 300, response.text
    return response.json()["data"]


def test_a_shared_policy_is_made_published_changed_and_followed(page, app):
    visit(page, "/asset-registry")
    button(page, "new-asset").click()
    page.get_by_placeholder("gentle").fill("journey")
    page.get_by_placeholder("gentle").press("Tab")
    settle(page)
    button(page, "create-asset").click()

    expect(page.get_by_role("heading", name="journey")).to_be_visible()
    button(page, "publish-asset").click()
    expect(page.get_by_text("version 1", exact=True)).to_be_visible()
    call(
        app,
        "POST",
        "/api-manager/apis",
        api_name="on-journey",
        logic_type="sql",
        logic_body="SELECT * FROM range(900)",
        runtime_policy={"asset": "journey"},
    )

    page.get_by_role("tab", name="Edit").click()
    rows = page.get_by_label("Most rows")
    rows.fill("5")
    rows.press("Enter")
    settle(page)
    button(page, "publish-asset").click()

    expect(page.get_by_text("version 2", exact=True)).to_be_visible()
    expect(page.get_by_text("on-journey")).to_be_visible()
    screenshot(page, "asset-published")
    answer = call(app, "POST", "/api-manager/apis/on-journey/execute")
    assert answer["data"]["row_count"] == 5


def test_an_api_becomes_a_tool_and_answers_as_it_will_an_agent(page, app):
    call(app, "POST", "/tools", api="carriers-list", name="journey_carriers")

    visit(page, "/tools")
    expect(page.get_by_role("heading", name="Tools")).to_be_visible()
    visit(page, "/tool?tool=journey_carriers")
    page.get_by_role("tab", name="Try it").click()
    settle(page)
    button(page, "call-tool").click()
    expect(page.get_by_text("characters")).to_be_visible()
    page.get_by_role("tab", name="Calls").click()
    settle(page)

    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    screenshot(page, "tool-calls")
    calls = call(app, "GET", "/tools/journey_carriers/calls")["items"]
    assert [each["door"] for each in calls] == ["ui"]

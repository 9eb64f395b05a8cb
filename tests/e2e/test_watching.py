"""A failing API is found from the home page, its cause read, its run opened and run again."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle, visit

pytestmark = pytest.mark.browser

API = "partner-fares"
ROW_PX = 35


@pytest.fixture
def failing(app):
    """An API whose partner is away, and a call of it."""
    headers = {"X-API-Key": app.key}
    definition = {
        "api_name": API,
        "logic_type": "http",
        "logic_body": '{"method": "GET", "url": "http://127.0.0.1:1/fares/{{params.origin}}"}',
        "param_schema": {"origin": {"type": "text", "default": "JFK"}},
        "runtime_policy": {"http": {"allow_hosts": ["127.0.0.1:1"]}, "max_retries": 1},
    }
    with httpx.Client(base_url=f"{app.url}/api", headers=headers, timeout=30) as client:
        assert client.post("/api-manager/apis", json=definition).status_code == 201
        called = client.post(f"/call/{API}", json={"params": {"origin": "LGA"}})
        assert called.status_code == 502


def test_a_failure_is_found_understood_and_tried_again_in_three_clicks(page, failing):
    visit(page, "/")
    expect(page.get_by_role("heading", name="Recent failures")).to_be_visible()
    screenshot(page, "watching-1-home")

    page.get_by_test_id("stDataFrame").first.click(position={"x": 60, "y": ROW_PX * 1.5})
    settle(page)
    expect(page.get_by_text("The target cannot be reached")).to_be_visible()
    expect(
        page.get_by_text("the connection to 127.0.0.1:1 failed", exact=False).first
    ).to_be_visible()
    expect(page.get_by_role("heading", name="Attempts")).to_be_visible()
    screenshot(page, "watching-2-run")

    button(page, "run-again").click()
    settle(page)
    expect(page.get_by_role("textbox", name="origin")).to_have_value("LGA")

    button(page, "run").click()
    expect(page.get_by_text("The target cannot be reached")).to_be_visible()
    screenshot(page, "watching-3-again")

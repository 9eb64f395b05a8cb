"""Long work shows how far it is, and stops when it is told to."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle, visit

pytestmark = pytest.mark.browser

ENDLESS_SQL = "SELECT count(*) FROM flights a, flights b, flights c WHERE a.dep_delay > b.dep_delay"
ENDLESS_SCRIPT = "def main(params, input_payload):\n    while True:\n        pass"


@pytest.fixture
def slow_api(app, request):
    """An API that would run for a minute."""
    logic_type = request.param
    fields = {
        "api_name": f"endless-{logic_type}",
        "logic_type": logic_type,
        "logic_body": ENDLESS_SQL if logic_type == "sql" else ENDLESS_SCRIPT,
        "connection": "sample" if logic_type == "sql" else None,
        "runtime_policy": {"timeout_seconds": 60},
    }
    headers = {"X-API-Key": app.key}
    httpx.post(f"{app.url}/api/api-manager/apis", headers=headers, json=fields).raise_for_status()
    yield fields["api_name"]
    httpx.delete(f"{app.url}/api/api-manager/apis/{fields['api_name']}", headers=headers)


@pytest.mark.parametrize("slow_api", ["sql", "script"], indirect=True)
def test_a_call_that_goes_on_is_cancelled_from_its_form(page, slow_api):
    visit(page, f"/definition?api={slow_api}&tab=Run")
    button(page, "run").click()

    expect(page.get_by_text(re.compile("The call is running · [1-9]"))).to_be_visible()
    screenshot(page, f"cancel-{slow_api}")
    button(page, "run-cancel").click()

    expect(page.get_by_text(re.compile("It was stopped"))).to_be_visible()
    settle(page)


@pytest.mark.parametrize("slow_api", ["sql"], indirect=True)
def test_typing_goes_on_while_a_preview_runs_and_is_kept(page, slow_api):
    visit(page, f"/definition?api={slow_api}&tab=Edit")
    editor = page.locator(".cm-content").first
    editor.click()
    page.keyboard.press("Control+Enter")
    expect(button(page, "preview-cancel")).to_be_visible()

    page.keyboard.press("Control+End")
    page.keyboard.type(" AND a.flight = 1 AND b.flight = 2 AND c.flight = 3", delay=15)
    button(page, "preview-cancel").click()

    expect(page.get_by_text(re.compile("It was stopped"))).to_be_visible()
    expect(editor).to_contain_text("AND a.flight = 1 AND b.flight = 2 AND c.flight = 3")

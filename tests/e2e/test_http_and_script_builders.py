"""A request from a pasted cURL command, and a script mended from its message."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, replace_text, screenshot, settle, visit

pytestmark = pytest.mark.browser

WRONG = """def main(params, input_payload):
    numbers = params["numbers"]
    return {"mean": sum(numbers) / cuont(numbers)}"""


def create(page, name, kind):
    visit(page, "/new-api")
    page.get_by_role("radio", name=kind).click()
    settle(page)
    page.get_by_role("textbox", name="Name").fill(name)


def publish(page):
    page.locator('[class*="st-key-publish-"] button').first.click()
    button(page, "publish-now").click()
    expect(page.get_by_text("same as live version 1")).to_be_visible()


def data_of(app, api, **params):
    answer = httpx.post(
        f"{app.url}/api/api-manager/apis/{api}/execute",
        headers={"X-API-Key": app.key},
        json={"params": params},
    )
    return answer.raise_for_status().json()["data"]["data"]


def test_a_request_from_a_pasted_curl_command_is_tried_narrowed_and_published(page, app):
    create(page, "carriers-from-curl", "http")
    page.get_by_role("textbox", name="cURL command").fill(
        f"curl {app.url}/api/api-manager/apis/carriers-list/execute "
        f"-H 'X-API-Key: {app.key}' -H 'Accept: application/json' --json '{{\"params\": {{}}}}'"
    )
    button(page, "create-draft").click()
    expect(page.get_by_role("heading", name="carriers-from-curl")).to_be_visible()
    expect(page.get_by_role("textbox", name="URL")).to_have_value(re.compile("carriers-list"))
    expect(page.get_by_role("combobox", name="Method")).to_have_value("POST")

    page.get_by_role("tab", name="Policy").click()
    page.get_by_role("combobox", name="Private hosts it may call").click()
    page.keyboard.type(app.url.removeprefix("http://"))
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    settle(page)
    button(page, "preview").click()
    expect(page.get_by_text("success", exact=True)).to_be_visible()

    page.get_by_role("tab", name="Places").click()
    page.get_by_role("button", name="rows", exact=True).first.click()
    page.get_by_role("tab", name="Request", exact=True).first.click()
    expect(page.get_by_role("textbox", name="Response path")).to_have_value("data.data.rows")
    settle(page)
    button(page, "preview").click()
    expect(page.get_by_text("16 rows")).to_be_visible()
    screenshot(page, "builder-http")

    publish(page)
    assert data_of(app, "carriers-from-curl")["row_count"] == 16


def test_a_script_with_a_mistake_is_mended_from_its_message(page, app):
    create(page, "mean-of-numbers", "script")
    button(page, "create-draft").click()
    editor = page.locator(".cm-content").first
    editor.wait_for()
    replace_text(page, editor, WRONG.replace("def main(", "def mian("))
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    expect(page.get_by_text("rename mian to main")).to_be_visible()
    screenshot(page, "builder-script-check")

    replace_text(page, editor, WRONG)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("cuont.*line 3")).first).to_be_visible()
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    screenshot(page, "builder-script-error")

    replace_text(page, editor, WRONG.replace("cuont", "len"))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("success", exact=True)).to_be_visible()
    expect(page.get_by_text("Isolation")).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)

    publish(page)
    assert data_of(app, "mean-of-numbers", numbers=[1, 2, 6]) == {"mean": 3.0}

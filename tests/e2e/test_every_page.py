"""Every page draws in light and dark, wide and narrow; the pictures are kept to be looked at."""

import os

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import ROOT, button, screenshot, settle, visit

pytestmark = pytest.mark.browser

API = "delays-by-carrier"
PAGES = {
    "home": "/",
    "apis": "/apis",
    "new-api": "/new-api",
    "api-overview": f"/definition?api={API}",
    "api-edit": f"/definition?api={API}&tab=Edit",
    "api-run": f"/definition?api={API}&tab=Run",
    "api-tests": f"/definition?api={API}&tab=Tests",
    "api-versions": f"/definition?api={API}&tab=Versions",
    "api-runs": f"/definition?api={API}&tab=Runs",
    "script-edit": "/definition?api=delay-scorer&tab=Edit",
    "workflow-edit": "/definition?api=compare-airports&tab=Edit",
    "http-edit": "/definition?api=delays-over-rest&tab=Edit",
    "runs": "/runs",
    "jobs": "/jobs",
    "metrics": "/metrics",
    "alerts": "/alerts",
    "alert": "/alerts?alert=many-calls-fail",
    "rules": "/rules",
    "rule": "/rules?rule=late-arrival",
    "new-rule": "/rules?rule=%2B",
    "screens": "/screens",
    "screen-operations": "/screen?id=operations-day",
    "screen-network": "/screen?id=network-watch",
    "screen-editor": "/screen-editor?id=operations-day",
    "connections": "/connections",
    "assets": "/asset-registry",
    "tools": "/tools",
    "settings": "/settings",
    "audit-log": "/security?tab=Audit%20log",
    "import": "/import?from=cURL",
}
README_PICTURE = ROOT / "docs" / "images" / "dashboard.png"


@pytest.fixture(scope="module")
def used_app(app):
    """The running product after some calls: a success, an answer from the cache, two refusals."""
    calls = [
        (API, {"origin": "JFK"}),
        (API, {"origin": "JFK"}),
        ("worst-routes", {}),
        ("flight-history", {}),
        ("no-such-api", {}),
    ]
    ids = []
    for name, params in calls:
        answer = httpx.post(
            f"{app.url}/api/api-manager/apis/{name}/execute",
            headers={"X-API-Key": app.key},
            json={"params": params},
        )
        ids.append(answer.headers.get("x-execution-id"))
    return app, [each for each in ids if each]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1024)])
def test_every_page_draws(browser, used_app, scheme, width):
    app, runs = used_app
    errors = []
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=app.url
    ) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        of_a_run = {"run": f"/runs?run={runs[0]}", "compare": f"/compare?run={runs[0]}"}
        for name, path in {**PAGES, **of_a_run}.items():
            visit(page, path)
            if name.endswith("-edit"):
                page.locator(".cm-content, .react-flow__node").first.wait_for(state="attached")
            expect(page.get_by_test_id("stException")).to_have_count(0)
            page.wait_for_timeout(400)
            screenshot(page, f"{name}-{scheme}-{width}")

    assert not errors


def test_the_picture_for_the_readme_is_the_editor_with_its_preview(page, used_app):
    """UPDATE_PICTURES=1 puts it into the docs; otherwise the working tree stays as it is."""
    visit(page, PAGES["api-edit"])
    page.locator(".cm-content").first.wait_for()

    button(page, "preview").click()
    expect(page.get_by_text("16 rows")).to_be_visible()
    settle(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)

    picture = page.screenshot()
    assert len(picture) < 300_000
    if os.environ.get("UPDATE_PICTURES") == "1":
        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
        README_PICTURE.write_bytes(picture)

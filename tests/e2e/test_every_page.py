"""Every page draws in light and dark, wide and narrow, within the rules of WCAG A and AA.

The pictures are kept to be looked at. A page is opened once: it follows the browser's width and
colours while it stands there.
"""

import os
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pages.components.site_map import SECTIONS
from tests.e2e.browsing import ROOT, button, screenshot, settle, visit
from tests.e2e.every_page import API, EDITORS, OF_A_RUN, PAGES

pytestmark = pytest.mark.browser

EDITOR = ".cm-content, .react-flow__node"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 1024, "height": 900}
WHOLE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
COLORS = ["color-contrast"]
"""Nothing else differs between the two schemes."""
MOVED_MS = 300
"""What Streamlit takes to fade a page in."""

DRAWN_BY_STREAMLIT = [
    # Groups of the navigation stand between its lists and their items.
    '[data-testid="stSidebarNav"]',
    # The colours of highlighted code and of trees of JSON are not the theme's.
    ".token",
    '[data-testid="stJson"]',
    # Shortcuts stand in buttons at 60 %.
    "kbd",
    # Long code scrolls in an element that the keyboard does not reach; its copy button does.
    '[data-testid="stCode"] pre',
    # The marks of the little chart in a card have no names; the card's figure is text beside it.
    '[data-testid="stMetricChart"]',
]
PRIMARY_IN_DARK = [
    '[data-testid^="stBaseButton-primary"]',
    '[data-selected="true"]',
    '[role="tab"][aria-selected="true"]',
]
"""White on the primary colour, and that colour on a tint of itself: none is right for both."""

README_PICTURE = ROOT / "docs" / "images" / "dashboard.png"


@pytest.fixture(scope="module")
def run_id(app):
    """A run of the product after some calls: a success, one from the cache, two refusals."""
    calls = [
        (API, {"origin": "JFK"}),
        (API, {"origin": "JFK"}),
        ("worst-routes", {}),
        ("flight-history", {}),
        ("no-such-api", {}),
    ]
    answers = [
        httpx.post(
            f"{app.url}/api/api-manager/apis/{name}/execute",
            headers={"X-API-Key": app.key},
            json={"params": params},
        )
        for name, params in calls
    ]
    return answers[0].headers["x-execution-id"]


@pytest.fixture(scope="module")
def visitor(browser, app):
    """One window for all pages; what goes wrong in their scripts is kept beside it."""
    errors = []
    with browser.new_context(viewport=WIDE, color_scheme="light", base_url=app.url) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page, errors


def test_no_page_is_left_out():
    visited = {urlsplit(path).path.strip("/") for path in (PAGES | OF_A_RUN).values()}

    assert visited == {entry.address for entries in SECTIONS.values() for entry in entries}


@pytest.mark.parametrize("name", PAGES | OF_A_RUN)
def test_a_page_draws_and_breaks_no_rule_of_accessibility(visitor, run_id, name):
    page, errors = visitor
    errors.clear()
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")

    visit(page, (PAGES | OF_A_RUN)[name].format(run=run_id))
    if name in EDITORS:
        page.locator(EDITOR).first.wait_for(state="attached")
    page.wait_for_timeout(MOVED_MS)
    screenshot(page, f"{name}-light-1440")
    broken = _broken_rules(page, WHOLE, DRAWN_BY_STREAMLIT)
    expect(page.get_by_test_id("stException")).to_have_count(0)

    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="dark")
    settle(page)
    page.wait_for_timeout(MOVED_MS)
    screenshot(page, f"{name}-dark-1024")
    broken += _broken_rules(page, COLORS, DRAWN_BY_STREAMLIT + PRIMARY_IN_DARK)

    assert not errors
    assert not broken, "\n".join(broken)
    assert not _runs_out_of_sight(page)


def _broken_rules(page, rules, beyond):
    results = Axe().run(
        page,
        context={"exclude": [[selector] for selector in beyond]},
        options={"runOnly": rules, "resultTypes": ["violations"]},
    )
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in results.response["violations"]
        for node in each["nodes"]
    ]


def _runs_out_of_sight(page):
    """Whether the page is wider than the window."""
    return page.get_by_test_id("stMain").evaluate("each => each.scrollWidth > each.clientWidth + 1")


def test_the_picture_for_the_readme_is_the_editor_with_its_preview(page, run_id):
    """UPDATE_PICTURES=1 puts it into the docs; otherwise the working tree stays as it is."""
    visit(page, PAGES["api-edit"])
    page.locator(".cm-content").first.wait_for()

    button(page, "preview").click()
    expect(page.get_by_text("16 rows")).to_be_visible()
    settle(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(MOVED_MS)

    picture = page.screenshot()
    assert len(picture) < 300_000
    if os.environ.get("UPDATE_PICTURES") == "1":
        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
        README_PICTURE.write_bytes(picture)

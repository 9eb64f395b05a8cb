"""Every page draws in light and dark, wide and narrow, within the rules of WCAG A and AA.

The pictures are kept to be looked at. The dashboard is loaded once and follows its addresses: what
a load costs has nothing to do with what a page draws. So it does with the browser's width and
colours.
"""

import os
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from pages.components.site_map import SECTIONS
from tests.e2e.browsing import ROOT, button, follow, screenshot, settle, stand_still, visit
from tests.e2e.every_page import API, EDITORS, OF_A_RUN, PAGES

pytestmark = pytest.mark.browser

EDITOR = ".cm-content, .react-flow__node"
WHOLE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
COLORS = ["color-contrast"]
"""Nothing else differs between the two schemes."""
FRAME = '[data-testid="stSidebar"]'
"""The same on every page, so it is looked at on one."""

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

LOOKS = {
    "light-1440": ("light", 1440, WHOLE, DRAWN_BY_STREAMLIT),
    "dark-1024": ("dark", 1024, COLORS, DRAWN_BY_STREAMLIT + PRIMARY_IN_DARK),
}
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
    """One window for all pages, with axe in it, what goes wrong in their scripts, and the looks.

    A page leaves them in reverse: the next one begins as the window is.
    """
    errors = []
    with browser.new_context(base_url=app.url) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        visit(page, "/")
        page.evaluate(AXE_SCRIPT)
        yield page, errors, list(LOOKS)


def test_no_page_is_left_out():
    visited = {urlsplit(path).path.strip("/") for path in (PAGES | OF_A_RUN).values()}

    assert visited == {entry.address for entries in SECTIONS.values() for entry in entries}


@pytest.mark.parametrize("name", PAGES | OF_A_RUN)
def test_a_page_draws_and_breaks_no_rule_of_accessibility(visitor, run_id, name):
    page, errors, looks = visitor
    errors.clear()

    follow(page, (PAGES | OF_A_RUN)[name].format(run=run_id))
    if name in EDITORS:
        page.locator(EDITOR).first.wait_for(state="attached")
    broken = [rule for look in looks for rule in _look(page, name, look)]
    looks.reverse()

    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert not errors
    assert not broken, "\n".join(broken)


def _look(page, name, look):
    """Keep a picture of the page; the rules it breaks when looked at so."""
    scheme, width, rules, beyond = LOOKS[look]
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    settle(page)
    stand_still(page)
    screenshot(page, f"{name}-{look}")
    seen_before = [] if name == "home" else [FRAME]
    broken = _broken_rules(page, rules, beyond + seen_before)
    return [*broken, f"wider than {width} pixels"] if _runs_out_of_sight(page) else broken


def _broken_rules(page, rules, beyond):
    violations = page.evaluate(
        """async ([context, options]) => (await axe.run(context, options)).violations.map(
            ({id, nodes}) => [id, nodes.map(({html, failureSummary}) => [html, failureSummary])]
        )""",
        [
            {"exclude": [[selector] for selector in beyond]},
            {"runOnly": rules, "resultTypes": ["violations"], "preload": False},
        ],
    )
    return [f"{rule}: {html[:120]} {why}" for rule, nodes in violations for html, why in nodes]


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
    stand_still(page)

    picture = page.screenshot()
    assert len(picture) < 300_000
    if os.environ.get("UPDATE_PICTURES") == "1":
        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
        README_PICTURE.write_bytes(picture)

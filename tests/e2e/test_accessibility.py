"""Every page passes the WCAG A and AA rules of axe-core, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.browsing import visit
from tests.e2e.test_every_page import PAGES

pytestmark = pytest.mark.browser

RULES = {"light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "dark": ["color-contrast"]}

LOOKED_AT = [
    *(("light", name) for name in PAGES if name not in {"api-versions", "api-runs", "script-edit"}),
    # Only colours differ between the two, and these pages have them all.
    *(("dark", name) for name in ("apis", "api-overview", "api-edit", "workflow-edit")),
]
DRAWN_BY_STREAMLIT = [
    # Groups of the navigation stand between its lists and their items.
    '[data-testid="stSidebarNav"]',
    # The syntax highlighter's colours are not the theme's.
    ".token",
    # Shortcuts stand in buttons at 60 %.
    "kbd",
    # Long code scrolls in an element that the keyboard does not reach; its copy button does.
    '[data-testid="stCode"] pre',
]
PRIMARY_IN_DARK = ['[data-testid^="stBaseButton-primary"]', '[data-selected="true"]']
"""White on the primary colour, and that colour on a tint of itself: none is right for both."""


@pytest.fixture(scope="module")
def visitors(browser, app):
    """A page in each scheme."""
    contexts = {
        scheme: browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=scheme, base_url=app.url
        )
        for scheme in RULES
    }
    yield {scheme: context.new_page() for scheme, context in contexts.items()}
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize(("scheme", "name"), LOOKED_AT)
def test_a_page_breaks_no_rule(visitors, scheme, name):
    page = visitors[scheme]
    beyond = DRAWN_BY_STREAMLIT + (PRIMARY_IN_DARK if scheme == "dark" else [])

    visit(page, PAGES[name])
    if name.endswith("-edit"):
        page.locator(".cm-content, .react-flow__node").first.wait_for(state="attached")
    results = Axe().run(
        page,
        context={"exclude": [[selector] for selector in beyond]},
        options={"runOnly": RULES[scheme], "resultTypes": ["violations"]},
    )

    broken = [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in results.response["violations"]
        for node in each["nodes"]
    ]
    assert not broken, "\n".join(broken)

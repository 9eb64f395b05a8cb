"""What an analyst waits for: the first page, a change of page, a key typed through reruns.

Measured in Chromium, from the click to the moment when the new page's heading stands and its script
has ended. What is typed into an editor while the page reruns must be there afterwards, every key.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from benchmarks.effort import Effort
from benchmarks.postgres import free_port
from benchmarks.rounds import Figure, figure, table
from tests.e2e.browsing import settle
from tests.e2e.serving import App, start_app

TITLE = "Pages in the browser"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
COLD_STARTS = 3
CHANGES = ("APIs", "Runs", "Metrics", "Connections", "New API", "Cache", "Home")
TABS = {
    "Edit": ".cm-content",
    "Run": ".st-key-run button",
    "Versions": '[data-testid="stDataFrame"]',
    "Overview": '[data-testid="stCode"]',
}
"""The tabs of an API, and what stands on each."""

API = "delays-by-carrier"
TYPED = "\n-- " + "the quick brown fox jumps over the lazy dog; " * 5
KEY_DELAY_MS = 15


def run(effort: Effort) -> str:
    """Measure first pages of new servers, and changes of page and tab of a warm one.

    Raises:
        RuntimeError: A key that was typed into an editor was lost.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        figures = _figures(browser, effort.rounds)
        browser.close()
    return table(figures)


def _figures(browser: Browser, rounds: int) -> tuple[Figure, ...]:
    first: list[float] = []
    again: list[float] = []
    changes: list[float] = []
    tabs: list[float] = []
    searches: list[float] = []
    for _ in range(min(rounds, COLD_STARTS)):
        with _server() as app, _visitor(browser, app) as page:
            first.append(_first_page(page))
    with _server() as app:
        for _ in range(rounds):
            with _visitor(browser, app) as page:
                again.append(_first_page(page))
                changes += [_change(page, title) for title in CHANGES]
                searches += _searches(page)
                tabs += list(_tabs(page))
        with _visitor(browser, app) as page:
            _type_through_reruns(page)
    return (
        figure("first page, new server, new visitor", first),
        figure("first page, new visitor", again),
        figure("change of page", changes),
        figure("change of tab of an API", tabs),
        figure("typing in the list's search, to its answer", searches),
    )


@contextmanager
def _server() -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = start_app(free_port(), Path(folder) / "data")
        try:
            yield app
        finally:
            app.stop()


@contextmanager
def _visitor(browser: Browser, app: App) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}, base_url=app.url) as context:
        yield context.new_page()


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _first_page(page: Page) -> float:
    def open_it() -> None:
        page.goto("/")
        page.get_by_role("heading", name="Home").wait_for()
        settle(page)

    return _timed(open_it)


def _change(page: Page, title: str) -> float:
    def change() -> None:
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).first.click()
        page.get_by_role("heading", name=title, exact=True).wait_for()
        settle(page)

    return _timed(change)


def _tabs(page: Page) -> Iterator[float]:
    page.goto(f"/definition?api={API}")
    settle(page)
    for name, content in TABS.items():
        yield _timed(partial(_open_tab, page, name, content))


def _open_tab(page: Page, name: str, content: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    page.locator(content).first.wait_for()
    settle(page)


def _searches(page: Page) -> Sequence[float]:
    page.goto("/apis")
    settle(page)
    field = page.get_by_placeholder("Name, description or tag")
    counted = {"aircraft": "1 of ", "no such api": "0 of "}
    return [_timed(partial(_search, page, field, *each)) for each in counted.items()]


def _search(page: Page, field: Locator, text: str, told: str) -> None:
    field.fill(text)
    page.get_by_text(told).wait_for()


def _type_through_reruns(page: Page) -> None:
    """Type a comment into the editor, quickly and through the reruns it causes.

    Raises:
        RuntimeError: A key was lost.
    """
    page.goto(f"/definition?api={API}&tab=Edit")
    editor = page.locator(".cm-content").first
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(TYPED, delay=KEY_DELAY_MS)
    settle(page)
    kept = editor.inner_text()
    if TYPED.strip() not in kept:
        raise RuntimeError(f"keys were lost; the editor holds:\n{kept}")

"""The product in a process of its own, and a browser."""

from collections.abc import Callable, Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsing import screenshot
from tests.e2e.serving import App, start_app

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name that a stranger's page could make resolve to this machine.
    "--host-resolver-rules=MAP attacker.example 127.0.0.1",
)

expect.set_options(timeout=15_000)

_REPORTS: pytest.StashKey[list[pytest.TestReport]] = pytest.StashKey()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[App]:
    app = start_app(free_port(), tmp_path_factory.mktemp("app") / "data")
    yield app
    app.stop()


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash.setdefault(_REPORTS, []).append(report)
    return report


@pytest.fixture
def page(browser: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A new visitor; the test fails when a script of the page does."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=app.url)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    if any(report.failed for report in request.node.stash.get(_REPORTS, [])):
        screenshot(page, f"failed-{request.node.name}")
    context.close()
    assert not errors, errors

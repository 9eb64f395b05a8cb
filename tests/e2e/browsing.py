"""What the browser tests do with a page again and again."""

from pathlib import Path

from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "test-artifacts"
SETTLED = (
    '[data-testid="stApp"][data-test-script-state="notRunning"]'
    '[data-test-connection-state="CONNECTED"]'
)

FOLLOW = """path => new Promise((done, fail) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const isOver = () => app.dataset.testScriptState === 'notRunning';
    let began = !isOver();
    const watch = new MutationObserver(() => {
        if (began && isOver()) { watch.disconnect(); done(); }
        began ||= !isOver();
    });
    watch.observe(app, {attributes: true});
    setTimeout(() => fail(new Error(`nothing was drawn for ${path}`)), 15000);
    history.pushState({}, '', path);
    dispatchEvent(new PopStateEvent('popstate', {state: {}}));
})"""
STAND_STILL = """() => Promise.race([
    new Promise(done => setTimeout(done, 5000)),
    Promise.allSettled(document.getAnimations()
        .filter(each => each.effect.getComputedTiming().endTime !== Infinity)
        .map(each => each.finished)),
])"""


def settle(page: Page) -> None:
    """Wait until the page's script has finished."""
    page.wait_for_selector(SETTLED)


def visit(page: Page, path: str) -> None:
    """Open a link as a stranger would: by its address."""
    page.goto(path)
    settle(page)


def follow(page: Page, path: str) -> None:
    """Go to a link within the dashboard that stands in the window, as Back and Forward do."""
    page.evaluate(FOLLOW, path)


def stand_still(page: Page) -> None:
    """Wait until nothing fades or slides any more; what turns for ever may go on."""
    page.evaluate(STAND_STILL)


def button(page: Page, key: str) -> Locator:
    """The button with a Streamlit key; its accessible name holds icon and shortcut as well."""
    return page.locator(f".st-key-{key} button").first


def replace_text(page: Page, editor: Locator, text: str) -> None:
    """Type `text` over all that a code editor holds."""
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def screenshot(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")

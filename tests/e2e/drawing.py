"""What a hand does on the workflow canvas."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import settle


def node(page: Page, name: str) -> Locator:
    """A step on the canvas."""
    return page.locator(f'.react-flow__node[data-id="{name}"]')


def add_step(page: Page, api: str) -> None:
    """Find an API in the palette by typing, and add it by a click."""
    page.get_by_role("button", name="+ Add step").click()
    page.get_by_label("Find an API").fill(api)
    page.locator(".palette li button").filter(has_text=api).first.click()
    expect(page.locator(".palette .choices")).to_have_count(0)


def connect(page: Page, source: str, target: str) -> None:
    """Drag from the right edge of one step to the left edge of another."""
    start = _middle(node(page, source).locator(".react-flow__handle.source"))
    end = _middle(node(page, target).locator(".react-flow__handle.target"))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def edge(page: Page, source: str, target: str) -> Locator:
    """The drawn edge between two steps."""
    return page.locator(f'.react-flow__edge[data-id="{source}->{target}"]')


def tidy(page: Page) -> None:
    """Let the canvas be put in order, and wait until it is."""
    rest(page)
    viewport = page.locator(".react-flow__viewport")
    before = _looks(viewport)
    page.get_by_role("button", name="Tidy up").click()
    for _ in range(40):
        page.wait_for_timeout(250)
        if _looks(viewport) != before:
            break
    rest(page)


def rest(page: Page) -> None:
    """Wait until what was drawn is with Python, what Python changed is drawn, and nothing moves."""
    viewport = page.locator(".react-flow__viewport")
    before = ""
    while before != (before := _looks(viewport)):
        page.wait_for_timeout(500)
        settle(page)


def _looks(viewport: Locator) -> str:
    places = viewport.locator(".react-flow__node").evaluate_all(
        "nodes => nodes.map((node) => node.dataset.id + node.style.transform).join()"
    )
    return f"{viewport.get_attribute('style')} {places}"


def choose(page: Page, label: str, value: str) -> None:
    """Type a value into a field of the inspector that offers templates, and take it."""
    field = page.get_by_role("combobox", name=label).first
    field.click()
    field.fill(value)
    field.press("Enter")
    rest(page)


def _middle(handle: Locator) -> tuple[float, float]:
    box = handle.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

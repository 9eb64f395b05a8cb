"""A workflow of five steps, drawn by mouse: run, failing, repaired, run again, published."""

import json
import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle, visit
from tests.e2e.drawing import add_step, choose, connect, edge, node, rest, tidy

pytestmark = pytest.mark.browser

STEPS = ("carriers-list", "delays-by-carrier", "worst-routes", "cancelled-share", "rows-digest")
NAMES = tuple(name.replace("-", "_") for name in STEPS)
EDGES = (
    ("carriers_list", "delays_by_carrier"),
    ("carriers_list", "worst_routes"),
    ("carriers_list", "cancelled_share"),
    ("delays_by_carrier", "rows_digest"),
    ("worst_routes", "rows_digest"),
)


def new_workflow(page, name):
    visit(page, "/new-api")
    page.get_by_role("radio", name="workflow").or_(
        page.get_by_role("button", name="workflow", exact=True)
    ).first.click()
    settle(page)
    page.locator(".st-key-new-name input").fill(name)
    button(page, "create-draft").click()
    node(page, "digest").wait_for()


def draft_of(name, app):
    headers = {"X-API-Key": app.key}
    answer = httpx.get(f"{app.url}/api/api-manager/apis/{name}/draft", headers=headers)
    return json.loads(answer.raise_for_status().json()["data"]["fields"]["logic_body"])


def clear(page):
    node(page, "digest").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.locator(".react-flow__node")).to_have_count(0)


def test_five_steps_are_drawn_run_repaired_and_published(page, app):
    new_workflow(page, "drawn-by-hand")
    clear(page)
    for api in STEPS:
        add_step(page, api)
    expect(page.locator(".react-flow__node")).to_have_count(5)
    tidy(page)
    page.locator(".react-flow__pane").click(position={"x": 60, "y": 300})
    choose(page, "Answer", "{{steps.rows_digest.data}}")
    for source, target in EDGES:
        connect(page, source, target)
        expect(edge(page, source, target)).to_have_count(1)
    tidy(page)
    screenshot(page, "workflow-1-drawn")

    connect(page, "rows_digest", "carriers_list")
    connect(page, *EDGES[0])
    expect(page.locator(".react-flow__edge")).to_have_count(len(EDGES))

    node(page, "rows_digest").click()
    rest(page)
    choose(page, "Input payload", "{{steps.delays_by_carrier.rows}}")
    node(page, "delays_by_carrier").click()
    rest(page)
    choose(page, "limit", "1000")
    button(page, "preview").click()
    expect(node(page, "delays_by_carrier").locator(".is-failed")).to_be_visible()
    expect(node(page, "worst_routes").locator(".is-success")).to_be_visible()
    expect(node(page, "rows_digest").locator(".is-skipped")).to_be_visible()
    settle(page)
    screenshot(page, "workflow-2-failed")

    node(page, "delays_by_carrier").click()
    expect(page.get_by_text("params_invalid").first).to_be_visible()
    choose(page, "limit", "7")
    button(page, "preview").click()
    expect(node(page, "rows_digest").locator(".is-success")).to_be_visible()
    expect(page.locator(".is-failed")).to_have_count(0)
    screenshot(page, "workflow-3-repaired")

    button(page, "save-draft").click()
    expect(page.get_by_text("draft, never published")).to_be_visible()
    drawn = draft_of("drawn-by-hand", app)
    assert {each["id"] for each in drawn["nodes"]} == set(NAMES)
    assert {(each["source"], each["target"]) for each in drawn["edges"]} == set(EDGES)
    assert drawn["nodes"][1]["params"] == {"limit": 7}


def test_undo_brings_a_deleted_step_back_with_all_that_was_written(page, app):
    new_workflow(page, "undone")
    node(page, "delays").click()
    settle(page)

    page.keyboard.press("Delete")
    expect(page.locator(".react-flow__node")).to_have_count(1)
    settle(page)
    page.keyboard.press("Control+z")
    expect(edge(page, "delays", "digest")).to_have_count(1)
    settle(page)
    page.wait_for_timeout(500)
    page.keyboard.press("Control+s")
    settle(page)

    expect(page.get_by_text("draft, never published")).to_be_visible()
    kept = {each["id"]: each for each in draft_of("undone", app)["nodes"]}
    assert kept["delays"]["params"] == {"limit": "{{params.carriers}}"}


def test_steps_are_copied_by_keys_and_renamed_everywhere(page, app):
    new_workflow(page, "copied")
    node(page, "delays").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(node(page, "delays_2")).to_be_visible()
    rest(page)

    node(page, "delays").click()
    rest(page)
    name = page.locator('[class*="st-key-step-delays-"] input').first
    expect(name).to_have_value("delays")
    name.fill("late")
    name.press("Enter")
    expect(node(page, "late")).to_be_visible()
    settle(page)
    page.get_by_role("tab", name="JSON").click()

    text = page.locator(".cm-content").first
    expect(text).to_have_text(re.compile(r"\{\{steps\.late\.rows\}\}"))
    expect(text).to_have_text(re.compile('"source": "late", "target": "digest"'))


def test_what_is_written_as_json_is_drawn_and_the_palette_adds_what_is_looked_for(page, app):
    new_workflow(page, "written")
    page.get_by_role("tab", name="JSON").click()
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"nodes": [{"id": "only", "api_id": "carriers-lst"}]}')
    page.get_by_role("tab", name="Canvas").click()

    expect(node(page, "only").locator(".has-error")).to_be_visible()
    expect(page.locator(".react-flow__node")).to_have_count(1)
    expect(page.get_by_text("did you mean 'carriers-list'")).to_be_visible()
    screenshot(page, "workflow-4-marked")

    page.get_by_role("button", name="+ Add step").click()
    wanted = page.get_by_label("Find an API")
    wanted.fill("no-such-api")
    expect(page.get_by_text("No API is called so.")).to_be_visible()
    wanted.fill("WORST-R")
    expect(page.locator(".palette li")).to_have_text([re.compile("worst-routes")])
    wanted.press("Enter")
    expect(node(page, "worst_routes")).to_be_visible()


def test_a_step_can_be_run_to_and_its_answer_pinned(page, app):
    new_workflow(page, "pinned")
    node(page, "delays").click()
    page.get_by_role("button", name="Run to here").click()
    expect(node(page, "delays").locator(".is-success")).to_be_visible()
    expect(node(page, "digest").locator(".is-success")).to_have_count(0)
    settle(page)

    page.get_by_text("Pin its answer").click()
    expect(node(page, "delays").get_by_text("pinned")).to_be_visible()
    button(page, "preview").click()

    expect(node(page, "digest").locator(".is-success")).to_be_visible()
    screenshot(page, "workflow-5-pinned")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1024)])
def test_the_view_of_a_run_shows_graph_and_timeline(browser, app, scheme, width):
    """The frame of the graph leaves harmless errors behind, so page errors are not looked at."""
    with browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, base_url=app.url
    ) as context:
        page = context.new_page()
        visit(page, "/definition?api=operations-brief&tab=Run")
        button(page, "run").click()
        expect(page.get_by_role("tab", name="Answer")).to_be_visible()
        frame = page.frame_locator("iframe").first
        expect(frame.locator("canvas")).to_be_visible()
        expect(page.locator(".js-plotly-plot")).to_be_visible()
        page.wait_for_timeout(500)
        screenshot(page, f"workflow-run-{scheme}-{width}")

        button(page, "to-log").click()
        expect(page.get_by_role("heading", name="Workflow")).to_be_visible()
        expect(page.frame_locator("iframe").first.locator("canvas")).to_be_visible()
        page.wait_for_timeout(500)
        screenshot(page, f"workflow-log-{scheme}-{width}")

"""A job is watched, stopped and taken up again on its page."""

import re

import httpx
import orjson
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import button, screenshot, settle, visit

pytestmark = pytest.mark.browser

QUICK = "def main(params, input_payload):\n    return {'n': 1}"
ENDLESS = "def main(params, input_payload):\n    while True:\n        pass"


def test_a_job_is_watched_stopped_and_resumed(page, app):
    headers = {"X-API-Key": app.key}

    def put(name, logic_type, body, **fields):
        url = f"{app.url}/api/api-manager/apis"
        whole = {"api_name": name, "logic_type": logic_type, "logic_body": body, **fields}
        created = httpx.post(url, headers=headers, json=whole)
        if created.status_code == 409:
            httpx.patch(f"{url}/{name}", headers=headers, json={"logic_body": body})

    put("job-quick", "script", QUICK)
    put("job-slow", "script", ENDLESS, runtime_policy={"timeout_seconds": 60})
    nodes = [
        {"id": "collect", "api_id": "job-quick"},
        {"id": "crunch", "api_id": "job-slow", "input": "{{steps.collect.data}}"},
        {"id": "report", "api_id": "job-quick", "input": "{{steps.crunch.data}}"},
    ]
    edges = [{"source": "collect", "target": "crunch"}, {"source": "crunch", "target": "report"}]
    put("job-report", "workflow", orjson.dumps({"nodes": nodes, "edges": edges}).decode())

    visit(page, "/definition?api=job-report&tab=Run")
    button(page, "run-as-job").click()
    expect(page.get_by_text(re.compile("1 of 3 steps: crunch"))).to_be_visible()
    page.wait_for_timeout(600)
    screenshot(page, "job-running")
    button(page, "stop").click()
    expect(page.get_by_text(re.compile("^cancelled"))).to_be_visible()

    put("job-slow", "script", QUICK)
    button(page, "retry").click()
    expect(page.get_by_text(re.compile("^success"))).to_be_visible()
    expect(page.get_by_role("heading", name="Answer")).to_be_visible()
    page.wait_for_timeout(600)
    screenshot(page, "job-resumed")

    button(page, "pin").click()
    expect(page.get_by_text("A pinned step is not run")).to_be_visible()
    screenshot(page, "job-pins")
    button(page, "start-pinned").click()
    expect(page.get_by_text(re.compile("^success"))).to_be_visible()

    visit(page, "/jobs")
    expect(page.get_by_text(re.compile("3 jobs, times in UTC"))).to_be_visible()
    expect(page.get_by_text(re.compile("1 process runs jobs"))).to_be_visible()
    settle(page)
    screenshot(page, "jobs")

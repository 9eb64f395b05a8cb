"""The workbench of a workflow: what its form, its test and its run views do."""

import json

import pytest

from engine.call import ExecutionRequest
from engine.model import ExecutionQuery

API = "seasons-review"
BODY = {
    "nodes": [
        {"id": "late", "type": "sql", "api_id": "delays-by-carrier", "params": {"limit": 3}},
        {"id": "digest", "type": "script", "api_id": "rows-digest", "input": "{{steps.late.rows}}"},
    ],
    "edges": [{"source": "late", "target": "digest"}],
}


@pytest.fixture
def flow(eng, caller):
    fields = {"api_name": "flow", "logic_type": "workflow", "logic_body": json.dumps(BODY)}
    return eng.apis.create(fields, caller)


@pytest.fixture
def bench(flow, open_page):
    """The Edit tab with the step `late` chosen, as a click on the canvas does it."""
    visit = open_page("build/api.py", api="flow", tab="Edit")
    desk_of(visit, flow).select("late")
    return visit.run()


def work_of(visit, flow):
    return visit.session_state["working_copies"][str(flow.id)]


def desk_of(visit, flow):
    return work_of(visit, flow).desk


def nodes_of(visit, flow):
    return json.loads(work_of(visit, flow).fields["logic_body"])["nodes"]


def widget(widgets, ending):
    """A widget of the form of `late`; what AppTest cannot do is type a value nobody offered."""
    keys = [each.key or "" for each in widgets]
    return next(
        each
        for each, key in zip(widgets, keys, strict=True)
        if key.startswith("step-late-") and key.endswith(ending)
    )


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption, *visit.info, *visit.error]]


@pytest.mark.parametrize("tab", ["Overview", "Edit", "Run", "Versions", "Runs"])
def test_every_tab_of_a_workflow_draws(eng, open_page, tab):
    visit = open_page("build/api.py", api=API, tab=tab)

    assert not visit.exception
    assert not visit.error


@pytest.mark.parametrize("name", ["compare-airports", "operations-brief", "worst-carriers-report"])
def test_looking_at_a_workflow_changes_nothing_in_it(eng, caller, open_page, name):
    api = eng.apis.get(name, caller)
    visit = open_page("build/api.py", api=name, tab="Edit")
    for node in json.loads(api.logic_body)["nodes"]:
        desk_of(visit, api).select(node["id"])
        visit.run()

        assert not visit.exception
        assert work_of(visit, api).fields["logic_body"] == api.logic_body


def test_the_form_of_a_step_offers_templates_and_writes_the_definition(bench, flow):
    limit = widget(bench.selectbox, "-param-limit")
    assert limit.value == "3"

    limit.set_value("{{input}}").run()

    assert nodes_of(bench, flow)[0]["params"] == {"limit": "{{input}}"}


def test_bounds_and_failure_are_written_and_unset(bench, flow):
    widget(bench.number_input, "-retries").set_value(2)
    widget(bench.toggle, "-continue").set_value(True)
    widget(bench.selectbox, "-handler").set_value("digest").run()

    written = nodes_of(bench, flow)[0]
    assert (written["retry_count"], written["continue_on_error"]) == (2, True)
    assert written["on_error_action_index"] == 1


def test_a_step_is_renamed_from_its_form(bench, flow):
    widget(bench.text_input, "-name").set_value("delays").run()

    assert [node["id"] for node in nodes_of(bench, flow)] == ["delays", "digest"]
    assert nodes_of(bench, flow)[1]["input"] == "{{steps.delays.rows}}"
    assert desk_of(bench, flow).selected == "delays"


def test_a_step_is_deleted_from_its_form(bench, flow):
    widget(bench.button, "-delete").click().run()

    assert [node["id"] for node in nodes_of(bench, flow)] == ["digest"]
    assert any("steps.late" in text.replace("\\", "") for text in texts(bench))


def test_running_to_a_step_runs_no_other(bench, flow, eng, caller):
    widget(bench.button, "-until").click().run()
    desk_of(bench, flow).run and desk_of(bench, flow).run.result()
    bench.run()

    called = eng.logs.search(ExecutionQuery(source="workflow"), caller).items
    assert [record.api_name for record in called] == ["delays-by-carrier"]
    assert work_of(bench, flow).result[0].ok


def test_the_answer_of_the_last_run_can_be_pinned_and_is_offered(bench, flow):
    widget(bench.button, "-until").click().run()
    desk_of(bench, flow).run and desk_of(bench, flow).run.result()
    bench.run()

    widget(bench.toggle, "-pin").set_value(True).run()

    assert len(desk_of(bench, flow).pinned["late"]["rows"]) == 3
    desk_of(bench, flow).select("digest")
    bench.run()
    offered = [each.options for each in bench.selectbox if (each.key or "").endswith("-input")]
    assert "{{steps.late.rows[0].carrier}}" in offered[0]


def test_a_pinned_answer_is_taken_as_given(bench, flow, eng, caller):
    desk = desk_of(bench, flow)
    desk.pinned["late"] = {"rows": [{"n": 2}, {"n": 4}]}

    bench.button(key="preview").click().run()
    desk.run and desk.run.result()
    bench.run()

    called = eng.logs.search(ExecutionQuery(source="workflow"), caller).items
    assert [record.api_name for record in called] == ["rows-digest"]
    assert work_of(bench, flow).result[0].data[0]["mean"] == 3


def test_a_draft_of_a_workflow_is_saved_and_published(bench, flow, eng, caller):
    widget(bench.selectbox, "-param-limit").set_value("{{input}}").run()
    bench.button(key="save-draft").click().run()
    assert '"limit": "{{input}}"' in eng.apis.draft("flow", caller).fields["logic_body"]

    bench.button(key="publish-now").click().run()

    assert eng.apis.get("flow", caller).version == 2


def test_json_that_cannot_be_drawn_says_what_is_missing(eng, caller, flow, open_page):
    eng.apis.save_draft("flow", {"logic_body": '{"nodes": ['}, caller)

    visit = open_page("build/api.py", api="flow", tab="Edit")

    assert "cannot be drawn" in visit.warning[0].value
    assert not visit.exception


def test_a_run_in_the_log_shows_its_steps(eng, caller, flow, open_page):
    result = eng.run(ExecutionRequest(api="flow", source="rest"), caller)

    visit = open_page("operate/runs.py", run=str(result.execution_id))

    assert "Workflow" in [each.value for each in visit.subheader]
    assert any("**digest**" in text and "**success**" in text for text in texts(visit))


def test_a_failing_step_is_shown_first_with_its_error(eng, caller, open_page):
    body = {"nodes": [{"id": "bad", "api_id": "delays-by-carrier", "params": {"limit": 1000}}]}
    fields = {"api_name": "broken", "logic_type": "workflow", "logic_body": json.dumps(body)}
    eng.apis.create(fields, caller)
    visit = open_page("build/api.py", api="broken", tab="Run")

    visit.button(key="run").click().run()

    assert any("**bad**" in text and "**failed**" in text for text in texts(visit))
    assert any("limit" in each.value for each in visit.error)

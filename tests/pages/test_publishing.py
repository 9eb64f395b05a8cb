"""Publishing: what recent calls say before, and what the list of versions tells after."""

import pytest

from engine.call import ExecutionRequest

API = "carriers-list"
OTHER = "SELECT carrier, upper(name) AS name FROM airlines ORDER BY name LIMIT 100"


def texts(visit):
    return [each.value for each in [*visit.markdown, *visit.caption]]


@pytest.fixture
def called(eng, caller):
    eng.run(ExecutionRequest(api=API), caller)


def test_recent_calls_are_replayed_before_publishing(eng, caller, called, open_page):
    eng.apis.save_draft(API, {"logic_body": OTHER}, caller)
    visit = open_page("build/api.py", api=API, tab="Edit")

    visit.button(key="replay-calls").click().run()

    assert any("Replay: answers differ" in text for text in texts(visit))
    assert any("+ AIRTRAN" in each.value.upper() for each in visit.code)
    assert eng.apis.get(API, caller).version == 1


def test_what_would_break_is_named_with_who_relies_on_it(eng, caller, open_page):
    name = "delays-by-carrier"
    body = "SELECT carrier FROM flights LIMIT 1"
    eng.apis.save_draft(name, {"logic_body": body, "param_schema": {}}, caller)
    visit = open_page("build/api.py", api=name, tab="Edit")

    visit.button(key="replay-calls").click().run()

    assert any("workflow 'worst-carriers-report'" in text for text in texts(visit))


def test_a_blocking_gate_publishes_what_is_meant(eng, caller, called, open_page):
    eng.apis.update(API, {"runtime_policy": {"publish_gate": {"mode": "block"}}}, caller)
    eng.apis.save_draft(API, {"logic_body": OTHER}, caller)
    visit = open_page("build/api.py", api=API, tab="Edit")

    visit.button(key="publish-now").click().run()
    assert "accept_changes" in visit.error[0].value.replace("\\", "")
    next(each for each in visit.checkbox if str(each.key).startswith("accept-")).set_value(True)
    visit.button(key="publish-now").click().run()

    assert eng.apis.get(API, caller).version == 3
    assert eng.apis.version(API, 3, caller).gate.accepted_by == caller.subject


def test_the_list_of_versions_tells_what_the_replay_found(eng, caller, called, open_page):
    eng.apis.update(API, {"logic_body": OTHER}, caller)
    visit = open_page("build/api.py", api=API, tab="Versions")

    newest, oldest = visit.dataframe[0].value.to_dict("records")
    assert (newest["Replay"], oldest["Replay"]) == ("1 of 1 calls differ", "")
    assert any("Replay: answers differ" in text for text in texts(visit))

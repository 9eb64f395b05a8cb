"""Screens over a real engine: what is refused, what is shown, and to whom."""

from uuid import uuid4

import pytest

from engine.errors import (
    ConflictError,
    DefinitionInvalidError,
    NotFoundError,
    ParamsInvalidError,
    PermissionDeniedError,
)
from engine.model import Caller, ExecutionQuery
from engine.model.screen import ScreenQuery

CHOICES = {"api_id": "no", "value": "v"}
INPUTS = [{"name": "said", "type": "text", "default": "hello"}]


@pytest.fixture
def caller(sample_engine):
    made = Caller(
        subject="ops", kind="system", tenant_id=f"t{uuid4().hex[:8]}", roles=frozenset({"admin"})
    )
    bodies = {
        "echo": "SELECT :said AS said, 3 AS n",
        "broken": "SELECT CAST(:said AS INTEGER) AS n",
    }
    for name, body in bodies.items():
        sample_engine.apis.create(
            {
                "api_name": name,
                "logic_type": "sql",
                "logic_body": body,
                "connection": "sample",
                "param_schema": {"said": {"type": "text", "required": True}},
            },
            made,
        )
    return made


def block(name, kind="table", **fields):
    return {"id": name, "type": kind, "api_id": "echo", "params": {"said": "x"}, **fields}


def screen_of(*blocks, **fields):
    return {"title": "A screen", "inputs": INPUTS, "blocks": list(blocks), **fields}


def load(engine, caller, spec, **inputs):
    read = engine.screens.check(spec, caller)
    return {each.block_id: each for each in engine.screens.load(read, inputs, caller)}


def test_blocks_show_what_their_apis_answer_for_the_inputs(sample_engine, caller):
    spec = screen_of(
        block("t", params={"said": "{{inputs.said}}"}),
        block("m", "metric", value="[0].n", trend="[].n", params={"said": "{{inputs.said}}"}),
        block("w", "text", text="{{inputs.said}}: {{rows[0].n}}"),
        {"id": "p", "type": "text", "title": "For {{inputs.said}}", "text": "plain"},
    )

    found = load(sample_engine, caller, spec, said="good day")

    assert found["t"].rows == ({"said": "good day", "n": 3},)
    assert (found["m"].value, found["m"].trend) == (3, (3,))
    assert found["w"].text == "good day: 3"
    assert found["p"].title == "For good day"


def test_a_block_that_fails_leaves_the_others(sample_engine, caller):
    spec = screen_of(
        block("good"),
        block("bad", api_id="broken"),
        block("odd", "text", text="{{rows[9].n}}"),
        block("none", rows="[0].n"),
    )

    found = load(sample_engine, caller, spec)

    assert [name for name, each in sorted(found.items()) if each.error] == ["bad", "none", "odd"]
    assert found["bad"].error.type == "query_failed"
    assert found["good"].rows


def test_blocks_that_ask_the_same_share_one_run_logged_as_a_screen_s(sample_engine, caller):
    load(sample_engine, caller, screen_of(block("a"), block("b"), block("c", params={"said": "y"})))

    runs = sample_engine.logs.search(ExecutionQuery(source="screen"), caller)

    assert runs.total == 2
    assert len({run.trace_id for run in runs.items}) == 1


def test_an_input_without_a_value_is_no_parameter(sample_engine, caller):
    spec = screen_of(block("a", params={"said": "{{inputs.said}}"}))

    found = load(sample_engine, caller, spec, said="")

    assert found["a"].error.type == "params_invalid"


def test_blocks_run_with_the_rights_of_who_looks(sample_engine, caller):
    spec = sample_engine.screens.check(screen_of(block("a")), caller)
    nobody = caller.model_copy(update={"roles": frozenset()})
    viewer = caller.model_copy(update={"roles": frozenset({"viewer"}), "tenant_id": "elsewhere"})

    with pytest.raises(PermissionDeniedError):
        sample_engine.screens.load(spec, {}, nobody)
    (answer,) = sample_engine.screens.load(spec, {}, viewer)
    assert answer.error.type == "not_found"


@pytest.mark.parametrize(
    ("inputs", "name"),
    [({"said": "x", "more": 1}, "more"), ({"day": "2013-02-30"}, "day"), ({"n": "x"}, "n"),
     ({"pick": "c"}, "pick"), ({"on": "maybe"}, "on")],
)  # fmt: skip
def test_values_that_an_input_cannot_have_are_refused(sample_engine, caller, inputs, name):
    spec = screen_of(
        inputs=[
            *INPUTS,
            {"name": "day", "type": "date"},
            {"name": "n", "type": "number"},
            {"name": "pick", "type": "choice", "options": ["a", "b"]},
            {"name": "on", "type": "toggle"},
        ]
    )

    with pytest.raises(ParamsInvalidError) as refused:
        load(sample_engine, caller, spec, **inputs)

    assert [each["param"] for each in refused.value.details["params"]] == [name]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"blocks": []}, "title"),
        (screen_of(block("a", api_id="nowhere")), "blocks[0].api_id"),
        (screen_of(block("a", api_id=None)), "blocks[0].api_id"),
        (screen_of(block("a", params={})), "blocks[0].params.said"),
        (screen_of(block("a", params={"said": 1, "x": 1})), "blocks[0].params.x"),
        (screen_of(block("a", params={"said": "{{inputs.no}}"})), "blocks[0].params.said"),
        (screen_of(block("a"), block("a")), "blocks[1].id"),
        (screen_of(block("a", "metric")), "blocks[0].value"),
        (screen_of(block("a", "metric", value="[")), "blocks[0].value"),
        (screen_of(block("a", "chart", x="n")), "blocks[0].x"),
        (screen_of(block("a", "map")), "blocks[0].type"),
        (screen_of(block("a", width=13)), "blocks[0].width"),
        (screen_of({"id": "a", "type": "text"}), "blocks[0].text"),
        (screen_of({"id": "a", "type": "text", "text": "{{rows[0]}}"}), "blocks[0].text"),
        (screen_of(inputs=[*INPUTS, *INPUTS]), "inputs[1].name"),
        (screen_of(inputs=[{"name": "p", "type": "choice"}]), "inputs[0].options"),
        (screen_of(inputs=[{"name": "p", "type": "choice", "choices": CHOICES}]),
         "inputs[0].choices.api_id"),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_place_and_nothing_is_saved(
    sample_engine, caller, spec, path
):
    with pytest.raises(DefinitionInvalidError) as refused:
        sample_engine.screens.create("wrong", spec, caller)

    assert [issue.path for issue in refused.value.issues] == [path]
    assert sample_engine.screens.search(ScreenQuery(), caller).total == 0


def test_a_draft_is_not_shown_until_it_is_published(sample_engine, caller):
    screens = sample_engine.screens
    screens.create("s", screen_of(block("a")), caller)

    drafted = screens.save_draft("s", screen_of(block("b")), caller)
    published = screens.publish("s", screen_of(block("b")), caller, expected_version=2)

    assert [drafted.spec.blocks[0].id, drafted.draft.blocks[0].id] == ["a", "b"]
    assert (published.spec.blocks[0].id, published.draft) == ("b", None)
    with pytest.raises(ConflictError, match="version 3, not 1"):
        screens.publish("s", screen_of(), caller, expected_version=1)
    with pytest.raises(ConflictError, match="already"):
        screens.create("s", screen_of(), caller)


def test_a_screen_is_for_its_role_and_its_tenant(sample_engine, caller):
    screens = sample_engine.screens
    screens.create("secret", screen_of(role="admin"), caller)
    analyst = caller.model_copy(update={"roles": frozenset({"analyst"})})

    assert screens.search(ScreenQuery(), caller).total == 1
    assert screens.search(ScreenQuery(), analyst).total == 0
    with pytest.raises(PermissionDeniedError):
        screens.get("secret", analyst)
    with pytest.raises(PermissionDeniedError):
        screens.create("mine", screen_of(role="admin"), analyst)
    with pytest.raises(NotFoundError):
        screens.get("secret", caller.model_copy(update={"tenant_id": "elsewhere"}))


def test_an_api_that_a_screen_shows_is_not_deleted(sample_engine, caller):
    sample_engine.screens.create("s", screen_of(block("a")), caller)

    with pytest.raises(ConflictError, match="screen 's'"):
        sample_engine.apis.delete("echo", caller)
    uses = sample_engine.lineage.where_used("echo", caller).uses
    assert [(use.kind, use.name, use.parts) for use in uses] == [("screen", "s", ("a",))]


def test_every_block_of_the_sample_screens_shows_something(sample_engine, admin_caller):
    screens = sample_engine.screens
    for screen in screens.search(ScreenQuery(q="operations-day"), admin_caller).items:
        answers = tuple(screens.load(screen.spec, {}, admin_caller))
        assert [each.error for each in answers if each.error] == []
        assert all(each.rows for each in answers)
    assert {each.screen_id for each in screens.search(ScreenQuery(), admin_caller).items} >= {
        "operations-day",
        "network-watch",
    }

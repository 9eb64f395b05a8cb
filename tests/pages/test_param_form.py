"""A form offers the right widget per type and sends what was entered, as the engine takes it."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from engine.model import Caller, ParamSpec
from engine.params import compile_params

SCHEMA = {
    "word": {"type": "text", "default": "x"},
    "count": {"type": "integer", "min": 1, "max": 9, "default": 3},
    "share": {"type": "number", "min": 0, "max": 1},
    "sure": {"type": "boolean"},
    "on": {"type": "boolean", "default": True},
    "day": {"type": "date", "min": "2013-01-01", "max": "2013-12-31"},
    "old": {"type": "date", "default": "1956-07-01"},
    "at": {"type": "datetime", "default": "2013-02-03T04:05:00Z"},
    "ref": {"type": "uuid"},
    "codes": {"type": "array", "items": {"type": "text"}, "default": ["AA"]},
    "extra": {"type": "object", "default": {"a": 1}},
    "airport": {"type": "text", "enum": ["EWR", "JFK"]},
    "carrier": {"type": "text", "choices": "carriers"},
    "tenant": {"type": "text", "source": "context.tenant_id"},
}


def form_page(schema):
    import streamlit as st

    from engine.model import ParamSpec
    from pages.components.param_form import param_form

    specs = {name: ParamSpec.model_validate(spec) for name, spec in schema.items()}
    form = param_form(specs, key="f", choices=lambda _: {"F9": "F9 · Frontier"})
    form.point_out({"params": [{"param": "count", "message": "must be at most 9"}]})
    st.session_state["sent"] = form.values


@pytest.fixture
def form():
    return AppTest.from_function(form_page, args=(SCHEMA,)).run()


def test_defaults_are_sent_and_empty_widgets_are_not(form):
    assert not form.exception
    assert form.session_state["sent"] == {
        "word": "x",
        "count": 3,
        "on": True,
        "old": "1956-07-01",
        "at": "2013-02-03T04:05:00",
        "codes": ["AA"],
        "extra": {"a": 1},
    }


def test_what_is_entered_is_what_the_engine_binds(form):
    form.number_input(key="f-share").set_value(0.5)
    form.date_input(key="f-day").set_value(date(2013, 5, 6))
    form.selectbox(key="f-airport").set_value("JFK")
    form.selectbox(key="f-carrier").set_value("F9")
    form.text_area(key="f-extra").set_value('{"b": [1]}').run()

    binder = compile_params({n: ParamSpec.model_validate(s) for n, s in SCHEMA.items()})
    bound = binder.bind(form.session_state["sent"], Caller(subject="a", tenant_id="t"))

    assert bound["share"] == 0.5
    assert bound["day"] == date(2013, 5, 6)
    assert (bound["airport"], bound["carrier"], bound["extra"]) == ("JFK", "F9", {"b": [1]})
    assert bound["tenant"] == "t"


def test_a_mistake_stands_below_its_field(form):
    assert any("must be at most 9" in each.value for each in form.markdown)


def test_what_comes_from_the_credentials_is_named_and_not_asked_for(form):
    assert any("`tenant`" in each.value for each in form.caption)
    assert "f-tenant" not in {each.key for each in form.text_input}

"""What the run form begins with: a link's inputs, those sent last, else the defaults."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.call import ExecutionRequest

API = "delays-by-carrier"


@pytest.fixture
def form(eng, caller, open_page):
    """Opens the run form, by a link or without."""

    def form(name=API, **query):
        visit = open_page("build/api.py", api=name, tab="Run", **query)
        assert not visit.exception
        return visit

    return form


def field(widgets, name):
    return next(each for each in widgets if re.fullmatch(rf"run-.*-{name}", each.key or ""))


def sent(eng, caller, **params):
    eng.run(ExecutionRequest(api=API, source="ui", params=params), caller)


def test_without_a_run_the_form_shows_the_defaults(form):
    assert field(form().number_input, "limit").value == 20


def test_the_form_begins_with_what_the_caller_sent_last(eng, caller, form):
    sent(eng, caller, origin="LGA", limit=7)

    visit = form()

    assert field(visit.number_input, "limit").value == 7
    assert field(visit.selectbox, "origin").value == "LGA"


def test_what_somebody_else_sent_is_not_offered(eng, caller, form):
    sent(eng, caller.model_copy(update={"subject": "somebody"}), limit=7)

    assert field(form().number_input, "limit").value == 20


def test_a_value_that_no_longer_fits_gives_way_to_the_default(eng, caller, form):
    eng.run(
        ExecutionRequest(api=API, source="ui", params={"limit": "many", "origin": "LGA"}), caller
    )

    visit = form()

    assert field(visit.number_input, "limit").value == 20
    assert field(visit.selectbox, "origin").value == "LGA"


def test_a_link_carries_the_inputs_of_a_form(form):
    visit = form()
    field(visit.number_input, "limit").set_value(3)
    visit.button(key="run").click().run()
    link = next(each.value for each in visit.code if "definition?" in each.value)
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert query["tab"] == "Run"

    other = form(**{"with": query["with"]})

    assert field(other.number_input, "limit").value == 3


def test_a_link_wins_over_what_was_sent_last(eng, caller, form):
    sent(eng, caller, limit=7)

    visit = form(**{"with": json.dumps({"params": {"limit": 3}})})

    assert field(visit.number_input, "limit").value == 3


def test_a_link_that_cannot_be_read_says_so_and_the_form_stands(form):
    visit = form(**{"with": "nonsense"})

    assert "cannot be read" in visit.warning[0].value
    assert field(visit.number_input, "limit").value == 20


def test_a_secret_is_not_put_into_a_link(eng, caller, form):
    fields = {
        "api_name": "guarded",
        "logic_type": "sql",
        "logic_body": "SELECT :pin AS pin, :day AS day",
        "connection": "sample",
        "param_schema": {"pin": {"type": "text", "secret": True}, "day": {"type": "text"}},
    }
    eng.apis.create(fields, caller)
    visit = form("guarded")
    field(visit.text_input, "pin").set_value("12345")
    field(visit.text_input, "day").set_value("monday")

    visit.button(key="run").click().run()

    link = next(each.value for each in visit.code if "definition?" in each.value)
    assert "monday" in link
    assert "12345" not in link

"""Breakers, cache and limits as an operator sees them and changes them."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from engine.call import ExecutionRequest
from engine.model import ExecutionQuery
from engine.policy_control import Transition
from pages.operate.breaker_views import stretches
from pages.operate.spans import span

AT_NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)


@pytest.fixture
def cached_api(eng, caller):
    """An API that caches, with two answers kept."""
    eng.apis.update(
        "delays-by-carrier",
        {
            "runtime_policy": {
                "cache": {"enabled": True, "tags": ["origin:{{params.origin}}", "delays"]},
                "rate_limit": {"per_user": "4/minute"},
            }
        },
        caller,
    )
    for origin in ("JFK", "LGA"):
        request = ExecutionRequest(api="delays-by-carrier", params={"origin": origin})
        assert eng.run(request, caller).ok
    return "delays-by-carrier"


def shown(elements):
    return " ".join(str(each.value) for each in elements)


def test_every_breaker_stands_in_the_table(eng, open_page):
    visit = open_page("operate/breakers.py")

    assert not visit.exception
    table = visit.dataframe[0].value
    assert "worst-routes" in list(table["Breaker"])
    assert {tuple(state) for state in table["State"]} == {("closed",)}
    assert "No breaker changed" in shown(visit.info)


def test_an_instance_without_apis_says_how_to_get_a_breaker(empty_eng, open_page):
    visit = open_page("operate/breakers.py")

    assert not visit.exception
    assert "No published API has a circuit breaker" in visit.info[0].value


STEERING = """
from pages.components.context import engine, require_caller
from pages.operate.breaker_controls import confirm_steering

caller = require_caller()
[view] = [each for each in engine().policies.breakers(caller) if each.name == "worst-routes"]
confirm_steering(view, "forced_open", caller)
"""
PURGING = """
from engine.policy_control import CacheSelection
from pages.components.context import engine, require_caller
from pages.operate.cache_purge import confirm_purge

caller = require_caller()
selection = CacheSelection(api="delays-by-carrier")
confirm_purge(selection, engine().policies.find_cached(selection, caller), caller)
"""


def open_dialog(script):
    """A dialog that stays open: `AppTest` reruns the page, and there it would be closed."""
    return AppTest.from_string(script, default_timeout=30).run()


def test_a_breaker_is_forced_open_after_a_reason_and_a_confirmation(eng, caller, open_page):
    visit = open_dialog(STEERING)
    assert "Every call is refused with 503" in visit.markdown[0].value
    visit.text_input(key="breaker-reason").set_value("the database moves")

    visit.button(key="breaker-confirm").click().run()

    assert not visit.exception
    refused = eng.run(ExecutionRequest(api="worst-routes"), caller)
    assert refused.error.type == "breaker_open"
    row = open_page("operate/breakers.py").dataframe[0].value.iloc[0]
    assert (row["Breaker"], list(row["State"])) == ("worst-routes", ["forced open"])
    assert (row["Reason"], row["By"]) == ("the database moves", caller.subject)


def test_an_action_asks_before_it_acts(eng, caller, open_page):
    visit = open_page("operate/breakers.py", breaker="worst-routes")

    visit.button(key="breaker-disabled").click().run()

    assert "Every call reaches the target" in shown(visit.markdown)
    assert eng.policies.transitions(caller) == ()


def test_leaving_the_question_changes_nothing(eng, caller):
    open_dialog(STEERING).button(key="breaker-leave").click().run()

    assert eng.policies.transitions(caller) == ()


def test_forcing_without_a_reason_is_refused_in_words(eng, caller):
    visit = open_dialog(STEERING).button(key="breaker-confirm").click().run()

    assert "needs a reason" in visit.error[0].value
    assert eng.policies.transitions(caller) == ()


def test_changes_of_state_are_listed_with_who_made_them(eng, caller, open_page):
    eng.policies.steer_breaker("worst-routes", "forced_open", caller, reason="drill")
    eng.policies.steer_breaker("worst-routes", "auto", caller, reason="over")

    visit = open_page("operate/breakers.py")

    changes = visit.dataframe[1].value
    assert list(changes["Change"]) == ["forced open → closed", "closed → forced open"]
    assert list(changes["Reason"]) == ["over", "drill"]


def transition(name, minute, before, after):
    at = AT_NOON + timedelta(minutes=minute)
    return Transition(
        breaker=name, from_state=before, to_state=after, at=at, reason="because", by=""
    )


def test_a_timeline_shows_each_state_for_as_long_as_it_lasted():
    changes = [transition("a", 4, "open", "half-open"), transition("a", 1, "closed", "open")]

    lane = stretches(changes, since=AT_NOON, until=AT_NOON + timedelta(minutes=5))

    assert [(each.meaning, each.length_ms / 60_000) for each in lane] == [
        ("closed", 1),
        ("open", 3),
        ("half-open", 1),
    ]


def test_a_timeline_begins_with_the_state_from_before_its_window():
    changes = [transition("a", 4, "open", "closed"), transition("a", 1, "closed", "open")]
    since = AT_NOON + timedelta(minutes=3)

    lane = stretches(changes, since=since, until=AT_NOON + timedelta(minutes=5))

    assert [(each.meaning, each.start) for each in lane] == [
        ("open", since),
        ("closed", AT_NOON + timedelta(minutes=4)),
    ]


def test_a_breaker_that_did_not_change_in_the_window_has_no_lane():
    changes = [transition("a", 1, "closed", "open")]
    since = AT_NOON + timedelta(minutes=3)

    assert stretches(changes, since=since, until=since + timedelta(minutes=1)) == []


def test_the_cache_page_shows_counters_contents_and_tags(eng, cached_api, open_page):
    visit = open_page("operate/cache.py")

    assert not visit.exception
    assert any("Kept in: memory." in each.value for each in visit.caption)
    rows = visit.dataframe[0].value.set_index("API")
    assert rows.loc[cached_api, "Answers"] == "2"
    assert "table:flights" in rows.loc[cached_api, "Tags"]


def test_an_instance_that_caches_nothing_says_where_to_begin(empty_eng, open_page):
    visit = open_page("operate/cache.py")

    assert not visit.exception
    assert "No published API caches" in visit.info[0].value


def test_the_answers_to_drop_are_counted_first(eng, caller, cached_api, open_page):
    visit = open_page("operate/cache.py")
    visit.selectbox(key="purge-api").set_value(cached_api).run()
    assert visit.button(key="purge").label == "Drop 2 answers"

    visit.button(key="purge").click().run()

    assert "**2 answers** will be dropped" in shown(visit.markdown)
    assert eng.cache.keys(caller.tenant_id)


def test_answers_are_dropped_when_that_is_confirmed(eng, caller, cached_api):
    visit = open_dialog(PURGING).button(key="purge-confirm").click().run()

    assert not visit.exception
    again = eng.run(ExecutionRequest(api=cached_api, params={"origin": "JFK"}), caller)
    assert not again.cached


def test_a_tag_names_the_answers_to_drop(eng, cached_api, open_page):
    visit = open_page("operate/cache.py")
    visit.button_group(key="purge-way").set_value("A tag").run()
    assert "Choose a tag" in shown(visit.caption)

    visit.selectbox(key="purge-tag").set_value("delays").run()

    assert visit.button(key="purge").label == "Drop 2 answers"


def test_nothing_to_drop_cannot_be_dropped(eng, caller, cached_api, open_page):
    eng.cache.invalidate_all(caller.tenant_id)
    visit = open_page("operate/cache.py")

    visit.button_group(key="purge-way").set_value("Everything").run()

    assert visit.button(key="purge").disabled
    assert "Nothing is cached under this" in shown(visit.caption)


def test_limits_show_who_used_how_much(eng, caller, cached_api, open_page):
    visit = open_page("operate/limits.py")

    assert not visit.exception
    [row] = visit.dataframe[0].value.to_dict("records")
    assert (row["API"], row["Who"], row["Rate"]) == (cached_api, caller.subject, "4/minute")
    assert (row["Calls"], row["Left"], row["Used"]) == (2, 2, 50)


def test_without_a_limit_in_use_the_page_says_how_to_set_one(empty_eng, open_page):
    visit = open_page("operate/limits.py")

    assert not visit.exception
    assert "No limit counts a call now" in visit.info[0].value


def test_looking_at_the_pages_is_no_call(eng, caller, open_page):
    for path in ("operate/breakers.py", "operate/cache.py", "operate/limits.py"):
        open_page(path)

    assert eng.logs.search(ExecutionQuery(), caller).total == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0.5 s"), (90, "90 s"), (600, "10 min"), (7200, "2 h"), (86400, "1 d")],
)
def test_a_lifetime_is_told_in_the_largest_whole_unit(seconds, words):
    assert span(seconds) == words


def test_breakers_are_searched_and_sorted_over_all_of_them(eng, open_page):
    def names(**query):
        visit = open_page("operate/breakers.py", **query)
        assert not visit.exception
        return list(visit.dataframe[0].value["Breaker"])

    everything = names(**{"breakers-sort": "by name"})

    assert everything == sorted(everything)
    assert names(**{"breakers-q": "WORST-ROUTES"}) == ["worst-routes"]

"""Rules in the dashboard: the list, one with its log, a trial, and the form."""

from engine.model.cep import RuleQuery

LATE = {"event_type": "flight.landed", "field": "arr_delay", "op": ">", "value": 60}


def landed(delay):
    return {
        "event_type": "flight.landed",
        "data": {"carrier": "AA", "origin": "JFK", "arr_delay": delay},
    }


def text_of(page):
    return " ".join(each.value for each in (*page.markdown, *page.caption, *page.info))


def test_the_list_says_what_each_rule_watches_for(eng, open_page):
    page = open_page("operate/rules.py")

    table = page.dataframe[0].value
    assert list(table["Name"]) == [
        "carrier-runs-late",
        "late-arrival",
        "morning-brief",
        "slow-answers",
    ]
    assert table["Fires"][3] == "p95_ms in 5m > 2000"
    assert not page.exception


def test_an_empty_list_says_how_to_begin(empty_eng, open_page):
    page = open_page("operate/rules.py")

    assert "New rule" in text_of(page)


def test_a_rule_is_made_in_the_form(eng, open_page, caller):
    page = open_page("operate/rules.py", rule="+")
    page.text_input(key="rule-new-name").set_value("very-late")
    page.text_input(key="rule-new-where").set_value("arr_delay > 90")
    page.selectbox(key="rule-new-api").set_value("delays-by-carrier").run()
    page.text_input(key="rule-new-delays-by-carrier-origin").set_value("{{event.origin}}")

    page.button(key="save-off").click().run()

    rule = eng.rules.get("very-late", caller)
    assert rule.trigger_spec["where"] == "arr_delay > 90"
    assert rule.action_spec["params"] == {"origin": "{{event.origin}}"}
    assert not rule.is_active


def test_what_is_wrong_in_the_form_is_told_and_nothing_is_saved(eng, open_page, caller):
    page = open_page("operate/rules.py", rule="+")
    page.text_input(key="rule-new-where").set_value("arr_delay >")

    page.button(key="save-on").click().run()

    assert "rule" in page.error[0].value
    assert eng.rules.search(RuleQuery(), caller).total == 4


def test_a_trial_draws_what_would_have_come_of_it(eng, open_page, caller):
    eng.rules.events.post([landed(180), landed(5)], caller)
    page = open_page("operate/rules.py", rule="late-arrival")

    trial = next(each for each in page.button if each.label == "Try it")
    trial.click().run()

    cards = {each.label: each.value for each in page.metric}
    assert (cards["Would have fired"], cards["Events looked at"]) == ("1", "2")
    assert not page.exception


def test_a_rule_is_switched_on_and_its_log_shows_what_it_did(eng, open_page, caller):
    page = open_page("operate/rules.py", rule="late-arrival")
    page.button(key="toggle-rule").click().run()
    eng.rules.events.post([landed(200)], caller)
    eng.rule_runner.run_once()
    eng.rule_runner.wait_for_actions(20)

    page = open_page("operate/rules.py", rule="late-arrival")

    assert list(page.dataframe[0].value["Event"]) == [
        '{"carrier":"AA","origin":"JFK","arr_delay":200}'
    ]
    assert eng.rules.get("late-arrival", caller).owner.subject == caller.subject

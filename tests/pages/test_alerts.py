"""The page of alerts: the list, a new one, a change, a try and the end of one."""


def fields(**spec):
    return {
        "alert_name": "slow",
        "spec": {"field": "p95_ms", "op": ">", "value": 500, **spec},
    }


def labelled(widgets, label):
    return next(each for each in widgets if each.label == label)


def test_an_unused_instance_says_how_to_begin(empty_eng, open_page):
    visit = open_page("operate/alerts.py")

    assert not visit.exception
    assert "Nothing is watched yet" in visit.info[0].value


def test_alerts_are_listed_with_their_state(eng, caller, open_page):
    eng.alerts.create(fields(api="worst-routes"), caller)

    visit = open_page("operate/alerts.py")

    assert not visit.exception
    rows = visit.dataframe[0].value.set_index("Alert")
    assert list(rows.loc["slow", ["Watches", "API"]]) == ["p95_ms > 500 over 5m", "worst-routes"]
    assert list(rows.loc["many-calls-fail", "State"]) == ["quiet"]


def test_an_alert_is_made_by_the_form(eng, caller, open_page):
    visit = open_page("operate/alerts.py", alert="new")
    visit.text_input(key="alert-name-new").set_value("often-slow")
    labelled(visit.selectbox, "Figure").set_value("p95_ms")
    labelled(visit.selectbox, "Is").set_value(">")
    labelled(visit.number_input, "Value").set_value(250.0)

    visit.button(key="save-alert").click().run()

    saved = eng.alerts.get("often-slow", caller)
    assert saved.delivery == {"type": "log"}
    assert saved.spec["field"] == "p95_ms"
    assert (saved.spec["op"], saved.spec["value"]) == (">", 250)


def test_a_mistake_is_said_and_nothing_is_saved(eng, caller, open_page):
    before = eng.alerts.list(caller)
    visit = open_page("operate/alerts.py", alert="new")
    visit.text_input(key="alert-name-new").set_value("no")
    labelled(visit.text_area, "Or a condition over all figures").set_value("calls >")

    visit.button(key="save-alert").click().run()

    assert "spec.condition" in visit.error[0].value
    assert eng.alerts.list(caller) == before


def test_a_try_is_told(eng, caller, open_page):
    eng.alerts.create(fields(), caller)
    visit = open_page("operate/alerts.py", alert="slow")

    visit.button(key="try-alert").click().run()

    assert not visit.exception
    [event] = eng.alerts.events(caller, "slow")
    assert event.change == "tried"


def test_alerts_are_searched_and_sorted(eng, caller, open_page):
    eng.alerts.create(fields(api="worst-routes"), caller)

    everything = open_page("operate/alerts.py", **{"alerts-sort": "by name"})
    found = open_page("operate/alerts.py", **{"alerts-q": "WORST"})
    nothing = open_page("operate/alerts.py", **{"alerts-q": "no such alert"})

    names = list(everything.dataframe[0].value["Alert"])
    assert names == sorted(names)
    assert len(names) > 1
    assert list(found.dataframe[0].value["Alert"]) == ["slow"]
    assert "Clear the search" in nothing.info[0].value

from datetime import UTC, datetime, timedelta

import pytest

from engine.cep.detection import EventDetector, WindowDetector
from engine.cep.state import MAX_KEYS, RuleState
from engine.cep.triggers import EventTrigger, WindowTrigger, compile_trigger
from engine.cep.windows import Window
from engine.model.cep import Event

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(second, number=0, event_type="landed", **data):
    at = START + timedelta(seconds=second)
    return Event(
        tenant_id="t",
        event_id=f"{second}-{number}-{data}",
        event_type=event_type,
        occurred_at=at,
        received_at=at,
        trace_id="x",
        data=data,
    )


def on_events(**spec):
    trigger = compile_trigger("event", spec)
    assert isinstance(trigger, EventTrigger)
    return EventDetector(trigger, RuleState())


def on_window(**spec):
    trigger = compile_trigger("metric", {"source": "events", "op": ">", "value": 10, **spec})
    assert isinstance(trigger, WindowTrigger)
    return WindowDetector(trigger, RuleState())


def looks(detector, events, seconds):
    """What fired or cleared, while events come in and the detector looks each second."""
    waiting, found = sorted(events, key=lambda each: each.occurred_at), []
    for second in range(seconds):
        at = START + timedelta(seconds=second)
        while waiting and waiting[0].occurred_at <= at:
            detector.feed(waiting.pop(0))
        found += [(second, each.change, each.group, each.value) for each in detector.tick(at)]
    return found


def test_a_rule_fires_for_each_event_that_it_is_about():
    detector = on_events(event_type="landed", field="delay", op=">", value=30)

    fired = [
        bool(detector.feed(each))
        for each in (
            event(0, delay=31),
            event(1, delay=30),
            event(2, event_type="departed", delay=99),
            event(3),
            event(4, delay=40),
        )
    ]

    assert fired == [True, False, False, False, True]
    assert detector.state.matched == 2


def test_a_cooldown_counts_for_each_key_by_itself():
    detector = on_events(cooldown="10s", dedupe_key="{{event.flight}}")

    fired = [
        bool(detector.feed(event(second, flight=flight)))
        for second, flight in ((0, "a"), (5, "a"), (5, "b"), (10, "a"), (14, "b"))
    ]

    assert fired == [True, False, True, True, False]
    assert detector.state.held_back == 2


def test_the_rate_is_bounded_by_the_minute():
    detector = on_events(max_per_minute=2)

    fired = [bool(detector.feed(event(second))) for second in (0, 1, 2, 59, 60)]

    assert fired == [True, True, False, False, True]


def test_events_whose_types_do_not_fit_are_counted_and_explained():
    detector = on_events(field="delay", op=">", value=30)

    assert detector.feed(event(0, delay="late")) is None

    assert detector.state.unreadable == 1
    assert "delay is a text" in detector.state.unreadable_why


def test_a_window_fires_and_clears_as_events_come_and_go():
    detector = on_window(window="10s", aggregation="sum", field="delay", value=10, clear_value=4)
    events = [event(0, delay=6), event(2, delay=6), event(9, delay=3)]

    assert looks(detector, events, 25) == [(2, "fired", "", 12.0), (12, "cleared", "", 3.0)]


def test_groups_are_watched_by_themselves():
    detector = on_window(window="10s", value=1, group_by="carrier")
    events = [event(n, n, carrier=name) for n, name in enumerate(("AA", "DL", "AA", "DL", "B6"))]

    changes = looks(detector, events, 10)

    assert [(change, group) for _, change, group, _ in changes] == [
        ("fired", "AA"),
        ("fired", "DL"),
    ]


def test_a_window_without_events_is_a_count_of_none():
    detector = on_window(window="5s", op="<", value=1, hold="3s")

    assert looks(detector, [event(2)], 15) == [(10, "fired", "", 0.0)]


def test_an_average_of_too_few_events_is_not_told():
    detector = on_window(window="10s", aggregation="avg", field="delay", min_events=2)

    assert looks(detector, [event(1, delay=50)], 5) == []
    assert looks(detector, [event(1, delay=50)], 6)[0][1] == "fired"


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("count", 5), ("rate", 0.5), ("sum", 15), ("avg", 3), ("min", 1), ("max", 5), ("last", 5),
     ("p50", 3), ("p95", 5)],
)  # fmt: skip
def test_each_aggregation_is_what_its_name_says(aggregation, expected):
    window = Window(aggregation, 10)
    for second in (4, 2, 1, 3, 5):
        window.add(second, float(second))

    window.move_to(6)

    assert window.value() == expected


def test_a_window_forgets_what_is_older():
    window = Window("count", 10)
    for second in range(100):
        window.add(second, 1.0)
        window.move_to(second)

    assert window.count == 10


def test_a_state_is_the_same_after_it_was_stored():
    detector = on_window(window="10s", hold="1h", value=0, cooldown="5m", group_by="carrier")
    looks(detector, [event(0, carrier="AA"), event(1, carrier="DL")], 3)
    detector.state.may_fire("x", START, 60, 5)

    assert RuleState.of_json(detector.state.to_json()) == detector.state
    assert RuleState.of_json({}) == RuleState()


def test_keys_are_bounded():
    detector = on_events(cooldown="1h", dedupe_key="{{event.n}}", max_per_minute=6000)
    grouped = on_window(window="1h", group_by="n")

    for number in range(MAX_KEYS + 5):
        detector.feed(event(0, n=number))
        grouped.feed(event(0, n=number))

    assert len(detector.state.fired) == MAX_KEYS
    assert grouped.state.untracked == 5

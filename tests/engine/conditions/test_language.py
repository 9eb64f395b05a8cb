import pytest

from engine.conditions import ConditionFailedError, compile_condition
from engine.errors import DefinitionInvalidError

EVENT = {
    "carrier": "AA",
    "arr_delay": 43,
    "ratio": 0.5,
    "cancelled": False,
    "note": None,
    "tags": ["late", "weather"],
    "flight": {"origin": "JFK", "legs": [{"to": "LAX"}]},
}


def is_fulfilled(spec):
    return compile_condition(spec).fulfilled(EVENT)


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("arr_delay", ">", 42, True),
        ("arr_delay", "gt", 43, False),
        ("arr_delay", ">=", 43.0, True),
        ("arr_delay", "<", 43, False),
        ("arr_delay", "lte", 43, True),
        ("arr_delay", "between", [40, 43], True),
        ("carrier", "==", "AA", True),
        ("carrier", "!=", "AA", False),
        ("carrier", "in", ["AA", "DL"], True),
        ("carrier", "not in", ["AA", "DL"], False),
        ("carrier", "starts_with", "A", True),
        ("carrier", "ends_with", "B", False),
        ("carrier", ">", "A", True),
        ("tags", "contains", "late", True),
        ("carrier", "contains", "A", True),
        ("cancelled", "==", False, True),
        ("cancelled", "==", 0, False),
        ("flight.origin", "==", "JFK", True),
        ("flight.legs.0.to", "==", "LAX", True),
        ("flight.legs.1.to", "==", "LAX", False),
        ("nowhere", ">", 1, False),
        ("nowhere", "!=", 1, False),
        ("nowhere", "not in", [1], False),
        ("note", "==", "x", False),
    ],
)
def test_a_field_is_compared_with_a_value(field, op, value, expected):
    assert is_fulfilled({"field": field, "op": op, "value": value}) is expected


def test_existence_is_asked_for_without_a_value():
    assert is_fulfilled({"field": "flight.origin", "op": "exists"})
    assert is_fulfilled({"field": "note", "op": "missing"})
    assert not is_fulfilled({"field": "nowhere", "op": "exists"})


def test_groups_nest():
    late = {"field": "arr_delay", "op": ">", "value": 30}
    other = {"field": "carrier", "op": "==", "value": "DL"}

    assert is_fulfilled({"any": [other, {"all": [late, {"not": other}]}]})
    assert not is_fulfilled({"all": [late, other]})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("arr_delay > 30 && carrier in ['AA', 'DL']", True),
        ("flight.origin == 'JFK' && flight.legs.exists(l, l.to == 'LAX')", True),
        ("ratio * 2.0 >= 1.0", True),
        ("nowhere > 3", False),
        ("flight.destination == 'LAX'", False),
        ("has(flight.destination)", False),
        ("carrier.matches('^A+$')", True),
        ("carrier == 'exists(' || tags.exists(t, t == 'map(')", False),
    ],
)
def test_expressions_read_the_event_and_nothing_else(source, expected):
    assert is_fulfilled({"expression": source}) is expected
    assert is_fulfilled(source) is expected


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"field": "carrier", "op": ">", "value": 3}, "carrier is a text"),
        ({"field": "arr_delay", "op": "contains", "value": 3}, "arr_delay is a number"),
        ("arr_delay > 'x'", "No such overload"),
        ("arr_delay + 1", "neither true nor false"),
        ("arr_delay / 0 > 1", "division by zero"),
    ],
)
def test_what_cannot_be_told_is_said_and_not_taken_for_no(spec, reason):
    with pytest.raises(ConditionFailedError, match=reason):
        is_fulfilled(spec)


@pytest.mark.parametrize(
    ("spec", "path", "reason"),
    [
        ({"field": "x", "op": "like", "value": 1}, "condition.op", "there is no operator 'like'"),
        ({"field": "x", "op": ">", "value": None}, "condition.value", "number or a text"),
        ({"field": "x", "op": "in", "value": []}, "condition.value", "not empty"),
        ({"field": "x", "op": "between", "value": [3, 1]}, "condition.value", "smaller first"),
        ({"field": "x", "op": "exists", "value": 1}, "condition.value", "takes no value"),
        ({"field": "x..y", "op": "exists"}, "condition.field", "joined by dots"),
        ({"field": 3, "op": "exists"}, "condition.field", "joined by dots"),
        ({"all": []}, "condition.all", "list of conditions"),
        ({"all": [1]}, "condition.all[0]", "a condition is"),
        ({"all": [], "any": []}, "condition", "a condition is"),
        ({"field": "x", "value": 1}, "condition", "a condition is"),
        (None, "condition", "a condition is"),
        ({"expression": 3}, "condition.expression", "is a text"),
        ({"expression": "x +"}, "condition.expression", "mismatched input"),
        ({"expression": " "}, "condition.expression", "empty"),
    ],
)
def test_every_mistake_is_told_with_its_place(spec, path, reason):
    with pytest.raises(DefinitionInvalidError, match=reason) as refused:
        compile_condition(spec)

    assert [issue.path for issue in refused.value.issues] == [path]


def test_all_mistakes_are_told_at_once():
    wrong = {"field": "x", "op": "?", "value": 1}

    with pytest.raises(DefinitionInvalidError) as refused:
        compile_condition({"all": [wrong, {"not": wrong}]})

    assert [issue.path for issue in refused.value.issues] == [
        "condition.all[0].op",
        "condition.all[1].not.op",
    ]


def test_a_syntax_error_has_its_line_and_column():
    with pytest.raises(DefinitionInvalidError) as refused:
        compile_condition("arr_delay >\n 30 &&")

    assert (refused.value.issues[0].line, refused.value.issues[0].column) == (2, 7)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x.map(y, y).size() > 1", "'map' is not available"),
        ("x.all(a, x.exists(b, a == b))", "inside another loop"),
        ("x.all(a, // '''\n x.exists(b, a == b)) // '''", "inside another loop"),
        ("r'\\' == y && x.all(a, x.all(b, a == b)) && y == 'a'", "inside another loop"),
        ("a" * 1001, "longer than 1000"),
        ("(" * 41 + "1" + ")" * 41, "more than 40 parentheses"),
    ],
)
def test_an_expression_that_may_cost_too_much_is_refused(source, reason):
    with pytest.raises(DefinitionInvalidError, match=reason):
        compile_condition(source)


def test_a_condition_is_bounded_in_depth_and_parts():
    deep: dict[str, object] = {"field": "x", "op": "exists"}
    for _ in range(6):
        deep = {"not": deep}

    with pytest.raises(DefinitionInvalidError, match="at most 6 levels"):
        compile_condition(deep)
    with pytest.raises(DefinitionInvalidError, match="50 parts"):
        compile_condition({"any": [{"field": "x", "op": "exists"}] * 50})


def test_unknown_fields_are_mistakes_where_the_names_are_known():
    with pytest.raises(DefinitionInvalidError, match="known: p95_ms, calls"):
        compile_condition({"field": "p95", "op": ">", "value": 1}, known=("p95_ms", "calls"))


def test_a_condition_tells_the_first_names_it_reads():
    spec = {"all": [{"field": "flight.origin", "op": "exists"}, "arr_delay > 3"]}

    assert compile_condition(spec).names == {"flight", "arr_delay"}

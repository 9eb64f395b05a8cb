import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DefinitionInvalidError, ParamsInvalidError
from engine.model import Caller, ParamSpec
from engine.params import compile_params

CALLER = Caller(
    subject="ana",
    tenant_id="acme",
    claims={"dept": "ops", "https://x.org/level": 3, "org": {"unit": "u1"}},
)
UUID_TEXT = "6f1e8a44-5f0e-4c0e-9a36-0d2f3f0f4b11"


def binder(**schema):
    return compile_params({name: ParamSpec.model_validate(spec) for name, spec in schema.items()})


def bind_one(spec, value):
    return binder(p=spec).bind({"p": value}, CALLER)["p"]


def mistakes_of(bound, raw):
    with pytest.raises(ParamsInvalidError) as caught:
        bound.bind(raw, CALLER)
    return {(m["param"], m["code"]) for m in caught.value.details["params"]}


@pytest.mark.parametrize(
    ("param_type", "given_value", "bound"),
    [
        ("text", "x", "x"),
        ("string", "", ""),
        ("text", 20, "20"),
        ("text", 1.5, "1.5"),
        ("integer", 20, 20),
        ("integer", "20", 20),
        ("integer", " -7 ", -7),
        ("integer", 20.0, 20),
        ("integer", "20.0", 20),
        ("integer", Decimal(20), 20),
        ("integer", 2**63 - 1, 2**63 - 1),
        ("number", "3", 3),
        ("number", "3.25", 3.25),
        ("number", "1e3", 1000),
        ("number", 0.1, 0.1),
        ("number", Decimal("0.1"), 0.1),
        ("number", "9007199254740993", 9007199254740993),
        ("boolean", "true", True),
        ("boolean", "FALSE", False),
        ("boolean", 1, True),
        ("boolean", "0", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "2024-02-29T00:00:00", date(2024, 2, 29)),
        ("date", date(2024, 1, 1), date(2024, 1, 1)),
        ("datetime", "2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("datetime", "2024-01-02 03:04:05", datetime(2024, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        ("datetime", "2024-01-02", datetime(2024, 1, 2)),  # noqa: DTZ001
        ("uuid", UUID_TEXT, UUID(UUID_TEXT)),
        ("uuid", UUID_TEXT.upper(), UUID(UUID_TEXT)),
        ("array", [1, "a", None], [1, "a", None]),
        ("array", (1, 2), [1, 2]),
        ("object", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    ],
)
def test_a_value_is_converted_where_nothing_is_lost(param_type, given_value, bound):
    value = bind_one({"type": param_type}, given_value)

    assert value == bound
    assert type(value) is type(bound)


@pytest.mark.parametrize(
    ("param_type", "refused"),
    [
        ("text", True),
        ("text", ["a"]),
        ("text", "\ud800"),
        ("text", math.nan),
        ("integer", 3.7),
        ("integer", "3.7"),
        ("integer", True),
        ("integer", "1_000"),
        ("integer", "0x10"),
        ("integer", ""),
        ("integer", "٣"),
        ("integer", 2**63),
        ("integer", "9" * 5000),
        ("integer", math.inf),
        ("number", True),
        ("number", "nan"),
        ("number", math.inf),
        ("number", "1e999"),
        ("number", "1.00000000000000000001"),
        ("number", "9" * 5000),
        ("boolean", 2),
        ("boolean", "maybe"),
        ("boolean", 0.5),
        ("date", "2024-02-30"),
        ("date", "20"),
        ("date", 20),
        ("date", "2024-02-29T10:00:00"),
        ("date", "2024-02-29T00:00:00+00:00"),
        ("datetime", 1700000000),
        ("datetime", "1700000000"),
        ("datetime", "yesterday-ish"),
        ("uuid", "nope"),
        ("uuid", 5),
        ("array", "[1]"),
        ("array", {"a": 1}),
        ("array", [math.nan]),
        ("object", "{}"),
        ("object", []),
        ("object", {1: 2}),
        ("object", {"a": {1, 2}}),
        ("object", {"a": "\ud800"}),
        ("object", {"a": 2**70}),
    ],
)
def test_a_value_that_would_lose_something_is_refused(param_type, refused):
    bound = binder(p={"type": param_type})

    found = mistakes_of(bound, {"p": refused})

    assert {param for param, _ in found} == {"p"}


def test_deep_nesting_is_refused_and_not_a_crash():
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}

    assert mistakes_of(binder(p={"type": "object"}), {"p": deep}) == {("p", "too_deep")}


@pytest.mark.parametrize(
    ("spec", "value", "code"),
    [
        ({"type": "integer", "min": 1}, 0, "too_small"),
        ({"type": "integer", "max": 1}, "2", "too_large"),
        ({"type": "number", "max": 0.5}, 0.51, "too_large"),
        ({"type": "date", "min": "2024-01-01"}, "2023-12-31", "too_small"),
        ({"type": "datetime", "max": "2024-01-01T00:00:00Z"}, "2024-01-01T00:00:01", "too_large"),
        ({"type": "text", "min_length": 2}, "a", "too_short"),
        ({"type": "text", "max_length": 2}, "abc", "too_long"),
        ({"type": "text", "pattern": "^[A-Z]{3}$"}, "jfk", "pattern"),
        ({"type": "text", "enum": ["a", "b"]}, "c", "not_in_enum"),
        ({"type": "integer", "enum": [1, 2]}, "3", "not_in_enum"),
        ({"type": "date", "enum": ["2024-01-01"]}, "2024-01-02", "not_in_enum"),
        ({"type": "array", "min_length": 1}, [], "too_short"),
        ({"type": "array", "max_length": 1}, [1, 2], "too_long"),
        ({"type": "array", "items": {"type": "integer"}}, [1, "x"], "wrong_type"),
        ({"type": "array", "items": {"type": "integer", "max": 5}}, [1, 6], "too_large"),
    ],
)
def test_a_value_outside_its_bounds_is_refused_by_the_bound_s_code(spec, value, code):
    assert mistakes_of(binder(p=spec), {"p": value}) == {("p", code)}


def test_items_are_converted_and_a_bad_item_is_named_by_its_index():
    bound = binder(ids={"type": "array", "items": {"type": "integer"}})

    assert bound.bind({"ids": ["1", 2.0]}, CALLER) == {"ids": [1, 2]}
    with pytest.raises(ParamsInvalidError, match=r"ids item 1: must be an integer"):
        bound.bind({"ids": [1, "x"]}, CALLER)


def test_all_mistakes_are_reported_at_once_each_with_its_parameter():
    bound = binder(
        origin={"type": "text", "required": True, "max_length": 3},
        limit={"type": "integer", "max": 10},
        day={"type": "date"},
        tenant={"source": "context.tenant_id"},
    )

    found = mistakes_of(bound, {"limt": 5, "limit": 11, "day": "x", "tenant": "other"})

    assert found == {
        ("limt", "unknown"),
        ("tenant", "not_sendable"),
        ("origin", "missing"),
        ("limit", "too_large"),
        ("day", "wrong_type"),
    }


def test_an_unknown_parameter_is_refused_with_the_name_that_was_meant():
    with pytest.raises(ParamsInvalidError, match="did you mean 'limit'"):
        binder(limit={"type": "integer"}).bind({"limti": 1}, CALLER)


def test_no_message_repeats_a_value():
    bound = binder(
        a={"type": "integer"},
        b={"pattern": "^x$"},
        c={"enum": ["x"]},
        d={"type": "uuid"},
        e={"type": "array", "items": {"type": "date"}},
    )
    canary = "CANARY-7"

    with pytest.raises(ParamsInvalidError) as caught:
        bound.bind({"a": canary, "b": canary, "c": canary, "d": canary, "e": [canary]}, CALLER)

    assert len(caught.value.details["params"]) == 5
    assert canary not in caught.value.message + str(caught.value.details)


def test_the_result_has_every_declared_parameter_in_order_with_its_default():
    bound = binder(
        b={"type": "integer", "default": "7"},
        a={"type": "date"},
        c={"type": "array", "default": []},
    )

    assert list(bound.bind({}, CALLER).items()) == [("b", 7), ("a", None), ("c", [])]


def test_null_means_not_sent():
    bound = binder(a={"type": "integer", "default": 3}, b={"required": True})

    assert mistakes_of(bound, {"a": None, "b": None}) == {("b", "missing")}
    assert bound.bind({"a": None, "b": "x"}, CALLER) == {"a": 3, "b": "x"}


def test_a_changed_result_leaves_the_default_as_it_was():
    bound = binder(tags={"type": "array", "default": ["a"]})
    bound.bind({}, CALLER)["tags"].append("b")

    assert bound.bind({}, CALLER) == {"tags": ["a"]}


def test_a_bound_object_shares_nothing_with_what_was_sent():
    sent = {"o": {"a": [1]}}
    bound = binder(o={"type": "object"}).bind(sent, CALLER)
    bound["o"]["a"].append(2)

    assert sent == {"o": {"a": [1]}}


def test_sourced_parameters_come_from_the_caller():
    bound = binder(
        tenant={"source": "context.tenant_id"},
        user={"source": "context.user_id"},
        dept={"source": "claims.dept", "required": True},
        level={"source": "claims.https://x.org/level", "type": "integer"},
        unit={"source": "claims.org.unit"},
        region={"source": "claims.region", "default": "eu"},
    )

    assert bound.bind({}, CALLER) == {
        "tenant": "acme",
        "user": "ana",
        "dept": "ops",
        "level": 3,
        "unit": "u1",
        "region": "eu",
    }


def test_a_required_claim_that_the_credentials_lack_is_a_mistake():
    assert mistakes_of(binder(x={"source": "claims.nope", "required": True}), {}) == {
        ("x", "missing")
    }


def test_a_claim_is_checked_like_any_other_value():
    assert mistakes_of(binder(x={"source": "claims.dept", "type": "integer"}), {}) == {
        ("x", "wrong_type")
    }


@pytest.mark.parametrize("name", ["_x", "__init__", "model_config", "copy", "class", "self", "p0"])
def test_any_identifier_can_name_a_parameter(name):
    bound = binder(**{name: {"type": "integer"}, "p1": {}})

    assert bound.bind({name: "5", "p1": "t"}, CALLER) == {name: 5, "p1": "t"}


def test_a_schema_with_errors_is_not_compiled():
    with pytest.raises(DefinitionInvalidError) as caught:
        binder(limit={"type": "integer", "min": 5, "max": 1})

    assert [issue.path for issue in caught.value.issues] == ["param_schema.limit.min"]


QUERY = binder(
    limit={"type": "integer", "default": 10},
    ids={"type": "array", "items": {"type": "integer"}},
    names={"type": "array"},
    flag={"type": "boolean"},
    where={"type": "object"},
    pairs={"type": "array", "items": {"type": "object"}},
)


def test_a_query_string_is_bound_by_type_and_arrays_by_repetition():
    bound = QUERY.bind_query(
        [
            ("ids", "1"),
            ("limit", "20"),
            ("ids", "2"),
            ("names", "a"),
            ("flag", "true"),
            ("where", '{"a":1}'),
            ("pairs", '{"b":2}'),
        ],
        CALLER,
    )

    assert bound == {
        "limit": 20,
        "ids": [1, 2],
        "names": ["a"],
        "flag": True,
        "where": {"a": 1},
        "pairs": [{"b": 2}],
    }


def test_a_repeated_scalar_in_a_query_string_is_refused():
    with pytest.raises(ParamsInvalidError, match="limit was sent more than once"):
        QUERY.bind_query([("limit", "1"), ("limit", "2")], CALLER)


@pytest.mark.parametrize("pair", [("where", "{"), ("limit", ""), ("limti", "1")])
def test_a_bad_query_value_is_a_mistake_of_its_parameter(pair):
    with pytest.raises(ParamsInvalidError) as caught:
        QUERY.bind_query([pair], CALLER)

    assert caught.value.details["params"][0]["param"] == pair[0]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TYPES = ["text", "integer", "number", "boolean", "date", "datetime", "uuid", "array", "object"]
BY_TYPE = {name: binder(p={"type": name}) for name in TYPES}


@given(st.sampled_from(TYPES), ANYTHING)
def test_any_value_is_bound_or_refused_and_binding_twice_changes_nothing(param_type, value):
    bound = BY_TYPE[param_type]
    try:
        once = bound.bind({"p": value}, CALLER)
    except ParamsInvalidError:
        return

    assert bound.bind(once, CALLER) == once


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_number_given_as_text_is_never_changed(exact):
    try:
        value = BY_TYPE["number"].bind({"p": str(exact)}, CALLER)["p"]
    except ParamsInvalidError:
        return

    assert Decimal(repr(value)) == exact

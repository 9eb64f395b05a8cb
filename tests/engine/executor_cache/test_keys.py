from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TemplateFailedError
from engine.executor_cache.keys import answer_key
from engine.model import Caller

ADA, BOB = Caller(subject="ada"), Caller(subject="bob")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_key_is_a_sha_256_in_its_tenant(api):
    tenant, _, digest = answer_key(api(), {"origin": "JFK"}, None).partition("/")

    assert tenant == "default"
    assert len(bytes.fromhex(digest)) == 32


def test_whatever_shapes_an_answer_is_in_its_key(api):
    keys = {
        answer_key(api(), {"origin": "JFK"}, None),
        answer_key(api(), {"origin": "LGA"}, None),
        answer_key(api(), {"origin": "JFK", "limit": 10}, None),
        answer_key(api(), {"origin": "JFK"}, {"a": 1}),
        answer_key(api(number=2), {"origin": "JFK"}, None),
        answer_key(api(version=2), {"origin": "JFK"}, None),
        answer_key(api(tenant="other"), {"origin": "JFK"}, None),
        answer_key(api(), {"origin": "JFK"}, None, user="ada"),
        answer_key(api(), {"origin": "JFK"}, None, variant="masked"),
    }

    assert len(keys) == 9


@given(params=st.dictionaries(st.text(), JSON, min_size=2, max_size=5))
def test_the_order_of_params_does_not_matter(params, api):
    reversed_params = dict(reversed(params.items()))

    assert answer_key(api(), params, None) == answer_key(api(), reversed_params, None)


@given(first=JSON, second=JSON)
def test_two_inputs_share_a_key_only_if_they_are_the_same(first, second, api):
    same_key = answer_key(api(), {}, first) == answer_key(api(), {}, second)

    assert same_key == (spelled(first) == spelled(second))


def spelled(value):
    """A value in words that tell 1 from 1.0 and True, whatever the order of its keys."""
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    return [spelled(item) for item in value] if isinstance(value, list) else repr(value)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**70,
        Decimal("1.50"),
        date(2026, 2, 8),
        UUID(int=7),
        b"\x00",
        {"nested": (1, Decimal(2))},
    ],
)
def test_values_beyond_json_have_keys_of_their_own(value, api):
    assert answer_key(api(), {"x": value}, None) == answer_key(api(), {"x": value}, None)
    assert answer_key(api(), {"x": value}, None) != answer_key(api(), {"x": None}, None)


def test_an_api_without_a_cache_has_nowhere_to_keep_answers(api, cache):
    assert cache.locate(api({"enabled": False}), (), {}, None, ADA) is None


def test_callers_share_an_answer_unless_it_varies_by_user(api, cache):
    together = {cache.locate(api(), (), {}, None, caller).key for caller in (ADA, BOB)}
    apart = {
        cache.locate(api({"vary_by_user": True}), (), {}, None, caller).key for caller in (ADA, BOB)
    }

    assert len(together) == 1
    assert len(apart) == 2


def test_tags_are_the_tenant_the_api_its_tables_and_the_declared_ones(api, cache):
    policy = {"tags": ["flights", "origin:{{ params.origin }}"]}

    where = cache.locate(api(policy), ("main.Flights", "planes"), {"origin": "JFK"}, None, ADA)

    assert where.tags == (
        "default/*",
        f"default/api:{UUID(int=1)}",
        "default/flights",
        "default/origin:JFK",
        "default/table:flights",
        "default/table:main.flights",
        "default/table:planes",
    )


def test_a_tag_that_cannot_be_filled_is_an_error(api, cache):
    with pytest.raises(TemplateFailedError):
        cache.locate(api({"tags": ["{{params.missing}}"]}), (), {"origin": "JFK"}, None, ADA)

from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log_values import fit_json, head, json_head, storable_text, tail

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | ANY_TEXT,
    lambda values: st.lists(values) | st.dictionaries(ANY_TEXT, values),
)


def encoded(value) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)


@given(ANY_TEXT)
def test_a_storable_text_has_neither_nul_nor_lone_surrogates(text):
    stored = storable_text(text)

    assert "\0" not in stored.encode().decode()
    assert len(stored) == len(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_text_that_can_be_stored_is_kept_as_it_is(text):
    assert storable_text(text) == text


@given(ANY_TEXT, st.integers(1, 40))
def test_head_and_tail_are_never_longer_than_allowed(text, max_bytes):
    assert len(head(text, max_bytes).encode()) <= max_bytes
    assert len(tail(text, max_bytes).encode()) <= max_bytes


def test_a_cut_never_splits_a_character():
    assert head("aé☃", 5) == "aé"
    assert tail("☃éa", 4) == "éa"


def test_a_stack_trace_keeps_its_end():
    assert tail("first line\n" * 100 + "ValueError: last", 16) == "ValueError: last"


def test_the_head_of_a_document_says_that_it_was_cut():
    assert json_head(b'{"a":1}', 7) == ('{"a":1}', False)
    assert json_head('{"a":"é"}'.encode(), 7) == ('{"a":"', True)


@given(ANY_JSON)
def test_any_value_can_be_encoded_once_it_fits(value):
    fitted, cut = fit_json(value, 10_000_000)

    assert not cut
    assert b"\\u0000" not in encoded(fitted)


@given(ANY_JSON, st.integers(64, 256))
def test_a_value_that_was_cut_is_no_longer_than_allowed(value, max_bytes):
    fitted, cut = fit_json(value, max_bytes)

    if cut:
        assert len(encoded(fitted)) <= max_bytes


def test_a_value_that_fits_is_kept_as_it_is():
    value = {"origin": "JFK", "day": date(2013, 1, 1), "at": datetime(2013, 1, 1, tzinfo=UTC)}

    assert fit_json(value, 1_000) == (value, False)


def test_a_cut_value_keeps_the_head_of_its_json():
    fitted, cut = fit_json({"body": "x" * 1_000}, 200)

    assert cut
    assert fitted["head"].startswith('{"body":"xxx')


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (2**70, str(2**70)),
        (Decimal("1.20"), "1.20"),
        ("a\0b", "a\ufffdb"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({1, 2}, [1, 2]),
        (b"bytes", "b'bytes'"),
    ],
)
def test_what_json_has_no_form_for_is_kept_as_text(value, stored):
    fitted, _ = fit_json({"value": value, "\ud800": None}, 1_000)

    assert orjson.loads(encoded(fitted)) == {"value": stored, "\ufffd": None}


def test_a_value_nested_too_deep_is_cut_at_a_depth():
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]

    fitted, _ = fit_json(deep, 1_000)

    assert encoded(fitted).startswith(b"[[[[")

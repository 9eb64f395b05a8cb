"""Masks of an answer's columns: found however the document spells them."""

import orjson
import pytest

from engine.masking import mask_answer


def test_an_answer_without_a_masked_column_is_given_back_as_it_came():
    document = b'{"rows": [{"n": 1, "name": "the secret is out"}]}'

    assert mask_answer(document, {"secret": "redact"}) is document


@pytest.mark.parametrize(
    "document",
    [
        b'{"secret":"x"}',
        b'[{"deep":[{"secret" : "x"}]}]',
        rb'{"\u0073ecret":"x"}',
        rb'{"s\u0065cret":"x","other":1}',
    ],
)
def test_a_masked_column_is_found_at_any_depth_and_in_any_spelling(document):
    masked = mask_answer(document, {"secret": "redact"})

    assert b"***" in masked
    assert b'"x"' not in masked


@pytest.mark.parametrize("name", ["é", 'a"b', "a\\b", "tab\there"])
def test_a_name_of_any_characters_is_masked(name):
    masked = mask_answer(orjson.dumps([{name: "x"}]), {name: "redact"})

    assert orjson.loads(masked) == [{name: "***"}]


def test_a_dropped_column_goes_from_the_column_list_too():
    document = b'{"columns":[{"name":"n","type":"INT"},{"name":"s","type":"INT"}],"rows":[{"n":1}]}'

    assert orjson.loads(mask_answer(document, {"s": "drop"})) == {
        "columns": [{"name": "n", "type": "INT"}],
        "rows": [{"n": 1}],
    }

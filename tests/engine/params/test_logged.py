import math
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from engine.model import ParamSpec
from engine.params import secret_names, to_logged

SCHEMA = {
    "day": ParamSpec(type="date"),
    "token": ParamSpec(secret=True),
    "keys": ParamSpec(type="array", items=ParamSpec(secret=True)),
}


def test_secrets_are_masked_and_the_rest_is_json():
    logged = to_logged({"day": date(2024, 1, 2), "token": "t0p", "keys": ["k"]}, SCHEMA)

    assert logged == {"day": "2024-01-02", "token": "***", "keys": "***"}


def test_a_misspelled_secret_is_masked_too():
    assert to_logged({"tokne": "t0p"}, SCHEMA) == {"tokne": "***"}


def test_an_absent_secret_stays_null():
    assert to_logged({"token": None}, SCHEMA) == {"token": None}


def test_without_secrets_unknown_parameters_are_kept():
    assert to_logged({"x": 1}, {"day": ParamSpec()}) == {"x": 1}


def test_the_names_of_secrets_are_known():
    assert secret_names(SCHEMA) == {"token", "keys"}


def test_foreign_values_become_text():
    values = {
        "uuid": UUID(int=1),
        "at": datetime(2024, 1, 2, tzinfo=UTC),
        "exact": Decimal("1.10"),
        "nan": math.nan,
        "big": 2**70,
        "set": {1},
        "bytes": b"x",
        "\ud800": "\ud800",
    }

    assert to_logged(values, {}) == {
        "uuid": "00000000-0000-0000-0000-000000000001",
        "at": "2024-01-02T00:00:00+00:00",
        "exact": "1.10",
        "nan": "nan",
        "big": str(2**70),
        "set": [1],
        "bytes": "<bytes>",
        "?": "?",
    }


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.floats() | st.integers() | st.text() | st.binary() | st.datetimes(),
            lambda inner: st.lists(inner) | st.dictionaries(st.integers(), inner),
            max_leaves=10,
        ),
    )
)
def test_whatever_is_logged_is_json(values):
    orjson.dumps(to_logged(values, {}))

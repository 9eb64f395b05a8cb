"""The magics of notebooks, without a notebook; notebooks/sql_cells.ipynb shows them in one."""

from typing import Any

import pandas as pd
import pytest
from IPython.core.error import UsageError

from engine.notebook import ApiMagics


class Shell:
    """What the magics ask of IPython: the names of the notebook."""

    def __init__(self, **names):
        self.user_ns = names


@pytest.fixture
def magics(sample_engine):
    magics: Any = ApiMagics.__new__(ApiMagics)
    magics.shell, magics._own = Shell(eng=sample_engine), None
    return magics


def test_a_call_answers_rows_as_a_frame_and_other_answers_as_they_are(magics, sample_engine):
    frame = magics.api("delays-by-carrier origin=JFK limit=2")

    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "%api: the following arguments are required: name"),
        ("nowhere", "nowhere"),
        ("delays-by-carrier JFK", "key=value, not 'JFK'"),
        ("delays-by-carrier origin=[", "origin is no JSON"),
        ("delays-by-carrier 'origin", "cannot be read: No closing quotation"),
    ],
)
def test_what_is_wrong_with_a_call_is_a_usage_error(magics, line, reason):
    with pytest.raises(UsageError, match=reason):
        magics.api(line)


def test_a_statement_is_tried_and_not_kept(magics, sample_engine):
    frame = magics.api_sql("n=41", "SELECT :n + 1 AS answer")

    assert frame["answer"].tolist() == [42]
    with pytest.raises(UsageError, match="name the API that is to be kept"):
        magics.api_sql("--publish", "SELECT 1")


def test_a_statement_that_fails_is_neither_kept_nor_published(magics, sample_engine, admin_caller):
    with pytest.raises(UsageError, match="carier"):
        magics.api_sql("from-notebook --publish", "SELECT carier FROM flights")

    assert sample_engine.execute("from-notebook").status == "rejected"


def test_publishing_again_makes_a_version_and_keeps_what_was_declared(
    magics, sample_engine, new_sql_api, admin_caller
):
    name = new_sql_api(param_schema={"n": {"type": "integer", "default": 1, "max": 9}}).api_name

    magics.api_sql(f"{name} n=2 --publish --tag twice", "SELECT :n * 2 AS answer")

    live = sample_engine.apis.get(name, admin_caller)
    assert (live.version, live.tags) == (2, ("twice",))
    assert live.param_schema["n"].max == 9
    assert sample_engine.execute(name).rows == [{"answer": 2}]


def test_a_draft_leaves_what_is_live(magics, sample_engine, new_sql_api, admin_caller):
    name = new_sql_api().api_name

    magics.api_sql(f"{name} --draft n=1", "SELECT :n * 2 AS answer")

    assert sample_engine.apis.get(name, admin_caller).version == 1
    assert "n * 2" in sample_engine.apis.draft(name, admin_caller).fields["logic_body"]

"""A folder of SQL files becomes SQL APIs."""

import pytest

from engine.errors import BadRequestError
from engine.importing import read_sql_files, read_sql_folder

DESCRIBED = b"""-- name: top-carriers
-- description: The busiest carriers
-- connection: warehouse
-- tags: [flights, daily]
-- params:
--   n: {type: integer, default: 3}
-- policy: {max_rows: 5}

SELECT carrier FROM flights LIMIT :n
"""


def test_the_comment_at_the_top_describes_the_api():
    (api,) = read_sql_files({"a/b.sql": DESCRIBED}).apis

    assert (api.name, api.origin) == ("top-carriers", "a/b.sql")
    assert api.fields == {
        "logic_type": "sql",
        "logic_body": "SELECT carrier FROM flights LIMIT :n",
        "connection": "warehouse",
        "description": "The busiest carriers",
        "tags": ["flights", "daily"],
        "param_schema": {"n": {"type": "integer", "default": 3}},
        "runtime_policy": {"max_rows": 5},
    }


def test_any_other_comment_is_the_description_and_stays():
    content = b"-- Note: what it says\n-- goes on\nSELECT 1"

    (api,) = read_sql_files({"Daily Sales.sql": content}, connection="sample").apis

    assert api.name == "daily-sales"
    assert api.fields["description"] == "Note: what it says\ngoes on"
    assert api.fields["logic_body"] == content.decode()
    assert api.fields["connection"] == "sample"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no statement"),
        (b"-- name: x\n", "no statement"),
        (b"\xff", "not UTF-8: byte 0"),
        (b"-- name: [x\nSELECT 1", "line 1: the comment at the top is no YAML"),
        (b"-- name: x\n-- nmae: y\nSELECT 1", "says 'nmae'; known: name"),
        (b"-- tags: a\nSELECT 1", "`tags` at the top is no list"),
        (b"-- params: [a]\nSELECT 1", "`params` at the top is no mapping"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(content, reason):
    found = read_sql_files({"bad.sql": content, "good.sql": b"SELECT 1"})

    assert [api.origin for api in found.apis] == ["good.sql"]
    assert found.left_out[0].origin == "bad.sql"
    assert reason in found.left_out[0].reason


def test_a_folder_is_read_with_those_below_it(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.sql").write_text("SELECT 2")
    (tmp_path / "a.sql").write_text("SELECT 1")
    (tmp_path / "notes.txt").write_text("no SQL")

    assert [api.name for api in read_sql_folder(tmp_path).apis] == ["a", "sub-b"]


def test_an_empty_or_missing_folder_is_refused(tmp_path):
    with pytest.raises(BadRequestError, match=r"has no \.sql file"):
        read_sql_folder(tmp_path)
    with pytest.raises(BadRequestError, match="is no folder"):
        read_sql_folder(tmp_path / "gone")

"""Binds are rewritten where a value may stand, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.executor_core.sql_guard.binds import bind
from engine.executor_core.sql_guard.lexer import scan


@pytest.mark.parametrize(
    ("sql", "rewritten", "names"),
    [
        ("select :a", "select $1", ["a"]),
        ("select :a, :b, :a", "select $1, $2, $1", ["a", "b"]),
        ("select :a::int", "select $1::int", ["a"]),
        ("where x=:a and y=any(:ids)", "where x=$1 and y=any($2)", ["a", "ids"]),
        ("where x in :ids", "where x in $1", ["ids"]),
        ("where x in:ids", "where x in $1", ["ids"]),
        ("limit :limit offset :offset", "limit $1 offset $2", ["limit", "offset"]),
        ("between :from and :to", "between $1 and $2", ["from", "to"]),
        ("case when :a then :b else :c end", "case when $1 then $2 else $3 end", ["a", "b", "c"]),
        ("'%'||:q||'%'", "'%'||$1||'%'", ["q"]),
        ("-:n", "-$1", ["n"]),
        ("f(x => :a, y := :b)", "f(x => $1, y := $2)", ["a", "b"]),
        ("interval :n day", "interval $1 day", ["n"]),
        ("{'k': :v}", "{'k': $1}", ["v"]),
        ("map {:k: :v}", "map {$1: $2}", ["k", "v"]),
        ("[:a, :b]", "[$1, $2]", ["a", "b"]),
        ("a[1 : :n]", "a[1 : $1]", ["n"]),
        ("[x for x in l if x > :n]", "[x for x in l if x > $1]", ["n"]),
        ("lambda x: x + :n", "lambda x: x + $1", ["n"]),
        (":a", "$1", ["a"]),
        (":naïve", "$1", ["naïve"]),
        ("select /* c */ :a -- d\n, :b", "select /* c */ $1 -- d\n, $2", ["a", "b"]),
    ],
)
def test_a_bind_becomes_a_placeholder(sql, rewritten, names):
    bound = bind(sql)

    assert bound.sql == rewritten
    assert list(bound.names) == names


@pytest.mark.parametrize(
    "sql",
    [
        "select ':x'",
        "select '10:30', 'it''s :x'",
        "select e'\\':x'",
        'select ":x"',
        "select $$ :x $$, $t$ :x $t$",
        "select a::int",
        "select 1 /* :x /* :y */ :z */ + 1",
        "select 1 -- :x\n + 1",
        "select a[1:n], a[i:n], a[(1):n], a[f(x):n]",
        "select {'k':v, k:v}",
        "select x:1, y:z",
        "select '{\"a\":true}'::json",
        "select a :: int",
        "select 1:2",
    ],
)
def test_other_colons_stay(sql):
    assert bind(sql).sql == sql
    assert bind(sql).names == ()


def test_a_subscript_is_a_bind_only_for_a_declared_parameter():
    assert bind("select a[:n]", {"n"}).sql == "select a[$1]"
    assert bind("select a[:n]", {"m"}).sql == "select a[:n]"


@pytest.mark.parametrize("end", [";", " ; ", ";;", "; -- the end", "\n/* the end */", "; \n;"])
def test_what_follows_the_statement_is_left_out(end):
    assert bind(f"select :a{end}").sql == "select $1"


def test_an_unclosed_comment_is_kept_for_the_parser_to_refuse():
    assert bind("select 1 /* /* */").sql == "select 1 /* /* */"


PIECES = st.sampled_from(
    [" ", "\n", "select", "a", "'it''s :q'", "e'\\''", '"q:q"', "$$ :q $$", "$t$;$t$", "-- :q\n",
     "/* :q /* */ */", "::", ":=", ":", ":n", ":long_name", "1", ".5", "(", ")", "[", "]", "{", "}",
     ",", ";", "é", "$1", "?", "'", "\"", "$", "/*", "=", "in", "||"]
)  # fmt: skip


@given(st.lists(PIECES).map("".join))
def test_lexemes_cover_any_text_without_gaps(sql):
    assert "".join(lexeme.text for lexeme in scan(sql)) == sql


@given(st.lists(PIECES).map("".join))
def test_every_place_of_the_rewritten_text_lies_in_the_original(sql):
    bound = bind(sql)

    places = [bound.source_offset(offset) for offset in range(len(bound.sql) + 1)]

    assert places == sorted(places)
    assert all(0 <= place <= len(sql) for place in places)


@given(
    st.lists(st.sampled_from(["a", "bb", "ccc"]), min_size=1), st.text(alphabet=" \n,", max_size=5)
)
def test_text_after_binds_is_found_at_its_own_place(names, filler):
    sql = "'é'," + f",{filler}".join(f":{name}" for name in names) + " marker"

    bound = bind(sql)

    assert bound.source_offset(bound.sql.index("marker")) == sql.index("marker")
    assert list(dict.fromkeys(names)) == list(bound.names)


@given(st.text(), st.sampled_from(["'{}'", '"{}"', "$q$ {} $q$", "/* {} */", "-- {}\n"]))
def test_nothing_quoted_is_ever_rewritten(text, quoting):
    quotes = str.maketrans("", "", "'\"$*/\n\r\\")
    inside = quoting.format(text.translate(quotes) + " :x ")

    bound = bind(f"select {inside} , :y")

    assert bound.names == ("y",)
    assert inside in bound.sql

"""The visual builder's question becomes SQL with binds, and that SQL runs."""

import pytest

from engine.call import ExecutionRequest
from engine.definition_fields import new_definition
from engine.errors import BadRequestError
from pages.components.sql.compiler import compile_query, output_names
from pages.components.sql.joins import Keys, best_join, join_pairs, joinable, known_joins
from pages.components.sql.query import (
    catalog_of,
    kind_of,
    new_query,
    operators_for,
)

CATALOG = {
    "flights": {
        "flight_date": "DATE",
        "carrier": "VARCHAR",
        "dep_delay": "SMALLINT",
        "time_hour": "TIMESTAMP WITH TIME ZONE",
    },
    "airlines": {"carrier": "VARCHAR", "name": "VARCHAR"},
    "ops.gates": {'odd "name"': "DOUBLE", "open": "BOOLEAN"},
}
CARRIER, DELAY = ("flights", "carrier"), ("flights", "dep_delay")


def condition(column, operator, *values):
    return {"column": column, "operator": operator, "values": list(values)}


def question(*conditions, match="all", **parts):
    groups = [{"match": match, "conditions": list(conditions)}] if conditions else []
    return {**new_query("flights"), "groups": groups, **parts}


def test_a_table_alone_is_its_first_hundred_rows():
    compiled = compile_query(new_query("flights"), CATALOG)

    assert compiled.sql == 'SELECT *\nFROM "flights"\nLIMIT 100'
    assert compiled.params == {}


def test_measures_are_grouped_by_the_columns_and_sorted_by_their_names():
    measures = [
        {"function": "avg", "column": DELAY, "name": "delay"},
        {"function": "count", "column": None, "name": ""},
    ]
    asked = question(
        columns=[CARRIER], measures=measures, sort=[{"by": "delay", "descending": True}], limit=5
    )

    assert compile_query(asked, CATALOG).sql == (
        'SELECT "carrier",\n'
        '       avg("dep_delay") AS "delay",\n'
        '       count(*) AS "count"\n'
        'FROM "flights"\n'
        'GROUP BY "carrier"\n'
        'ORDER BY "delay" DESC NULLS LAST\n'
        "LIMIT 5"
    )


def test_a_value_is_a_parameters_default_and_never_text_of_the_statement():
    evil = "JFK' OR 1=1 --"

    compiled = compile_query(question(condition(CARRIER, "=", evil)), CATALOG)

    assert 'WHERE "carrier" = :carrier' in compiled.sql
    assert "JFK" not in compiled.sql
    assert compiled.params == {"carrier": {"type": "text", "default": evil}}


def test_a_condition_without_a_value_asks_the_caller_for_one():
    compiled = compile_query(question(condition(DELAY, ">", "")), CATALOG)

    assert compiled.params == {"dep_delay": {"type": "integer", "required": True}}


def test_a_named_parameter_keeps_its_name():
    compiled = compile_query(question(condition(DELAY, ">", ":least")), CATALOG)

    assert '"dep_delay" > :least' in compiled.sql
    assert compiled.params == {"least": {"type": "integer", "required": True}}


def test_groups_keep_their_own_match():
    either = {
        "match": "any",
        "conditions": [condition(CARRIER, "=", "AA"), condition(CARRIER, "=", "UA")],
    }
    late = {"match": "all", "conditions": [condition(DELAY, "between", "15", "60")]}
    asked = question(groups=[either, late])

    compiled = compile_query(asked, CATALOG)

    assert (
        'WHERE ("carrier" = :carrier OR "carrier" = :carrier_2)\n'
        '  AND ("dep_delay" BETWEEN :dep_delay_from AND :dep_delay_to)'
    ) in compiled.sql
    assert compiled.params["dep_delay_to"] == {"type": "integer", "default": 60}


def test_a_list_is_one_parameter():
    compiled = compile_query(question(condition(DELAY, "in", "1, 2,3")), CATALOG)

    assert '"dep_delay" = ANY(:dep_delay)' in compiled.sql
    assert compiled.params["dep_delay"] == {
        "type": "array",
        "items": {"type": "integer"},
        "default": [1, 2, 3],
    }


def test_a_join_names_the_table_of_each_column_and_tells_equal_names_apart():
    join = {"table": "airlines", "kind": "left", "on": [(CARRIER, "carrier")]}
    asked = question(joins=[join], columns=[CARRIER, ("airlines", "carrier")])

    sql = compile_query(asked, CATALOG).sql

    assert 'LEFT JOIN "airlines" ON "flights"."carrier" = "airlines"."carrier"' in sql
    assert '"airlines"."carrier" AS "airlines_carrier"' in sql
    assert output_names(asked, CATALOG) == ["flights_carrier", "airlines_carrier"]


def test_identifiers_are_quoted_whatever_is_in_them():
    column = ("ops.gates", 'odd "name"')
    asked = question(condition(column, "<", "1.5"), table="ops.gates", columns=[column])

    compiled = compile_query(asked, CATALOG)

    assert 'SELECT "odd ""name"""\nFROM "ops"."gates"' in compiled.sql
    assert compiled.params == {"odd__name_": {"type": "number", "default": 1.5}}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (question(condition(DELAY, ">", "late")), "a whole number"),
        (question(condition(("flights", "nope"), "=", "x")), "no column nope"),
        (question(joins=[{"table": "airlines", "kind": "inner", "on": []}]), "joined by"),
        (question(measures=[{"function": "sum", "column": None, "name": ""}]), "needs a column"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_with_a_reason(asked, words):
    with pytest.raises(BadRequestError, match=words):
        compile_query(asked, CATALOG)


def test_pairs_of_the_same_name_are_offered_first():
    pairs = join_pairs(new_query("flights"), "airlines", CATALOG)

    assert pairs == [(CARRIER, "carrier"), (CARRIER, "name")]


DECLARED = Keys(
    primary={"airlines": ("carrier",)},
    foreign={"flights": [("airlines", (("carrier", "name"),))]},
)


def test_a_declared_foreign_key_comes_before_a_primary_key_of_the_same_name():
    ways = known_joins(new_query("flights"), "airlines", CATALOG, DECLARED)

    assert ways == [[(CARRIER, "name")], [(CARRIER, "carrier")]]


def test_a_foreign_key_joins_from_its_other_end_too():
    ways = known_joins(new_query("airlines"), "flights", CATALOG, DECLARED)

    assert ways[0] == [(("airlines", "name"), "carrier")]


def test_a_primary_key_joins_only_columns_of_its_kind():
    other_kind = {**CATALOG, "airlines": {"carrier": "INTEGER"}}

    assert known_joins(new_query("flights"), "airlines", other_kind, Keys()) == []
    assert best_join(new_query("flights"), "airlines", CATALOG, Keys()) == [(CARRIER, "carrier")]


def test_tables_with_a_known_key_are_offered_first(eng, caller):
    tables = eng.connections.schema("sample", caller)
    catalog, keys = catalog_of(tables), Keys.of_tables(tables)

    offered = joinable(new_query("flights"), catalog, keys)

    assert dict(offered)["weather"] == [
        (("flights", "origin"), "origin"),
        (("flights", "time_hour"), "time_hour"),
    ]
    assert dict(offered)["planes"] == [(("flights", "tailnum"), "tailnum")]
    assert dict(offered)["airports"] == []
    known = [bool(pairs) for _, pairs in offered]
    assert known == sorted(known, reverse=True)


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [
        ("HUGEINT", "number"),
        ("numeric(10,2)", "number"),
        ("double precision", "number"),
        ("character varying", "text"),
        ("timestamp without time zone", "time"),
        ("boolean", "boolean"),
        ("INTEGER[]", "other"),
        ("interval", "other"),
    ],
)
def test_a_type_tells_what_can_be_asked(type_name, kind):
    assert kind_of(type_name) == kind


VALUES = {
    "number": ("1", "2"),
    "text": ("AA", ""),
    "time": ("2013-02-01", "2013-02-03"),
    "boolean": (),
    "other": (),
}


@pytest.mark.parametrize("column", ["dep_delay", "carrier", "flight_date", "time_hour"])
def test_every_comparison_runs_on_the_database(eng, caller, column):
    catalog = catalog_of(eng.connections.schema("sample", caller))
    type_name = catalog["flights"][column]
    for operator in operators_for(type_name):
        values = VALUES[kind_of(type_name)]
        asked = question(condition(("flights", column), operator, *values), limit=1)
        compiled = compile_query(asked, catalog)
        fields = {
            "api_name": "asked",
            "logic_type": "sql",
            "logic_body": compiled.sql,
            "connection": "sample",
            "param_schema": compiled.params,
        }

        result = eng.run(ExecutionRequest(api=new_definition(fields, caller), test=True), caller)

        assert result.ok, (operator, result.error)

import time
from datetime import date

import pytest

from engine.errors import TemplateFailedError
from engine.templates import compile_expression
from engine.templates.expression import ExpressionSyntaxError

NAMES = {
    "params": {"a": 1, "text": "abc", "list": [3, 1, 2], "day": date(2024, 2, 29), "none": None},
    "input": {"items": [1], "keys": "k", "rows": [{"x": 1, "g": "u"}, {"x": 2, "g": "v"}]},
}
CANARY = "CANARY-VALUE"


def value_of(source, names=NAMES):
    return compile_expression(source).evaluate(names)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("params.a", 1),
        ("params['a']", 1),
        ("params.list[0]", 3),
        ("params.list[-1]", 2),
        ("params.list[1:]", [1, 2]),
        ("input.items", [1]),
        ("input.keys", "k"),
        ("input.rows[1].x", 2),
        ("params.a + 1", 2),
        ("params.a * 2.5", 2.5),
        ("7 // 2", 3),
        ("-params.a", -1),
        ("params.text + 'd'", "abcd"),
        ("'b' in params.text", True),
        ("params.a == 1 and not params.none", True),
        ("'yes' if params.a > 0 else 'no'", "yes"),
        ("params.none is none", True),
        ("params.nope is defined", False),
        ("params.nope.deeper | default('z')", "z"),
        ("nope | default(5)", 5),
        ("params.list | sort", [1, 2, 3]),
        ("params.list | map('string') | join('-')", "3-1-2"),
        ("input.rows | map(attribute='x') | list", [1, 2]),
        ("input.rows | map(attribute='x')", [1, 2]),
        ("input.rows | selectattr('x', 'gt', 1) | list", [{"x": 2, "g": "v"}]),
        ("input.rows | sum(attribute='x')", 3),
        ("input | length", 3),
        ("params.text | upper", "ABC"),
        ("params.text | replace('b', '-')", "a-c"),
        ("params.list | tojson", "[3,1,2]"),
        ("'[1]' | fromjson", [1]),
        ("'<a>' | tojson", '"<a>"'),
        ("2.345 | round(2)", 2.35),
        ("2.5 | round", 2),
        ("params.day | strftime('%d.%m.%Y')", "29.02.2024"),
        ("'2024-02-29' | strftime('%j')", "060"),
        ("true | string", "true"),
        ("{'k': params.a}", {"k": 1}),
        ("[params.a, 'x']", [1, "x"]),
        ("{'a': 1} | dictsort", [["a", 1]]),
        ("'é/ b' | urlencode", "%C3%A9/%20b"),
    ],
)
def test_an_expression_reads_and_combines_data(source, value):
    found = value_of(source)

    assert found == value
    assert type(found) is type(value)


PROBES = [
    "''.__class__",
    "''.__class__.__mro__[1].__subclasses__()",
    "params.__class__",
    "params['__class__']",
    "params.text.upper()",
    "params.keys()",
    "params.text.format(1)",
    "'{0.__class__}'.format(params)",
    "'%s' % params",
    "'%(a)999999999s' % params",
    "params | attr('__class__')",
    "params | format",
    "'%s' | format(params)",
    "params | pprint",
    "'a' | xmlattr",
    "'a' | center(999999999)",
    "params.list | batch(1)",
    "params.list | slice(999999999)",
    "9 ** 9 ** 9",
    "'a' * 1000000000",
    "[1] * 1000000000",
    "1000000000 * 'a'",
    "range(1000000000)",
    "lipsum(100)",
    "cycler(1)",
    "self",
    "self.__init__.__globals__",
    "params.day.year",
    "params.day.__class__",
    "params.list | map('attr', '__class__') | list",
    "params.list | map(attribute='__class__') | list",
    "input.rows | groupby('x')",
    "1.5 | round(999999999)",
    "'%999999999d' | strftime('%999999999d')",
    "params.day | strftime('%999999999d')",
    "params.text is callable",
    "(params | items | first)[0].__class__",
    "params.text ~ params.list",
    "params.list | random",
    "1e999",
    "'nan' | float",
]


@pytest.mark.parametrize("source", PROBES)
def test_a_probe_reaches_nothing_and_ends_at_once(source):
    started = time.monotonic()

    with pytest.raises((ExpressionSyntaxError, TemplateFailedError)):
        value_of(source)

    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "source",
    [
        "params.big | replace('', params.big)",
        "params.many | join(params.big)",
        "params.big | replace('x', params.big)",
    ],
)
def test_a_filter_cannot_inflate_its_input(source):
    names = {"params": {"big": "x" * 1_000_000, "many": list(range(1000))}}

    with pytest.raises(TemplateFailedError, match="longer than"):
        value_of(source, names)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 300 + "1" + ")" * 300,
        "not " * 900 + "a",
        "[" * 900 + "]" * 900,
        "a" + ".b" * 900,
        "a" + "[a" * 500 + "]" * 500,
        "+".join("a" * 900),
        "a" * 3000,
        "",
        "  ",
        "a b",
        "a.",
        "a }} b",
        "{% if a %}",
        "a if",
        "'unclosed",
        "a | nofilter",
        "a is notest",
    ],
)
def test_what_is_no_expression_is_refused_when_it_is_compiled(source):
    with pytest.raises(ExpressionSyntaxError):
        compile_expression(source)


def test_a_plain_path_gives_the_very_object():
    rows = [{"a": 1}]

    assert value_of("steps.n1.rows", {"steps": {"n1": {"rows": rows}}}) is rows


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nope.a", "unknown name 'nope'; known: params, input"),
        ("nope + 1", "unknown name 'nope'; known: params, input"),
        ("params.aa", "params has no 'aa'; known: a, text, list, day, none"),
        ("params.aa + 1", "has no 'aa'; known: a, text, list, day, none"),
        ("params.list[7]", "params.list has 3 items, none at 7"),
        ("params.none.x", "params.none is null and has no 'x'"),
        ("params.a.x", "params.a is of type int and has no 'x'"),
        ("params.a / 0", "division by zero"),
        ("params.a + params.text", "these types do not fit together"),
    ],
)
def test_a_failure_says_what_is_known(source, message):
    with pytest.raises(TemplateFailedError) as caught:
        value_of(source)

    assert caught.value.message == f"{{{{ {source} }}}}: {message}"


@pytest.mark.parametrize(
    "source",
    [
        "secrets.key + 1",
        "secrets.key.x",
        "params[secrets.key]",
        "secrets.key | fromjson",
        "secrets.key | strftime('%Y')",
        "params.list | sum(secrets.key)",
        "params.list[secrets.key]",
    ],
)
def test_no_failure_repeats_a_value(source):
    with pytest.raises(TemplateFailedError) as caught:
        value_of(source, {**NAMES, "secrets": {"key": CANARY}})

    assert CANARY not in caught.value.message + str(caught.value.details)


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("steps.n1.rows[0].x", {("steps", "n1", "rows", 0, "x")}),
        ("steps['n1']", {("steps", "n1")}),
        ("steps[params.id].x", {("steps",), ("params", "id")}),
        ("a.b if c.d else e | default(f.g)", {("a", "b"), ("c", "d"), ("e",), ("f", "g")}),
        ("1", set()),
    ],
)
def test_the_paths_read_are_known_before_running(source, paths):
    assert compile_expression(source).paths == paths

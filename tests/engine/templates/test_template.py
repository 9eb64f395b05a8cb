import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DefinitionInvalidError, TemplateFailedError
from engine.templates import check_template, compile_template

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def render(tree, **names):
    return compile_template(tree).render(names)


def _placeholders_for(value, path="v"):
    """A template of the same shape as `value`, with a placeholder for each leaf."""
    if isinstance(value, dict):
        return {
            key: _placeholders_for(item, f"({path}|items|list)[{index}][1]")
            for index, (key, item) in enumerate(value.items())
        }
    if isinstance(value, list):
        return [_placeholders_for(item, f"{path}[{i}]") for i, item in enumerate(value)]
    return f"{{{{ {path} }}}}"


def _has_braces(value):
    if isinstance(value, dict):
        return any(_has_braces(item) or "{{" in key for key, item in value.items())
    if isinstance(value, list):
        return any(_has_braces(item) for item in value)
    return isinstance(value, str) and "{{" in value


def _depth(value):
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0


@given(JSON)
def test_a_lone_placeholder_keeps_any_json_value(value):
    assert render("{{ params.v }}", params={"v": value}) == value
    assert render({"a": ["{{params.v}}"]}, params={"v": value}) == {"a": [value]}


@given(JSON.filter(lambda value: not _has_braces(value) and _depth(value) < 10))
def test_a_tree_of_placeholders_rebuilds_any_json_value(value):
    assert render(_placeholders_for(value), v=value) == value


@given(JSON.filter(lambda value: not _has_braces(value)))
def test_a_tree_without_placeholders_stays_as_it_is(value):
    assert render(value) == value


@given(st.text(), st.text().filter(lambda text: "{{" not in text))
def test_text_around_a_placeholder_is_kept_and_the_value_is_not_rendered_again(value, around):
    before = around.rstrip("{")

    assert render(f"{before}{{{{ v }}}}{around}", v=value) == f"{before}{value}{around}"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a={{n}}", "a="),
        ("a={{t}}", "a=true"),
        ("a={{i}}", "a=7"),
        ("a={{f}}", "a=1.5"),
        ("a={{l}}", 'a=[1,"x"]'),
        ("{{i}}{{i}}", "77"),
        ('{"q": {{i}}}', '{"q": 7}'),
        ("{ {{i}}}", "{ 7}"),
        ('{{ "}}" }}!', "}}!"),
        ('{{ {"a": {"b": i}}["a"]["b"] }}!', "7!"),
        ("{{ '{{' }} {{ \"it's\" }}", "{{ it's"),
        ("{% if %} {# #} }} {", "{% if %} {# #} }} {"),
    ],
)
def test_values_in_text_are_spelled_as_in_json(template, text):
    assert render(template, n=None, t=True, i=7, f=1.5, l=[1, "x"]) == text


def test_braces_in_a_value_stay_text():
    names = {"params": {"x": "{{ secrets.key }}"}, "secrets": {"key": "s"}}

    assert compile_template(["{{params.x}}", "-{{params.x}}"]).render(names) == [
        "{{ secrets.key }}",
        "-{{ secrets.key }}",
    ]


def test_a_failure_names_the_place_in_the_definition():
    template = compile_template({"a": [{"b": "x{{ params.q }}"}]}, "nodes[2].params")

    with pytest.raises(TemplateFailedError) as caught:
        template.render({"params": {"p": 1}})

    assert caught.value.message.startswith(
        "nodes[2].params.a[0].b: {{ params.q }}: params has no 'q'"
    )
    assert caught.value.details["path"] == "nodes[2].params.a[0].b"


def test_the_names_that_a_template_reads_are_known():
    template = compile_template({"a": "{{steps.n1.rows[0].x}} {{item}}", "b": ["{{params.o}}"]})

    assert template.names == {"steps.n1", "item", "params.o"}


@pytest.mark.parametrize(
    ("tree", "code", "path"),
    [
        ({"a": "{{ x"}, "template_syntax", "a"),
        ({"a": ["ok", "{{ f() }}"]}, "template_syntax", "a[1]"),
        ({"{{x}}": 1}, "template_in_key", "{{x}}"),
    ],
)
def test_a_wrong_template_is_an_issue_at_its_path(tree, code, path):
    assert [(i.code, i.path) for i in check_template(tree, {"x"})] == [(code, path)]
    with pytest.raises(DefinitionInvalidError):
        compile_template(tree)


def test_an_unknown_root_is_an_issue_with_the_name_that_was_meant():
    (issue,) = check_template({"u": "{{parms.x}}"}, {"params", "input"}, "params")

    assert (issue.code, issue.path) == ("unknown_name", "params.u")
    assert issue.suggestion == "did you mean params?"


def test_names_below_a_root_are_checked_where_they_are_known():
    known = {"params": {"origin"}, "input": None}

    assert check_template("{{params.origin}}{{input.any.thing}}", known) == ()
    (issue,) = check_template("{{params.orgin}}", known)
    assert issue.suggestion == "did you mean params.origin?"


def test_a_template_may_stand_ten_levels_deep_and_no_deeper():
    def nested(levels, leaf):
        for _ in range(levels):
            leaf = {"a": leaf}
        return leaf

    assert check_template(nested(10, "{{x}}"), {"x"}) == ()
    assert [i.code for i in check_template(nested(11, "{{x}}"), {"x"})] == ["template_depth"]
    assert check_template(nested(50, "plain"), ()) == ()
    assert [i.code for i in check_template(nested(5000, "plain"), ())] == ["template_depth"]

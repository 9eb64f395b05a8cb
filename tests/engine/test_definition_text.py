from hypothesis import given
from hypothesis import strategies as st

from engine.definition_fields import new_definition
from engine.definition_text import file_fields, merged_yaml, same, to_yaml
from engine.model import Caller
from engine.yaml_source import YamlSource

AMBIGUOUS = ("12:30", "0777", "1_000", "null", "~", "yes", "1e5", "0x1F", "=", "<<", "2013-01-01")
AWKWARD = ("- a", "a: b", "#x", "a #b", ":0", "a\nb", "a\n  b\n", "a\n\n\n", " a", "a ", "a\r\nb")
texts = (
    st.text(st.characters(codec="utf-8"), max_size=20)
    | st.sampled_from((*AMBIGUOUS, *AWKWARD))
    | st.text("ab \n\t:#-'\"\\", max_size=150)
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(texts | st.just("description"), values, max_size=3)


def read(text):
    return YamlSource.parse(text).value


@given(documents)
def test_what_is_written_is_read_back_the_same(document):
    assert same(read(to_yaml(document)), document)


@given(documents, documents)
def test_a_text_can_be_changed_to_say_anything(said, wanted):
    assert read(merged_yaml(to_yaml(said), said, wanted)) == wanted


def test_a_change_leaves_comments_order_and_formatting():
    text = (
        "# Owned by the operations team.\n"
        "description: Delays   # shown in the list\n"
        "logic_type: 'sql'\n"
        "param_schema:\n"
        "  # IATA code\n"
        "  origin: {type: text, example: 010}\n"
        "  limit:\n"
        "    type: integer   # rows\n"
        "    default: 1_0\n"
        "tags:\n"
        "  - a  # first\n"
        "  - b\n"
    )
    said = {
        "logic_type": "sql",
        "description": "Delays",
        "tags": ["a", "b"],
        "param_schema": {
            "origin": {"type": "text", "example": 8},
            "limit": {"type": "integer", "default": 10},
        },
    }
    wanted = {
        **said,
        "param_schema": {
            "origin": {"type": "text", "example": 8},
            "limit": {"type": "integer", "default": 20, "max": 50},
            "day": {"type": "date", "default": "2013-01-01"},
        },
    }

    merged = merged_yaml(text, said, wanted)

    assert merged == text.replace(
        "    default: 1_0\n",
        "    default: 20\n    max: 50\n  day:\n    type: date\n    default: 2013-01-01\n",
    )


def test_windows_line_ends_stay():
    text = "logic_type: sql\r\ndescription: a\r\n"

    merged = merged_yaml(text, {"description": "a"}, {"description": "b"})

    assert merged == "logic_type: sql\r\ndescription: b\r\n"


def test_a_long_description_is_folded_at_its_spaces():
    text = to_yaml({"description": "word " * 30 + "end"})

    assert text.startswith("description: >-\n  word word")
    assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())


def test_a_file_says_what_was_authored_and_no_defaults():
    fields = {
        "api_name": "delays",
        "logic_type": "sql",
        "logic_body": "SELECT 1",
        "param_schema": {"a": {"type": "string", "required": False}, "b": {"items": {}}},
        "runtime_policy": {"timeout_seconds": 5, "max_retries": 3, "cache": {"enabled": True}},
    }

    said = file_fields(new_definition(fields, Caller(subject="test")))

    assert said == {
        "logic_type": "sql",
        "connection": "sample",
        "param_schema": {"a": {"type": "text"}, "b": {"type": "text", "items": {"type": "text"}}},
        "runtime_policy": {"timeout_seconds": 5, "cache": {"enabled": True}},
    }

"""Failures are shown as written, with every particular."""

from engine.model import Issue
from pages.components.errors import issue_line, particulars


def test_every_mistake_of_a_call_is_listed_with_its_parameter():
    details = {"params": [{"param": "limit", "message": "must be at least 1"}]}

    assert particulars(details) == ["**limit** must be at least 1"]


def test_advice_is_not_listed_among_the_mistakes_of_a_definition():
    issues = [
        Issue(code="a", message="no such column").model_dump(),
        Issue(code="b", message="no LIMIT", severity="warning").model_dump(),
    ]

    assert particulars({"issues": issues}) == ["no such column"]


def test_an_issue_says_where_and_what_would_be_right():
    issue = Issue(code="x", message="no column dly", line=2, column=8, suggestion="delay")

    assert issue_line(issue) == "**line 2, column 8** no column dly — delay"


def test_markdown_in_a_message_is_shown_and_not_obeyed():
    issue = Issue(code="x", message="unknown *star* and [link](http://x)")

    assert issue_line(issue) == r"unknown \*star\* and \[link\](http\://x)"

"""The static check: what it finds, where, and that it runs nothing."""

import pytest

from engine.executor_core.script_check import check_script
from engine.model import ParamSpec

MAIN = "def main(params, input_payload):\n    return 1\n"


def found(source, declared=()):
    facts = check_script(source, {name: ParamSpec() for name in declared})
    return [(issue.severity, issue.code, issue.line, issue.column) for issue in facts.issues]


def only(source, declared=()):
    facts = check_script(source, {name: ParamSpec() for name in declared})
    assert len(facts.issues) == 1
    return facts.issues[0]


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("def main(params, input_payload)\n    return 1", 1, 32),
        ("def main(params, input_payload):\nreturn 1", 2, 1),
        ("x = (1,\n", 1, 5),
        ("def main(params, input_payload):\n    return 'é' 1", 2, 16),
    ],
)
def test_a_syntax_error_is_named_with_its_place(source, line, column):
    assert found(source) == [("error", "script_syntax", line, column)]


@pytest.mark.parametrize("source", ["\0", "(" * 10_000, "x = " + "-" * 200_000 + "1"])
def test_a_text_that_cannot_be_parsed_is_an_issue_and_no_crash(source):
    assert [code for _, code, _, _ in found(source)] == ["script_syntax"]


def test_an_empty_script_lacks_main():
    issue = only("")

    assert issue.code == "main_missing"
    assert "def main(params, input_payload)" in str(issue.suggestion)


def test_a_misspelt_main_is_suggested():
    assert only("def mian(params, input_payload): pass").suggestion == "rename mian to main"


def test_a_nested_main_does_not_count():
    assert found("class A:\n    def main(self, a): pass") == [("error", "main_missing", 1, 1)]


@pytest.mark.parametrize(
    "source",
    [
        MAIN,
        "async def main(params, input_payload):\n    return 1",
        "def main(*args):\n    return 1",
        "def main(p, i=None, /, *, extra=1):\n    return 1",
        "def work(p, i): pass\nmain = work",
        "main = lambda params, input_payload: 1",
        "try:\n    import json\nexcept ImportError:\n    pass\nelse:\n    pass\nif True:\n    "
        "def main(params, input_payload): pass",
        "import functools\n@functools.cache\ndef main(): pass",
        "def main(params): pass\ndef main(params, input_payload): pass",
    ],
)
def test_every_callable_main_is_accepted(source):
    assert found(source) == []


@pytest.mark.parametrize(
    "arguments", ["", "params", "a, b, c", "params, input_payload, *, needed", "*, params"]
)
def test_a_main_that_cannot_be_called_is_refused(arguments):
    issue = only(f"import json\n\ndef main({arguments}):\n    return 1")

    assert (issue.severity, issue.code, issue.line) == ("error", "main_signature", 3)
    assert issue.suggestion == "def main(params, input_payload):"


def test_a_generator_is_no_main():
    source = "def main(params, input_payload):\n    def inner():\n        yield 1\n    yield 2"

    assert found(source) == [("error", "main_is_generator", 4, 5)]


@pytest.mark.parametrize(
    ("statement", "column", "instead"),
    [
        ("import numpy", 8, "statistics"),
        ("import json, pandas as pd", 14, "SQL"),
        ("import requests", 8, "HTTP API"),
        ("from sqlalchemy import select", 1, "SQL API"),
        ("import subprocess", 8, "ThreadPoolExecutor"),
        ("import socket", 8, "HTTP API"),
        ("from multiprocessing import Pool", 1, "ThreadPoolExecutor"),
        ("import ctypes.util", 8, "native"),
        ("import urllib.request", 8, "HTTP API"),
        ("from urllib import parse, request", 27, "HTTP API"),
        ("from http import client", 18, "HTTP API"),
        ("import engine.settings", 8, "workflow"),
        ("import nothing_of_this_name", 8, "standard library"),
    ],
)
def test_an_import_that_cannot_work_is_refused_with_the_way_out(statement, column, instead):
    issue = only(f"{statement}\n{MAIN}")

    assert (issue.severity, issue.code) == ("error", "import_not_available")
    assert (issue.line, issue.column) == (1, column)
    assert instead in str(issue.suggestion)


def test_an_import_inside_a_function_is_found():
    source = "def main(params, input_payload):\n    if params:\n        import numpy"

    assert found(source) == [("error", "import_not_available", 3, 16)]


def test_a_relative_import_is_refused():
    assert found(f"from . import other\n{MAIN}") == [("error", "import_relative", 1, 1)]


def test_an_import_that_may_fail_is_only_a_warning():
    source = f"try:\n    import numpy\nexcept ImportError:\n    numpy = None\n{MAIN}"

    assert found(source) == [("warning", "import_not_available", 2, 12)]


def test_imports_are_listed_once_in_order():
    facts = check_script(f"import re, json\nfrom os import path\nimport json\n{MAIN}", {})

    assert facts.imports == ("json", "os", "re")


def test_a_column_counts_characters():
    source = f"x = 'é'; import numpy\n{MAIN}"

    assert only(source).column == 17


def test_an_undeclared_parameter_is_named_with_a_guess():
    source = "def main(params, _):\n    return params['orign'], params.get('origin')"

    issue = only(source, ["origin"])

    assert (issue.severity, issue.code, issue.line, issue.column) == (
        "warning",
        "param_undeclared",
        2,
        12,
    )
    assert issue.suggestion == "did you mean origin?"


def test_the_first_argument_is_what_counts_whatever_its_name():
    source = "def main(p, params):\n    return p['a'], params['b'], 'c' in p"

    assert [code for _, code, _, _ in found(source, ["a"])] == ["param_undeclared"]


def test_a_declared_parameter_that_is_never_read_is_named():
    assert found("def main(params, _):\n    return params['a']", ["a", "b"]) == [
        ("warning", "param_unused", 1, 1)
    ]


def test_parameters_passed_on_are_not_guessed_at():
    assert found("def main(params, _):\n    return dict(params)", ["a", "b"]) == []


def test_nothing_of_a_script_is_run(tmp_path):
    marker = tmp_path / "ran"
    touch = f"open({str(marker)!r}, 'w')"

    check_script(
        f"{touch}\n@({touch})\nclass A: pass\ndef main(params={touch}, i={touch}): pass", {}
    )

    assert not marker.exists()

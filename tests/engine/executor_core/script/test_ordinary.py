"""Every script of ordinary.txt at every level: its right answer, or at level C no files."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.errors import ScriptFailedError
from engine.executor_core.script_check import check_script


class Ordinary(NamedTuple):
    name: str
    params: dict[str, Any]
    input_payload: Any
    needs_files: bool
    answer: Any
    source: str


def _read() -> list[Ordinary]:
    text = Path(__file__).with_name("ordinary.txt").read_text()
    found = []
    for block in text.split("\n@ ")[1:]:
        name, rest = block.split("\n", 1)
        head, source = _split(rest)
        found.append(
            Ordinary(
                name,
                json.loads(head.get("params", "{}")),
                json.loads(head.get("input", "null")),
                "files" in head,
                json.loads(head["="]),
                source,
            )
        )
    return found


def _split(text: str) -> tuple[dict[str, str], str]:
    head: dict[str, str] = {}
    lines = text.splitlines()
    while "=" not in head:
        word, _, value = lines.pop(0).partition(" ")
        head[word] = value
    return head, "\n".join(lines)


ORDINARY = _read()


def test_there_are_more_than_forty_ordinary_scripts():
    assert len(ORDINARY) > 40
    assert len({script.name for script in ORDINARY}) == len(ORDINARY)


@pytest.mark.parametrize("script", ORDINARY, ids=lambda script: script.name)
def test_an_ordinary_script_passes_the_check(script):
    facts = check_script(script.source, {})

    assert [issue for issue in facts.issues if issue.severity == "error"] == []


@pytest.mark.parametrize("script", ORDINARY, ids=lambda script: script.name)
def test_an_ordinary_script_gives_its_right_answer(scripts, script):
    if script.needs_files and scripts.level == "C":
        with pytest.raises(ScriptFailedError):
            scripts.run(script.source, script.params, script.input_payload)
        return

    payload = scripts.run(script.source, script.params, script.input_payload)

    assert json.loads(payload.json) == script.answer

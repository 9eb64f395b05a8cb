"""The tables of the docs are compared with the code."""

import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import EngineError
from engine.settings import PREFIX, Settings
from engine.sidecar.failures import MethodNotAllowedError

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, first: str) -> list[tuple[str, ...]]:
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = re.findall(rf"^\| (`{first}[^|]*\|.*) \|$", text, re.MULTILINE)
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return f"`{str(default).lower()}`" if isinstance(default, bool) else f"`{default}`"


def test_the_docs_list_every_setting_with_its_default_and_meaning():
    fields = {**Settings.model_fields}
    del fields["environment_connections"]

    assert rows("settings.md", PREFIX)[:-1] == [
        (f"`{PREFIX}{name.upper()}`", shown(field.default), field.description)
        for name, field in fields.items()
    ]


def test_the_docs_say_how_connections_are_set():
    assert rows("settings.md", PREFIX)[-1][0] == "`API_ENGINE_CONNECTION_<NAME>`"


def tree(error: type[EngineError]) -> Iterator[type[EngineError]]:
    yield error
    for child in error.__subclasses__():
        yield from tree(child)


def test_the_docs_list_every_error_code_with_its_status():
    codes = {(f"`{each.code}`", str(each.http_status)) for each in tree(EngineError)}

    documented = [row[:2] for row in rows("rest.md", "[a-z_]+`") if len(row) == 3]

    assert MethodNotAllowedError.code == "method_not_allowed"
    assert len(documented) == len(set(documented))
    assert set(documented) == codes

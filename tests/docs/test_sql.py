"""docs/sql.md names every issue that the SQL checks can raise."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'(?:Finding\(\s*|code=|_refuse\(\s*)"([a-z_]+)"')


def test_every_issue_code_is_documented():
    sources = [
        *(ROOT / "engine" / "executor_core").glob("sql*.py"),
        *(ROOT / "engine" / "executor_core" / "sql_guard").glob("*.py"),
    ]
    raised = {code for path in sources for code in CODE.findall(path.read_text())}

    documented = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "sql.md").read_text()))

    assert len(raised) > 20
    assert raised - documented == set()

"""The page on HTTP APIs says what the code does."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from engine.executor_core.http import HttpExecutor
from engine.executor_core.http_spec import HttpSpec
from engine.model import ApiDefinition, ParamSpec

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text()


def test_the_example_compiles_without_a_warning():
    [body] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[:1]
    names = set(re.findall(r"\{\{params\.(\w+)", body))
    now = datetime.now(UTC)
    api = ApiDefinition(
        id=uuid4(),
        api_name="example",
        logic_type="http",
        logic_body=body,
        param_schema={name: ParamSpec() for name in names},
        created_at=now,
        updated_at=now,
    )

    assert json.loads(body)["response_path"]
    assert HttpExecutor().compile(api).warnings == ()


def test_every_key_of_a_spec_is_documented():
    for key in HttpSpec.model_fields:
        assert f"`{key}`" in PAGE

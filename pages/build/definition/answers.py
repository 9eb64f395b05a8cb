"""The right half of a workbench below the inputs, per logic type: what a test showed."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.checking import CheckReport
from engine.model import ApiDefinition, Caller
from pages.build.definition import working_copy
from pages.build.http.answer import request_answer
from pages.build.script.answer import script_answer
from pages.build.sql.answer import query_answer
from pages.components.context import engine
from pages.components.state import WorkingCopy

KEY = "preview-answer"


def answer_views(
    api: ApiDefinition,
    work: WorkingCopy,
    caller: Caller,
    report: CheckReport,
    params: Mapping[str, Any],
    input_payload: Any,
) -> None:
    """Draw the views of the last test, and those that need none."""
    dry_run = partial(_dry_run, api, work, caller, params, input_payload)
    if work.fields["logic_type"] == "sql":
        query_answer(work, report, lambda: str(dry_run()["plan"]), key=KEY)
    elif work.fields["logic_type"] == "http":
        request_answer(work, dry_run, key=KEY)
    else:
        script_answer(work, key=KEY)


def _dry_run(
    api: ApiDefinition,
    work: WorkingCopy,
    caller: Caller,
    params: Mapping[str, Any],
    input_payload: Any,
) -> dict[str, Any]:
    request = working_copy.draft_request(
        api, work, body=work.fields["logic_body"], params=params, input_payload=input_payload
    )
    return engine().dry_run(request, caller)

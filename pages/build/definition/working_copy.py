"""The author's unsaved work on an API: loaded, checked, tried, saved, published, discarded."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from engine.asset_references import names_an_asset
from engine.call import ExecutionRequest
from engine.checking import CheckReport
from engine.definition_diff import diff_definitions
from engine.definition_fields import authored_fields, changed_definition
from engine.executor_policies import effective_timeout_s
from engine.model import (
    ApiDefinition,
    Caller,
    ExecutionResult,
    Issue,
    ParamSpec,
    RuntimePolicy,
)
from pages.components.context import engine
from pages.components.defaults import PARAM_DEFAULTS, POLICY_DEFAULTS, without_defaults
from pages.components.running import Running
from pages.components.state import WORKING_COPIES, WorkingCopy


def working_copy(api: ApiDefinition, caller: Caller) -> WorkingCopy:
    """This session's work on an API: what it holds, else the draft, else what is live.

    Work that nothing was changed in follows what is published elsewhere.
    """
    copies = WORKING_COPIES.get()
    key = str(api.id)
    if key not in copies:
        draft = engine().apis.draft(key, caller)
        fields = terse_fields(draft.fields) if draft else live_fields(api)
        base = draft.base_version if draft else api.version
        copies[key] = WorkingCopy(
            of=key,
            fields=fields,
            saved=deepcopy(fields),
            base_version=base,
            touched=draft is not None,
            seen_draft=draft.updated_at if draft else None,
        )
    work = copies[key]
    untouched = not (work.touched or work.is_unsaved)
    if work.base_version != api.version and untouched and _no_draft(key, caller):
        work.replace(live_fields(api), api.version)
    return work


def live_fields(api: ApiDefinition) -> dict[str, Any]:
    """The authored fields of what is live, as the workbench holds them."""
    return terse_fields(authored_fields(api))


def terse_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Authored fields without what only repeats a default, so that equal work compares equal."""
    schema = {
        name: without_defaults(spec, PARAM_DEFAULTS)
        for name, spec in fields["param_schema"].items()
    }
    policy = fields["runtime_policy"]
    if not policy.get("asset"):  # what is said on top of an asset's policy may be a default
        policy = without_defaults(policy, POLICY_DEFAULTS)
    return {**deepcopy(dict(fields)), "param_schema": schema, "runtime_policy": policy}


def checked(work: WorkingCopy, caller: Caller) -> CheckReport:
    """What is wrong with the work, looked at again only when it changed."""
    if work.report is None or work.report[1] != work.fields:
        work.report = (_check(work.fields, caller), deepcopy(work.fields))
    return work.report[0]


def preview(
    api: ApiDefinition,
    work: WorkingCopy,
    caller: Caller,
    *,
    body: str,
    params: Mapping[str, Any],
    input_payload: Any,
) -> None:
    """Begin to run the work as a test, without cache, limits or breaker; ends the test before.

    Raises:
        DefinitionInvalidError: A field other than the body is malformed.
    """
    request = draft_request(api, work, body=body, params=params, input_payload=input_payload)
    eng = engine()
    if work.test is not None:
        work.test[0].cancel()
    test = Running.start(
        lambda cancellation: eng.run(replace(request, cancellation=cancellation), caller),
        limit_s=timeout_s(work),
    )
    work.test = (test, work.fields["logic_body"])


def settle_test(work: WorkingCopy) -> None:
    """Keep the outcome of a test that has ended with the work."""
    if work.test is not None and not work.test[0].is_running:
        (test, body), work.test = work.test, None
        work.result = (test.result(), body)


def timeout_s(work: WorkingCopy) -> float:
    """How long one attempt of the work may take."""
    policy = RuntimePolicy.model_validate(work.fields["runtime_policy"])
    return effective_timeout_s(work.fields["logic_type"], policy)


def draft_request(
    api: ApiDefinition,
    work: WorkingCopy,
    *,
    body: str,
    params: Mapping[str, Any],
    input_payload: Any,
) -> ExecutionRequest:
    """The request that runs the work as a test; raises DefinitionInvalidError."""
    return ExecutionRequest(
        api=changed_definition(api, {**work.fields, "logic_body": body}),
        params=params,
        input_payload=input_payload,
        source="test",
        test=True,
        want_trace=True,
    )


def save_draft(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Keep the work as the API's draft; what is live stays as it is."""
    saved = engine().apis.save_draft(
        str(api.id), work.fields, caller, base_version=work.base_version, seen=work.seen_draft
    )
    work.seen_draft = saved.updated_at
    work.saved = deepcopy(work.fields)
    work.touched = True


def drop_draft(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Forget the draft: the work is what is live."""
    engine().apis.drop_draft(str(api.id), caller, seen=work.seen_draft)
    work.saved = deepcopy(work.fields)
    work.touched = False


def publish(
    api: ApiDefinition,
    work: WorkingCopy,
    caller: Caller,
    note: str,
    *,
    accept_changes: bool = False,
) -> ApiDefinition:
    """Make the work the live version; refused when somebody published since it was begun."""
    published = engine().apis.update(
        str(api.id),
        work.fields,
        caller,
        note=note,
        expected_version=work.base_version,
        accept_changes=accept_changes,
    )
    work.replace(live_fields(published), published.version)
    return published


def discard(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Forget the work and the draft, and show what is live."""
    engine().apis.drop_draft(str(api.id), caller, seen=work.seen_draft)
    work.replace(live_fields(api), api.version)


def changes(api: ApiDefinition, work: WorkingCopy) -> Mapping[str, Any]:
    """How the work differs from what is live; raises DefinitionInvalidError."""
    return diff_definitions(api, changed_definition(api, work.fields))


def param_specs(work: WorkingCopy) -> dict[str, ParamSpec]:
    """The parameters as they stand in the work."""
    return {
        name: ParamSpec.model_validate(spec) for name, spec in work.fields["param_schema"].items()
    }


def undeclared(work: WorkingCopy, report: CheckReport) -> list[str]:
    """Parameters that the statement uses and the schema lacks."""
    return [name for name in report.params if name not in work.fields["param_schema"]]


def declare(work: WorkingCopy, report: CheckReport) -> None:
    """Add the parameters the statement uses to the schema, with the types the target told."""
    found = {
        name: report.params[name].model_dump(mode="json", exclude_defaults=True)
        for name in undeclared(work, report)
    }
    work.fields["param_schema"] = {**work.fields["param_schema"], **found}
    work.params_rev += 1


def failure_issues(work: WorkingCopy) -> tuple[Issue, ...]:
    """What the last preview says about lines of the body, while the body is still the same."""
    if work.result is None or work.result[1] != work.fields["logic_body"]:
        return ()
    return _located(work.result[0])


def _no_draft(key: str, caller: Caller) -> bool:
    return engine().apis.draft(key, caller) is None


def _check(fields: Mapping[str, Any], caller: Caller) -> CheckReport:
    report = engine().checks.check(fields, caller)
    if fields["logic_type"] != "sql" or names_an_asset("sql", fields["logic_body"]):
        return report
    statement = engine().checks.check_sql(
        fields["logic_body"], caller, connection=fields["connection"]
    )
    issues = [*report.issues, *(each for each in statement.issues if each not in report.issues)]
    return replace(statement, issues=tuple(issues))


def _located(result: ExecutionResult) -> tuple[Issue, ...]:
    error = result.error
    if error is None or error.details.get("line") is None:
        return ()
    line, column = error.details["line"], error.details.get("column")
    return (Issue(code=error.type, message=error.message, line=line, column=column),)

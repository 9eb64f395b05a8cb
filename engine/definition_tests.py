"""Builds test cases from what an author writes, and says of them what a file says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.testing import ApiTestCase, CaseFields
from engine.params import secret_names

CASE_FIELDS: tuple[str, ...] = tuple(CaseFields.model_fields)


def new_case(api: ApiDefinition, fields: Mapping[str, Any], caller: Caller) -> ApiTestCase:
    """A test case of an API.

    Raises:
        DefinitionInvalidError: With one issue per field that is missing, unknown or malformed.
    """
    return case_from(api, read_case(fields), caller)


def case_from(api: ApiDefinition, authored: CaseFields, caller: Caller) -> ApiTestCase:
    """The same from fields that were read; raises for what may not be kept."""
    refuse_secrets(api, authored)
    now = datetime.now(UTC)
    return ApiTestCase(
        **dict(authored),
        id=uuid4(),
        tenant_id=api.tenant_id,
        api_id=api.id,
        created_by=caller.subject,
        created_at=now,
        updated_by=caller.subject,
        updated_at=now,
    )


def changed_case(case: ApiTestCase, authored: CaseFields, caller: Caller) -> ApiTestCase:
    """`case` with everything an author writes replaced, as its next revision."""
    return case.model_copy(
        update={
            **dict(authored),
            "revision": case.revision + 1,
            "updated_by": caller.subject,
            "updated_at": datetime.now(UTC),
        }
    )


def authored_case(case: CaseFields) -> dict[str, Any]:
    """What an author wrote of a test case, JSON-able."""
    return case.model_dump(mode="json", include=set(CASE_FIELDS))


def read_case(fields: Mapping[str, Any]) -> CaseFields:
    """What an author wrote; raises as `new_case`."""
    try:
        return CaseFields.model_validate(dict(fields))
    except ValidationError as error:
        raise _refusal(error, ()) from error


def read_cases(written: Any) -> tuple[CaseFields, ...]:
    """The test cases of a definition's file, by name: a mapping of names to the other fields.

    Raises:
        DefinitionInvalidError: With an issue for each mistake of the first wrong case; the paths
            begin with `tests`.
    """
    if not isinstance(written, Mapping):
        raise _wrong_shape("tests", "tests are a mapping of names to test cases")
    return tuple(_read_named(str(name), written[name]) for name in sorted(written, key=str))


def said_cases(cases: Iterable[CaseFields]) -> dict[str, Any]:
    """The test cases as a file says them: by name, without what is not said."""
    return {
        case.name: case.model_dump(
            mode="json", include=set(CASE_FIELDS) - {"name"}, exclude_defaults=True
        )
        for case in sorted(cases, key=lambda case: case.name)
    }


def applied_cases(
    api: ApiDefinition,
    before: Sequence[ApiTestCase],
    wanted: Iterable[CaseFields],
    caller: Caller,
    *,
    prune: bool,
) -> tuple[ApiTestCase, ...]:
    """The test cases of an API once those that a file says were applied, by name.

    Those that the file does not say stay, unless they are pruned.
    """
    known = {case.name: case for case in before}
    after = {} if prune else dict(known)
    for each in wanted:
        case = known.get(each.name)
        if case is None:
            after[each.name] = case_from(api, each, caller)
        elif authored_case(case) != authored_case(each):
            after[each.name] = changed_case(case, each, caller)
        else:
            after[each.name] = case
    return tuple(after[name] for name in sorted(after))


def refuse_secrets(api: ApiDefinition, case: CaseFields, *, place: str = "") -> None:
    """Raise DefinitionInvalidError when a test case would keep the value of a secret parameter."""
    kept = sorted(name for name in secret_names(api.param_schema) if case.params.get(name))
    if kept:
        message = f"the parameter {kept[0]!r} is secret: a test case cannot keep its value"
        issue = Issue(code="secret_param", message=message, path=f"{place}params.{kept[0]}")
        raise DefinitionInvalidError(message, issues=(issue,))


def _read_named(name: str, written: Any) -> CaseFields:
    if not isinstance(written, Mapping):
        raise _wrong_shape(f"tests.{name}", "a test case is a mapping of fields to values")
    if "name" in written:
        raise _wrong_shape(f"tests.{name}.name", "a test case is named by its key")
    try:
        return CaseFields.model_validate({"name": name, **written})
    except ValidationError as error:
        raise _refusal(error, ("tests", name)) from error


def _wrong_shape(path: str, message: str) -> DefinitionInvalidError:
    issue = Issue(code="invalid_field", message=f"{path}: {message}", path=path)
    return DefinitionInvalidError(issue.message, issues=(issue,))


def _refusal(error: ValidationError, place: tuple[str, ...]) -> DefinitionInvalidError:
    issues = []
    for mistake in error.errors(include_input=False, include_url=False):
        path = ".".join((*place, *(str(part) for part in mistake["loc"])))
        message = _message(mistake["loc"], mistake["msg"])
        issues.append(Issue(code="invalid_field", message=f"{path}: {message}", path=path))
    return DefinitionInvalidError(issues[0].message, issues=tuple(issues))


def _message(location: tuple[int | str, ...], message: str) -> str:
    if location == ("name",) and "pattern" in message:
        return "a name has 1 to 100 characters, no '/', and no space at its ends"
    return message.removeprefix("Value error, ")

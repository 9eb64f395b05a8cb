"""The test cases of APIs: written, kept from runs, run one or all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from engine.api_manager import ApiManager
from engine.auth import authorize
from engine.call import ExecutionRequest
from engine.compilation import CompiledApi, Compiler
from engine.definition_tests import (
    case_from,
    changed_case,
    new_case,
    read_case,
    refuse_secrets,
)
from engine.errors import ConflictError, NotFoundError
from engine.executor_monitoring import ExecutionLog
from engine.model import ApiDefinition, ApiQuery, Caller, ExecutionResult
from engine.model.testing import Against, ApiTestCase, CaseOutcome, CaseReport
from engine.ports import AuditEntry, CaseStore, SettingStore
from engine.testing.assertions import failures
from engine.testing.from_run import case_of_run
from engine.testing.sides import definition_of

Run = Callable[[ExecutionRequest, Caller], ExecutionResult]
_PAGE = 500


class ApiTests:
    """Test cases of the caller's tenant.

    Reading needs the role viewer, changing and running analyst, each on the API. A run is a test
    run: without cache, limits and breaker, logged with source `test`.
    """

    def __init__(
        self,
        store: CaseStore,
        apis: ApiManager,
        compiler: Compiler,
        run: Run,
        logs: ExecutionLog,
        audit: SettingStore,
    ) -> None:
        self._store = store
        self._apis = apis
        self._compiler = compiler
        self._run = run
        self._logs = logs
        self._audit = audit

    def all(self, ref: str, caller: Caller) -> tuple[ApiTestCase, ...]:
        """The test cases of an API, by name."""
        api = self._apis.get(ref, caller)
        return self._store.of(caller.tenant_id, api.id)

    def get(self, ref: str, case: str, caller: Caller) -> ApiTestCase:
        """One test case by name or id; raises NotFoundError."""
        return _found(self.all(ref, caller), case)

    def create(self, ref: str, fields: Mapping[str, Any], caller: Caller) -> ApiTestCase:
        """Add a test case.

        Raises:
            DefinitionInvalidError: With every issue; nothing was stored.
            ConflictError: The API has one of that name.
        """
        api = self._writable(ref, caller)
        return self._add(api, new_case(api, fields, caller), caller)

    def update(
        self,
        ref: str,
        case: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        expected_revision: int | None = None,
    ) -> ApiTestCase:
        """Replace all that an author writes of a test case.

        Raises:
            DefinitionInvalidError: With every issue; it stays as it was.
            ConflictError: Somebody changed it meanwhile, or its new name is taken.
        """
        api = self._writable(ref, caller)
        before = _found(self._store.of(caller.tenant_id, api.id), case)
        if expected_revision is not None and expected_revision != before.revision:
            raise ConflictError(
                f"the test case {before.name!r} is at revision {before.revision}, not "
                f"{expected_revision}: {before.updated_by} changed it meanwhile",
                hint="Read it again and repeat the change.",
            )
        authored = read_case(fields)
        refuse_secrets(api, authored)
        changed = changed_case(before, authored, caller)
        self._store.change(changed)
        self._record(caller, "test.update", api, changed.name)
        return changed

    def delete(self, ref: str, case: str, caller: Caller) -> None:
        """Remove a test case."""
        api = self._writable(ref, caller)
        found = _found(self._store.of(caller.tenant_id, api.id), case)
        self._store.delete(caller.tenant_id, found.id)
        self._record(caller, "test.delete", api, found.name)

    def keep(self, execution_id: UUID, name: str, caller: Caller) -> ApiTestCase:
        """Keep a logged run as a test case of its API: its inputs, and what its answer was like.

        Raises:
            NotFoundError: There is no such run, or its API is gone.
            ConflictError: The log has not kept all that was sent, or the name is taken.
        """
        authorize(caller, "apis:write")
        record = self._logs.get(execution_id, caller)
        if record.api_id is None:
            raise NotFoundError("the run is not one of an API, so it has no test cases")
        api = self._writable(str(record.api_id), caller)
        return self._add(api, case_from(api, case_of_run(record, api, name), caller), caller)

    def run(
        self,
        ref: str,
        caller: Caller,
        *,
        names: Sequence[str] = (),
        against: Against = "live",
    ) -> CaseReport:
        """Run the test cases of an API, or those of these names.

        Raises:
            NotFoundError: No such API, version or test case.
            DefinitionInvalidError: The draft cannot be run.
        """
        authorize(caller, "execute:test")
        cases = self.all(ref, caller)
        wanted = tuple(_found(cases, name) for name in names) or cases
        if not wanted:
            return _report(against, list)
        api = self._compiler.compile(definition_of(self._apis, ref, against, caller))
        return _report(against, lambda: [self._outcome(api, each, caller) for each in wanted])

    def run_all(
        self, caller: Caller, *, refs: Sequence[str] = (), against: Against = "live"
    ) -> CaseReport:
        """Run every test case of these APIs, or of all that the caller sees, by name.

        Raises:
            NotFoundError: One of these APIs is not there.
        """
        authorize(caller, "execute:test")
        apis = [self._apis.get(ref, caller) for ref in refs] or self._with_cases(caller)
        return _report(
            against,
            lambda: [
                outcome
                for api in apis
                for outcome in self.run(str(api.id), caller, against=against).outcomes
            ],
        )

    def _with_cases(self, caller: Caller) -> list[ApiDefinition]:
        tested = self._store.all(caller.tenant_id).keys()
        found: list[ApiDefinition] = []
        total, offset = 1, 0
        while offset < total:
            page = self._apis.search(ApiQuery(limit=_PAGE, offset=offset), caller)
            found += [api for api in page.items if api.id in tested and api.version]
            total, offset = page.total, offset + _PAGE
        return found

    def _outcome(self, api: CompiledApi, case: ApiTestCase, caller: Caller) -> CaseOutcome:
        request = ExecutionRequest(
            api=api,
            params=case.params,
            input_payload=case.input_payload,
            source="test",
            test=True,
        )
        result = self._run(request, caller)
        return CaseOutcome(
            api_name=api.definition.api_name,
            name=case.name,
            failures=failures(result, case.expect),
            status=result.status,
            duration_ms=result.duration_ms,
            execution_id=result.execution_id,
        )

    def _writable(self, ref: str, caller: Caller) -> ApiDefinition:
        api = self._apis.get(ref, caller)
        authorize(caller, "apis:write", api)
        return api

    def _add(self, api: ApiDefinition, case: ApiTestCase, caller: Caller) -> ApiTestCase:
        self._store.add(case)
        self._record(caller, "test.create", api, case.name)
        return case

    def _record(self, caller: Caller, action: str, api: ApiDefinition, case: str) -> None:
        self._audit.add_audit(
            AuditEntry(
                tenant_id=caller.tenant_id,
                actor=caller.subject,
                action=action,
                target=api.api_name,
                at=datetime.now(UTC),
                detail={"test": case},
            )
        )


def _report(against: Against, run: Callable[[], list[CaseOutcome]]) -> CaseReport:
    started_at, started = datetime.now(UTC), time.perf_counter()
    outcomes = tuple(run())
    return CaseReport(
        against=against,
        started_at=started_at,
        duration_ms=(time.perf_counter() - started) * 1000,
        outcomes=outcomes,
    )


def _found(cases: Sequence[ApiTestCase], ref: str) -> ApiTestCase:
    for case in cases:
        if ref in (case.name, str(case.id)):
            return case
    known = ", ".join(repr(case.name) for case in cases) or "none"
    raise NotFoundError(f"there is no test case {ref!r}; known: {known}")

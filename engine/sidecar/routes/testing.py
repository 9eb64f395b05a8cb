"""Test cases: list, create, change, delete, keep a run as one, run one or all."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Header, Path, Query, Response

from engine.model.testing import ApiTestCase, CaseFields, CaseReport
from engine.sidecar.body import PacedResponse
from engine.sidecar.deps import ApiRef, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.etags import ETAG_PATTERN, expected_version
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope
from engine.sidecar.testing_schemas import (
    CaseReportView,
    KeepRunBody,
    RunAllBody,
    RunTestsBody,
    report_view,
)
from engine.testing import junit_xml

router = APIRouter(prefix="/api-manager", tags=["tests"])
CaseRef = Annotated[str, Path(description="Name or id of a test case.", max_length=100)]
ReportFormat = Annotated[
    Literal["json", "junit"], Query(alias="format", description="`junit` answers with XML.")
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Refuse with 409 when somebody changed it since.",
        json_schema_extra={"pattern": ETAG_PATTERN},
    ),
]


ALL_OF_IT = RunTestsBody()
EVERY_API = RunAllBody()


@router.get("/apis/{api}/tests", **documented(Envelope[list[ApiTestCase]], 404))
async def list_tests(api: ApiRef, visit: VisitDep) -> Response:
    """List the test cases of an API by name."""
    return answer(await visit.run(visit.engine.tests.all, api, visit.caller))


@router.post(
    "/apis/{api}/tests", status_code=201, **documented(Envelope[ApiTestCase], 404, 409, 422)
)
async def create_test(api: ApiRef, body: CaseFields, visit: VisitDep) -> Response:
    """Add a test case to an API."""
    return _case(
        await visit.run(visit.engine.tests.create, api, dict(body), visit.caller), status=201
    )


@router.post("/apis/{api}/tests/run", **documented(Envelope[CaseReportView], 404, 422))
async def run_tests(
    api: ApiRef,
    visit: VisitDep,
    body: Annotated[RunTestsBody, Body()] = ALL_OF_IT,
    fmt: ReportFormat = "json",
) -> Response:
    """Run test cases of an API, as tests: without cache, limits and breaker."""
    run = partial(visit.engine.tests.run, api, visit.caller, names=body.tests, against=body.against)
    return _report(await visit.run(run), fmt)


@router.get("/apis/{api}/tests/{test}", **documented(Envelope[ApiTestCase], 404))
async def read_test(api: ApiRef, test: CaseRef, visit: VisitDep) -> Response:
    """Read one test case."""
    return _case(await visit.run(visit.engine.tests.get, api, test, visit.caller))


@router.put("/apis/{api}/tests/{test}", **documented(Envelope[ApiTestCase], 404, 409, 422))
async def replace_test(
    api: ApiRef, test: CaseRef, body: CaseFields, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Replace a whole test case."""
    update = partial(
        visit.engine.tests.update,
        api,
        test,
        dict(body),
        visit.caller,
        expected_revision=expected_version(if_match),
    )
    return _case(await visit.run(update))


@router.delete("/apis/{api}/tests/{test}", **documented(Envelope[None], 404))
async def delete_test(api: ApiRef, test: CaseRef, visit: VisitDep) -> Response:
    """Delete a test case."""
    return answer(await visit.run(visit.engine.tests.delete, api, test, visit.caller))


@router.post("/tests/run", **documented(Envelope[CaseReportView], 404, 422))
async def run_all_tests(
    visit: VisitDep,
    body: Annotated[RunAllBody, Body()] = EVERY_API,
    fmt: ReportFormat = "json",
) -> Response:
    """Run the test cases of many APIs, or of all."""
    run = partial(visit.engine.tests.run_all, visit.caller, refs=body.apis, against=body.against)
    return _report(await visit.run(run), fmt)


@router.post(
    "/executions/{execution_id}/keep-as-test",
    status_code=201,
    **documented(Envelope[ApiTestCase], 404, 409, 422),
)
async def keep_as_test(execution_id: UUID, body: KeepRunBody, visit: VisitDep) -> Response:
    """Keep a logged run as a test case: its inputs, and what its answer was like."""
    keep = partial(visit.engine.tests.keep, execution_id, body.name, visit.caller)
    return _case(await visit.run(keep), status=201)


def _case(case: ApiTestCase, status: int = 200) -> Response:
    return answer(case, status=status, headers={"ETag": f'"{case.revision}"'})


def _report(report: CaseReport, fmt: str) -> Response:
    if fmt == "junit":
        return PacedResponse(junit_xml(report), 200, {}, "application/xml")
    return answer(report_view(report))

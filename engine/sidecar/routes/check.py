"""Validation: everything that is wrong with a statement or definition, before it is saved."""

from fastapi import APIRouter, Response

from engine.checking import CheckReport
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import CheckView, Envelope, SqlCheckBody, UnsavedDefinition

router = APIRouter(prefix="/api-manager", tags=["check"])


@router.post("/validate-sql", **documented(Envelope[CheckView], 404))
async def validate_sql(body: SqlCheckBody, visit: VisitDep) -> Response:
    """Check a statement and infer its parameters; a wrong one is an answer, not a failure."""
    report = await visit.run(
        visit.engine.checks.check_sql,
        body.sql,
        visit.caller,
        connection=body.connection,
        dialect=body.dialect,
    )
    return _answer_report(report)


@router.post("/validate", **documented(Envelope[CheckView]))
async def validate_definition(body: UnsavedDefinition, visit: VisitDep) -> Response:
    """Check a definition of any type; a wrong one is an answer, not a failure."""
    return _answer_report(await visit.run(visit.engine.checks.check, body.sent(), visit.caller))


def _answer_report(report: CheckReport) -> Response:
    return answer(
        {
            "valid": report.valid,
            "issues": report.issues,
            "params": report.params,
            "tables": report.tables,
            "columns": report.columns,
        }
    )

"""Definitions: create, read, change, delete, switch, versions, rollback."""

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Header, Query, Response

from engine.errors import ConflictError, NotFoundError
from engine.facade import Engine
from engine.model import ApiDefinition, ApiDraft, ApiQuery, ApiVersion, Caller, Page
from engine.sidecar.deps import ApiRef, VersionNumber, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.etags import (
    ETAG_PATTERN,
    draft_tag,
    etag_of,
    expected_version,
    seen_draft,
)
from engine.sidecar.openapi import documented
from engine.sidecar.publish_schemas import (
    PreviewBody,
    PreviewView,
    PublishDraftBody,
    PublishedView,
    preview_view,
    published_view,
)
from engine.sidecar.schemas import (
    DefinitionChange,
    DiffView,
    Envelope,
    Publication,
    RollbackBody,
    ToggleBody,
    WholeDefinition,
)

router = APIRouter(prefix="/api-manager", tags=["apis"])
OTHER_WAY = ToggleBody()
NO_NOTE = RollbackBody()
THE_DRAFT = PreviewBody()
AS_IT_IS = PublishDraftBody()
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Refuse with 409 when another version is live.",
        json_schema_extra={"pattern": ETAG_PATTERN},
    ),
]

DraftMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The `ETag` of the draft that is meant; refuse with 409 when it is another.",
        json_schema_extra={"pattern": ETAG_PATTERN},
    ),
]


@router.get("/apis", **documented(Envelope[Page[ApiDefinition]]))
async def list_apis(query: Annotated[ApiQuery, Query()], visit: VisitDep) -> Response:
    """List definitions by name."""
    return answer(await visit.run(visit.engine.apis.search, query, visit.caller))


@router.post("/apis", status_code=201, **documented(Envelope[ApiDefinition], 409, 422))
async def create_api(body: WholeDefinition, visit: VisitDep) -> Response:
    """Create an API, published at once as version 1 or kept as a draft."""
    api = await visit.run(
        visit.engine.apis.create,
        body.sent(),
        visit.caller,
        publish=body.publish,
        note=body.change_note,
    )
    return answer(api, status=201, headers={"ETag": etag_of(api)})


@router.get("/apis/{api}", **documented(Envelope[ApiDefinition], 404))
async def read_api(api: ApiRef, visit: VisitDep) -> Response:
    """Read the live definition."""
    return _definition(await visit.run(visit.engine.apis.get, api, visit.caller))


@router.put("/apis/{api}", **documented(Envelope[PublishedView | ApiDraft], 404, 409, 422))
async def replace_api(
    api: ApiRef, body: WholeDefinition, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Replace the whole definition as a new version, or keep it as a draft."""
    change = partial(_change, visit.engine, api, body, body.complete(), visit.caller, if_match)
    return await visit.run(change)


@router.patch("/apis/{api}", **documented(Envelope[PublishedView | ApiDraft], 404, 409, 422))
async def change_api(
    api: ApiRef, body: DefinitionChange, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Replace the fields sent as a new version, or keep them as a draft."""
    change = partial(_change, visit.engine, api, body, body.sent(), visit.caller, if_match)
    return await visit.run(change)


@router.delete("/apis/{api}", **documented(Envelope[None], 404, 409))
async def delete_api(api: ApiRef, visit: VisitDep, if_match: IfMatch = None) -> Response:
    """Delete an API with its versions; its log stays."""
    version = expected_version(if_match)
    delete = partial(visit.engine.apis.delete, api, visit.caller, expected_version=version)
    return answer(await visit.run(delete))


@router.get("/apis/{api}/draft", **documented(Envelope[ApiDraft], 404))
async def read_draft(api: ApiRef, visit: VisitDep) -> Response:
    """Read the changes that are not published yet."""
    return _draft_answer(await visit.run(_draft, visit.engine, api, visit.caller))


@router.get("/apis/{api}/draft/diff", **documented(Envelope[DiffView], 404))
async def diff_draft(api: ApiRef, visit: VisitDep) -> Response:
    """Say how the draft differs from what is live."""
    return answer(await visit.run(visit.engine.apis.draft_diff, api, visit.caller))


@router.post("/apis/{api}/publish-preview", **documented(Envelope[PreviewView], 404, 422))
async def preview_publishing(
    api: ApiRef, visit: VisitDep, body: Annotated[PreviewBody, Body()] = THE_DRAFT
) -> Response:
    """Say what publishing would break and change, replaying logged calls; changes nothing."""
    fields = None if body.definition is None else body.definition.sent()
    preview = partial(visit.engine.apis.preview, api, visit.caller, fields)
    return answer(preview_view(await visit.run(preview)))


@router.post("/apis/{api}/publish", **documented(Envelope[PublishedView], 404, 409, 422))
async def publish_draft(
    api: ApiRef,
    visit: VisitDep,
    body: Annotated[PublishDraftBody, Body()] = AS_IT_IS,
    if_match: DraftMatch = None,
) -> Response:
    """Make the changes that are not published yet the live version."""
    return await visit.run(_publish_draft, visit.engine, api, body, visit.caller, if_match)


@router.delete("/apis/{api}/draft", **documented(Envelope[None], 404, 409))
async def drop_draft(api: ApiRef, visit: VisitDep, if_match: IfMatch = None) -> Response:
    """Forget the changes that are not published yet; those of others by their tag alone."""
    return answer(await visit.run(_drop_draft, visit.engine, api, visit.caller, if_match))


@router.patch("/{api}/toggle", include_in_schema=False)
@router.patch("/apis/{api}/toggle", **documented(Envelope[ApiDefinition], 404, 409))
async def toggle_api(
    api: ApiRef, visit: VisitDep, body: Annotated[ToggleBody, Body()] = OTHER_WAY
) -> Response:
    """Switch an API on or off; without a body, the other way than it is."""
    return _definition(await visit.run(_toggle, visit.engine, api, body, visit.caller))


@router.get("/{api}/versions", include_in_schema=False)
@router.get("/apis/{api}/versions", **documented(Envelope[list[ApiVersion]], 404))
async def list_versions(api: ApiRef, visit: VisitDep) -> Response:
    """List all versions, newest first."""
    return answer(await visit.run(visit.engine.apis.versions, api, visit.caller))


@router.get("/apis/{api}/versions/{version}", **documented(Envelope[ApiVersion], 404))
async def read_version(api: ApiRef, version: VersionNumber, visit: VisitDep) -> Response:
    """Read one version."""
    return answer(await visit.run(visit.engine.apis.version, api, version, visit.caller))


@router.get("/apis/{api}/versions/{a}/diff/{b}", **documented(Envelope[DiffView], 404))
async def diff_versions(
    api: ApiRef, a: VersionNumber, b: VersionNumber, visit: VisitDep
) -> Response:
    """Say how version `b` differs from version `a`."""
    return answer(await visit.run(visit.engine.apis.diff, api, a, b, visit.caller))


@router.post("/{api}/rollback/{version_id}", include_in_schema=False)
@router.post("/apis/{api}/rollback/{version_id}", **documented(Envelope[ApiDefinition], 404, 409))
async def roll_back(
    api: ApiRef,
    version_id: VersionNumber,
    visit: VisitDep,
    body: Annotated[RollbackBody, Body()] = NO_NOTE,
) -> Response:
    """Publish a new version equal to an old one."""
    rollback = partial(
        visit.engine.apis.rollback, api, version_id, visit.caller, note=body.change_note
    )
    return _definition(await visit.run(rollback))


def _definition(api: ApiDefinition) -> Response:
    return answer(api, headers={"ETag": etag_of(api)})


def _change(
    engine: Engine,
    ref: str,
    how: Publication,
    fields: dict[str, object],
    caller: Caller,
    if_match: str | None,
) -> Response:
    live = engine.apis.update(
        ref,
        fields,
        caller,
        publish=how.publish,
        note=how.change_note,
        expected_version=expected_version(if_match),
        accept_changes=how.accept_changes,
        seen_draft=None if how.publish else _seen(engine, ref, caller, if_match),
    )
    if not how.publish:
        return _draft_answer(_draft(engine, str(live.id), caller))
    return _published(engine, live, caller)


def _publish_draft(
    engine: Engine, ref: str, how: PublishDraftBody, caller: Caller, if_match: str | None
) -> Response:
    seen = _seen(engine, ref, caller, if_match)
    expected_version(if_match)  # refuses what is no tag
    if if_match is not None and if_match.strip() != "*" and seen is None:
        raise ConflictError(
            f"the draft of {ref!r} is not the one of If-Match any more",
            hint="Read the draft again; its ETag is the one to send.",
        )
    live = engine.apis.publish_draft(
        ref, caller, note=how.change_note, accept_changes=how.accept_changes, seen=seen
    )
    return _published(engine, live, caller)


def _published(engine: Engine, live: ApiDefinition, caller: Caller) -> Response:
    version = engine.apis.version(str(live.id), live.version, caller)
    return answer(published_view(live, version), headers={"ETag": etag_of(live)})


def _draft(engine: Engine, ref: str, caller: Caller) -> ApiDraft:
    draft = engine.apis.draft(ref, caller)
    if draft is None:
        raise NotFoundError(f"{ref!r} has no unpublished changes")
    return draft


def _drop_draft(engine: Engine, ref: str, caller: Caller, if_match: str | None) -> None:
    engine.apis.drop_draft(ref, caller, seen=_seen(engine, ref, caller, if_match))


def _seen(engine: Engine, ref: str, caller: Caller, if_match: str | None) -> datetime | None:
    return seen_draft(if_match, engine.apis.draft(ref, caller)) if if_match else None


def _draft_answer(draft: ApiDraft) -> Response:
    return answer(draft, headers={"ETag": draft_tag(draft)})


def _toggle(engine: Engine, ref: str, wanted: ToggleBody, caller: Caller) -> ApiDefinition:
    active = wanted.is_active
    if active is None:
        active = not engine.apis.get(ref, caller).is_active
    return engine.apis.set_active(ref, caller, active=active, even_if_used=wanted.even_if_used)

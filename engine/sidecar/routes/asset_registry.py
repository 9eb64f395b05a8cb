"""The asset registry: create, read, change, publish, label, compare, roll back, delete, use."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Body, Header, Path, Query, Response

from engine.asset_content import content_schema
from engine.asset_users import AssetUse
from engine.errors import NotFoundError
from engine.facade import Engine
from engine.model import Caller, Page
from engine.model.asset import Asset, AssetDraft, AssetQuery, AssetType, AssetVersion
from engine.sidecar.asset_schemas import (
    AssetChange,
    AssetDiffView,
    AssetRollbackBody,
    AssetView,
    LabelBody,
    NewAsset,
    PublishBody,
    RenderBody,
)
from engine.sidecar.deps import VersionNumber, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.etags import ETAG_PATTERN, draft_tag, etag_of, expected_version, seen_draft
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/asset-registry", tags=["assets"])
AssetName = Annotated[str, Path(description="Name or id of an asset.", examples=["gentle"])]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Refuse with 409 when another version was published; the `ETag` of a draft "
        "of somebody else lets it be written over, published or dropped.",
        json_schema_extra={"pattern": ETAG_PATTERN},
    ),
]
NO_NOTE = PublishBody()
NO_VARIABLES = RenderBody()


@router.get("/assets", **documented(Envelope[Page[AssetView]]))
async def list_assets(query: Annotated[AssetQuery, Query()], visit: VisitDep) -> Response:
    """List assets by name."""
    page = await visit.run(visit.engine.assets.search, query, visit.caller)
    items = tuple(AssetView.of(asset) for asset in page.items)
    return answer(Page(items=items, total=page.total, limit=page.limit, offset=page.offset))


@router.get("/content-schemas", **documented(Envelope[dict[str, Any]]))
async def asset_content_schemas(visit: VisitDep) -> Response:
    """Read the JSON Schema of each type's content."""
    await visit.run(visit.engine.assets.tags, visit.caller)
    return answer({asset_type: content_schema(asset_type) for asset_type in get_args(AssetType)})


@router.post("/assets", status_code=201, **documented(Envelope[AssetView], 409, 422))
async def create_asset(body: NewAsset, visit: VisitDep) -> Response:
    """Create an asset as a draft, or published at once as version 1."""
    create = partial(
        visit.engine.assets.create,
        body.sent(),
        visit.caller,
        publish=body.publish,
        note=body.change_note,
    )
    return _asset(await visit.run(create), status=201)


@router.get("/assets/{asset}", **documented(Envelope[AssetView], 404))
async def read_asset(asset: AssetName, visit: VisitDep) -> Response:
    """Read an asset as it was published last, or its draft when it never was."""
    return _asset(await visit.run(visit.engine.assets.get, asset, visit.caller))


@router.patch("/assets/{asset}", **documented(Envelope[AssetView], 404, 409, 422))
async def change_asset(
    asset: AssetName, body: AssetChange, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Replace the fields sent in the draft; what is published stays as it is."""
    return _asset(
        await visit.run(_change, visit.engine, asset, body.sent(), visit.caller, if_match)
    )


@router.delete("/assets/{asset}", **documented(Envelope[None], 404, 409))
async def delete_asset(asset: AssetName, visit: VisitDep, if_match: IfMatch = None) -> Response:
    """Delete an asset with its versions, unless something uses it."""
    version = expected_version(if_match)
    delete = partial(visit.engine.assets.delete, asset, visit.caller, expected_version=version)
    return answer(await visit.run(delete))


@router.get("/assets/{asset}/draft", **documented(Envelope[AssetDraft], 404))
async def read_asset_draft(asset: AssetName, visit: VisitDep) -> Response:
    """Read the changes that are not published yet."""
    draft = await visit.run(_draft, visit.engine, asset, visit.caller)
    return answer(draft, headers={"ETag": draft_tag(draft)})


@router.delete("/assets/{asset}/draft", **documented(Envelope[AssetView], 404, 409))
async def drop_asset_draft(asset: AssetName, visit: VisitDep, if_match: IfMatch = None) -> Response:
    """Forget the changes that are not published yet; those of others by their tag alone."""
    return _asset(await visit.run(_drop_draft, visit.engine, asset, visit.caller, if_match))


@router.post("/assets/{asset}/publish", **documented(Envelope[AssetView], 404, 409, 422))
async def publish_asset(
    asset: AssetName,
    visit: VisitDep,
    body: Annotated[PublishBody, Body()] = NO_NOTE,
    if_match: IfMatch = None,
) -> Response:
    """Make the draft the next version, unless that would break an API that is published."""
    return _asset(
        await visit.run(_publish, visit.engine, asset, visit.caller, body.change_note, if_match)
    )


@router.post("/assets/{asset}/rollback", **documented(Envelope[AssetView], 404, 409, 422))
async def roll_back_asset(asset: AssetName, body: AssetRollbackBody, visit: VisitDep) -> Response:
    """Publish a new version equal to an old one."""
    rollback = partial(
        visit.engine.assets.rollback, asset, body.version, visit.caller, note=body.change_note
    )
    return _asset(await visit.run(rollback))


@router.get("/assets/{asset}/versions", **documented(Envelope[list[AssetVersion]], 404))
async def list_asset_versions(asset: AssetName, visit: VisitDep) -> Response:
    """List all versions, newest first."""
    return answer(await visit.run(visit.engine.assets.versions, asset, visit.caller))


@router.get("/assets/{asset}/versions/{version}", **documented(Envelope[AssetVersion], 404))
async def read_asset_version(asset: AssetName, version: VersionNumber, visit: VisitDep) -> Response:
    """Read one version."""
    return answer(await visit.run(visit.engine.assets.version, asset, version, visit.caller))


@router.get("/assets/{asset}/versions/{a}/diff/{b}", **documented(Envelope[AssetDiffView], 404))
async def diff_asset_versions(
    asset: AssetName, a: VersionNumber, b: VersionNumber, visit: VisitDep
) -> Response:
    """Say how version `b` differs from version `a`."""
    return answer(await visit.run(visit.engine.assets.diff, asset, a, b, visit.caller))


@router.put("/assets/{asset}/labels/{label}", **documented(Envelope[AssetView], 404, 409, 422))
async def set_asset_label(
    asset: AssetName, label: str, body: LabelBody, visit: VisitDep
) -> Response:
    """Let a label point at a version; APIs that follow it follow at once."""
    label_it = visit.engine.assets.set_label
    return _asset(await visit.run(label_it, asset, label, body.version, visit.caller))


@router.delete("/assets/{asset}/labels/{label}", **documented(Envelope[AssetView], 404, 409))
async def drop_asset_label(asset: AssetName, label: str, visit: VisitDep) -> Response:
    """Remove a label that no API follows."""
    return _asset(await visit.run(visit.engine.assets.drop_label, asset, label, visit.caller))


@router.get("/assets/{asset}/used-by", **documented(Envelope[list[AssetUse]], 404))
async def asset_used_by(asset: AssetName, visit: VisitDep) -> Response:
    """List what uses an asset, directly or through other assets."""
    return answer(await visit.run(visit.engine.assets.used_by, asset, visit.caller))


@router.post("/assets/{asset}/render", **documented(Envelope[str], 404, 409, 422))
async def render_prompt(
    asset: AssetName, visit: VisitDep, body: Annotated[RenderBody, Body()] = NO_VARIABLES
) -> Response:
    """Fill the placeholders of a published prompt: by name, `name@3`, `name@label` or id."""
    return answer(
        await visit.run(visit.engine.asset_values.render, asset, body.variables, visit.caller)
    )


@router.get("/assets/{asset}/value", **documented(Envelope[Any], 404, 409, 422))
async def resolved_value(asset: AssetName, visit: VisitDep) -> Response:
    """Call the API of a published resolver and give its value."""
    resolve = partial(visit.engine.asset_values.resolve, asset, visit.caller, source="rest")
    return answer(await visit.run(resolve))


def _asset(asset: Asset, status: int = 200) -> Response:
    return answer(AssetView.of(asset), status=status, headers={"ETag": etag_of(asset)})


def _change(
    engine: Engine, ref: str, fields: dict[str, Any], caller: Caller, if_match: str | None
) -> Asset:
    return engine.assets.update(
        ref,
        fields,
        caller,
        expected_version=expected_version(if_match),
        seen=_seen(engine, ref, caller, if_match),
    )


def _publish(engine: Engine, ref: str, caller: Caller, note: str, if_match: str | None) -> Asset:
    return engine.assets.publish(
        ref,
        caller,
        note=note,
        expected_version=expected_version(if_match),
        seen=_seen(engine, ref, caller, if_match),
    )


def _drop_draft(engine: Engine, ref: str, caller: Caller, if_match: str | None) -> Asset:
    return engine.assets.drop_draft(ref, caller, seen=_seen(engine, ref, caller, if_match))


def _seen(engine: Engine, ref: str, caller: Caller, if_match: str | None) -> datetime | None:
    return seen_draft(if_match, engine.assets.draft(ref, caller)) if if_match else None


def _draft(engine: Engine, ref: str, caller: Caller) -> AssetDraft:
    draft = engine.assets.draft(ref, caller)
    if draft is None:
        raise NotFoundError(f"{ref!r} has no unpublished changes")
    return draft

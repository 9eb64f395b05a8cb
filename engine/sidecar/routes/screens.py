"""Screens: made, changed, and what their blocks show."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Response

from engine.model import Page
from engine.model.screen import Screen, ScreenQuery, ScreenSpec
from engine.sidecar.deps import Visit, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.etags import ETAG_PATTERN, expected_version
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope
from engine.sidecar.screen_schemas import (
    BlockView,
    InputsBody,
    NewScreen,
    ScreenChange,
    ScreenView,
    UnsavedScreen,
)

router = APIRouter(prefix="/screens", tags=["screens"])
DEFAULTS = InputsBody()
ScreenRef = Annotated[str, Path(description="Id of a screen.", examples=["operations"])]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Refuse with 409 when the screen is at another version.",
        json_schema_extra={"pattern": ETAG_PATTERN},
    ),
]


@router.get("", **documented(Envelope[Page[ScreenView]]))
async def list_screens(query: Annotated[ScreenQuery, Query()], visit: VisitDep) -> Response:
    """List the screens that the caller may look at, by title."""
    page = await visit.run(visit.engine.screens.search, query, visit.caller)
    return answer(page.model_copy(update={"items": tuple(map(ScreenView.of, page.items))}))


@router.post("", status_code=201, **documented(Envelope[ScreenView], 409, 422))
async def create_screen(body: NewScreen, visit: VisitDep) -> Response:
    """Create a screen."""
    create = visit.engine.screens.create
    return _screen(await visit.run(create, str(body.screen_id), body.written(), visit.caller), 201)


@router.post("/preview", **documented(Envelope[list[BlockView]], 422))
async def preview_screen(body: UnsavedScreen, visit: VisitDep) -> Response:
    """Load the blocks of a screen that is not saved."""
    return answer(await visit.run(_preview, visit, body))


@router.get("/{screen}", **documented(Envelope[ScreenView], 404))
async def read_screen(screen: ScreenRef, visit: VisitDep) -> Response:
    """Read a screen, with its `ETag`."""
    return _screen(await visit.run(visit.engine.screens.get, screen, visit.caller))


@router.put("/{screen}", **documented(Envelope[ScreenView], 404, 409, 422))
async def replace_screen(
    screen: ScreenRef, body: ScreenChange, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Show another specification, or keep it as a draft."""
    screens = visit.engine.screens
    save = screens.publish if body.publish else screens.save_draft
    version = expected_version(if_match)
    change = partial(save, screen, body.written(), visit.caller, expected_version=version)
    return _screen(await visit.run(change))


@router.delete("/{screen}", **documented(Envelope[None], 404, 409))
async def delete_screen(screen: ScreenRef, visit: VisitDep, if_match: IfMatch = None) -> Response:
    """Delete a screen with its draft."""
    version = expected_version(if_match)
    delete = partial(visit.engine.screens.delete, screen, visit.caller, expected_version=version)
    return answer(await visit.run(delete))


@router.delete("/{screen}/draft", **documented(Envelope[ScreenView], 404, 409))
async def drop_screen_draft(screen: ScreenRef, visit: VisitDep) -> Response:
    """Forget what is not shown yet."""
    return _screen(await visit.run(visit.engine.screens.drop_draft, screen, visit.caller))


@router.post("/{screen}/data", **documented(Envelope[list[BlockView]], 404, 422))
async def load_screen(
    screen: ScreenRef, visit: VisitDep, body: Annotated[InputsBody, Body()] = DEFAULTS
) -> Response:
    """Load every block, each API as the caller; a block that fails has an error."""
    return answer(await visit.run(_load, visit, screen, body))


def _screen(screen: Screen, status: int = 200) -> Response:
    headers = {"ETag": f'"{screen.version}"'}
    return answer(ScreenView.of(screen), status=status, headers=headers)


def _load(visit: Visit, screen_id: str, body: InputsBody) -> list[BlockView]:
    return _blocks(visit, visit.engine.screens.get(screen_id, visit.caller).spec, body)


def _preview(visit: Visit, body: UnsavedScreen) -> list[BlockView]:
    return _blocks(visit, visit.engine.screens.check(body.written(), visit.caller), body)


def _blocks(visit: Visit, spec: ScreenSpec, body: InputsBody) -> list[BlockView]:
    """In the order of the screen, whichever came first."""
    found = visit.engine.screens.load(spec, body.values, visit.caller)
    views = {each.block_id: BlockView.of(each) for each in found}
    return [views[block.id] for block in spec.blocks]

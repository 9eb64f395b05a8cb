"""Drafts that keep themselves, and drafts that no editor can show."""

from contextlib import suppress
from typing import Any

import streamlit as st
from pydantic import BaseModel, ValidationError

from engine.errors import PermissionDeniedError
from engine.model import ApiDefinition, Caller, LogicType, ParamSpec, RuntimePolicy
from pages.build.definition import working_copy
from pages.components.context import engine
from pages.components.navigation import open_api, say
from pages.components.state import WORKING_COPIES, WorkingCopy


class _Drawable(BaseModel):
    """What the editors need of a draft: fields of these shapes, be they right or wrong."""

    api_name: str
    description: str
    logic_type: LogicType
    logic_body: str
    connection: str | None
    tags: list[str]
    param_schema: dict[str, ParamSpec]
    runtime_policy: RuntimePolicy


def keep(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Save what was typed as the draft, so that a reload loses nothing.

    Nothing is saved over the draft of somebody else, over a version that was published meanwhile,
    or by a caller who may only look; the status then goes on to say that changes are unsaved.
    """
    if not work.is_unsaved or work.base_version != api.version:
        return
    with suppress(PermissionDeniedError):
        stored = engine().apis.draft(str(api.id), caller)
        if stored is not None and stored.updated_by != caller.subject:
            return
        if api.version and work.fields == working_copy.live_fields(api):
            working_copy.drop_draft(api, work, caller)
        else:
            working_copy.save_draft(api, work, caller)


def unshowable(api: ApiDefinition, caller: Caller) -> str | None:
    """Why the stored draft cannot be drawn; None when it can, or when there is none to draw."""
    if str(api.id) in WORKING_COPIES.get():
        return None
    draft = engine().apis.draft(str(api.id), caller)
    return _misshapen(draft.fields) if draft else None


def discard_notice(api: ApiDefinition, reason: str, caller: Caller) -> None:
    """Say that the draft cannot be shown, and offer to forget it."""
    draft = engine().apis.draft(str(api.id), caller)
    st.error(reason, title="The draft cannot be shown in the editor", icon=":material/error:")
    st.markdown(
        "It was stored by a program or by an older version. What is live is not touched by it."
    )
    if draft is not None:
        with st.expander("The draft as it is stored", icon=":material/data_object:"):
            st.json(dict(draft.fields))
    if st.button("Discard the draft", icon=":material/delete:", key="discard-draft"):
        seen = draft.updated_at if draft else None
        engine().apis.drop_draft(str(api.id), caller, seen=seen)
        say("The draft was discarded")
        open_api(api.api_name, "Edit")


def _misshapen(fields: Any) -> str | None:
    try:
        _Drawable.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None

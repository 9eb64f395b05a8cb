"""Finds the definition to run: what is live, its draft, or a version of old."""

from engine.api_manager import ApiManager
from engine.errors import NotFoundError
from engine.model import ApiDefinition, Caller
from engine.model.testing import Against


def definition_of(apis: ApiManager, ref: str, against: Against, caller: Caller) -> ApiDefinition:
    """The definition of an API; `draft` is the live one where there is no draft.

    Raises:
        NotFoundError: No such API, or version; or the API was never published.
    """
    if against == "draft":
        return apis.working_copy(ref, caller)
    if isinstance(against, int):
        return apis.version(ref, against, caller).snapshot
    live = apis.get(ref, caller)
    if not live.version:
        raise NotFoundError(
            f"{live.api_name!r} was never published", hint="Run its draft, or publish it."
        )
    return live

"""What the publication of a version did to an API's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.api_manager import ApiManager
from engine.metrics import Figures, Group, Metrics, MetricsQuery
from engine.model import ApiVersion, Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version that was published in a window.

    Attributes:
        before: The figures of the version that was called before it, None when there was none.
        after: Its own; None when it was not called.
    """

    version: int
    at: datetime
    change_note: str
    before: Figures | None
    after: Figures | None


def releases_of(
    apis: ApiManager, metrics: Metrics, ref: str, query: MetricsQuery, caller: Caller
) -> tuple[Release, ...]:
    """The versions of an API that were published in a window, oldest first.

    Raises:
        NotFoundError: There is no such API.
    """
    api = apis.get(ref, caller)
    asked = replace(query.of_api(api.id), group_by="version")
    report = metrics.report(asked, caller)
    published = [
        each
        for each in apis.versions(ref, caller)
        if report.since <= each.created_at < report.until
    ]
    return compared(published, report.groups)


def compared(versions: Sequence[ApiVersion], groups: Sequence[Group]) -> tuple[Release, ...]:
    """Versions beside the figures of those who were called, oldest first."""
    called = {int(group.value): group.total for group in groups}
    return tuple(
        Release(
            version=each.version,
            at=each.created_at,
            change_note=each.change_note,
            before=_newest_before(each.version, called),
            after=called.get(each.version),
        )
        for each in sorted(versions, key=lambda each: each.version)
    )


def _newest_before(version: int, called: dict[int, Figures]) -> Figures | None:
    older = [number for number in called if 0 < number < version]
    return called[max(older)] if older else None

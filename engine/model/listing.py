"""Search, order and pages of the lists that are short enough to be at hand as a whole."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from engine.model.definition import Page

T = TypeVar("T")
AlertOrder = Literal["state", "name", "api"]
BindingOrder = Literal["subject", "role", "newest"]
BreakerOrder = Literal["trouble", "name", "trips"]
ConnectionOrder = Literal["name", "dialect", "origin"]
KeyOrder = Literal["newest", "name", "used"]
UserOrder = Literal["name", "seen"]
WorkOrder = Literal["name", "changed"]
"""How lists of what authors make are sorted: by name, or the last changed first."""


class ListQuery(BaseModel):
    """Search and paging of a list; `q` stands somewhere in an item, in any case of letters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str = Field(default="", max_length=500)
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2_147_483_647)


class AlertQuery(ListQuery):
    """Alerts: those in trouble first, by name, or by API."""

    sort: AlertOrder = "state"


class BindingQuery(ListQuery):
    """Given roles: by subject, by role, or those given last first."""

    sort: BindingOrder = "subject"


class BreakerQuery(ListQuery):
    """Breakers: those in trouble first, by name, or those that opened most often first."""

    sort: BreakerOrder = "trouble"


class ConnectionQuery(ListQuery):
    """Connections: by name, by dialect, or by where they come from."""

    sort: ConnectionOrder = "name"


class KeyQuery(ListQuery):
    """API keys: the newest first, by name, or those used last first."""

    sort: KeyOrder = "newest"


class UserQuery(ListQuery):
    """Users: by name, or who signed in last first."""

    sort: UserOrder = "name"


def listed(
    items: Iterable[T],
    query: ListQuery,
    *,
    words: Callable[[T], Iterable[str]],
    order: Callable[[T], Any] | None = None,
) -> Page[T]:
    """The page of the items that match.

    Args:
        items: All of them; among equals their order stays.
        query: What is asked for.
        words: The texts of an item that are searched.
        order: What an item is sorted by; without, the items stay as they come.
    """
    wanted = query.q.strip().casefold()
    found = [each for each in items if any(wanted in word.casefold() for word in words(each))]
    if order is not None:
        found.sort(key=order)
    page = tuple(found[query.offset : query.offset + query.limit])
    return Page(items=page, total=len(found), limit=query.limit, offset=query.offset)


def newest_first(at: datetime | None) -> float:
    """What a time is sorted by for the newest to come first, and None last."""
    return -at.timestamp() if at is not None else float("inf")

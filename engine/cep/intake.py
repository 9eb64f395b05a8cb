"""Takes events in: checked, on disk before it answers, each at most once by its id."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson

from engine.auth import authorize
from engine.errors import BadRequestError, PayloadTooLargeError
from engine.model import Caller, Page
from engine.model.cep import Event, EventQuery
from engine.ports.cep import EventStore

MAX_BATCH = 10_000
MAX_EVENT_BYTES = 16_384
MAX_VALUES = 1000
"""Values in one event, nested ones counted: what conditions may have to look at."""
MAX_AHEAD = timedelta(minutes=5)
"""How far the clock of a sender may be ahead."""
_MISTAKES_TOLD = 20
_FIELDS = ("event_id", "event_type", "occurred_at", "data")
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")


@dataclass(frozen=True, slots=True)
class Taken:
    """How many events were recorded, and how many were there before."""

    accepted: int
    duplicates: int


class Intake:
    """Records events of the caller's tenant; thread-safe."""

    def __init__(
        self,
        store: EventStore,
        *,
        nudge: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._nudge = nudge
        self._clock = clock

    def post(self, events: Sequence[Any], caller: Caller, *, trace_id: str | None = None) -> Taken:
        """Record events; they are on disk when this returns, all of them or none.

        Args:
            events: `{"event_type", "data", "event_id"?, "occurred_at"?}` each. Without an id there
                is no telling whether an event was sent before.
            caller: Who posts them.
            trace_id: The trace that a single event belongs to; each of several begins its own.

        Raises:
            BadRequestError: With every malformed event by its number.
            PayloadTooLargeError: There are too many.
        """
        authorize(caller, "events:post")
        if not events:
            raise BadRequestError("there is no event in this request")
        if len(events) > MAX_BATCH:
            raise PayloadTooLargeError(f"{len(events)} events; at most {MAX_BATCH} at once")
        now = self._clock()
        latest = now + MAX_AHEAD
        mistakes: dict[int, str] = {}
        taken: dict[str, Event] = {}
        for number, raw in enumerate(events):
            try:
                event = _event(raw, caller.tenant_id, now, latest)
            except _MalformedError as error:
                mistakes[number] = str(error)
            else:
                taken.setdefault(event.event_id, event)
        if mistakes:
            raise _refusal(mistakes, len(events))
        if trace_id is not None and len(taken) == 1:
            taken = {
                key: each.model_copy(update={"trace_id": trace_id}) for key, each in taken.items()
            }
        accepted = self._store.add(caller.tenant_id, tuple(taken.values()))
        self._nudge()
        return Taken(accepted, len(events) - accepted)

    def search(self, query: EventQuery, caller: Caller) -> Page[Event]:
        """Recorded events, newest first."""
        authorize(caller, "events:read")
        return self._store.search(caller.tenant_id, query)

    def types(self, caller: Caller) -> tuple[str, ...]:
        """The types of the recorded events."""
        authorize(caller, "events:read")
        return self._store.types(caller.tenant_id)


class _MalformedError(ValueError):
    """What was sent is no event."""


def _event(raw: Any, tenant_id: str, now: datetime, latest: datetime) -> Event:
    if not isinstance(raw, Mapping):
        raise _MalformedError("an event is an object")
    for name in raw:
        if name not in _FIELDS:
            raise _MalformedError(f"{name!r} is no field of an event; put it into 'data'")
    event_type, data = raw.get("event_type"), raw.get("data")
    if not isinstance(event_type, str) or not _TYPE.fullmatch(event_type):
        raise _MalformedError("'event_type' is a name like flight.landed, at most 100 characters")
    if not isinstance(data, Mapping):
        raise _MalformedError("'data' is an object")
    _check_size(data)
    occurred_at = _moment(raw.get("occurred_at"), now)
    if occurred_at > latest:
        raise _MalformedError("'occurred_at' is in the future")
    return Event.model_construct(
        seq=0,
        tenant_id=tenant_id,
        event_id=_event_id(raw.get("event_id")),
        event_type=event_type,
        occurred_at=occurred_at,
        received_at=now,
        trace_id=uuid4().hex,
        data=data,
    )


def _event_id(sent: Any) -> str:
    if sent is None:
        return uuid4().hex
    if not isinstance(sent, str) or not 0 < len(sent) <= 200 or not sent.isprintable():
        raise _MalformedError("'event_id' is a text of 1 to 200 characters")
    return sent


def _moment(sent: Any, now: datetime) -> datetime:
    if sent is None:
        return now
    try:
        moment = datetime.fromisoformat(sent)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise _MalformedError("'occurred_at' is a time like 2026-02-08T04:00:00Z") from error


def _check_size(data: Mapping[str, Any]) -> None:
    try:
        size = len(orjson.dumps(data))
    except TypeError as error:
        raise _MalformedError("'data' is no JSON") from error
    if size > MAX_EVENT_BYTES:
        raise _MalformedError(f"'data' has {size} bytes; at most {MAX_EVENT_BYTES}")
    if size > MAX_VALUES and _count(data, MAX_VALUES) > MAX_VALUES:
        raise _MalformedError(f"'data' has more than {MAX_VALUES} values")


def _count(value: Any, most: int) -> int:
    """How many values there are, counted until they are too many."""
    waiting, count = [value], 0
    while waiting and count <= most:
        found = waiting.pop()
        count += 1
        if isinstance(found, Mapping):
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
    return count


def _refusal(mistakes: Mapping[int, str], sent: int) -> BadRequestError:
    number, message = next(iter(mistakes.items()))
    more = f" (and {len(mistakes) - 1} more of {sent})" if len(mistakes) > 1 else ""
    told = [
        {"event": number, "message": message}
        for number, message in list(mistakes.items())[:_MISTAKES_TOLD]
    ]
    return BadRequestError(
        f"event {number}: {message}{more}; nothing was recorded",
        details={"events": told, "malformed": len(mistakes)},
    )

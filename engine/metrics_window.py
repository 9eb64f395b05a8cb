"""Which slices of time a question about metrics means; nothing here knows of executions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.errors import BadRequestError

MAX_SLICES = 2000
COMFORTABLE_SLICES = 100
HOUR_S = 3600
_UNITS_S = {"s": 1, "m": 60, "h": HOUR_S, "d": 86_400, "w": 7 * 86_400}
_STEPS_S = tuple(
    minutes * 60 for minutes in (1, 5, 15, 30, 60, 120, 180, 360, 720, 1440, 10_080, 43_200)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long sums per minute and per hour are kept."""

    minutes: timedelta
    hours: timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """Whole slices of time: from `since` to before `until`, each `step_s` long."""

    since: datetime
    until: datetime
    step_s: int

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Where each slice begins."""
        step = timedelta(seconds=self.step_s)
        return tuple(self.since + step * number for number in range(self.slices))

    @property
    def slices(self) -> int:
        """How many slices there are."""
        return int((self.until - self.since).total_seconds()) // self.step_s


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `24h`, `7d` or `2w` as a length of time; raises BadRequestError."""
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    if match is None:
        raise BadRequestError(
            f"{text!r} is no length of time", hint="Write a number and s, m, h, d or w: 15m, 24h."
        )
    return timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])


def window_of(
    length: timedelta, *, step: timedelta | None, until: datetime | None, now: datetime, kept: Kept
) -> Window:
    """The slices that cover at least `length` up to `until`, or up to now.

    Slices begin at whole multiples of their length since 1970, UTC, so that the same slice has the
    same numbers whenever it is asked for; the newest one is still filling up. Without a step the
    shortest comfortable one is taken.

    Raises:
        BadRequestError: There would be too many slices, or the sums are no longer kept that finely.
    """
    end_s = (until or now).timestamp()
    age_s = now.timestamp() - end_s + length.total_seconds()
    step_s = _default_step_s(length, age_s, kept) if step is None else _checked_step_s(step)
    last = -(-end_s // step_s) if until is not None else end_s // step_s + 1
    count = max(1, -(-length // timedelta(seconds=step_s)))
    if count > MAX_SLICES:
        raise BadRequestError(
            f"that would be {count} slices; at most {MAX_SLICES} are answered",
            hint="Take a longer step or a shorter window.",
        )
    window = Window(
        since=datetime.fromtimestamp((last - count) * step_s, UTC),
        until=datetime.fromtimestamp(last * step_s, UTC),
        step_s=step_s,
    )
    _check_kept(window, now, kept)
    return window


def _default_step_s(length: timedelta, age_s: float, kept: Kept) -> int:
    length_s = length.total_seconds()
    return next(
        (
            step_s
            for step_s in _STEPS_S
            if length_s / step_s <= COMFORTABLE_SLICES and age_s + step_s <= _kept_s(step_s, kept)
        ),
        _STEPS_S[-1],
    )


def _checked_step_s(step: timedelta) -> int:
    step_s = int(step.total_seconds())
    if step_s < 60 or step_s % 60:
        raise BadRequestError("a step is a whole number of minutes")
    return step_s


def _check_kept(window: Window, now: datetime, kept: Kept) -> None:
    kept_s = _kept_s(window.step_s, kept)
    if (now - window.since).total_seconds() > kept_s + window.step_s:
        longer = "hours" if kept_s == kept.minutes.total_seconds() else "days"
        raise BadRequestError(
            f"steps of {window.step_s // 60} minutes reach back {kept_s / 86_400:g} days",
            hint=f"Take a step of whole {longer}.",
        )


def _kept_s(step_s: int, kept: Kept) -> float:
    """For how long the sums that such a step is read from are kept."""
    if step_s % HOUR_S:
        return kept.minutes.total_seconds()
    return kept.hours.total_seconds() if step_s % 86_400 else float("inf")

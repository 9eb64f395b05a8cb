"""What a rule remembers between looks: hold times, cooldowns, and what it held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.conditions import QUIET, HoldState

MAX_KEYS = 2000
"""Groups, and keys in a cooldown, that one rule remembers; the oldest are forgotten first."""


@dataclass(slots=True)
class RuleState:
    """Changed by the detector, kept with the rule as JSON.

    Attributes:
        holds: Where the threshold of each group stands, but for the quiet ones.
        fired: When each key fired last, while its cooldown lasts.
        minute, in_minute: How often it fired in the latest minute in which it did.
        held_back: Firings that a cooldown or the rate kept from happening.
        unreadable: Events whose types did not fit the rule, and what was wrong with the last.
        untracked: Events of groups beyond `MAX_KEYS`.
    """

    holds: dict[str, HoldState] = field(default_factory=dict)
    fired: dict[str, datetime] = field(default_factory=dict)
    minute: int = 0
    in_minute: int = 0
    matched: int = 0
    held_back: int = 0
    unreadable: int = 0
    unreadable_why: str = ""
    untracked: int = 0

    def hold(self, key: str) -> HoldState:
        """Where the threshold of a group stands."""
        return self.holds.get(key, QUIET)

    def set_hold(self, key: str, state: HoldState) -> None:
        """Note where it stands."""
        if state == QUIET:
            self.holds.pop(key, None)
        else:
            self.holds[key] = state

    def may_fire(self, key: str, at: datetime, cooldown_s: float, max_per_minute: int) -> bool:
        """Whether cooldown and rate let a key fire; it counts as fired, or as held back."""
        minute = int(at.timestamp()) // 60
        if minute != self.minute:
            self.minute, self.in_minute = minute, 0
        cooldown = timedelta(seconds=cooldown_s)
        last = self.fired.get(key)
        is_cooling = last is not None and cooldown_s > 0 and at - last < cooldown
        if is_cooling or self.in_minute >= max_per_minute:
            self.held_back += 1
            return False
        self.in_minute += 1
        if cooldown_s > 0:
            self._note_fired(key, at, cooldown)
        return True

    def _note_fired(self, key: str, at: datetime, cooldown: timedelta) -> None:
        self.fired.pop(key, None)
        self.fired[key] = at
        if len(self.fired) > MAX_KEYS:
            self.fired = {key: when for key, when in self.fired.items() if at - when < cooldown}
        while len(self.fired) > MAX_KEYS:
            del self.fired[next(iter(self.fired))]

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "holds": {key: [hold.phase, _iso(hold.since)] for key, hold in self.holds.items()},
            "fired": {key: at.isoformat() for key, at in self.fired.items()},
            "minute": self.minute,
            "in_minute": self.in_minute,
            "matched": self.matched,
            "held_back": self.held_back,
            "unreadable": self.unreadable,
            "unreadable_why": self.unreadable_why,
            "untracked": self.untracked,
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> RuleState:
        """As it was stored; a new one for an empty object."""
        if not stored:
            return cls()
        holds = {
            key: HoldState(phase, datetime.fromisoformat(since) if since else None)
            for key, (phase, since) in stored["holds"].items()
        }
        fired = {key: datetime.fromisoformat(at) for key, at in stored["fired"].items()}
        return cls(**{**stored, "holds": holds, "fired": fired})


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

"""Conditions over an event or a set of figures, and the thresholds that fire and clear by them."""

from engine.conditions.language import Condition, ConditionFailedError, compile_condition
from engine.conditions.threshold import (
    QUIET,
    Change,
    Hold,
    HoldState,
    Threshold,
    advance,
    compile_threshold,
)

__all__ = [
    "QUIET",
    "Change",
    "Condition",
    "ConditionFailedError",
    "Hold",
    "HoldState",
    "Threshold",
    "advance",
    "compile_condition",
    "compile_threshold",
]

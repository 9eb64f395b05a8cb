"""The pydantic type of one parameter: its conversion, then its bounds."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from engine.model import ParamSpec
from engine.params.convert import CONVERTERS, to_json_value

BOUNDED = frozenset({"integer", "number", "date", "datetime"})
SIZED = frozenset({"text", "array"})


def annotation_of(spec: ParamSpec) -> Any:
    """The annotated type that converts and checks a value of `spec`.

    Raises:
        pydantic_core.SchemaError: Later, when a model is built from it, for a pattern that is none.
    """
    checks: list[Any] = [BeforeValidator(CONVERTERS[spec.type])]
    if spec.type in SIZED:
        checks.append(Field(min_length=spec.min_length, max_length=spec.max_length))
    if spec.type == "text" and spec.pattern is not None:
        checks.append(Field(pattern=spec.pattern))
    if spec.type in BOUNDED and (spec.min is not None or spec.max is not None):
        checks.append(AfterValidator(_bounds_check(spec)))
    if spec.enum is not None:
        checks.append(AfterValidator(_enum_check(spec)))
    return Annotated[(_base_type(spec), *checks)]


def _base_type(spec: ParamSpec) -> Any:
    if spec.type == "text":
        return str
    if spec.type != "array":
        return Any
    items = Annotated[Any, BeforeValidator(to_json_value)]
    return list[annotation_of(spec.items) if spec.items else items]  # type: ignore[misc]  # built at run time


def _bounds_check(spec: ParamSpec) -> Callable[[Any], Any]:
    convert = CONVERTERS[spec.type]
    low, high = (None if bound is None else convert(bound) for bound in (spec.min, spec.max))

    def check(value: Any) -> Any:
        if low is not None and comparable(value) < comparable(low):
            raise PydanticCustomError("too_small", "must be at least {min}", {"min": str(low)})
        if high is not None and comparable(value) > comparable(high):
            raise PydanticCustomError("too_large", "must be at most {max}", {"max": str(high)})
        return value

    return check


def comparable(value: Any) -> Any:
    """The value for an order: a date-time without a zone counts as UTC."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _enum_check(spec: ParamSpec) -> Callable[[Any], Any]:
    convert = CONVERTERS[spec.type]
    allowed = tuple(convert(choice) for choice in spec.enum or ())
    listed = ", ".join(_shown(choice) for choice in allowed[:20]) + (", …" * (len(allowed) > 20))

    def check(value: Any) -> Any:
        if value not in allowed:
            raise PydanticCustomError(
                "not_in_enum", "must be one of {allowed}", {"allowed": listed}
            )
        return value

    return check


def _shown(choice: Any) -> str:
    return choice.isoformat() if isinstance(choice, date) else str(choice)

"""What a logged call was sent, as far as the log can tell, to be sent again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.model import ApiDefinition, ExecutionRecord, ParamSpec
from engine.model.masked import MASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedInputs:
    """The inputs of a call that the log has kept.

    Attributes:
        params: Those that a caller can send. What equals its default is left out, for the log
            cannot tell whether it was sent; so is what comes from the caller's credentials.
        missing: Why the call cannot be made again just as it was; empty when it can.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    input_payload: Any = None
    missing: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> bytes:
        """The same for the same inputs."""
        sent = [dict(self.params), self.input_payload]
        return orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)


def inputs_of(record: ExecutionRecord, api: ApiDefinition) -> LoggedInputs:
    """The inputs of a logged call of an API.

    Args:
        record: Its row in the log.
        api: The definition that ran, or the nearest there is.
    """
    schema = api.param_schema
    masked = [name for name, value in record.request_params.items() if value == MASKED]
    missing = [f"the parameter {name!r} is masked in the log" for name in masked]
    if record.metadata.get("request_truncated"):
        missing.append("its parameters were too large for the log")
    if record.metadata.get("input_truncated"):
        missing.append("its input was too large for the log")
    return LoggedInputs(
        params={
            name: value
            for name, value in record.request_params.items()
            if value != MASKED and _is_sent(value, schema.get(name))
        },
        input_payload=record.metadata.get("input_payload"),
        missing=tuple(missing),
    )


def _is_sent(value: Any, spec: ParamSpec | None) -> bool:
    if spec is None:
        return True
    return spec.source is None and value is not None and value != spec.default

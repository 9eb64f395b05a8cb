"""The runtime policy of an API: how long, how often, how much, how safely."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from engine.model.gate import GateMode

_RATE = re.compile(r"^\s*(\d+)\s*/\s*(second|minute|hour|day)\s*$")
_UNIT_S: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(_Policy):
    """So many calls in a sliding window, written `"100/minute"`."""

    limit: int = Field(ge=1)
    unit: Literal["second", "minute", "hour", "day"]

    @property
    def window_s(self) -> float:
        """The window's length in seconds."""
        return float(_UNIT_S[self.unit])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"100/minute"`; raises ValueError with the accepted form otherwise."""
        match = _RATE.match(text)
        if match is None or int(match[1]) < 1:
            raise ValueError(
                f'a rate is written "100/minute" (second, minute, hour or day), not {text!r}'
            )
        return cls.model_validate({"limit": int(match[1]), "unit": match[2]})

    def __str__(self) -> str:
        return f"{self.limit}/{self.unit}"


def _rate_from_text(value: Any) -> Any:
    return Rate.parse(value) if isinstance(value, str) else value


RateText = Annotated[
    Rate,
    BeforeValidator(_rate_from_text),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _RATE.pattern, "examples": ["100/minute"]}),
]


class CachePolicy(_Policy):
    """Whether and how answers are cached; tags may hold templates over `params`."""

    enabled: bool = False
    ttl_seconds: float = Field(default=300, gt=0, le=30 * 86400)
    jitter: float = Field(default=0, ge=0, le=0.5)
    tags: tuple[str, ...] = ()
    vary_by_user: bool = False
    stale_while_revalidate_seconds: float = Field(default=0, ge=0, le=30 * 86400)
    stale_if_error_seconds: float = Field(default=0, ge=0, le=30 * 86400)


class RateLimitPolicy(_Policy):
    """Limits per API, per user and per tenant; a call is admitted by all of them or none."""

    per_api: RateText | None = None
    per_user: RateText | None = None
    per_tenant: RateText | None = None


class BreakerPolicy(_Policy):
    """When the circuit opens, how long it stays open and what closes it.

    With `per_api_isolation` off the API shares one breaker with all APIs of its target.
    """

    enabled: bool = True
    failure_threshold: int = Field(default=5, ge=1, le=1000)
    success_threshold: int = Field(default=2, ge=1, le=1000)
    timeout_seconds: float = Field(default=60, gt=0, le=86400)
    per_api_isolation: bool = True


class SandboxPolicy(_Policy):
    """Limits of a script's process. `network` lists hosts the service may call on its behalf."""

    memory_mb: int = Field(default=256, ge=64, le=1024)
    temp_mb: int = Field(default=64, ge=0, le=256)
    network: tuple[str, ...] = ()


class HttpPolicy(_Policy):
    """Outbound rules of an HTTP API: hosts that may be private, and the size of an answer."""

    allow_hosts: tuple[str, ...] = ()
    max_response_bytes: int = Field(default=10_485_760, ge=1024, le=104_857_600)
    retry_non_idempotent: bool = False


MaskAction = Literal["hash", "redact", "drop"]


class MaskPolicy(_Policy):
    """Columns of the answer and parameters of the call that are masked when they are written."""

    columns: Mapping[str, MaskAction] = Field(default_factory=dict)
    params: tuple[str, ...] = ()
    except_roles: tuple[Literal["viewer", "analyst", "admin"], ...] = ()


class PublishGatePolicy(_Policy):
    """Whether logged calls are replayed before a version is published, and what comes of it.

    The last `calls` distinct ones, for at most `seconds`; `block` refuses a version on which they
    fail or answer otherwise.
    """

    mode: GateMode = "warn"
    calls: int = Field(default=20, ge=1, le=100)
    seconds: float = Field(default=10, gt=0, le=60)


class SloPolicy(_Policy):
    """What an API is held to; it does nothing to a call.

    `availability` is the share of calls that has to be answered, `latency_share` that of calls that
    take at most `latency_ms`, each over the last `window_days`.
    """

    availability: float | None = Field(default=None, gt=0, lt=1)
    latency_ms: float | None = Field(default=None, gt=0)
    latency_share: float = Field(default=0.95, gt=0, lt=1)
    window_days: int = Field(default=30, ge=1, le=365)


class RuntimePolicy(_Policy):
    """Everything that governs a call of one API; every field has a default.

    With `asset` it stands on a policy of the asset registry, pinned by `version` or following a
    `label`: fields that are set here replace the asset's, and only these are written out.
    """

    asset: str | None = None
    version: int | None = Field(default=None, ge=1)
    label: str | None = None
    timeout_seconds: float | None = Field(default=None, gt=0, le=3600)
    max_rows: int = Field(default=1000, ge=1)
    max_retries: int = Field(default=3, ge=0, le=10)
    retry_backoff_ms: float = Field(default=100, ge=0, le=60_000)
    retry_backoff_multiplier: float = Field(default=2, ge=1, le=10)
    retry_jitter: bool = True
    max_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    sql_strict: bool = False
    cache: CachePolicy = CachePolicy()
    rate_limit: RateLimitPolicy = RateLimitPolicy()
    circuit_breaker: BreakerPolicy = BreakerPolicy()
    sandbox: SandboxPolicy = SandboxPolicy()
    http: HttpPolicy = HttpPolicy()
    mask: MaskPolicy = MaskPolicy()
    publish_gate: PublishGatePolicy = PublishGatePolicy()
    slo: SloPolicy = SloPolicy()

    @model_validator(mode="after")
    def _names_what_it_follows(self) -> Self:
        if self.asset is None and (self.version is not None or self.label is not None):
            raise ValueError("version and label are those of an asset: name it as `asset`")
        if self.version is not None and self.label is not None:
            raise ValueError("a policy follows a version or a label of its asset, not both")
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        whole: dict[str, Any] = handler(self)
        return whole if self.asset is None else _set_fields(self, whole)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema of what is read; what is written is a part of it."""
        return handler(_as_read(schema))


def _as_read(schema: Any) -> Any:
    """The schema without its serializer, also where validators are wrapped around it."""
    inner = {"schema": _as_read(schema["schema"])} if schema["type"] == "function-after" else {}
    return {**{key: value for key, value in schema.items() if key != "serialization"}, **inner}


def _set_fields(policy: BaseModel, whole: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _set_fields(part, value)
        if isinstance(part := getattr(policy, name), BaseModel) and isinstance(value, dict)
        else value
        for name, value in whole.items()
        if name in policy.model_fields_set
    }

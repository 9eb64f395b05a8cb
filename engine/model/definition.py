"""What an analyst defines: API definitions, their versions and drafts, and connections."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.model.execution import Column
from engine.model.gate import GateReport
from engine.model.policy import RuntimePolicy

LogicType = Literal["sql", "http", "script", "workflow"]
ParamType = Literal[
    "text", "integer", "number", "boolean", "date", "datetime", "uuid", "array", "object"
]
API_NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,98}[a-z0-9]$|^[a-z0-9]$"

T = TypeVar("T")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Issue(_Frozen):
    """One finding about a definition: an error refuses it, a warning advises.

    `line` and `column` count from 1 in the logic body; `path` points into JSON (`nodes[2].api_id`).
    """

    severity: Literal["error", "warning"] = "error"
    code: str
    message: str
    line: int | None = None
    column: int | None = None
    path: str | None = None
    suggestion: str | None = None


class ParamSpec(_Frozen):
    """One parameter of an API: its type, its bounds and where its value comes from."""

    type: ParamType = "text"
    required: bool = False
    default: Any = None
    min: float | int | str | None = None
    max: float | int | str | None = None
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=0)
    pattern: str | None = None
    enum: tuple[Any, ...] | None = None
    items: "ParamSpec | None" = None
    description: str = ""
    secret: bool = False
    example: Any = None
    source: str | None = None
    choices: str | None = None

    @field_validator("type", mode="before")
    @classmethod
    def _accept_the_alias(cls, value: Any) -> Any:
        return "text" if value == "string" else value


ParamSchema = Mapping[str, ParamSpec]


class ApiDefinition(_Frozen):
    """One API as it is live, or as a draft would make it.

    `version` is the number of the published version; 0 means never published.
    """

    id: UUID
    tenant_id: str = "default"
    api_name: str = Field(pattern=API_NAME_PATTERN)
    api_type: Literal["system", "custom"] = "custom"
    logic_type: LogicType
    logic_body: str
    connection: str | None = None
    param_schema: Mapping[str, ParamSpec] = Field(default_factory=dict)
    runtime_policy: RuntimePolicy = RuntimePolicy()
    description: str = ""
    tags: tuple[str, ...] = ()
    is_active: bool = True
    version: int = 0
    tool_name: str | None = None
    created_by: str = "system"
    created_at: datetime
    updated_at: datetime

    @field_validator("logic_type", mode="before")
    @classmethod
    def _accept_the_alias(cls, value: Any) -> Any:
        return "script" if value == "python" else value


AUTHORED_FIELDS: tuple[str, ...] = (
    "api_name",
    "logic_type",
    "logic_body",
    "connection",
    "param_schema",
    "runtime_policy",
    "description",
    "tags",
)
"""The fields an author edits; the rest of a definition is kept by the engine."""


class ApiDraft(_Frozen):
    """Work in progress on an API: authored fields only, kept apart from what is live."""

    api_id: UUID
    fields: Mapping[str, Any]
    base_version: int
    updated_by: str
    updated_at: datetime


class ApiVersion(_Frozen):
    """An immutable snapshot of a definition; rolling back makes a new one equal to an old one.

    `response_columns` are those its answer had when it was published, None where only a call can
    tell; `breaking` is what it took away from those who relied on the version before, `gate` what a
    replay of logged calls found, None where there was none.
    """

    api_id: UUID
    version: int
    snapshot: ApiDefinition
    change_note: str = ""
    created_by: str
    created_at: datetime
    response_columns: tuple[Column, ...] | None = None
    breaking: tuple[Issue, ...] = ()
    gate: GateReport | None = None


class Connection(_Frozen):
    """A named query target.

    `dsn` of a stored connection may refer to a secret (`env:NAME`) and is never shown again.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    tenant_id: str = "default"
    dialect: Literal["duckdb", "postgres"]
    dsn: str = Field(repr=False)
    description: str = ""
    origin: Literal["built_in", "environment", "stored"] = "stored"


ApiOrder = Literal["name", "changed", "type"]
"""How a list of APIs is sorted: by name, the last changed first, by logic type and name."""


class ApiQuery(_Frozen):
    """Filters, order and paging of the API list; `q` looks in name, description and tags."""

    logic_type: LogicType | None = None
    is_active: bool | None = None
    q: str = ""
    tag: str | None = None
    has_draft: bool | None = None
    connection: str | None = None
    sort: ApiOrder = "name"
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2_147_483_647)


class Page(BaseModel, Generic[T]):
    """One page of a list and the number of all that match."""

    model_config = ConfigDict(frozen=True)

    items: tuple[T, ...]
    total: int
    limit: int
    offset: int

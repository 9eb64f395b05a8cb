"""What an author writes: the workflow's JSON as frozen values."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.model import LogicType

MAX_NODES = 200
MAX_NESTING = 10
MAX_ITEMS = 1000
DEFAULT_PARALLEL = 8
MAX_PARALLEL = 64
NODE_ID_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Node(_Written):
    """One call of another API.

    Attributes:
        id: Its name in templates (`steps.<id>`) and in the steps of a run.
        type: The logic type of the API it calls; checked, not needed to find it.
        api_id: Name or id of the API.
        params: What the API is called with; every text may be a template.
        input: The API's input payload, likewise.
        limit: At most so many rows, where the API's own policy allows more.
        timeout_seconds: Bound of one attempt, where the API's own policy allows longer.
        retry_count: Retries instead of the API's own `max_retries`.
        continue_on_error: Whether the nodes that wait for this one run although it failed.
        on_error_action_index: Index in `nodes` of the node that runs only when this one failed.
        when: A lone template; the node is skipped when its value is false, empty or null.
        for_each: A list, or a template of one; the API is called once for each `{{item}}`.
        concurrency: How many items are worked on at once.
    """

    id: str = Field(pattern=NODE_ID_PATTERN)
    type: LogicType | None = None
    api_id: str = Field(min_length=1)
    params: Mapping[str, Any] = Field(default_factory=dict)
    input: Any = None
    limit: int | None = Field(default=None, ge=1)
    timeout_seconds: float | None = Field(default=None, gt=0, le=3600)
    retry_count: int | None = Field(default=None, ge=0, le=10)
    continue_on_error: bool = False
    on_error_action_index: int | None = Field(default=None, ge=0)
    when: bool | str | None = None
    for_each: str | tuple[Any, ...] | None = None
    concurrency: int = Field(default=4, ge=1, le=16)

    @field_validator("type", mode="before")
    @classmethod
    def _accept_the_alias(cls, value: Any) -> Any:
        return "script" if value == "python" else value


class Edge(_Written):
    """`target` waits for `source`."""

    source: str
    target: str


class Workflow(_Written):
    """A graph of nodes.

    `mode` left out means: parallel where there are edges, in listed order where there are none.
    `output` is a template of the answer; without it the answer is the data of the last nodes.
    """

    version: Literal[1] = 1
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    mode: Literal["sequential", "parallel"] | None = None
    max_parallel: int = Field(default=DEFAULT_PARALLEL, ge=1, le=MAX_PARALLEL)
    output: Any = None

    @property
    def is_sequential(self) -> bool:
        """Whether nodes run one at a time."""
        return self.mode == "sequential" or (self.mode is None and not self.edges)

    def handler_of(self, node: Node) -> Node | None:
        """The node that handles a failure of `node`."""
        index = node.on_error_action_index
        return None if index is None else self.nodes[index]

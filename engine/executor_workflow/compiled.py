"""A workflow that is ready to be run any number of times, by many threads at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.executor_workflow.graph import Graph
from engine.executor_workflow.templates import NodeTemplates
from engine.ports import Compiled
from engine.templates import Template


@dataclass(frozen=True, kw_only=True)
class CompiledWorkflow(Compiled):
    """The checked graph and its compiled templates, by node id.

    Not repeatable as a whole: each node's call is repeated by itself where that is safe.
    """

    graph: Graph
    templates: Mapping[str, NodeTemplates]
    output: Template | None
    repeatable: bool = False

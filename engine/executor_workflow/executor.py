"""The logic type `workflow`: compiles graphs of API calls, runs them, says what they would do."""

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.errors import DefinitionInvalidError
from engine.executor_workflow.calls import ApiLookup, check_calls
from engine.executor_workflow.compiled import CompiledWorkflow
from engine.executor_workflow.graph import Graph, check_graph, check_names
from engine.executor_workflow.model import Node, Workflow
from engine.executor_workflow.parse import parse
from engine.executor_workflow.runner import WorkflowRun, context_names
from engine.executor_workflow.templates import NodeTemplates, check_templates, compile_node
from engine.model import ApiDefinition, Issue, LogicType, Payload
from engine.ports import ExecutionContext, Params
from engine.templates import compile_template


class WorkflowExecutor:
    """Executes workflows; every node is a call through the pipeline."""

    logic_type: ClassVar[LogicType] = "workflow"

    def __init__(self, apis: ApiLookup) -> None:
        self._apis = apis

    def compile(self, api: ApiDefinition) -> CompiledWorkflow:
        """Parse, check names, templates, graph and called APIs.

        Raises:
            DefinitionInvalidError: With every issue found.
        """
        workflow, issues = parse(api.logic_body)
        if workflow is None:
            raise _invalid(issues)
        names = tuple(check_names(workflow))
        templates = tuple(check_templates(workflow, api.param_schema))
        found = (*names, *templates, *check_calls(api, workflow, self._apis))
        if names or templates:
            raise _invalid(found)
        graph, compiled = _compiled_graph(workflow)
        found += tuple(check_graph(graph))
        if any(issue.severity == "error" for issue in found):
            raise _invalid(found)
        return CompiledWorkflow(
            warnings=found,
            calls=tuple(dict.fromkeys(node.api_id for node in workflow.nodes)),
            graph=graph,
            templates=compiled,
            output=None if workflow.output is None else compile_template(workflow.output, "output"),
        )

    def execute(self, compiled: CompiledWorkflow, params: Params, ctx: ExecutionContext) -> Payload:
        """Run the workflow once; raises EngineError."""
        return WorkflowRun(compiled, params, ctx).run()

    def dry_run(
        self, compiled: CompiledWorkflow, params: Params, ctx: ExecutionContext
    ) -> Mapping[str, Any]:
        """Order, levels and each node's call, filled as far as no step is needed for it."""
        names = {
            "params": dict(params),
            "input": ctx.input_payload,
            "context": context_names(ctx),
            "mappings": ctx.mappings(params, ctx.input_payload),
        }
        graph = compiled.graph
        return {
            "mode": "sequential" if graph.workflow.is_sequential else "parallel",
            "order": list(graph.order),
            "levels": [list(level) for level in graph.levels],
            "nodes": [_planned(node, graph, names) for node in graph.workflow.nodes],
            "output": graph.workflow.output,
        }


def _compiled_graph(workflow: Workflow) -> tuple[Graph, dict[str, NodeTemplates]]:
    templates = {
        node.id: compile_node(node, f"nodes[{index}]") for index, node in enumerate(workflow.nodes)
    }
    return Graph.of(workflow, templates), templates


def _planned(node: Node, graph: Graph, names: Mapping[str, Any]) -> dict[str, Any]:
    handler = graph.workflow.handler_of(node)
    return {
        "id": node.id,
        "api": node.api_id,
        "waits_for": sorted(graph.waits_for[node.id], key=graph.index.__getitem__),
        "handles": list(graph.handles.get(node.id, ())),
        "handler": handler.id if handler else None,
        "params": _filled(dict(node.params), names),
        "input": _filled(node.input, names),
        "when": _filled(node.when, names),
        "for_each": _filled(node.for_each, names),
    }


def _filled(tree: Any, names: Mapping[str, Any]) -> Any:
    """The tree with those templates rendered that read nothing but `names`."""
    if isinstance(tree, Mapping):
        return {key: _filled(value, names) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_filled(value, names) for value in tree]
    template = compile_template(tree)
    return template.render(names) if {path[0] for path in template.paths} <= set(names) else tree


def _invalid(issues: tuple[Issue, ...]) -> DefinitionInvalidError:
    first = next(issue for issue in issues if issue.severity == "error")
    return DefinitionInvalidError(first.message, issues=issues)

"""The templates of a workflow's nodes: checked against what each may name, compiled once."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.executor_workflow.model import Node, Workflow
from engine.model import Issue
from engine.templates import Expression, Template, check_template, compile_template, parse_text

CONTEXT_NAMES = ("tenant_id", "user_id", "execution_id", "trace_id", "source")
STEP_NAMES = ("status", "data", "rows", "row_count", "error", "execution_id")


@dataclass(frozen=True, slots=True)
class NodeTemplates:
    """A node's compiled templates."""

    params: Template
    input: Template
    when: Template
    for_each: Template

    @property
    def steps(self) -> frozenset[str]:
        """Ids of the nodes whose results the templates read."""
        return frozenset().union(
            *(steps_read(part) for part in (self.params, self.input, self.when, self.for_each))
        )


def compile_node(node: Node, path: str) -> NodeTemplates:
    """Compile templates that `check_nodes` found nothing wrong with."""
    return NodeTemplates(
        params=compile_template(dict(node.params), f"{path}.params"),
        input=compile_template(node.input, f"{path}.input"),
        when=compile_template(node.when, f"{path}.when"),
        for_each=compile_template(node.for_each, f"{path}.for_each"),
    )


def steps_read(template: Template) -> frozenset[str]:
    """Ids of the nodes whose results a template reads."""
    return frozenset(str(path[1]) for path in template.paths if path[0] == "steps")


def check_templates(workflow: Workflow, params: Iterable[str]) -> Iterator[Issue]:
    """Every template that cannot be read, names what is not there, or reads its own node."""
    node_ids = {node.id for node in workflow.nodes}
    known: dict[str, Collection[str] | None] = {
        "params": set(params),
        "input": None,
        "steps": node_ids,
        "context": CONTEXT_NAMES,
        "mappings": None,
    }
    handlers = {node.on_error_action_index for node in workflow.nodes}
    for index, node in enumerate(workflow.nodes):
        before = {**known, **({"error": None} if index in handlers else {})}
        inside = {**before, **({"item": None} if node.for_each is not None else {})}
        yield from _check_node(node, f"nodes[{index}]", before, inside)
    yield from _check(workflow.output, known, "output")


def _check_node(
    node: Node,
    path: str,
    before: Mapping[str, Collection[str] | None],
    inside: Mapping[str, Collection[str] | None],
) -> Iterator[Issue]:
    yield from _check(dict(node.params), inside, f"{path}.params")
    yield from _check(node.input, inside, f"{path}.input")
    yield from _check(node.when, before, f"{path}.when")
    yield from _check(node.for_each, before, f"{path}.for_each")
    for name, text in (("when", node.when), ("for_each", node.for_each)):
        if isinstance(text, str) and not is_lone_template(text):
            message = f"{name} must be one template and nothing else: {{{{ steps.a.rows }}}}"
            yield Issue(code="invalid_template", message=message, path=f"{path}.{name}")


def _check(tree: Any, known: Mapping[str, Collection[str] | None], path: str) -> Iterator[Issue]:
    issues = check_template(tree, known, path)
    yield from issues
    if not issues:
        yield from _check_steps(tree, path)


def _check_steps(tree: Any, path: str) -> Iterator[Issue]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _check_steps(value, f"{path}.{key}")
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _check_steps(value, f"{path}[{index}]")
    else:
        yield from _check_step_names(compile_template(tree), path)


def _check_step_names(template: Template, path: str) -> Iterator[Issue]:
    for read in sorted(template.paths, key=str):
        if read[0] != "steps":
            continue
        if len(read) == 1:
            message = "name the step: {{ steps.<node id> }}"
            yield Issue(code="invalid_template", message=message, path=path)
        elif len(read) > 2 and read[2] not in STEP_NAMES:  # steps.<id>.<name>
            message = f"a step has no {str(read[2])!r}; known: {', '.join(STEP_NAMES)}"
            yield Issue(code="unknown_name", message=message, path=path)


def is_lone_template(text: str) -> bool:
    """Whether a text is one template and nothing else, so that its value keeps its type."""
    try:
        parts = parse_text(text.strip())
    except ValueError:
        return True  # already reported with what is wrong in it
    return len(parts) == 1 and isinstance(parts[0], Expression)

"""Runs a compiled workflow once: calls what the schedule says, keeps what the nodes answer."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from typing import Any

from engine.errors import (
    BadRequestError,
    DeadlineExceededError,
    ExecutionCancelledError,
    TemplateFailedError,
)
from engine.executor_workflow.compiled import CompiledWorkflow
from engine.executor_workflow.graph import Graph
from engine.executor_workflow.model import MAX_ITEMS, Node
from engine.executor_workflow.node_result import NodeResult
from engine.executor_workflow.progress import Progress, encoded
from engine.executor_workflow.templates import steps_read
from engine.model import ErrorInfo, Payload
from engine.ports import ExecutionContext, NestedCall, Params, WorkflowRunOptions

GRACE_S = 1.0
"""How long after the deadline the end of running nodes is awaited, for them to be in the record;
each ends by itself, as it has the same deadline."""

Names = Mapping[str, Any]


class WorkflowRun:
    """One run of one workflow; used once."""

    def __init__(
        self,
        compiled: CompiledWorkflow,
        params: Params,
        ctx: ExecutionContext,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._compiled = compiled
        self._workflow = compiled.graph.workflow
        self._nodes = {node.id: node for node in self._workflow.nodes}
        self._ctx = ctx
        self._clock = clock
        self._started = clock()
        self._options = ctx.workflow or WorkflowRunOptions()
        self._progress = Progress(compiled.graph, included(compiled.graph, self._options))
        self._names: Names = {
            "params": dict(params),
            "input": ctx.input_payload,
            "context": context_names(ctx),
            "mappings": ctx.mappings(params, ctx.input_payload),
        }

    def run(self) -> Payload:
        """Run every node that may run.

        Raises:
            NodeFailedError: Nodes failed and nothing handled it; names the first.
            DeadlineExceededError: Time ran out.
            ExecutionCancelledError: The call was told to stop.
            TemplateFailedError: The output template failed.
        """
        if self._options.checkpoints is not None:
            self._options.checkpoints.begin(tuple(self._nodes))
        self._pin()
        try:
            if self._workflow.is_sequential:
                self._run_one_by_one()
            else:
                self._run_side_by_side()
        except (DeadlineExceededError, ExecutionCancelledError) as error:
            error.details["steps"] = self._progress.steps_json()
            raise
        failure = self._progress.failure(self._ctx.deadline)
        if failure is not None:
            raise failure
        return self._answer()

    def _pin(self) -> None:
        for node_id, data in self._options.pinned.items():
            if node_id in self._progress.schedule.states:
                document = encoded(data, f"the data pinned for {node_id!r}")
                self._progress.finish(node_id, NodeResult(data_json=document, note="pinned"))

    def _run_one_by_one(self) -> None:
        while taken := self._progress.schedule.take(1):
            self._finish(taken[0], self._run_node(*self._prepared(taken[0])))

    def _run_side_by_side(self) -> None:
        pool = ThreadPoolExecutor(self._workflow.max_parallel, "workflow-node")
        running: dict[Future[NodeResult], str] = {}
        try:
            while True:
                room = self._workflow.max_parallel - len(running)
                for node_id in self._progress.schedule.take(room):
                    running[pool.submit(self._run_node, *self._prepared(node_id))] = node_id
                if not running:
                    return
                for future in self._next_ended(running):
                    self._finish(running.pop(future), future.result())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _next_ended(self, running: Mapping[Future[NodeResult], str]) -> set[Future[NodeResult]]:
        left_s = self._ctx.deadline.remaining_s() + GRACE_S
        ended, _ = wait(running, timeout=left_s, return_when=FIRST_COMPLETED)
        if not ended:
            raise DeadlineExceededError(
                f"the workflow did not finish within {self._ctx.deadline.budget_s:g} s; "
                f"still running: {', '.join(running.values())}"
            )
        return ended

    def _prepared(self, node_id: str) -> tuple[Node, Names]:
        """A node with the names its templates may read, taken before it runs beside others."""
        self._ctx.deadline.check("the workflow")
        steps = self._progress.seen(self._compiled.templates[node_id].steps)
        names: dict[str, Any] = {**self._names, "steps": steps}
        if node_id in self._compiled.graph.handles:
            names["error"] = self._progress.handled_error(node_id)
        if self._options.watcher is not None:
            self._options.watcher.started(node_id)
        return self._nodes[node_id], names

    def _finish(self, node_id: str, result: NodeResult) -> None:
        self._progress.finish(node_id, result)
        if self._options.watcher is not None:
            self._options.watcher.ended(self._progress.step(node_id))

    def _run_node(self, node: Node, names: Names) -> NodeResult:
        checkpoints = self._options.checkpoints
        if checkpoints is None:
            return self._work(node, names)
        return NodeResult.read(checkpoints.once(node.id, lambda: self._work(node, names).written()))

    def _work(self, node: Node, names: Names) -> NodeResult:
        started = self._clock()
        templates = self._compiled.templates[node.id]
        try:
            if node.when is not None and not templates.when.render(names):
                result = NodeResult(is_skipped=True, note="its condition did not hold")
            elif node.for_each is not None:
                items = _items(node, templates.for_each.render(names))
                result = self._call_for_each(node, names, items)
            else:
                result = self._call(node, names, node.id)
        except TemplateFailedError as error:
            result = NodeResult(error=_info(error))
        return replace(
            result,
            started_ms=_ms(started - self._started),
            duration_ms=_ms(self._clock() - started),
        )

    def _call_for_each(self, node: Node, names: Names, items: list[Any]) -> NodeResult:
        failed = Event()

        def call_item(index: int, item: Any) -> NodeResult | None:
            if failed.is_set():
                return None
            self._ctx.deadline.check("the workflow")
            try:
                result = self._call(node, {**names, "item": item}, f"{node.id}/{index}")
            except TemplateFailedError as error:
                result = NodeResult(error=_info(error))
            if result.error and not node.continue_on_error:
                failed.set()
            return result

        side_by_side = min(node.concurrency, len(items))
        if side_by_side <= 1:
            return NodeResult.of_items([call_item(*each) for each in enumerate(items)])
        with ThreadPoolExecutor(side_by_side, "workflow-item") as pool:
            return NodeResult.of_items(list(pool.map(call_item, range(len(items)), items)))

    def _call(self, node: Node, names: Names, place: str) -> NodeResult:
        templates, key = self._compiled.templates[node.id], self._ctx.idempotency_key
        nested = NestedCall(
            api=node.api_id,
            params=templates.params.render(names),
            input_payload=templates.input.render(names),
            timeout_s=node.timeout_seconds,
            max_retries=node.retry_count,
            max_rows=node.limit,
            idempotency_key=f"{key}/{place}" if key else None,
        )
        return NodeResult.of(self._ctx.call(nested))

    def _answer(self) -> Payload:
        output, until = self._compiled.output, self._options.until
        if until is not None:
            return self._progress.answer_of(until)
        if output is None:
            return self._progress.answer_of_last()
        names = {**self._names, "steps": self._progress.seen(steps_read(output))}
        return self._progress.answer(output.render(names))


def included(graph: Graph, options: WorkflowRunOptions) -> frozenset[str] | None:
    """The nodes of a partial run: the last one and what it needs, up to pinned ones; None for all.

    Raises:
        BadRequestError: The options name a node that is not there.
    """
    for name in (*options.pinned, *filter(None, [options.until])):
        if name not in graph.index:
            known = ", ".join(graph.index)
            raise BadRequestError(f"the workflow has no node {name!r}; known: {known}")
    if options.until is None:
        return None
    found, pending = {options.until}, [options.until]
    while pending:
        node_id = pending.pop()
        needed = frozenset() if node_id in options.pinned else graph.follows[node_id]
        pending += needed - found
        found |= needed
    return frozenset(found)


def context_names(ctx: ExecutionContext) -> dict[str, Any]:
    """The value of `context` in templates."""
    return {
        "tenant_id": ctx.tenant_id,
        "user_id": ctx.caller.subject,
        "execution_id": str(ctx.execution_id),
        "trace_id": ctx.trace_id,
        "source": ctx.source,
    }


def _items(node: Node, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        kind = "null" if value is None else type(value).__name__
        raise TemplateFailedError(f"for_each of node {node.id!r} must give a list, not {kind}")
    if len(value) > MAX_ITEMS:
        raise TemplateFailedError(
            f"for_each of node {node.id!r} gives {len(value)} items; at most {MAX_ITEMS}"
        )
    return list(value)


def _info(error: TemplateFailedError) -> ErrorInfo:
    return ErrorInfo(
        type=error.code,
        message=error.message,
        http_status=error.http_status,
        details=error.details,
        hint=error.hint,
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)

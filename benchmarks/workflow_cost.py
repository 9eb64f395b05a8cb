"""What a workflow adds to its nodes: chains of nodes that do nothing, and many that wait."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import orjson

from benchmarks.effort import Effort
from benchmarks.engines import open_engine
from benchmarks.pipeline_cost import ANSWER, InstantExecutor
from benchmarks.rounds import Figure, Subject, measure, table
from engine.call import ExecutionRequest
from engine.catalog import ApiCatalog
from engine.facade import Engine, local_caller
from engine.model import Payload
from engine.pipeline import Pipeline
from engine.ports import ExecutionContext, Executor, Params

TITLE = "Workflows"
WAIT_S = 0.05
CALLER = local_caller()


class WaitingExecutor(InstantExecutor):
    """Answers at once, or after `WAIT_S` when its parameter says so."""

    def execute(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Payload:  # noqa: ARG002
        if params.get("wait"):
            time.sleep(WAIT_S)
        return ANSWER


def run(effort: Effort) -> str:
    """Measure a lone node, chains of it, and forty that wait at once."""
    with open_engine(sample_data=False, environment_connections={}) as engine:
        pipeline = _pipeline(engine)
        for name, fields in _definitions().items():
            engine.apis.create({"api_name": name, **fields}, CALLER)
        quick = [
            Subject("a node alone", _calls(pipeline, "node")),
            Subject("chain of 10", _calls(pipeline, "chain-10")),
            Subject("chain of 40", _calls(pipeline, "chain-40")),
        ]
        figures = measure(quick, rounds=effort.rounds, calls=10, warm_up=3)
        waiting = [
            Subject("a node that waits 50 ms", _calls(pipeline, "node", wait=True)),
            Subject("40 such nodes at once", _calls(pipeline, "fan-40", wait=True)),
        ]
        waited = measure(waiting, rounds=effort.rounds, calls=2, warm_up=1)
    return "\n\n".join([table(figures), table(waited), _per_node(figures)])


def _per_node(figures: tuple[Figure, ...]) -> str:
    alone, ten, forty = (figure.least_ms for figure in figures)
    return (
        f"At least {(forty - ten) / 30 * 1000:.0f} µs a node in a chain, of which the node's own "
        f"call through the pipeline, its log record included, is {alone * 1000:.0f} µs."
    )


def _pipeline(engine: Engine) -> Pipeline:
    def wrap(real: Executor) -> Executor:
        return WaitingExecutor(real) if real.logic_type == "script" else real

    compiler = engine.pipeline.compiler.around(wrap)
    return replace(
        engine.pipeline, compiler=compiler, catalog=ApiCatalog(engine.policies.store, compiler)
    )


def _calls(pipeline: Pipeline, api: str, *, wait: bool = False) -> Callable[[int], None]:
    def call(_: int) -> None:
        result = pipeline.execute(ExecutionRequest(api=api, params={"wait": wait}), CALLER)
        if not result.ok:
            raise RuntimeError(f"{api}: {result.error}")

    return call


def _definitions() -> Mapping[str, Mapping[str, Any]]:
    wait = {"wait": {"type": "boolean"}}
    unguarded = {"circuit_breaker": {"enabled": False}}
    node = {
        "logic_type": "script",
        "logic_body": "def main(params, input_payload):\n    return None\n",
        "param_schema": wait,
        "runtime_policy": unguarded,
    }
    workflow = {"logic_type": "workflow", "param_schema": wait, "runtime_policy": unguarded}
    return {
        "node": node,
        "chain-10": {**workflow, "logic_body": _graph(10, chained=True)},
        "chain-40": {**workflow, "logic_body": _graph(40, chained=True)},
        "fan-40": {**workflow, "logic_body": _graph(40, chained=False)},
    }


def _graph(count: int, *, chained: bool) -> str:
    names = [f"n{number}" for number in range(count)]
    params = {"wait": "{{params.wait}}"}
    nodes = [{"id": name, "api_id": "node", "params": params} for name in names]
    edges = [{"source": a, "target": b} for a, b in pairwise(names)] if chained else []
    return orjson.dumps(
        {"nodes": nodes, "edges": edges, "mode": "parallel", "max_parallel": 64, "output": "done"}
    ).decode()

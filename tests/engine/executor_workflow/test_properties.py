"""Random graphs, run for real: what holds for every one of them."""

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

import orjson
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.errors import DefinitionInvalidError, EngineError, NodeFailedError

settings.register_profile("graphs", deadline=None, max_examples=150)
GRAPHS = settings.get_profile("graphs")
WITH_TENANT = settings(
    GRAPHS, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True)
class RandomGraph:
    """Nodes by number; listed in any order, so that edges point both up and down the list."""

    listed: tuple[int, ...]
    edges: frozenset[tuple[int, int]]
    failing: frozenset[int] = frozenset()
    continuing: frozenset[int] = frozenset()
    skipped: frozenset[int] = frozenset()
    handlers: tuple[tuple[int, int], ...] = ()

    def body(self, mode, *, edges_as_templates=False):
        handlers = dict(self.handlers)
        nodes = []
        for number in self.listed:
            node: dict[str, Any] = {"id": f"n{number}", "api_id": f"api{number}"}
            if edges_as_templates:
                sources = sorted(source for source, target in self.edges if target == number)
                node["input"] = [f"{{{{ steps.n{source}.status }}}}" for source in sources]
            if number in self.continuing:
                node["continue_on_error"] = True
            if number in self.skipped:
                node["when"] = False
            if number in handlers:
                node["on_error_action_index"] = self.listed.index(handlers[number])
            nodes.append(node)
        edges = [{"source": f"n{a}", "target": f"n{b}"} for a, b in sorted(self.edges)]
        return {"nodes": nodes, "edges": [] if edges_as_templates else edges, "mode": mode}

    def behind(self, starts):
        found: set[int] = set()
        pending = list(starts)
        while pending:
            source = pending.pop()
            after = {b for a, b in self.edges if a == source} - found
            found |= after
            pending += after
        return found


@st.composite
def graphs(draw, *, faults=False):
    size = draw(st.integers(1, 9))
    numbers = range(size)
    pairs = list(itertools.combinations(numbers, 2))
    some = st.frozensets(st.sampled_from(numbers), max_size=3)
    graph = RandomGraph(
        listed=tuple(draw(st.permutations(numbers))),
        edges=draw(st.frozensets(st.sampled_from(pairs), max_size=14)) if pairs else frozenset(),
        failing=draw(some),
    )
    if not faults:
        return graph
    handlers = draw(st.dictionaries(st.sampled_from(numbers), st.sampled_from(numbers), max_size=4))
    return RandomGraph(
        graph.listed,
        graph.edges,
        graph.failing,
        continuing=draw(some),
        skipped=draw(some),
        handlers=tuple(handlers.items()),
    )


@dataclass
class Recorder:
    """APIs that note when they begin and end."""

    graph: RandomGraph
    began: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    ended_before: dict[int, frozenset[int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self, tenant):
        for number in self.graph.listed:
            tenant.add(f"api{number}", lambda _call, number=number: self.run(number))

    def run(self, number):
        with self.lock:
            self.began.append(number)
            self.ended_before[number] = frozenset(self.ended)
        try:
            if number in self.graph.failing:
                raise EngineError(f"{number} fails")
            return {"number": number}
        finally:
            with self.lock:
                self.ended.append(number)


def outcome(tenant, graph, mode, **options):
    """What a run came to, without times and ids."""
    Recorder(graph).install(tenant)
    try:
        payload = tenant.run(graph.body(mode, **options))
    except NodeFailedError as error:
        steps = error.details.pop("steps")
        return error.message, [(s["node_id"], s["status"], s["note"]) for s in steps]
    return (
        orjson.loads(payload.json),
        [(step.node_id, step.status, step.note) for step in payload.steps],
        payload.warnings,
    )


@WITH_TENANT
@given(graph=graphs(), mode=st.sampled_from(["sequential", "parallel"]), as_templates=st.booleans())
def test_every_node_runs_once_after_all_it_waits_for(tenant, graph, mode, as_templates):
    graph = RandomGraph(graph.listed, graph.edges)
    recorder = Recorder(graph)
    recorder.install(tenant)

    tenant.run(graph.body(mode, edges_as_templates=as_templates))

    assert sorted(recorder.began) == sorted(graph.listed)
    assert all(source in recorder.ended_before[target] for source, target in graph.edges)


@WITH_TENANT
@given(graph=graphs(), mode=st.sampled_from(["sequential", "parallel"]))
def test_a_failing_node_stops_exactly_what_waits_for_it(tenant, graph, mode):
    assume(graph.failing <= set(graph.listed))
    recorder = Recorder(graph)
    recorder.install(tenant)

    failed = False
    try:
        tenant.run(graph.body(mode))
    except NodeFailedError:
        failed = True

    assert failed == bool(graph.failing)
    assert set(recorder.began) == set(graph.listed) - graph.behind(graph.failing)


@WITH_TENANT
@given(graph=graphs(faults=True))
def test_side_by_side_comes_to_the_same_as_one_by_one(tenant, graph):
    Recorder(graph).install(tenant)
    try:
        tenant.executor.compile(tenant.add_workflow("w", graph.body("parallel")))
    except DefinitionInvalidError:
        assume(False)

    assert outcome(tenant, graph, "parallel") == outcome(tenant, graph, "sequential")


@WITH_TENANT
@given(graph=graphs(faults=True))
def test_a_run_fails_exactly_when_a_failed_node_was_neither_handled_nor_continued(tenant, graph):
    recorder = Recorder(graph)
    recorder.install(tenant)
    try:
        tenant.executor.compile(tenant.add_workflow("w", graph.body("parallel")))
    except DefinitionInvalidError:
        assume(False)

    try:
        payload = tenant.run(graph.body("parallel"))
    except NodeFailedError as error:
        steps = {step["node_id"]: step["status"] for step in error.details["steps"]}
        unhandled = error.details["failed_nodes"]
    else:
        steps = {step.node_id: step.status for step in payload.steps}
        unhandled = []

    ran_and_failed = {f"n{number}" for number in graph.failing & set(recorder.began)}
    continuing = {f"n{number}" for number in graph.continuing}
    handled = {node_id for node_id, status in steps.items() if status == "handled"}
    assert len(recorder.began) == len(set(recorder.began))
    assert set(unhandled) == ran_and_failed - continuing - handled
    assert all(dict(graph.handlers)[int(node_id[1:])] in recorder.began for node_id in handled)

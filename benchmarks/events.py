"""How many events a second one process takes in, and looks at for its rules meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi.testclient import TestClient

from benchmarks.effort import Effort
from benchmarks.engines import open_engine
from engine.facade import Engine, local_caller
from engine.model.cep import EventQuery
from engine.sidecar import create_app

TITLE = "Events taken in and looked at"
BATCH = 500
KEY = "benchmark-key-of-events"
CARRIERS = ("AA", "B6", "DL", "EV", "UA")
LANDED = {"event_type": "flight.landed"}
P95 = {"source": "events", "field": "arr_delay", "aggregation": "p95", "group_by": "carrier"}
TRIGGERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "late": ("event", {**LANDED, "field": "arr_delay", "op": ">", "value": 999}),
    "expression": ("event", {"where": "arr_delay > 900 && carrier in ['AA', 'DL']"}),
    "p95": ("metric", {**P95, "window": "5m", "op": ">", "value": 999}),
    "silence": ("metric", {"source": "events", "window": "10m", "op": "<", "value": 1}),
}


def run(effort: Effort) -> str:
    """Each way in for some seconds, while a thread of the same process runs four rules."""
    seconds = effort.seconds * effort.rounds
    lines = [
        "| way in | batch | a second | CPU, \u00b5s each | a second while four rules look |",
        "|---|--:|--:|--:|--:|",
    ]
    caller = local_caller()
    with open_engine(log_level="ERROR", bootstrap_key=KEY, run_rules=False) as engine:
        ways: dict[str, Callable[[list[dict[str, Any]]], object]] = {
            "Python": lambda events: engine.rules.events.post(events, caller)
        }
        with TestClient(create_app(engine), headers={"X-API-Key": KEY}) as client:
            ways["REST"] = lambda events: client.post("/cep/events", json=events).raise_for_status()
            alone = {name: _rate(_batches(), post, seconds) for name, post in ways.items()}
            before = engine.rules.events.search(EventQuery(limit=1), caller).total
            for name, (trigger_type, spec) in TRIGGERS.items():
                fields = {"rule_name": name, "trigger_type": trigger_type, "trigger_spec": spec}
                engine.rules.create({**fields, "action_spec": {"api_id": "carriers-list"}}, caller)
            engine.rule_runner.start(delay_s=0)
            watched = {name: _rate(_batches(), post, seconds) for name, post in ways.items()}
        lines += [
            f"| {name} | {BATCH} | {alone[name][0]:,.0f} | {alone[name][1]:.0f} "
            f"| {watched[name][0]:,.0f} |"
            for name in ways
        ]
        behind_s = _behind(engine, before)
        lines.append(f"\nThe rules had seen the last event {behind_s:.1f} s after it was taken in.")
    return "\n".join(lines)


def _rate(
    batches: Iterator[list[dict[str, Any]]],
    post: Callable[[list[dict[str, Any]]], object],
    seconds: float,
) -> tuple[float, float]:
    """Events a second, and what each takes of the processor; making them is not counted."""
    sent, spent_s, used_s, begun = 0, 0.0, 0.0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        events = next(batches)
        at, used = time.perf_counter(), time.process_time()
        post(events)
        spent_s += time.perf_counter() - at
        used_s += time.process_time() - used
        sent += len(events)
    return sent / spent_s, used_s / sent * 1e6


def _batches() -> Iterator[list[dict[str, Any]]]:
    dice = random.Random(1)  # noqa: S311 - no secret
    while True:
        yield [
            {
                "event_type": "flight.landed",
                "event_id": f"{time.perf_counter_ns()}-{number}",
                "data": {
                    "carrier": dice.choice(CARRIERS),
                    "origin": "JFK",
                    "arr_delay": dice.randint(-20, 200),
                },
            }
            for number in range(BATCH)
        ]


def _behind(engine: Engine, before: int, longest_s: float = 60.0) -> float:
    """How long the rules need to see everything that was taken in."""
    caller, begun = local_caller(), time.perf_counter()
    taken = engine.rules.events.search(EventQuery(limit=1), caller).total
    while (spent := time.perf_counter() - begun) < longest_s:
        seen = engine.rules.get("p95", caller).state.get("matched", 0)
        if seen >= taken - before:
            return spent
        engine.rule_runner.nudge()
        time.sleep(0.05)
    return longest_s

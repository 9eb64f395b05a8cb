"""Measures several ways to do a thing in alternating rounds, so that they share the weather."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """One way to do the thing; `call` does it once, the argument counts from 0."""

    name: str
    call: Callable[[int], object]


@dataclass(frozen=True)
class Figure:
    """What the calls of one subject took, in milliseconds: least, median, 95th percentile.

    The least is what is left of the cost when nothing else wants the machine.
    """

    name: str
    least_ms: float
    median_ms: float
    p95_ms: float
    calls: int


def measure(
    subjects: Sequence[Subject], *, rounds: int, calls: int, warm_up: int = 20
) -> tuple[Figure, ...]:
    """Call each subject `calls` times in every round, in an order that turns from round to round.

    Garbage is collected between rounds and not within them.
    """
    taken: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    number = 0
    for subject in subjects:
        for _ in range(warm_up):
            subject.call(number)
            number += 1
    gc.disable()
    try:
        for turn in range(rounds):
            gc.collect()
            first = turn % len(subjects)
            for subject in (*subjects[first:], *subjects[:first]):
                for _ in range(calls):
                    began = time.perf_counter()
                    subject.call(number)
                    taken[subject.name].append((time.perf_counter() - began) * 1000)
                    number += 1
    finally:
        gc.enable()
    return tuple(figure(name, milliseconds) for name, milliseconds in taken.items())


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown, each median beside the first."""
    first = figures[0].median_ms
    lines = ["| | least, ms | median, ms | p95, ms | of the first |", "|---|--:|--:|--:|--:|"]
    lines += [
        f"| {each.name} | {each.least_ms:.3f} | {each.median_ms:.3f} | {each.p95_ms:.3f} "
        f"| {each.median_ms / first:.2f} |"
        for each in figures
    ]
    return "\n".join(lines)


def figure(name: str, milliseconds: Sequence[float]) -> Figure:
    """What single measurements of a subject say."""
    return Figure(
        name=name,
        least_ms=min(milliseconds),
        median_ms=statistics.median(milliseconds),
        p95_ms=statistics.quantiles(milliseconds, n=20)[-1]
        if len(milliseconds) > 1
        else max(milliseconds),
        calls=len(milliseconds),
    )

"""The measuring itself: fair turns, right medians, and every benchmark runs."""

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.effort import TINY
from benchmarks.rounds import Figure, Subject, measure, table


def test_subjects_take_turns_and_another_one_begins_each_round():
    called: list[str] = []

    def noting(name: str) -> Subject:
        return Subject(name, lambda _: called.append(name))

    subjects = [noting("a"), noting("b")]

    figures = measure(subjects, rounds=2, calls=2, warm_up=0)

    assert called == ["a", "a", "b", "b", "b", "b", "a", "a"]
    assert [(figure.name, figure.calls) for figure in figures] == [("a", 4), ("b", 4)]


def test_no_two_calls_get_the_same_number():
    numbers: list[int] = []
    measure([Subject("a", numbers.append), Subject("b", numbers.append)], rounds=2, calls=3)

    assert len(set(numbers)) == len(numbers)


def test_the_table_compares_with_the_first():
    figures = [Figure("bare", 1.0, 2.0, 3.0, 9), Figure("governed", 1.5, 3.0, 4.5, 9)]

    assert table(figures).splitlines()[2:] == [
        "| bare | 1.000 | 2.000 | 3.000 | 1.00 |",
        "| governed | 1.500 | 3.000 | 4.500 | 1.50 |",
    ]


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "pages"])
def test_every_benchmark_runs(name):
    assert BENCHMARKS[name].run(TINY)

"""Where steps are placed."""

from hypothesis import given
from hypothesis import strategies as st

from pages.components.workflow.layout import STEP_PX, layered, layers_of, placed

NAMES = [f"n{number}" for number in range(8)]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20)


def apart(places):
    spots = list(places.values())
    return all(
        abs(x - a) >= STEP_PX[0] or abs(y - b) >= STEP_PX[1]
        for index, (x, y) in enumerate(spots)
        for a, b in spots[:index]
    )


def test_what_waits_stands_right_of_what_it_waits_for():
    places = layered(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])

    assert places["a"][0] < places["b"][0] < places["c"][0]


def test_a_wait_that_passes_a_layer_runs_over_no_step():
    places = layered(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])

    assert places["b"][1] != places["a"][1]


def test_steps_without_waits_stand_in_one_column():
    assert layers_of(["a", "b"], []) == [["a", "b"]]


@given(PAIRS)
def test_no_two_steps_cover_each_other_even_in_circles(pairs):
    places = layered(NAMES, pairs)

    assert set(places) == set(NAMES)
    assert apart(places)


@given(PAIRS)
def test_every_wait_of_a_graph_without_circles_points_to_the_right(pairs):
    forward = [(a, b) for a, b in pairs if a < b]

    places = layered(NAMES, forward)

    assert all(places[a][0] < places[b][0] for a, b in forward)


def test_a_new_step_covers_none_that_the_author_moved():
    proposed = layered(["a", "b"], [])

    places = placed(["a", "b"], [], {"a": proposed["b"]})

    assert places["a"] == proposed["b"]
    assert apart(places)

"""An answer loaded before an invalidation is never served after it."""

from secrets import token_hex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ports import Admission, CacheKey, CacheWrite, Settlement

KEYS, TAGS = 3, 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("load"), st.integers(0, KEYS - 1)),
        st.tuples(st.just("load"), st.integers(0, KEYS - 1)),
        st.tuples(st.just("store"), st.integers(0, 9)),
        st.tuples(st.just("invalidate"), st.integers(0, TAGS - 1)),
        st.tuples(st.just("wait"), st.integers(1, 4)),
    ),
    min_size=20,
    max_size=80,
)
TAGGINGS = st.tuples(*[st.sets(st.integers(0, TAGS - 1)) for _ in range(KEYS)])


@pytest.mark.parametrize("kind", ["memory", "redis", "fallback"])
@settings(max_examples=40, deadline=None)
@given(steps=STEPS, taggings=TAGGINGS)
def test_no_answer_is_older_than_the_last_invalidation_of_its_tags(
    kind, steps, taggings, open_by_clock, new_clock
):
    clock = new_clock()
    state = open_by_clock(kind, clock)
    prefix = token_hex(6)
    tags = [f"{prefix}/tag {number}" for number in range(TAGS)]
    keys = [
        CacheKey(f"{prefix}/{number}", tuple(tags[tag] for tag in sorted(tagging)))
        for number, tagging in enumerate(taggings)
    ]
    invalidated_at = dict.fromkeys(tags, -1)
    loading: list[tuple[CacheKey, int, str]] = []

    for now, (step, number) in enumerate(steps):
        if step == "wait":
            clock.advance(number)
        elif step == "invalidate":
            state.invalidate([tags[number]])
            invalidated_at[tags[number]] = now
        elif step == "store" and loading:
            key, begun, generations = loading.pop(number % len(loading))
            write = CacheWrite(key, str(begun).encode(), 5, 8, generations)
            state.settle(Settlement(write=write))
        elif step == "load":
            found = state.admit(Admission(cache=keys[number]))
            if found.entry:
                begun = int(found.entry.value)
                assert all(invalidated_at[tag] < begun for tag in keys[number].tags)
            loading.append((keys[number], now, found.generations))

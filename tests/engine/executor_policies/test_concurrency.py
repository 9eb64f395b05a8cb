import pytest

from engine.deadline import Deadline
from engine.errors import ConcurrencyLimitedError
from engine.executor_policies import ConcurrencyGate
from storage.shared_state.memory import MemorySharedState


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def gate(time):
    return ConcurrencyGate(MemorySharedState(cache_bytes=1024, clock=time), sleep=time.sleep)


def refusal(gate, definition, limit, deadline):
    with pytest.raises(ConcurrencyLimitedError) as refused, gate.place(definition, limit, deadline):
        pass
    return refused.value


def test_as_many_calls_run_at_once_as_the_policy_allows(gate, api, time):
    deadline = Deadline.after(10, clock=time)

    with gate.place(api(), 2, deadline), gate.place(api(), 2, deadline):
        refused = refusal(gate, api(), 2, deadline)
        with gate.place(api(number=2), 2, deadline):
            pass

    assert refused.http_status == 429
    assert refused.details["limit"] == 2
    with gate.place(api(), 2, deadline):
        pass


@pytest.mark.parametrize(("budget_s", "waited_s"), [(10, 1), (0.3, 0.3)])
def test_a_call_waits_a_second_for_a_place_or_until_its_deadline(
    gate, api, time, budget_s, waited_s
):
    began = time.now

    with gate.place(api(), 1, Deadline.after(10, clock=time)):
        refusal(gate, api(), 1, Deadline.after(budget_s, clock=time))

    assert time.now - began == pytest.approx(waited_s)


def test_a_place_is_given_back_when_the_call_fails(gate, api, time):
    deadline = Deadline.after(10, clock=time)
    with pytest.raises(ZeroDivisionError), gate.place(api(), 1, deadline):
        raise ZeroDivisionError

    with gate.place(api(), 1, deadline):
        pass


def test_without_a_limit_any_number_runs(gate, api, time):
    deadline = Deadline.after(10, clock=time)

    with gate.place(api(), None, deadline), gate.place(api(), None, deadline):
        pass

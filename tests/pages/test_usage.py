from datetime import UTC, datetime
from uuid import uuid4

from engine.ports import ApiUsage
from pages.components.usage import total_usage

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def usage(**fields):
    return ApiUsage(uuid4(), **{"p50_ms": 1, "p95_ms": 2, "last_at": NOW, **fields})


def test_apis_are_added_up_slice_by_slice():
    total = total_usage(
        [usage(calls=4, failures=1, series=(1, 3)), usage(calls=2, failures=0, series=(2, 0))]
    )

    assert (total.calls, total.failures, total.series) == (6, 1, (3, 3))


def test_the_success_rate_knows_nothing_of_rejected_calls():
    total = total_usage([usage(calls=10, failures=1, rejected=6)])

    assert total.success_percent == 75
    assert total_usage([usage(calls=3, failures=0, rejected=3)]).success_percent is None

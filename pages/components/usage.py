"""How APIs fared in a window, put together for cards and lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.ports import ApiUsage


@dataclass(frozen=True)
class TotalUsage:
    """All APIs together; `series` are calls per equal slice of the window."""

    calls: int
    failures: int
    rejected: int
    series: tuple[int, ...]

    @property
    def success_percent(self) -> float | None:
        """The share of the calls that ran and succeeded; None when none ran."""
        ran = self.calls - self.rejected
        return 100 * (1 - self.failures / ran) if ran else None


def total_usage(usage: Sequence[ApiUsage]) -> TotalUsage:
    """The sum over APIs."""
    length = max((len(each.series) for each in usage), default=0)
    return TotalUsage(
        calls=sum(each.calls for each in usage),
        failures=sum(each.failures for each in usage),
        rejected=sum(each.rejected for each in usage),
        series=tuple(
            sum(each.series[slot] for each in usage if slot < len(each.series))
            for slot in range(length)
        ),
    )


def calls_by_api(apis: Mapping[str, UUID], usage: Sequence[ApiUsage]) -> list[tuple[str, int]]:
    """The names of APIs with their calls, most called first, then by name."""
    calls = {each.api_id: each.calls for each in usage}
    counted = [(name, calls.get(api_id, 0)) for name, api_id in apis.items()]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))

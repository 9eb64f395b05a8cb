"""How APIs fared in a window, put together for cards and lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.model import ApiDefinition
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


def calls_by_api(
    apis: Sequence[ApiDefinition], usage: Sequence[ApiUsage]
) -> list[tuple[ApiDefinition, int]]:
    """The APIs with their calls, most called first, then by name."""
    calls = {each.api_id: each.calls for each in usage}
    counted = [(api, calls.get(api.id, 0)) for api in apis]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0].api_name))

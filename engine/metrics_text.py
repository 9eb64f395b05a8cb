"""Writes metrics in Prometheus' text exposition format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.model.tally import BOUNDS_MS, Tally
from engine.ports import JournalStats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NO_BACKLOG = JournalStats()
STATUSES = ("success", "fail", "timeout", "rejected")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def prometheus_text(
    ever: Mapping[str, Tally], recently: Mapping[str, Tally], journal: JournalStats = NO_BACKLOG
) -> str:
    """The metrics of APIs by name: counters since the first call, gauges of the last minutes.

    Labels are bounded: the APIs there are, four statuses, thirteen durations.
    """
    families = (
        _counts(ever),
        _durations(ever),
        _counter(
            ever, "api_circuit_breaker_trips", "Calls that opened the circuit.", "breaker_trips"
        ),
        _counter(ever, "api_rate_limited_count", "Calls refused by a limit.", "rate_limited"),
        _counter(ever, "api_retry_count", "Attempts after the first.", "retries"),
        _gauge(recently, "api_success_rate", "Share of calls that succeeded.", "success_rate"),
        _gauge(recently, "api_cache_hit_rate", "Share of look-ups answered.", "cache_hit_rate"),
        *_of_journal(journal),
    )
    return "".join(f"{line}\n" for family in families for line in family)


def _counts(ever: Mapping[str, Tally]) -> Iterator[str]:
    name = "api_execution_count"
    yield from _head(name, "counter", "Executions, test runs left out.")
    for api, tally in sorted(ever.items()):
        for status in STATUSES:
            yield f"{name}{{api={_quoted(api)},status={_quoted(status)}}} {getattr(tally, status)}"


def _durations(ever: Mapping[str, Tally]) -> Iterator[str]:
    name = "api_execution_duration_ms"
    yield from _head(name, "histogram", "Durations of calls that were not rejected.")
    for api, tally in sorted(ever.items()):
        label, below = _quoted(api), 0
        for bound, count in zip((*BOUNDS_MS, None), tally.buckets, strict=True):
            below += count
            le = "+Inf" if bound is None else f"{bound:g}"
            yield f'{name}_bucket{{api={label},le="{le}"}} {below}'
        yield f"{name}_sum{{api={label}}} {tally.total_ms:.3f}"
        yield f"{name}_count{{api={label}}} {tally.ran}"


def _counter(ever: Mapping[str, Tally], name: str, meaning: str, field: str) -> Iterator[str]:
    yield from _head(name, "counter", meaning)
    for api, tally in sorted(ever.items()):
        yield f"{name}{{api={_quoted(api)}}} {getattr(tally, field)}"


def _gauge(recently: Mapping[str, Tally], name: str, meaning: str, field: str) -> Iterator[str]:
    """A rate; an API that it cannot be told of has no sample."""
    yield from _head(name, "gauge", f"{meaning} Over the last 5 minutes.")
    for api, tally in sorted(recently.items()):
        rate: float | None = getattr(tally, field)
        if rate is not None:
            yield f"{name}{{api={_quoted(api)}}} {rate:.6g}"


def _of_journal(journal: JournalStats) -> Iterator[tuple[str, ...]]:
    """What waits in the process that is asked, and what it had to refuse."""
    waiting = "Executions of this process that are not in the log yet"
    for name, kind, meaning, value in (
        ("api_journal_pending", "gauge", f"{waiting}.", journal.pending),
        ("api_journal_backlog_bytes", "gauge", f"{waiting}, in bytes.", journal.backlog_bytes),
        ("api_journal_refused_count", "counter", "Calls refused for them.", journal.refused),
        ("api_journal_rejected_count", "counter", "Records set aside.", journal.rejected),
    ):
        yield (*_head(name, kind, meaning), f"{name} {value}")


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


def _quoted(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'

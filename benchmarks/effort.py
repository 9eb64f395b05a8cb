"""How long a run of the benchmarks may take."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Effort:
    """What each benchmark may spend; the defaults of the command line are in `__main__`.

    Attributes:
        rounds: Alternating rounds.
        seconds: How long a server is loaded in a round.
        steps: How many of its concurrencies each REST call is measured at, the lowest first.
        log_rows: Executions in the log whose metrics are asked for.
        table_rows: Rows in the tables behind the REST calls.
    """

    rounds: int
    seconds: float
    steps: int
    log_rows: int
    table_rows: int


TINY = Effort(rounds=1, seconds=0.05, steps=1, log_rows=2000, table_rows=2000)
"""Enough to see that a benchmark runs."""

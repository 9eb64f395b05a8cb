"""Runs the benchmarks named on the command line, or all: `python -m benchmarks [name …]`."""

import argparse
import os
import platform

from benchmarks import (
    cost_by_store,
    durable_jobs,
    events,
    export,
    growth,
    log_metrics,
    log_writing,
    pages,
    pipeline_cost,
    script_cost,
    workflow_cost,
)
from benchmarks.effort import Effort
from benchmarks.rest import side_by_side

BENCHMARKS = {
    "pipeline": pipeline_cost,
    "script": script_cost,
    "rest": side_by_side,
    "workflows": workflow_cost,
    "growth": growth,
    "jobs": durable_jobs,
    "stores": cost_by_store,
    "writing": log_writing,
    "metrics": log_metrics,
    "events": events,
    "pages": pages,
    "export": export,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds")
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="how long a server is loaded in a round"
    )
    parser.add_argument("--steps", type=int, default=3, help="concurrencies of each REST call")
    parser.add_argument(
        "--log-rows", type=int, default=200_000, help="executions in the log; try 10000000"
    )
    parser.add_argument("--table-rows", type=int, default=1_000_000, help="rows behind REST calls")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    effort = Effort(
        rounds=options.rounds,
        seconds=options.seconds,
        steps=options.steps,
        log_rows=options.log_rows,
        table_rows=options.table_rows,
    )
    print(
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    for name in options.names or BENCHMARKS:
        report = BENCHMARKS[name].run(effort)
        print(f"\n### {BENCHMARKS[name].TITLE}\n\n{report}", flush=True)


if __name__ == "__main__":
    main()

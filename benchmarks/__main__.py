"""Runs the benchmarks named on the command line, or all: `python -m benchmarks [name …]`."""

import argparse
import os
import platform

from benchmarks import pipeline_cost, script_cost
from benchmarks.rounds import table

BENCHMARKS = {"pipeline": pipeline_cost, "script": script_cost}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    print(
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    for name in options.names or BENCHMARKS:
        figures = BENCHMARKS[name].run(options.rounds)
        print(f"\n### {BENCHMARKS[name].TITLE}\n\n{table(figures)}")
        print(f"\n{figures[0].calls} calls each, in {options.rounds} alternating rounds.")


if __name__ == "__main__":
    main()

"""What a script costs: a warm call that doubles a number, beside a bare Python process."""

import subprocess
import sys

from benchmarks.effort import Effort
from benchmarks.engines import open_engine
from benchmarks.rounds import Subject, measure, table
from engine.call import ExecutionRequest
from engine.facade import Engine, local_caller

TITLE = "A script that doubles a number"
SOURCE = "def main(params, input_payload):\n    return params['n'] * 2\n"
CALLER = local_caller()


def run(effort: Effort) -> str:
    """Measure the whole pipeline with the sandbox, and a new interpreter."""
    with open_engine() as engine:
        engine.apis.create(
            {
                "api_name": "double",
                "logic_type": "script",
                "logic_body": SOURCE,
                "param_schema": {"n": {"type": "integer"}},
            },
            CALLER,
        )
        subjects = [
            Subject("bare `python -c`", _interpreter),
            Subject("script through the whole pipeline", lambda n: _double(engine, n)),
        ]
        return table(measure(subjects, rounds=effort.rounds, calls=20, warm_up=5))


def _double(engine: Engine, number: int) -> None:
    result = engine.run(ExecutionRequest(api="double", params={"n": number}), CALLER)
    if not result.ok or result.data != number * 2:
        raise RuntimeError(f"double: {result.error}")


def _interpreter(number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"print({number} * 2)"], capture_output=True, check=True
    )
    if int(done.stdout) != number * 2:
        raise RuntimeError("the interpreter did not double")

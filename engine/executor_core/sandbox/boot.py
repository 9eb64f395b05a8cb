"""Starts the template: run as a file by a bare interpreter (`-I -S`, empty environment).

The engine's packages are entered as empty shells, so that none of the product's libraries and
nothing of the service's state is loaded where scripts will run.
"""

import sys
from pathlib import Path
from types import ModuleType


def main(control_descriptor: int, config: str) -> None:
    """Serve fork requests on the inherited control socket until the service closes it."""
    engine = Path(__file__).resolve().parents[2]
    for name, folder in (("engine", engine), ("engine.executor_core", engine / "executor_core")):
        shell = ModuleType(name)
        shell.__path__ = [str(folder)]
        sys.modules[name] = shell
    from engine.executor_core.sandbox import template  # noqa: PLC0415  # needs the shells

    template.main(control_descriptor, config)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

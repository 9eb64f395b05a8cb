"""Does what has to be done now and then, in the background and in one process at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from engine.errors import EngineError

logger = logging.getLogger(__name__)

TakeLease = Callable[[float], bool]
"""Makes this process the one, for so many seconds; False while another is."""


class Upkeep:
    """Runs jobs every `every_s`, first after `every_s`, in the process that holds the lease.

    A job that fails is logged and tried again at the next round; the others run all the same.
    """

    def __init__(
        self, take_lease: TakeLease, jobs: Mapping[str, Callable[[], None]], *, every_s: float
    ) -> None:
        self._take_lease = take_lease
        self._jobs = jobs
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the job that is running."""
        self._stopped.set()
        self._thread.join()

    def run_once(self) -> None:
        """Run every job that is due, if this is the process to do it."""
        if not self._take_lease(self._every_s * 3):
            return
        for name, job in self._jobs.items():
            if self._stopped.is_set():
                return
            self._try(name, job)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._try("lease", self.run_once)

    def _try(self, name: str, job: Callable[[], None]) -> None:
        try:
            job()
        except EngineError as error:
            logger.warning("the upkeep job %s failed, and will be tried again: %s", name, error)

"""How many calls of one API run at once, over all processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.deadline import Deadline
from engine.errors import ConcurrencyLimitedError
from engine.model import ApiDefinition
from engine.model.keys import tenant_key
from engine.ports import SharedState

MAX_WAIT_S = 1.0
"""How long a call waits for a place, at most; its own deadline may be nearer."""

_POLL_S = 0.02
_LEASE_MARGIN_S = 1.0


class ConcurrencyGate:
    """Places of APIs with `max_concurrency`; a killed process's places come back by themselves."""

    def __init__(self, shared: SharedState, sleep: Callable[[float], None] = time.sleep) -> None:
        self._shared = shared
        self._sleep = sleep

    @contextmanager
    def place(
        self, api: ApiDefinition, max_concurrency: int | None, deadline: Deadline
    ) -> Iterator[None]:
        """Hold one of the API's places; waits for it a second at most.

        Raises:
            ConcurrencyLimitedError: Every place stayed taken.
        """
        if max_concurrency is None:
            yield
            return
        key = tenant_key(api.tenant_id, "places", str(api.id))
        token = self._wait_for_place(key, api, max_concurrency, deadline)
        try:
            yield
        finally:
            self._shared.leave(key, token)

    def _wait_for_place(
        self, key: str, api: ApiDefinition, max_concurrency: int, deadline: Deadline
    ) -> str:
        patience = deadline.within(MAX_WAIT_S)
        while True:
            lease_s = deadline.remaining_s() + _LEASE_MARGIN_S
            token = self._shared.enter(key, max_concurrency, lease_s)
            if token is not None:
                return token
            if patience.remaining_s() <= 0:
                raise ConcurrencyLimitedError(
                    f"{api.api_name!r} runs {max_concurrency} calls at once, and all are taken",
                    details={"level": "max_concurrency", "limit": max_concurrency},
                    hint="Try again when one of them has finished.",
                    retry_after_s=1.0,
                )
            deadline.check("the call")
            self._sleep(min(_POLL_S, patience.remaining_s()))

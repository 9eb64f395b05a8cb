"""Sessions of one PostgreSQL target: few, reused, read-only, and clean each time they are lent.

psycopg's own pool connects in the background and tells a waiting caller only that time ran out.
Here a caller connects for itself, so a server that is down is said at once, with the reason.
"""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import conninfo, generators
from psycopg.abc import PQGen
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.types.bool import BoolLoader
from psycopg.types.numeric import FloatLoader, IntLoader
from psycopg.types.string import TextLoader

from engine.deadline import Deadline
from engine.errors import OverloadedError, TargetUnavailableError

GRACE_S = 0.06
"""How long after the deadline a server may still say by itself that it stopped the statement."""
LOCK_TIMEOUT_MS = 2000
_CONNECT_TIMEOUT_S = 5
_CANCEL_TIMEOUT_S = 0.5
_MAX_IDLE_S = 300.0
_WAIT_INTERVAL_S = 0.1

_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "30s",
    "lock_timeout": LOCK_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": "10s",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": 1,
    "xmloption": "content",
    "standard_conforming_strings": "on",
}
_RESET = b"""
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *;
SELECT pg_advisory_unlock_all(); DISCARD SEQUENCES; DISCARD TEMP
"""
"""DISCARD ALL without the loss of prepared plans, and allowed in one round trip with others."""

_CONNECT_REASONS = {
    "refused": "nothing listens at its address",
    "authentication failed": "it refused the user or the password",
    "no password supplied": "it wants a password",
    "does not exist": "it has no such database or role",
    "could not translate": "its host name is unknown",
    "too many": "it has no free connection slot",
    "starting up": "it is starting up",
    "shutting down": "it is shutting down",
    "timeout": "it did not answer in time",
    "ssl": "it and the connection disagree about TLS",
}


class NulInValueError(ValueError):
    """A parameter holds a NUL character, where libpq would end it."""


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose every wait ends at `cutoff`, on the monotonic clock."""

    cutoff: float = float("inf")
    idle_since: float = 0.0
    is_broken_off: bool = False

    def wait(
        self, gen: PQGen[Any], interval: float = _WAIT_INTERVAL_S, timeout: float | None = None
    ) -> Any:
        """Wait for libpq, at most until the cutoff; then psycopg raises its timeout."""
        if self.cutoff != float("inf"):
            timeout = max(0.0, self.cutoff - time.monotonic())
        return super().wait(gen, interval, timeout)

    def fetch(
        self, sql: str, values: Sequence[str | None], timeout_ms: int
    ) -> tuple[list[int], list[tuple[Any, ...]]]:
        """Run one statement with text parameters; the oids of its columns, and its rows.

        A psycopg cursor would send a statement without parameters by the simple protocol, which
        takes several at once; the extended protocol, used here always, takes one. The server's
        timeout goes before it in the same round trip, but in a transaction of its own: what may
        not be in a transaction, or only there, is refused as it would be alone.

        Raises:
            NulInValueError, UnicodeEncodeError: A value cannot be sent.
        """
        statement, parameters = sql.encode(), [_parameter(value) for value in values]
        self.pgconn.enter_pipeline_mode()
        self.pgconn.send_query_params(b"SET statement_timeout = %d" % timeout_ms, None)
        self.pgconn.pipeline_sync()
        self.pgconn.send_query_params(statement, parameters)
        self.pgconn.pipeline_sync()
        answers = self.wait(_answers_of(self.pgconn))
        # Not where waiting failed: a session in the middle of an answer is closed.
        self.pgconn.exit_pipeline_mode()
        result = _checked(answers)[-1]
        rows = Transformer(self)
        rows.set_pgresult(result)
        oids = [result.ftype(index) for index in range(result.nfields)]
        return oids, rows.load_rows(0, result.ntuples, tuple)

    def stream(
        self, sql: str, values: Sequence[str | None], timeout_ms: int, rows_at_once: int
    ) -> Iterator[tuple[list[int], list[tuple[Any, ...]]]]:
        """As `fetch`, some rows at a time; the first part comes even without any row.

        A session whose parts are not read to the end is of no use any more.
        """
        statement, parameters = sql.encode(), [_parameter(value) for value in values]
        self.pgconn.send_query_params(b"SET statement_timeout = %d" % timeout_ms, None)
        self._results()
        self.pgconn.send_query_params(statement, parameters)
        self.pgconn.set_chunked_rows_mode(rows_at_once)
        self.wait(generators.send(self.pgconn))
        rows = Transformer(self)
        while (result := self.wait(generators.fetch(self.pgconn))) is not None:
            _checked([result])
            rows.set_pgresult(result)
            oids = [result.ftype(index) for index in range(result.nfields)]
            yield oids, rows.load_rows(0, result.ntuples, tuple)

    def describe(self, sql: str) -> PGresult:
        """What the server says of a statement without running it."""
        self.pgconn.send_prepare(b"", sql.encode())
        self._results()
        self.pgconn.send_describe_prepared(b"")
        return self._results()[-1]

    def break_off(self) -> None:
        """Have the server stop the statement, from another thread; the session is of no use then.

        Where the server cannot be told, the thread that waits gives up by itself.
        """
        self.is_broken_off = True
        self.cutoff = time.monotonic() + _CANCEL_TIMEOUT_S
        with suppress(psycopg.Error):
            self.cancel_safe(timeout=_CANCEL_TIMEOUT_S)

    def begin_reset(self) -> None:
        """Ask the server to forget what this session changed; `finish_reset` reads its answer."""
        self.pgconn.send_query(_RESET)
        self.pgconn.flush()

    def finish_reset(self) -> None:
        """Read the answer to `begin_reset`; raises OperationalError when the server is gone."""
        self._results()
        if select.select([self.pgconn.socket], [], [], 0)[0]:
            self.pgconn.consume_input()

    def _results(self) -> list[PGresult]:
        return _checked(self.wait(generators.execute(self.pgconn)))


class SessionPool:
    """At most `size` sessions, lent to one caller each; thread-safe."""

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._places = threading.BoundedSemaphore(size)
        self._size = size
        self._idle: deque[Session] = deque()
        self._closed = False
        self._adapters = _adapters()

    @contextmanager
    def session(self, deadline: Deadline) -> Iterator[Session]:
        """Lend a session until the block ends; its waits end shortly after the deadline.

        Raises:
            DeadlineExceededError: No time is left.
            OverloadedError: Every session is in use until the deadline.
            TargetUnavailableError: The server cannot be reached.
            ExecutionCancelledError: The call was told to stop before it had a session.
        """
        deadline.check("the statement")
        if not self._places.acquire(timeout=deadline.remaining_s()):
            raise OverloadedError(
                f"all {self._size} connections to the database are in use", retry_after_s=1.0
            )
        try:
            session = self._reused(deadline) or self._connected(deadline)
            try:
                with deadline.on_cancel(session.break_off):
                    yield session
            finally:
                self._give_back(session)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close idle sessions, and each lent one when it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _reused(self, deadline: Deadline) -> Session | None:
        """The session used last, if the server still knows it."""
        while True:
            try:
                session = self._idle.pop()
            except IndexError:
                return None
            session.cutoff = _cutoff(deadline)
            try:
                session.finish_reset()
            except psycopg.Error:
                session.close()
            else:
                return session

    def _connected(self, deadline: Deadline) -> Session:
        timeout_s = max(2, min(_CONNECT_TIMEOUT_S, int(deadline.remaining_s())))
        try:
            session = Session.connect(
                _with_settings(self._dsn),
                autocommit=True,
                context=self._adapters,
                connect_timeout=timeout_s,
                tcp_user_timeout=10_000,
            )
        except psycopg.Error as error:
            raise TargetUnavailableError(
                f"the PostgreSQL server cannot be reached: {_reason(error)}",
                hint="Check the connection's address and credentials, and that the server runs.",
            ) from error
        session.cutoff = _cutoff(deadline)
        return session

    def _give_back(self, session: Session) -> None:
        is_idle = session.pgconn.transaction_status == TransactionStatus.IDLE
        if self._closed or session.is_broken_off or not is_idle:
            session.close()
            return
        try:
            session.begin_reset()
        except psycopg.Error:
            session.close()
            return
        session.idle_since = time.monotonic()
        self._idle.append(session)
        self._close_long_idle(session.idle_since)

    def _close_long_idle(self, now: float) -> None:
        try:
            oldest = self._idle.popleft()
        except IndexError:
            return
        if now - oldest.idle_since > _MAX_IDLE_S:
            oldest.close()
        else:
            self._idle.appendleft(oldest)


_STATEMENTS = 2
_COPYING = frozenset({ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH})


def _answers_of(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """The results of two statements in a pipeline, each of which ends with a synchronisation.

    Raises:
        psycopg.errors.FeatureNotSupported: A COPY was begun, which no pipeline ends.
    """
    yield from generators.send(pgconn)
    answers: list[PGresult] = []
    ended = 0
    while ended < _STATEMENTS:
        for result in (yield from generators.fetch_many(pgconn)):
            if result.status in _COPYING:
                raise psycopg.errors.FeatureNotSupported("COPY is not a query")
            if result.status == ExecStatus.PIPELINE_SYNC:
                ended += 1
            else:
                answers.append(result)
    return answers


def _checked(results: Sequence[PGresult]) -> list[PGresult]:
    """The results; raises the error of the first that failed."""
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
    return list(results)


def _parameter(value: str | None) -> bytes | None:
    if value is None:
        return None
    if "\0" in value:
        raise NulInValueError
    return value.encode()


def _cutoff(deadline: Deadline) -> float:
    return time.monotonic() + deadline.remaining_s() + GRACE_S


def _with_settings(dsn: str) -> str:
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    try:
        given = conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise TargetUnavailableError(
            "the connection's DSN cannot be read",
            hint="Write it as postgresql://user:password@host:port/database.",
        ) from None  # libpq quotes the DSN, password included, in its message
    return conninfo.make_conninfo(dsn, options=f"{given.get('options') or ''} {options}".strip())


def _reason(error: psycopg.Error) -> str:
    message = str(error).lower()
    return next(
        (reason for words, reason in _CONNECT_REASONS.items() if words in message),
        "the connection failed",
    )


def _adapters() -> AdaptersMap:
    """Everything as PostgreSQL's own text, but for booleans, integers and floats."""
    adapters = AdaptersMap(types=psycopg.adapters.types)
    adapters.register_loader(0, TextLoader)
    adapters.register_loader("bool", BoolLoader)
    for name in ("int2", "int4", "int8", "oid"):
        adapters.register_loader(name, IntLoader)
    for name in ("float4", "float8"):
        adapters.register_loader(name, FloatLoader)
    return adapters

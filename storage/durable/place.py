"""Where DBOS keeps its tables, and how it is told."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event

APPLICATION = "api-engine"
VERSION = "1"
"""Of what a job's workflow looks like to DBOS, not of this program: work that an earlier release
began is taken on by a later one. To be raised only if the meaning of kept checkpoints changes."""
RUN_JOB = "run_job"
FILE_NAME = "jobs.sqlite3"
SCHEMA = "api_engine_jobs"
_BUSY_TIMEOUT_MS = 30_000
_SQLITE_TICK_S = 1 if sys.version_info < (3, 12) else 0
"""DBOS asks the SQLite of an older Python for whole seconds, as that may know nothing finer."""


@dataclass(frozen=True)
class Place:
    """A SQLite file, or a schema in a PostgreSQL database; SQLite needs an engine of ours."""

    url: str
    engine: Engine | None

    @classmethod
    def beside(cls, metadata: URL, data_dir: Path) -> Place:
        """In the metadata database where that is PostgreSQL, else in the data folder."""
        if metadata.get_backend_name() == "postgresql":
            shown = metadata.set(drivername="postgresql")
            return cls(shown.render_as_string(hide_password=False), None)
        file = URL.create("sqlite", database=str((data_dir / FILE_NAME).absolute()))
        text = file.render_as_string()
        return cls(text, _sqlite_engine(text))

    @property
    def schema(self) -> str | None:
        """The schema of the tables, where the database has schemas."""
        return SCHEMA if self.engine is None else None

    @property
    def tick_s(self) -> int:
        """By how much a moment that DBOS takes from the database may be too early."""
        return 0 if self.engine is None else _SQLITE_TICK_S

    def close(self) -> None:
        """Close the connections that are ours."""
        if self.engine is not None:
            self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    """As DBOS makes it, with a write-ahead log: readers wait for nobody, a step costs a third."""
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")

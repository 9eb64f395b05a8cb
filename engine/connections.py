"""Named query targets: where they are defined, and the open target behind each."""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from engine.auth import authorize
from engine.errors import BadRequestError, ConflictError, NotFoundError, SettingsError
from engine.model import Caller, Connection, Page
from engine.model.listing import ConnectionOrder, ConnectionQuery, listed
from engine.ports import (
    AuditEntry,
    ConnectionStore,
    Dialect,
    QueryTarget,
    SettingStore,
    TableInfo,
)

OpenTarget = Callable[[Connection], QueryTarget]
_DUCKDB = "duckdb:///"
_ORDERS: Mapping[ConnectionOrder, Callable[[Connection], Any]] = {
    "name": lambda each: each.name,
    "dialect": lambda each: (each.dialect, each.name),
    "origin": lambda each: (each.origin, each.name),
}


def environment_connection(name: str, dsn: str) -> Connection:
    """The target that a variable names: `duckdb:///path/of/a.file`, or else PostgreSQL's DSN."""
    is_file = dsn.startswith(_DUCKDB)
    return Connection(
        name=name,
        dialect="duckdb" if is_file else "postgres",
        dsn=dsn.removeprefix(_DUCKDB),
        description="From the environment",
        origin="environment",
    )


class Connections:
    """The connections of each tenant: built in, from the environment, and stored by users.

    A target is opened at its first use, kept, and opened anew when its connection changed.
    """

    def __init__(
        self,
        fixed: Mapping[str, Connection],
        store: ConnectionStore,
        openers: Mapping[Dialect, OpenTarget],
        log: SettingStore,
    ) -> None:
        self._fixed = fixed
        self._store = store
        self._openers = openers
        self._log = log
        self._open: dict[tuple[str, str], tuple[Connection, QueryTarget]] = {}
        self._lock = threading.Lock()

    def all(self, caller: Caller) -> tuple[Connection, ...]:
        """Every connection of the caller's tenant, by name."""
        authorize(caller, "connections:read")
        return tuple(sorted(self._known(caller.tenant_id).values(), key=lambda each: each.name))

    def search(self, query: ConnectionQuery, caller: Caller) -> Page[Connection]:
        """The connections whose name, dialect or description has what is asked for."""
        return listed(
            self.all(caller),
            query,
            words=lambda each: (each.name, each.dialect, each.description),
            order=_ORDERS[query.sort],
        )

    @property
    def fixed(self) -> tuple[Connection, ...]:
        """The connections that every tenant has: built in, or from the environment."""
        return tuple(self._fixed.values())

    def save(self, connection: Connection, caller: Caller) -> None:
        """Add or replace a stored connection of the caller's tenant.

        Raises:
            ConflictError: The name is of a connection that is built in or from the environment.
            SettingsError: The DSN refers to a variable that is not set.
        """
        authorize(caller, "connections:write")
        with_secret(connection)
        if connection.name in self._fixed:
            raise ConflictError(
                f"connection {connection.name!r} is {self._fixed[connection.name].origin}: "
                "choose another name"
            )
        self._store.save(connection.model_copy(update={"tenant_id": caller.tenant_id}))
        self._close(caller.tenant_id, connection.name)
        self._record(caller, "connection.save", connection.name, dialect=connection.dialect)

    def delete(self, name: str, caller: Caller) -> None:
        """Remove a stored connection; raises NotFoundError."""
        authorize(caller, "connections:write")
        self._store.delete(caller.tenant_id, name)
        self._close(caller.tenant_id, name)
        self._record(caller, "connection.delete", name)

    def try_out(self, connection: Connection, caller: Caller) -> None:
        """Open a target that is not stored yet, ask it whether it answers, and close it.

        Raises:
            TargetUnavailableError: It does not.
            SettingsError: The DSN refers to a variable that is not set.
        """
        authorize(caller, "connections:write")
        target = self._openers[connection.dialect](with_secret(connection))
        with closing(target):
            target.ping()

    def schema(self, name: str, caller: Caller) -> tuple[TableInfo, ...]:
        """Tables and views behind a connection."""
        authorize(caller, "connections:read")
        return self.target(caller.tenant_id, name).schema()

    def ping(self, name: str, caller: Caller) -> None:
        """Raise TargetUnavailableError when the target does not answer."""
        authorize(caller, "connections:read")
        self.target(caller.tenant_id, name).ping()

    def audit(self, name: str, caller: Caller) -> tuple[str, ...]:
        """What is dangerous about a connection, in words."""
        authorize(caller, "connections:read")
        return self.target(caller.tenant_id, name).audit()

    def target(self, tenant_id: str, name: str) -> QueryTarget:
        """The open target of a connection.

        Raises:
            NotFoundError: No such connection; says which there are.
        """
        connection = self._fixed.get(name) or self._stored(tenant_id, name)
        key = (tenant_id, name) if connection.origin == "stored" else ("", name)
        with self._lock:
            held = self._open.get(key)
            if held and held[0] == connection:
                return held[1]
            if held:
                held[1].close()
            target = self._openers[connection.dialect](with_secret(connection))
            self._open[key] = (connection, target)
            return target

    def close(self) -> None:
        """Close every open target."""
        with self._lock, ExitStack() as closing:
            for _, target in self._open.values():
                closing.callback(target.close)
            self._open.clear()

    def _known(self, tenant_id: str) -> dict[str, Connection]:
        return {
            **{each.name: each for each in self._store.all(tenant_id)},
            **self._fixed,
        }

    def _stored(self, tenant_id: str, name: str) -> Connection:
        known = self._known(tenant_id)
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, 1)
        raise NotFoundError(
            f"no connection {name!r}; there is {', '.join(sorted(known)) or 'none'}",
            details={"connection": name, "known": sorted(known)},
            hint=f"Did you mean {near[0]!r}?" if near else None,
        )

    def _record(self, caller: Caller, action: str, name: str, **detail: str) -> None:
        self._log.add_audit(
            AuditEntry(
                tenant_id=caller.tenant_id,
                actor=caller.subject,
                action=action,
                target=name,
                at=datetime.now(UTC),
                detail=detail,
            )
        )

    def _close(self, tenant_id: str, name: str) -> None:
        with self._lock:
            held = self._open.pop((tenant_id, name), None)
        if held:
            held[1].close()


def defined_connection(fields: Mapping[str, Any]) -> Connection:
    """A connection from what somebody typed.

    Raises:
        BadRequestError: A field does not fit; names each.
    """
    if not str(fields.get("dsn") or "").strip():
        raise BadRequestError(
            "a connection needs an address: the path of a DuckDB file, postgresql://…, or env:NAME"
        )
    try:
        return Connection.model_validate(fields)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise BadRequestError(
            f"this is no connection: {'; '.join(wrong)}",
            hint="A name has lower-case letters, digits, - and _, and begins with one of the "
            "first two.",
        ) from error


def with_secret(connection: Connection) -> Connection:
    """The connection with its DSN in clear; raises SettingsError when it names no variable."""
    if not connection.dsn.startswith("env:"):
        return connection
    variable = connection.dsn.removeprefix("env:")
    dsn = os.environ.get(variable)
    if not dsn:
        raise SettingsError(
            f"connection {connection.name!r} reads its DSN from the variable {variable}, "
            "which is not set"
        )
    return connection.model_copy(update={"dsn": dsn})

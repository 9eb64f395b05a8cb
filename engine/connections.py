"""Named query targets: where they are defined, and the open target behind each."""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from engine.auth import authorize
from engine.errors import ConflictError, NotFoundError, SettingsError
from engine.model import Caller, Connection
from engine.ports import ConnectionStore, Dialect, QueryTarget, TableInfo

OpenTarget = Callable[[Connection], QueryTarget]


class Connections:
    """The connections of each tenant: built in, from the environment, and stored by users.

    A target is opened at its first use, kept, and opened anew when its connection changed.
    """

    def __init__(
        self,
        fixed: Mapping[str, Connection],
        store: ConnectionStore,
        openers: Mapping[Dialect, OpenTarget],
    ) -> None:
        self._fixed = fixed
        self._store = store
        self._openers = openers
        self._open: dict[tuple[str, str], tuple[Connection, QueryTarget]] = {}
        self._lock = threading.Lock()

    def all(self, caller: Caller) -> tuple[Connection, ...]:
        """Every connection of the caller's tenant, by name."""
        authorize(caller, "connections:read")
        return tuple(sorted(self._known(caller.tenant_id).values(), key=lambda each: each.name))

    @property
    def fixed(self) -> tuple[Connection, ...]:
        """The connections that every tenant has: built in, or from the environment."""
        return tuple(self._fixed.values())

    def save(self, connection: Connection, caller: Caller) -> None:
        """Add or replace a stored connection of the caller's tenant."""
        authorize(caller, "connections:write")
        if connection.name in self._fixed:
            raise ConflictError(
                f"connection {connection.name!r} is {self._fixed[connection.name].origin}: "
                "choose another name"
            )
        self._store.save(connection.model_copy(update={"tenant_id": caller.tenant_id}))
        self._close(caller.tenant_id, connection.name)

    def delete(self, name: str, caller: Caller) -> None:
        """Remove a stored connection; raises NotFoundError."""
        authorize(caller, "connections:write")
        self._store.delete(caller.tenant_id, name)
        self._close(caller.tenant_id, name)

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

    def _close(self, tenant_id: str, name: str) -> None:
        with self._lock:
            held = self._open.pop((tenant_id, name), None)
        if held:
            held[1].close()


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

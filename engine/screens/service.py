"""Screens as people make them and look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args
from uuid import uuid4

from engine.auth import authorize
from engine.errors import ConflictError, PermissionDeniedError
from engine.model import ApiDefinition, Caller, Page, Role
from engine.model.screen import Screen, ScreenQuery, ScreenSpec
from engine.ports import AuditEntry
from engine.ports.screens import ScreenStore
from engine.screens.check import read_spec, refuse_bad_id
from engine.screens.inputs import input_values
from engine.screens.loading import BlockAnswer, Execute, load_blocks

AT_ONCE = 8
"""Blocks that load side by side in one process."""
FindApi = Callable[[str, str], ApiDefinition | None]


class Screens:
    """The screens of the caller's tenant that the caller's role is enough for; thread-safe."""

    def __init__(
        self,
        store: ScreenStore,
        find_api: FindApi,
        execute: Execute,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._find_api = find_api
        self._execute = execute
        self._clock = clock
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="screen-block")

    def close(self) -> None:
        """Let the blocks that are loading end, and load no more."""
        self._pool.shutdown(cancel_futures=True)

    def get(self, screen_id: str, caller: Caller) -> Screen:
        """A screen; raises NotFoundError, and PermissionDeniedError where the role is too low."""
        authorize(caller, "screens:read")
        screen = self._store.get(caller.tenant_id, screen_id)
        if not caller.has_role(screen.spec.role):
            raise PermissionDeniedError(
                f"the screen {screen_id!r} is for the role {screen.spec.role!r}",
                details={"needs_role": screen.spec.role, "roles": sorted(caller.roles)},
            )
        return screen

    def search(self, query: ScreenQuery, caller: Caller) -> Page[Screen]:
        """Screens that match, by title."""
        authorize(caller, "screens:read")
        roles: list[Role] = [role for role in get_args(Role) if caller.has_role(role)]
        return self._store.search(caller.tenant_id, query, roles)

    def check(self, fields: Mapping[str, Any], caller: Caller) -> ScreenSpec:
        """Read a specification that is not saved; raises DefinitionInvalidError."""
        authorize(caller, "screens:write")
        return self._read(fields, caller)

    def create(self, screen_id: str, fields: Mapping[str, Any], caller: Caller) -> Screen:
        """Save a new screen.

        Raises:
            DefinitionInvalidError: With every issue; nothing was saved.
            ConflictError: The id is taken.
        """
        screen = self.planned(screen_id, fields, caller)
        return self._store.create(screen, self._entry("screen.create", screen, caller))

    def planned(
        self,
        screen_id: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        before: Screen | None = None,
        find_api: FindApi | None = None,
    ) -> Screen:
        """The screen that saving these fields would make; nothing is saved, and a draft stays.

        Args:
            screen_id: Its id.
            fields: Those of a specification.
            caller: Who saves it.
            before: The screen that it replaces, if any.
            find_api: Where the APIs are found that it names, when not among those that are there.

        Raises:
            DefinitionInvalidError: With every issue.
            PermissionDeniedError: It is for a role that the caller does not have.
        """
        authorize(caller, "screens:write")
        refuse_bad_id(screen_id)
        spec = self._read(fields, caller, find_api)
        if before is not None:
            return self._changed(before, caller, spec=spec)
        now = self._clock()
        return Screen(
            id=uuid4(),
            tenant_id=caller.tenant_id,
            screen_id=screen_id,
            version=1,
            spec=spec,
            created_by=caller.subject,
            created_at=now,
            updated_by=caller.subject,
            updated_at=now,
        )

    def publish(
        self,
        screen_id: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        expected_version: int | None = None,
    ) -> Screen:
        """Show another specification from now on; ends the draft.

        Raises:
            DefinitionInvalidError, NotFoundError: Nothing was changed.
            ConflictError: Somebody else changed it meanwhile.
        """
        screen = self._writable(screen_id, caller, expected_version)
        spec = self._read(fields, caller)
        return self._save(screen, caller, "screen.publish", spec=spec, draft=None)

    def save_draft(
        self,
        screen_id: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        expected_version: int | None = None,
    ) -> Screen:
        """Keep a specification that is not shown yet; it has to be a readable one all the same."""
        screen = self._writable(screen_id, caller, expected_version)
        return self._save(screen, caller, "screen.save_draft", draft=self._read(fields, caller))

    def drop_draft(self, screen_id: str, caller: Caller) -> Screen:
        """Forget what is not shown yet."""
        screen = self._writable(screen_id, caller, None)
        return self._save(screen, caller, "screen.drop_draft", draft=None)

    def delete(
        self, screen_id: str, caller: Caller, *, expected_version: int | None = None
    ) -> None:
        """Delete a screen with its draft."""
        screen = self._writable(screen_id, caller, expected_version)
        self._store.delete(screen, self._entry("screen.delete", screen, caller))

    def load(
        self, spec: ScreenSpec, inputs: Mapping[str, Any], caller: Caller
    ) -> Iterator[BlockAnswer]:
        """What the blocks show, in the order in which it comes; each API runs as the caller.

        Raises:
            ParamsInvalidError: An input cannot have this value.
        """
        authorize(caller, "screens:read")
        values = input_values(spec, inputs)
        return load_blocks(spec, values, caller, self._execute, self._pool)

    def _writable(self, screen_id: str, caller: Caller, expected: int | None) -> Screen:
        authorize(caller, "screens:write")
        screen = self.get(screen_id, caller)
        if expected is not None and expected != screen.version:
            raise ConflictError(
                f"{screen_id!r} is at version {screen.version}, not {expected}: "
                "somebody changed it meanwhile",
                details={"version": screen.version, "expected_version": expected},
                hint="Read it again, look at the difference and repeat the change.",
            )
        return screen

    def _save(self, screen: Screen, caller: Caller, action: str, **changes: Any) -> Screen:
        changed = self._changed(screen, caller, **changes)
        entry = self._entry(action, changed, caller)
        return self._store.change(changed, expected_version=screen.version, audit=entry)

    def _changed(self, screen: Screen, caller: Caller, **changes: Any) -> Screen:
        return screen.model_copy(
            update={
                **changes,
                "version": screen.version + 1,
                "updated_by": caller.subject,
                "updated_at": self._clock(),
            }
        )

    def _read(
        self, fields: Mapping[str, Any], caller: Caller, find_api: FindApi | None = None
    ) -> ScreenSpec:
        spec = read_spec(fields, partial(find_api or self._find_api, caller.tenant_id))
        if not caller.has_role(spec.role):
            raise PermissionDeniedError(f"only the role {spec.role!r} makes screens for itself")
        return spec

    def _entry(self, action: str, screen: Screen, caller: Caller) -> AuditEntry:
        return AuditEntry(
            tenant_id=caller.tenant_id,
            actor=caller.subject,
            action=action,
            target=screen.screen_id,
            at=self._clock(),
            detail={"version": screen.version},
        )

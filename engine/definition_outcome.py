"""A tenant's definitions as they would be after changes that are not made yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from engine.asset_sync import still_used
from engine.errors import NotFoundError
from engine.executor_workflow import WorkflowExecutor
from engine.model import ApiDefinition
from engine.ports import DefinitionChanges, Executor
from engine.references import called_apis, chosen_apis


class Outcome:
    """Finds definitions among those that there would be.

    Args:
        live: Every definition of the tenant.
        changes: What would be made of them.
        touched: Names of APIs that stand on assets which would change.
    """

    def __init__(
        self,
        live: Sequence[ApiDefinition],
        changes: DefinitionChanges,
        touched: Collection[str] = (),
    ) -> None:
        self._changes = changes
        self._touched = touched
        gone = {api.id for api in changes.deleted}
        stays = {api.id: api for api in live if api.id not in gone}
        changed = {api.id: api for api in (*changes.published, *changes.created)}
        self.apis = tuple({**stays, **changed}.values())
        self._by_ref = {str(api.id): api for api in self.apis}
        self._by_ref |= {api.api_name: api for api in self.apis}

    def find(self, tenant_id: str, ref: str) -> ApiDefinition | None:  # noqa: ARG002 - all are of one tenant
        """The definition by name or id, or None."""
        return self._by_ref.get(ref)

    def get(self, tenant_id: str, ref: str) -> ApiDefinition:  # noqa: ARG002 - all are of one tenant
        """The definition by name or id; raises NotFoundError."""
        found = self._by_ref.get(ref)
        if found is None:
            raise NotFoundError(f"there is no API {ref!r}")
        return found

    def names(self, tenant_id: str) -> tuple[str, ...]:  # noqa: ARG002 - all are of one tenant
        """Names to suggest for one that is not there."""
        return tuple(api.api_name for api in self.apis)

    def with_planned_apis(self, executor: Executor) -> Executor:
        """The executor, seeing the definitions as they would be."""
        return WorkflowExecutor(self) if executor.logic_type == "workflow" else executor

    def refuse_orphans(self, others: Callable[[ApiDefinition], Sequence[str]]) -> None:
        """Raise ConflictError, naming them, when what is deleted is used by what stays.

        Args:
            others: What uses an API besides APIs, among what there will be.
        """
        for gone in self._changes.deleted:
            refs = {gone.api_name, str(gone.id)}
            choosing = (api for api in self.apis if api.version and refs & set(chosen_apis(api)))
            users = dict.fromkeys(api.api_name for api in (*self._callers(refs), *choosing))
            if used_by := (*users, *others(gone)):
                raise still_used(gone.api_name, used_by)

    def to_compile(self) -> tuple[ApiDefinition, ...]:
        """What is new or changed, the live workflows that call it, and what stands on assets."""
        fresh = {api.id: api for api in (*self._changes.created, *self._changes.published)}
        refs = {ref for api in self._changes.published for ref in (api.api_name, str(api.id))}
        callers = {api.id: api for api in self._callers(refs)}
        standing = {api.id: api for api in self.apis if api.api_name in self._touched}
        return tuple({**standing, **callers, **fresh}.values())

    def _callers(self, refs: set[str]) -> tuple[ApiDefinition, ...]:
        return tuple(
            api
            for api in self.apis
            if api.version and refs & set(called_apis(api.logic_type, api.logic_body))
        )

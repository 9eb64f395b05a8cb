"""What an API promises its callers, and who a change of that would break.

The contract of a version is its parameters and, where its target can tell, the columns of its
answer, as they were recorded when it was published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from engine.errors import ConflictError
from engine.lineage import Lineage, Use
from engine.model import ApiDefinition, Caller, Column, Issue, ParamSpec
from engine.ports import ContractFacts, DefinitionStore

CODE = "breaking_change"
_WIDER: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"number", "text"}),
    "number": frozenset({"text"}),
    "boolean": frozenset({"text"}),
    "date": frozenset({"datetime", "text"}),
    "datetime": frozenset({"text"}),
    "uuid": frozenset({"text"}),
}
"""Types that take every value that callers could send before."""


class ContractGuard:
    """Compares what is about to be published with the contract of what is live.

    Args:
        store: Where contracts are recorded.
        lineage: Who relies on them.
        mode: Whether a change that breaks others is refused, or only recorded.
    """

    def __init__(
        self, store: DefinitionStore, lineage: Lineage, mode: Literal["warn", "block"]
    ) -> None:
        self._store = store
        self._lineage = lineage
        self._mode = mode

    def facts(
        self,
        live: ApiDefinition | None,
        changed: ApiDefinition,
        columns: Sequence[Column] | None,
        caller: Caller,
        *,
        is_changing: Callable[[Use], bool] = lambda _: False,
    ) -> ContractFacts:
        """What to record with the new version.

        Args:
            live: The API as it is, None for one that is new.
            changed: As it will be.
            columns: Of its answer then, where compiling can tell.
            caller: Who publishes.
            is_changing: Whether a user is changed along with it, and so does not rely on it.

        Raises:
            ConflictError: It breaks others, who are named, and that is refused on this instance.
        """
        breaking = self._breaks(live, changed, columns) if live else ()
        if live and breaking:
            used = self._users(live, caller, is_changing)
            breaking = _naming(breaking, used)
            if self._mode == "block" and used:
                raise ConflictError(
                    f"{live.api_name!r}: {breaking[0].message}",
                    details={"breaking": [issue.model_dump() for issue in breaking]},
                    hint="Keep what others rely on, or change them first.",
                )
        return ContractFacts(columns=None if columns is None else tuple(columns), breaking=breaking)

    def warnings(
        self,
        live: ApiDefinition,
        changed: ApiDefinition,
        columns: Sequence[Column] | None,
        caller: Caller,
    ) -> tuple[Issue, ...]:
        """What the change takes away from those who rely on the live version, naming them."""
        breaking = self._breaks(live, changed, columns)
        return _naming(breaking, self._users(live, caller)) if breaking else ()

    def _breaks(
        self, live: ApiDefinition, changed: ApiDefinition, columns: Sequence[Column] | None
    ) -> tuple[Issue, ...]:
        if not live.version:
            return ()
        recorded = self._store.version(live.tenant_id, live.id, live.version).response_columns
        return (
            *_param_breaks(live.param_schema, changed.param_schema),
            *_column_breaks(recorded, columns),
        )

    def _users(
        self,
        live: ApiDefinition,
        caller: Caller,
        is_changing: Callable[[Use], bool] = lambda _: False,
    ) -> tuple[str, ...]:
        used = self._lineage.where_used(str(live.id), caller)
        names = tuple(f"{use.kind} {use.name!r}" for use in used.direct if not is_changing(use))
        return (*names, f"{used.hidden} that you may not see") if used.hidden else names


def _naming(issues: Sequence[Issue], users: Sequence[str]) -> tuple[Issue, ...]:
    words = f"used by {', '.join(users)}" if users else "nothing here relies on it"
    return tuple(
        issue.model_copy(update={"message": f"{issue.message}; {words}"}) for issue in issues
    )


def _column_breaks(
    before: Sequence[Column] | None, after: Sequence[Column] | None
) -> Iterator[Issue]:
    if before is None or after is None:
        return
    types = {column.name: column.type for column in after}
    for column in before:
        if column.name not in types:
            yield _break(f"the answer no longer has the column {column.name!r}", "logic_body")
        elif types[column.name] != column.type:
            yield _break(
                f"the column {column.name!r} is {types[column.name]}, not {column.type} any more",
                "logic_body",
            )


def _param_breaks(
    before: Mapping[str, ParamSpec], after: Mapping[str, ParamSpec]
) -> Iterator[Issue]:
    for name, spec in before.items():
        if spec.source is None:
            yield from _narrowings(name, spec, after.get(name))
    for name, spec in after.items():
        if name not in before and spec.required and spec.source is None:
            yield _break(f"the new parameter {name!r} is required", f"param_schema.{name}")


def _narrowings(name: str, before: ParamSpec, after: ParamSpec | None) -> Iterator[Issue]:
    path = f"param_schema.{name}"
    if after is None or after.source is not None:
        yield _break(f"the parameter {name!r} can no longer be sent", "param_schema")
        return
    if after.type != before.type and after.type not in _WIDER.get(before.type, frozenset()):
        change = f"takes {after.type}, not {before.type} any more"
        yield _break(f"the parameter {name!r} {change}", path)
        return
    if after.required and not before.required:
        yield _break(f"the parameter {name!r} is required now", path)
    if _takes_fewer(before, after):
        yield _break(f"the parameter {name!r} takes fewer values than before", path)


def _takes_fewer(before: ParamSpec, after: ParamSpec) -> bool:
    low = _tighter(before.min, after.min, higher_is_tighter=True)
    high = _tighter(before.max, after.max, higher_is_tighter=False)
    short = _tighter(before.min_length, after.min_length, higher_is_tighter=True)
    long = _tighter(before.max_length, after.max_length, higher_is_tighter=False)
    fewer = after.enum is not None and (
        before.enum is None or not all(value in after.enum for value in before.enum)
    )
    pattern = after.pattern is not None and after.pattern != before.pattern
    return low or high or short or long or fewer or pattern


def _tighter(before: Any, after: Any, *, higher_is_tighter: bool) -> bool:
    """Whether a bound leaves less room; bounds of dates are texts that sort as they do."""
    if after is None:
        return False
    if before is None or isinstance(before, str) != isinstance(after, str):
        return True
    return bool(after > before if higher_is_tighter else after < before)


def _break(message: str, path: str) -> Issue:
    return Issue(severity="warning", code=CODE, message=message, path=path)

"""Keeps API definitions, their drafts and their versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Text, cast, exc, func, or_, true

from engine.errors import ConflictError, NotFoundError
from engine.model import ApiDefinition, ApiDraft, ApiQuery, ApiVersion, Page, Scope
from engine.model.definition import AUTHORED_FIELDS, ApiOrder
from engine.ports import NO_CONTRACT, AuditEntry, ContractFacts, DefinitionChanges, Stamp
from engine.references import called_apis
from storage.api_tests import replace_cases
from storage.assets import apply_assets, delete_asset
from storage.audit import audit_insert
from storage.columns import json_array_contains
from storage.database import Database, TenantRows
from storage.edits import make_edit
from storage.scopes import api_in_scope
from storage.tables import ApiDefinitionRow, ApiVersionRow, table_of

_LIVE = tuple(table_of(ApiDefinitionRow).c[name] for name in ApiDefinition.model_fields)
_TURN = "definitions"
"""The turn that changes to the definitions of a tenant wait for, so each is checked where made."""
_ORDERS: Mapping[ApiOrder, tuple[ColumnElement[Any], ...]] = {
    "name": (ApiDefinitionRow.api_name.asc(),),
    "changed": (ApiDefinitionRow.updated_at.desc(), ApiDefinitionRow.api_name.asc()),
    "type": (ApiDefinitionRow.logic_type.asc(), ApiDefinitionRow.api_name.asc()),
}
_NO_DRAFT: Mapping[str, None] = {
    "draft_fields": None,
    "draft_base_version": None,
    "draft_updated_by": None,
    "draft_updated_at": None,
}


class SqlDefinitionStore:
    """The `DefinitionStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, ref: str) -> ApiDefinition:
        """The live definition by id or name; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            return _definition(_found(rows, ref, *_LIVE))

    def stamp(self, tenant_id: str, ref: str) -> tuple[UUID, int, bool]:
        """Id, published version and `is_active` of an API; raises NotFoundError."""
        row = ApiDefinitionRow
        with self._database.reading(tenant_id) as rows:
            found = _found(rows, ref, row.id, row.version, row.is_active)
        return found["id"], found["version"], found["is_active"]

    def index(self, tenant_id: str) -> tuple[Stamp, ...]:
        """Id, published version and `is_active` of every API."""
        with self._database.reading(tenant_id) as rows:
            return _index(rows)

    def search(
        self, tenant_id: str, query: ApiQuery, scope: Scope | None = None
    ) -> Page[ApiDefinition]:
        """Definitions that match; with a scope, those of its patterns and tags."""
        wanted = _matching(query) & api_in_scope(scope)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(
                rows.select(ApiDefinitionRow, func.count()).where(wanted)
            ).scalar_one()
            page = rows.execute(
                rows.select(ApiDefinitionRow, *_LIVE)
                .where(wanted)
                .order_by(*_ORDERS[query.sort])
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(_definition(found) for found in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def names(self, tenant_id: str, scope: Scope | None = None) -> Mapping[str, UUID]:
        """Id by name of every definition, in order; with a scope, of its APIs."""
        row = ApiDefinitionRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(row, row.api_name, row.id)
                .where(api_in_scope(scope))
                .order_by(row.api_name)
            )
            return {each.api_name: each.id for each in found}

    def tags(self, tenant_id: str, scope: Scope | None = None) -> tuple[str, ...]:
        """Every tag that a definition carries, in order."""
        written = cast(ApiDefinitionRow.tags, Text)
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(ApiDefinitionRow, written).where(api_in_scope(scope)).distinct()
            ).scalars()
            return tuple(sorted({tag for tags in found for tag in orjson.loads(tags)}))

    def drafted(self, tenant_id: str, api_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of the ids whose API has a draft."""
        row = ApiDefinitionRow
        has_draft = row.draft_updated_at.is_not(None) & row.id.in_(api_ids)
        with self._database.reading(tenant_id) as rows:
            return frozenset(rows.execute(rows.select(row, row.id).where(has_draft)).scalars())

    def all(self, tenant_id: str) -> tuple[ApiDefinition, ...]:
        """Every definition of a tenant, by name, as of one moment."""
        with self._database.reading(tenant_id) as rows:
            every = rows.select(ApiDefinitionRow, *_LIVE).order_by(ApiDefinitionRow.api_name)
            return tuple(_definition(found) for found in rows.execute(every).mappings())

    def apply(
        self,
        tenant_id: str,
        changes: DefinitionChanges,
        *,
        note: str,
        by: str,
        audit: Sequence[AuditEntry],
    ) -> None:
        """Make all changes and their entries in the audit log in one transaction.

        Raises:
            ConflictError: A definition was published or deleted meanwhile, or a name is taken;
                nothing was changed.
        """
        try:
            with self._database.writing(tenant_id) as rows:
                rows.wait_for_turn(_TURN)
                for edit in changes.edits:
                    if edit.after is None:
                        make_edit(rows, edit)
                apply_assets(rows, changes.assets, note=note, by=by)
                for asset in changes.deleted_assets:
                    delete_asset(rows, asset)
                for api in changes.deleted:
                    _delete_unchanged(rows, api)
                for api in changes.published:
                    contract = changes.contracts.get(api.id, NO_CONTRACT)
                    _publish(rows, api, api.version, note=note, by=by, contract=contract)
                for api in changes.created:
                    contract = changes.contracts.get(api.id, NO_CONTRACT)
                    first = api.model_copy(update={"version": 1})
                    _insert(rows, first, note=note, contract=contract)
                for api, draft in changes.begun:
                    _insert(rows, api, note=note, contract=NO_CONTRACT)
                    _set_draft(rows, draft)
                _refuse_missing(rows, (*changes.published, *changes.created))
                for edit in changes.edits:
                    if edit.after is not None:
                        make_edit(rows, edit)
                for api_id, change in changes.tests.items():
                    replace_cases(rows, api_id, change)
                for entry in audit:
                    rows.execute(audit_insert(rows, entry))
        except exc.IntegrityError as error:
            raise ConflictError(
                "one of the definitions was created by somebody else meanwhile; nothing was changed"
            ) from error

    def create(
        self, api: ApiDefinition, *, note: str, contract: ContractFacts = NO_CONTRACT
    ) -> ApiDefinition:
        """Insert a definition; with `version` ≥ 1 also its version row.

        Raises:
            ConflictError: The name is taken in this tenant, or an API that it calls was deleted
                meanwhile.
        """
        try:
            with self._database.writing(api.tenant_id) as rows:
                rows.wait_for_turn(_TURN)
                _insert(rows, api, note=note, contract=contract)
                _refuse_missing(rows, (api,) if api.version else ())
        except exc.IntegrityError as error:
            raise _name_taken(api) from error
        return api

    def publish(
        self,
        api: ApiDefinition,
        *,
        expected_version: int,
        note: str,
        by: str,
        contract: ContractFacts = NO_CONTRACT,
        ends_draft: bool = True,
    ) -> ApiDefinition:
        """Make `api`'s authored fields live as version `expected_version` + 1.

        Raises:
            ConflictError: Somebody else published meanwhile, or the new name is taken, or an API
                that it calls was deleted meanwhile.
            NotFoundError: The API was deleted meanwhile.
        """
        try:
            with self._database.writing(api.tenant_id) as rows:
                rows.wait_for_turn(_TURN)
                _refuse_missing(rows, (api,))
                return _publish(
                    rows,
                    api,
                    expected_version,
                    note=note,
                    by=by,
                    contract=contract,
                    also=_NO_DRAFT if ends_draft else {},
                )
        except exc.IntegrityError as error:
            raise _name_taken(api) from error

    def set_active(self, tenant_id: str, api_id: UUID, *, active: bool) -> ApiDefinition:
        """Switch an API on or off; raises NotFoundError."""
        return self._change(tenant_id, api_id, is_active=active)

    def set_tool(self, tenant_id: str, api_id: UUID, tool_name: str | None) -> ApiDefinition:
        """Link an API to the tool it is exported as, or unlink it; raises NotFoundError."""
        return self._change(tenant_id, api_id, tool_name=tool_name)

    def delete(
        self, tenant_id: str, api_id: UUID, *, seen: Collection[Stamp] | None = None
    ) -> bool:
        """Remove an API with its versions and draft; its log rows stay; raises NotFoundError.

        With `seen`, only while `index` still tells the same; False when it does not.
        """
        with self._database.writing(tenant_id) as rows:
            rows.wait_for_turn(_TURN)
            if seen is not None and set(seen) != set(_index(rows)):
                return False
            removal = rows.delete(ApiDefinitionRow).where(ApiDefinitionRow.id == api_id)
            if rows.execute(removal).rowcount == 0:
                raise _no_api(str(api_id))
        return True

    def draft(self, tenant_id: str, api_id: UUID) -> ApiDraft | None:
        """The unpublished work on an API, if any; raises NotFoundError for an unknown API."""
        row = ApiDefinitionRow
        with self._database.reading(tenant_id) as rows:
            found = _found(
                rows,
                str(api_id),
                row.draft_fields,
                row.draft_base_version,
                row.draft_updated_by,
                row.draft_updated_at,
            )
        if found["draft_fields"] is None:
            return None
        kept = {name.removeprefix("draft_"): value for name, value in found.items()}
        return ApiDraft(api_id=api_id, **kept)

    def save_draft(
        self, tenant_id: str, draft: ApiDraft, *, over: ApiDraft | None = None
    ) -> ApiDraft:
        """Keep unpublished work; replaces the draft `over`, or the author's own.

        Raises:
            NotFoundError: There is no such API.
            ConflictError: Somebody else saved a draft meanwhile.
        """
        with self._database.writing(tenant_id) as rows:
            _refuse_over_others(rows, draft, over)
            _set_draft(rows, draft)
        return draft

    def drop_draft(self, tenant_id: str, api_id: UUID) -> None:
        """Forget unpublished work; raises NotFoundError for an unknown API."""
        self._change(tenant_id, api_id, **_NO_DRAFT)

    def versions(self, tenant_id: str, api_id: UUID) -> tuple[ApiVersion, ...]:
        """All versions, newest first."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(ApiVersionRow)
                .where(ApiVersionRow.api_id == api_id)
                .order_by(ApiVersionRow.version.desc())
            ).mappings()
            return tuple(_version(row) for row in found)

    def version(self, tenant_id: str, api_id: UUID, version: int) -> ApiVersion:
        """One version; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(ApiVersionRow).where(
                    ApiVersionRow.api_id == api_id, ApiVersionRow.version == version
                )
            ).mappings()
            row = found.one_or_none()
        if row is None:
            raise NotFoundError(f"API {api_id} has no version {version}")
        return _version(row)

    def _change(self, tenant_id: str, api_id: UUID, **values: Any) -> ApiDefinition:
        with self._database.writing(tenant_id) as rows:
            change = rows.update(ApiDefinitionRow).where(ApiDefinitionRow.id == api_id)
            rows.execute(change.values(**values))
            return _definition(_found(rows, str(api_id), *_LIVE))


def _refuse_over_others(rows: TenantRows, draft: ApiDraft, over: ApiDraft | None) -> None:
    row = ApiDefinitionRow
    query = rows.select(row, row.api_name, row.draft_updated_by, row.draft_updated_at)
    locked = query.where(row.id == draft.api_id).with_for_update()
    found = rows.execute(locked).mappings().one_or_none()
    if found is None or found["draft_updated_by"] in {None, draft.updated_by}:
        return
    if over is None or found["draft_updated_at"] != over.updated_at:
        raise ConflictError(
            f"{found['draft_updated_by']} saved a draft of {found['api_name']!r} meanwhile",
            hint="Load that draft to go on with it.",
        )


def _found(rows: TenantRows, ref: str, *columns: Any) -> Mapping[Any, Any]:
    by_name = ApiDefinitionRow.api_name == ref
    by_id: ColumnElement[bool] | None = None
    with suppress(ValueError):
        by_id = ApiDefinitionRow.id == UUID(ref)
    query = rows.select(ApiDefinitionRow, *columns)
    if by_id is None:
        query = query.where(by_name)
    else:
        # A name may look like an id; the id wins.
        query = query.where(or_(by_id, by_name)).order_by(by_id.desc()).limit(1)
    found = rows.execute(query).mappings().one_or_none()
    if found is None:
        raise _no_api(ref)
    return found


def _matching(query: ApiQuery) -> ColumnElement[bool]:
    row = ApiDefinitionRow
    wanted: ColumnElement[bool] = true()
    if query.logic_type is not None:
        wanted &= row.logic_type == query.logic_type
    if query.is_active is not None:
        wanted &= row.is_active == query.is_active
    if query.has_draft is not None:
        wanted &= row.draft_updated_at.is_not(None) == query.has_draft
    if query.connection is not None:
        wanted &= row.connection == query.connection
    if query.tag is not None:
        wanted &= json_array_contains(row.tags, query.tag)
    if query.q:
        places = (row.api_name, row.description, cast(row.tags, Text))
        wanted &= or_(*(place.icontains(query.q, autoescape=True) for place in places))
    return wanted


def _as_values(api: ApiDefinition) -> dict[str, Any]:
    policy = api.runtime_policy.model_dump(mode="json")
    schema = {name: spec.model_dump(mode="json") for name, spec in api.param_schema.items()}
    return dict(api) | {"runtime_policy": policy, "param_schema": schema, "tags": list(api.tags)}


def _definition(row: Mapping[Any, Any]) -> ApiDefinition:
    return ApiDefinition.model_validate(dict(row))


def _version(row: Mapping[Any, Any]) -> ApiVersion:
    known = {name: row[name] for name in ApiVersion.model_fields}
    return ApiVersion.model_validate({**known, "breaking": row["breaking"] or ()})


def _insert(rows: TenantRows, api: ApiDefinition, *, note: str, contract: ContractFacts) -> None:
    values = _as_values(api)
    del values["tenant_id"]
    rows.execute(rows.insert(ApiDefinitionRow, **values))
    if api.version:
        _add_version(rows, api, note=note, by=api.created_by, contract=contract)


def _set_draft(rows: TenantRows, draft: ApiDraft) -> None:
    known = draft.model_dump(exclude={"api_id"})
    change = rows.update(ApiDefinitionRow).where(ApiDefinitionRow.id == draft.api_id)
    values = {f"draft_{name}": value for name, value in known.items()}
    if rows.execute(change.values(**values)).rowcount == 0:
        raise _no_api(str(draft.api_id))


def _publish(
    rows: TenantRows,
    api: ApiDefinition,
    expected_version: int,
    *,
    note: str,
    by: str,
    contract: ContractFacts,
    also: Mapping[str, None] = MappingProxyType({}),
) -> ApiDefinition:
    """Publish in this transaction; `also` are further columns to set."""
    known = _as_values(api)
    authored = {name: known[name] for name in AUTHORED_FIELDS}
    change = (
        rows.update(ApiDefinitionRow)
        .where(ApiDefinitionRow.id == api.id, ApiDefinitionRow.version == expected_version)
        .values(**authored, **also)
        .values(version=expected_version + 1, updated_at=api.updated_at)
    )
    if rows.execute(change).rowcount == 0:
        _refuse_lost_update(rows, api, expected_version)
    live = _definition(_found(rows, str(api.id), *_LIVE))
    _add_version(rows, live, note=note, by=by, contract=contract)
    return live


def _index(rows: TenantRows) -> tuple[Stamp, ...]:
    row = ApiDefinitionRow
    found = rows.execute(rows.select(row, row.id, row.version, row.is_active))
    return tuple((each.id, each.version, each.is_active) for each in found)


def _refuse_missing(rows: TenantRows, published: Sequence[ApiDefinition]) -> None:
    """Refuse what calls an API that is no longer there, whoever deleted it since it compiled."""
    row = ApiDefinitionRow
    calls = [(api, called_apis(api.logic_type, api.logic_body)) for api in published]
    if not any(called for _, called in calls):
        return
    there = {ref for api in rows.execute(rows.select(row, row.id, row.api_name)) for ref in api}
    known = {str(ref) for ref in there}
    for api, called in calls:
        gone = [ref for ref in called if ref not in known]
        if gone:
            raise ConflictError(
                f"{api.api_name!r} calls {gone[0]!r}, which was deleted meanwhile",
                hint="Change the node that calls it, then publish.",
            )


def _delete_unchanged(rows: TenantRows, api: ApiDefinition) -> None:
    removal = rows.delete(ApiDefinitionRow).where(
        ApiDefinitionRow.id == api.id, ApiDefinitionRow.version == api.version
    )
    if rows.execute(removal).rowcount == 0:
        _refuse_lost_update(rows, api, api.version)


def _add_version(
    rows: TenantRows, api: ApiDefinition, *, note: str, by: str, contract: ContractFacts
) -> None:
    columns = contract.columns
    rows.execute(
        rows.insert(
            ApiVersionRow,
            api_id=api.id,
            version=api.version,
            snapshot=api.model_dump(mode="json"),
            change_note=note,
            created_by=by,
            created_at=api.updated_at,
            response_columns=None if columns is None else [each.model_dump() for each in columns],
            breaking=[issue.model_dump() for issue in contract.breaking] or None,
            gate=contract.gate.model_dump(mode="json") if contract.gate else None,
        )
    )


def _refuse_lost_update(rows: TenantRows, api: ApiDefinition, expected: int) -> None:
    live = _found(rows, str(api.id), ApiDefinitionRow.version)["version"]
    raise ConflictError(
        f"API {api.api_name!r} was published by somebody else meanwhile: "
        f"version {live} is live, this change was made to version {expected}",
        details={"live_version": live, "expected_version": expected},
        hint="Load the live version, make the change again and publish.",
    )


def _name_taken(api: ApiDefinition) -> ConflictError:
    return ConflictError(f"an API named {api.api_name!r} exists already; choose another name")


def _no_api(ref: str) -> NotFoundError:
    return NotFoundError(f"there is no API {ref!r}")

"""Keeps assets, their drafts, versions and labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, exc, func, or_, select, true

from engine.errors import ConflictError, NotFoundError
from engine.model import Page
from engine.model.asset import (
    ASSET_FIELDS,
    Asset,
    AssetDraft,
    AssetQuery,
    AssetRef,
    AssetVersion,
    PublishedAsset,
)
from engine.model.listing import WorkOrder
from engine.ports import AssetChange
from storage.columns import json_array_contains
from storage.database import Database, TenantRows
from storage.tables import AssetLabelRow, AssetRow, AssetVersionRow

_PLAIN = tuple(name for name in Asset.model_fields if name not in {"labels", "has_draft"})
_COLUMNS = tuple(getattr(AssetRow, name) for name in _PLAIN)
_NO_DRAFT: Mapping[str, None] = {
    "draft_fields": None,
    "draft_base_version": None,
    "draft_updated_by": None,
    "draft_updated_at": None,
}

_ORDERS: Mapping[WorkOrder, tuple[Any, ...]] = {
    "name": (AssetRow.name,),
    "changed": (AssetRow.updated_at.desc(), AssetRow.name),
}


class SqlAssetStore:
    """The `AssetStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, tenant_id: str, ref: AssetRef) -> PublishedAsset | None:
        """The version a reference leads to; None where there is none."""
        version = AssetVersionRow
        with self._database.reading(tenant_id) as rows:
            wanted = (
                rows.select(
                    AssetRow, AssetRow.name, AssetRow.asset_type, version.version, version.content
                )
                .join(version, version.asset_id == AssetRow.id)
                .where(AssetRow.name == ref.asset)
            )
            if ref.label is not None:
                wanted = wanted.join(
                    AssetLabelRow,
                    and_(
                        AssetLabelRow.asset_id == AssetRow.id,
                        AssetLabelRow.version == version.version,
                    ),
                ).where(AssetLabelRow.label == ref.label)
            else:
                wanted = wanted.where(version.version == (ref.version or AssetRow.version))
            found = rows.execute(wanted).mappings().one_or_none()
        return None if found is None else PublishedAsset.model_validate(dict(found))

    def versions_of(self, tenant_id: str, refs: Sequence[AssetRef]) -> tuple[int | None, ...]:
        """The version that each reference leads to now; None where there is none."""
        names = {ref.asset for ref in refs}
        with self._database.reading(tenant_id) as rows:
            live = {
                each.name: each.version
                for each in rows.execute(
                    rows.select(AssetRow, AssetRow.name, AssetRow.version).where(
                        AssetRow.name.in_(names), AssetRow.version > 0
                    )
                )
            }
            labels: dict[tuple[str, str], int] = {}
            if any(ref.label for ref in refs):
                labels = {
                    (each.name, each.label): each.version
                    for each in rows.execute(
                        rows.select(
                            AssetRow, AssetRow.name, AssetLabelRow.label, AssetLabelRow.version
                        )
                        .join(AssetLabelRow, AssetLabelRow.asset_id == AssetRow.id)
                        .where(AssetRow.name.in_(names))
                    )
                }
        return tuple(_version_of(ref, live, labels) for ref in refs)

    def get(self, tenant_id: str, ref: str) -> Asset:
        """An asset by id or name; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            return _found(rows, ref)

    def search(self, tenant_id: str, query: AssetQuery) -> Page[Asset]:
        """Assets that match, by name."""
        wanted = _matching(query)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(AssetRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                _selected(rows)
                .where(wanted)
                .order_by(*_ORDERS[query.sort])
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = _assets(rows, page.all())
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def all(self, tenant_id: str) -> tuple[Asset, ...]:
        """Every asset of a tenant, by name."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(_selected(rows).order_by(AssetRow.name)).mappings()
            return _assets(rows, found.all())

    def create(self, asset: Asset, draft: AssetDraft) -> Asset:
        """Insert an asset that was never published, with its draft.

        Raises:
            ConflictError: The name is taken.
        """
        values = {name: getattr(asset, name) for name in _PLAIN if name != "tenant_id"}
        values |= {"tags": list(asset.tags), "content": dict(asset.content)}
        try:
            with self._database.writing(asset.tenant_id) as rows:
                rows.execute(rows.insert(AssetRow, **values, **_draft_values(draft)))
        except exc.IntegrityError as error:
            raise ConflictError(
                f"an asset named {asset.name!r} exists already; choose another name"
            ) from error
        return asset.model_copy(update={"has_draft": True})

    def draft(self, tenant_id: str, asset_id: UUID) -> AssetDraft | None:
        """The unpublished work, if any."""
        row = AssetRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(
                    row,
                    row.draft_fields,
                    row.draft_base_version,
                    row.draft_updated_by,
                    row.draft_updated_at,
                ).where(row.id == asset_id)
            ).one_or_none()
        if found is None:
            raise _no_asset(str(asset_id))
        if found.draft_fields is None:
            return None
        return AssetDraft(
            asset_id=asset_id,
            **found.draft_fields,
            base_version=found.draft_base_version,
            updated_by=found.draft_updated_by,
            updated_at=found.draft_updated_at,
        )

    def save_draft(
        self,
        tenant_id: str,
        draft: AssetDraft,
        *,
        expected_version: int | None = None,
        over: AssetDraft | None = None,
    ) -> Asset:
        """Keep unpublished work; of what was never published it is all there is.

        Raises:
            ConflictError: `expected_version` is no longer the published one, or somebody else
                saved a draft meanwhile.
        """
        with self._database.writing(tenant_id) as rows:
            before = _locked(rows, draft.asset_id, expected_version)
            _refuse_over_others(rows, draft, over)
            shown = _fields(draft) if before.version == 0 else {}
            rows.execute(
                rows.update(AssetRow)
                .where(AssetRow.id == draft.asset_id)
                .values(**_draft_values(draft), **shown, updated_at=draft.updated_at)
            )
            return _found(rows, str(draft.asset_id))

    def drop_draft(self, tenant_id: str, asset_id: UUID) -> Asset:
        """Forget unpublished work on an asset that is published.

        Raises:
            ConflictError: The draft is all there is of it.
        """
        with self._database.writing(tenant_id) as rows:
            asset = _locked(rows, asset_id, None)
            if asset.version == 0:
                raise ConflictError(
                    f"asset {asset.name!r} was never published: its draft is all there is",
                    hint="Publish it, or delete the asset.",
                )
            rows.execute(rows.update(AssetRow).where(AssetRow.id == asset_id).values(**_NO_DRAFT))
            return _found(rows, str(asset_id))

    def publish(
        self, asset: Asset, *, expected_version: int, note: str, by: str, keep_draft: bool = False
    ) -> Asset:
        """Make the fields of `asset` its version `expected_version` + 1; ends the draft.

        Raises:
            ConflictError: Somebody else published meanwhile.
        """
        with self._database.writing(asset.tenant_id) as rows:
            _locked(rows, asset.id, expected_version)
            publish(rows, asset, note=note, by=by, keep_draft=keep_draft)
            return _found(rows, str(asset.id))

    def set_label(self, tenant_id: str, asset_id: UUID, label: str, version: int) -> Asset:
        """Let a label point at a version; raises NotFoundError for a version that is not there."""
        with self._database.writing(tenant_id) as rows:
            asset = _locked(rows, asset_id, None)
            _version(rows, asset_id, version)
            set_label(rows, asset_id, label, version)
            return asset.model_copy(update={"labels": {**asset.labels, label: version}})

    def drop_label(self, tenant_id: str, asset_id: UUID, label: str) -> Asset:
        """Remove a label; raises NotFoundError."""
        with self._database.writing(tenant_id) as rows:
            asset = _locked(rows, asset_id, None)
            if label not in asset.labels:
                known = ", ".join(asset.labels) or "none"
                raise NotFoundError(f"asset {asset.name!r} has no label {label!r}; it has {known}")
            rows.execute(_label_removal(rows, asset_id, label))
            return _found(rows, str(asset_id))

    def delete(
        self, tenant_id: str, asset_id: UUID, *, expected_version: int | None = None
    ) -> None:
        """Remove an asset with its versions, labels and draft.

        Raises:
            ConflictError: `expected_version` is no longer the published one.
        """
        with self._database.writing(tenant_id) as rows:
            _locked(rows, asset_id, expected_version)
            rows.execute(rows.delete(AssetRow).where(AssetRow.id == asset_id))

    def versions(self, tenant_id: str, asset_id: UUID) -> tuple[AssetVersion, ...]:
        """All versions, newest first."""
        row = AssetVersionRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(row).where(row.asset_id == asset_id).order_by(row.version.desc())
            ).mappings()
            return tuple(_as_version(each) for each in found)

    def version(self, tenant_id: str, asset_id: UUID, version: int) -> AssetVersion:
        """One version; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            return _version(rows, asset_id, version)


def apply_assets(rows: TenantRows, changes: Sequence[AssetChange], *, note: str, by: str) -> None:
    """Make changes of many assets, in this transaction; drafts stay.

    Raises:
        ConflictError: An asset was published meanwhile.
    """
    for change in changes:
        asset = change.asset
        if change.is_new:
            values = {name: getattr(asset, name) for name in _PLAIN if name != "tenant_id"}
            values |= {"tags": list(asset.tags), "content": dict(asset.content)}
            rows.execute(rows.insert(AssetRow, **values))
        else:
            _locked(rows, asset.id, asset.version)
        if change.publish:
            publish(rows, asset, note=note, by=by, keep_draft=True)
        for label in change.labels:
            set_label(rows, asset.id, label, change.version)


def delete_asset(rows: TenantRows, asset: Asset) -> None:
    """Remove an asset, in this transaction; raises ConflictError if it was published meanwhile."""
    _locked(rows, asset.id, asset.version)
    rows.execute(rows.delete(AssetRow).where(AssetRow.id == asset.id))


def publish(
    rows: TenantRows, asset: Asset, *, note: str, by: str, keep_draft: bool = False
) -> None:
    """Publish the fields of an asset as its next version, in this transaction."""
    fields, version = _fields(asset), asset.version + 1
    change = rows.update(AssetRow).where(AssetRow.id == asset.id)
    rows.execute(
        change.values(
            **fields,
            **({} if keep_draft else _NO_DRAFT),
            version=version,
            updated_at=asset.updated_at,
        )
    )
    rows.execute(
        rows.insert(
            AssetVersionRow,
            asset_id=asset.id,
            version=version,
            **fields,
            change_note=note,
            created_by=by,
            created_at=asset.updated_at,
        )
    )


def set_label(rows: TenantRows, asset_id: UUID, label: str, version: int) -> None:
    """Let a label point at a version, in this transaction."""
    rows.execute(_label_removal(rows, asset_id, label))
    rows.execute(rows.insert(AssetLabelRow, asset_id=asset_id, label=label, version=version))


def _label_removal(rows: TenantRows, asset_id: UUID, label: str) -> Any:
    return rows.delete(AssetLabelRow).where(
        AssetLabelRow.asset_id == asset_id, AssetLabelRow.label == label
    )


def _selected(rows: TenantRows) -> Any:
    return rows.select(AssetRow, *_COLUMNS, AssetRow.draft_updated_at)


def _found(rows: TenantRows, ref: str) -> Asset:
    by_name = AssetRow.name == ref
    wanted: ColumnElement[bool] = by_name
    with suppress(ValueError):
        wanted = or_(AssetRow.id == UUID(ref), by_name)
    found = rows.execute(_selected(rows).where(wanted)).mappings().all()
    # A name may look like an id; the id wins.
    found = sorted(found, key=lambda row: str(row["id"]) != ref)[:1]
    if not found:
        raise _no_asset(ref)
    return _assets(rows, found)[0]


def _locked(rows: TenantRows, asset_id: UUID, expected_version: int | None) -> Asset:
    """An asset that nobody else changes until the transaction ends."""
    lock = select(AssetRow.id).where(AssetRow.id == asset_id).with_for_update()
    rows.execute(lock)
    asset = _found(rows, str(asset_id))
    if expected_version not in {None, asset.version}:
        raise ConflictError(
            f"asset {asset.name!r} is at version {asset.version}, not {expected_version}: "
            "somebody published meanwhile",
            details={"version": asset.version, "expected_version": expected_version},
            hint="Read it again, look at the difference and repeat the change.",
        )
    return asset


def _refuse_over_others(rows: TenantRows, draft: AssetDraft, over: AssetDraft | None) -> None:
    row = AssetRow
    query = rows.select(row, row.name, row.draft_updated_by, row.draft_updated_at)
    found = rows.execute(query.where(row.id == draft.asset_id)).mappings().one()
    if found["draft_updated_by"] in {None, draft.updated_by}:
        return
    if over is None or found["draft_updated_at"] != over.updated_at:
        raise ConflictError(
            f"{found['draft_updated_by']} saved a draft of asset {found['name']!r} meanwhile",
            hint="Load that draft to go on with it.",
        )


def _assets(rows: TenantRows, found: Sequence[Mapping[Any, Any]]) -> tuple[Asset, ...]:
    labels = _labels(rows, [row["id"] for row in found])
    return tuple(
        Asset.model_validate(
            {
                **{name: row[name] for name in _PLAIN},
                "labels": labels[row["id"]],
                "has_draft": row["draft_updated_at"] is not None,
            }
        )
        for row in found
    )


def _labels(rows: TenantRows, ids: Iterable[UUID]) -> Mapping[UUID, dict[str, int]]:
    found: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    wanted = rows.select(AssetLabelRow).where(AssetLabelRow.asset_id.in_(list(ids)))
    for each in rows.execute(wanted.order_by(AssetLabelRow.label)):
        found[each.asset_id][each.label] = each.version
    return found


def _version(rows: TenantRows, asset_id: UUID, version: int) -> AssetVersion:
    row = AssetVersionRow
    wanted = rows.select(row).where(row.asset_id == asset_id, row.version == version)
    found = rows.execute(wanted).mappings().one_or_none()
    if found is None:
        raise NotFoundError(f"asset {asset_id} has no version {version}")
    return _as_version(found)


def _as_version(row: Mapping[Any, Any]) -> AssetVersion:
    return AssetVersion.model_validate({name: row[name] for name in AssetVersion.model_fields})


def _version_of(
    ref: AssetRef, live: Mapping[str, int], labels: Mapping[tuple[str, str], int]
) -> int | None:
    if ref.label is not None:
        return labels.get((ref.asset, ref.label))
    newest = live.get(ref.asset)
    if newest is None or ref.version is None:
        return newest
    return ref.version if ref.version <= newest else None


def _matching(query: AssetQuery) -> ColumnElement[bool]:
    row = AssetRow
    wanted: ColumnElement[bool] = true()
    if query.asset_type is not None:
        wanted &= row.asset_type == query.asset_type
    if query.status == "published":
        wanted &= row.version > 0
    if query.status == "draft":
        wanted &= row.draft_updated_at.is_not(None)
    if query.tag is not None:
        wanted &= json_array_contains(row.tags, query.tag)
    if query.q:
        places = (row.name, row.description, cast(row.tags, Text))
        wanted &= or_(*(place.icontains(query.q, autoescape=True) for place in places))
    return wanted


def _fields(asset: Asset | AssetDraft) -> dict[str, Any]:
    return asset.model_dump(mode="json", include=set(ASSET_FIELDS))


def _draft_values(draft: AssetDraft) -> dict[str, Any]:
    return {
        "draft_fields": _fields(draft),
        "draft_base_version": draft.base_version,
        "draft_updated_by": draft.updated_by,
        "draft_updated_at": draft.updated_at,
    }


def _no_asset(ref: str) -> NotFoundError:
    return NotFoundError(f"there is no asset {ref!r}")

"""Keeps rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exc, func, or_, select, true

from engine.errors import ConflictError, NotFoundError
from engine.model import Page
from engine.model.cep import Rule, RuleQuery
from engine.model.listing import WorkOrder
from engine.ports import AuditEntry
from engine.ports.cep import RuleStamp
from storage.audit import audit_insert
from storage.database import Database, TenantRows
from storage.tables import table_of
from storage.tables.cep import RuleRow

_TABLE = table_of(RuleRow)

_ORDERS: Mapping[WorkOrder, tuple[Any, ...]] = {
    "name": (RuleRow.rule_name,),
    "changed": (RuleRow.updated_at.desc(), RuleRow.rule_name),
}


class SqlRuleStore:
    """The `RuleStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, ref: str) -> Rule:
        """A rule by id or name; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(rows.select(RuleRow).where(_named(ref))).mappings().one_or_none()
        if found is None:
            raise NotFoundError(f"there is no rule {ref!r}")
        return Rule.model_validate(dict(found))

    def search(self, tenant_id: str, query: RuleQuery) -> Page[Rule]:
        """Rules that match, by name."""
        wanted = _matching(query)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(RuleRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                rows.select(RuleRow)
                .where(wanted)
                .order_by(*_ORDERS[query.sort])
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(Rule.model_validate(dict(row)) for row in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def all(self, tenant_id: str) -> tuple[Rule, ...]:
        """Every rule of a tenant, by name."""
        with self._database.reading(tenant_id) as rows:
            every = rows.execute(rows.select(RuleRow).order_by(RuleRow.rule_name)).mappings()
            return tuple(Rule.model_validate(dict(row)) for row in every)

    def active(self) -> tuple[RuleStamp, ...]:
        """Every rule that is switched on, of all tenants."""
        columns = (_TABLE.c.tenant_id, _TABLE.c.id, _TABLE.c.version)
        with self._database.read() as connection:
            found = connection.execute(select(*columns).where(_TABLE.c.is_active)).all()
        return tuple(RuleStamp(*row) for row in found)

    def create(self, rule: Rule, audit: AuditEntry) -> Rule:
        """Insert; raises ConflictError when the name is taken."""
        try:
            with self._database.writing(rule.tenant_id) as rows:
                edit_rule(rows, None, rule)
                rows.execute(audit_insert(rows, audit))
        except exc.IntegrityError as error:
            raise _name_taken(rule) from error
        return rule

    def change(self, rule: Rule, *, expected_version: int, audit: AuditEntry) -> Rule:
        """Replace a rule, as version `expected_version` + 1, without its state."""
        before = rule.model_copy(update={"version": expected_version})
        try:
            with self._database.writing(rule.tenant_id) as rows:
                edit_rule(rows, before, rule)
                rows.execute(audit_insert(rows, audit))
        except exc.IntegrityError as error:
            raise _name_taken(rule) from error
        return _next(rule, before)

    def delete(self, rule: Rule, audit: AuditEntry) -> None:
        """Remove; its log stays. Raises ConflictError when it was changed meanwhile."""
        with self._database.writing(rule.tenant_id) as rows:
            edit_rule(rows, rule, None)
            rows.execute(audit_insert(rows, audit))


def edit_rule(rows: TenantRows, before: Rule | None, after: Rule | None) -> None:
    """Insert, replace or remove a rule, in this transaction; a replaced one begins anew.

    Raises:
        ConflictError: It was changed meanwhile.
    """
    if before is None:
        if after is not None:
            rows.execute(rows.insert(RuleRow, **_values(after)))
        return
    same = (RuleRow.id == before.id) & (RuleRow.version == before.version)
    change = (
        rows.delete(RuleRow).where(same)
        if after is None
        else rows.update(RuleRow).where(same).values(_values(_next(after, before)))
    )
    if rows.execute(change).rowcount == 0:
        raise _changed_meanwhile(before)


def _next(rule: Rule, before: Rule) -> Rule:
    return rule.model_copy(update={"version": before.version + 1, "state": {}})


def _values(rule: Rule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in Rule.model_fields if name != "tenant_id"}
    objects = ("trigger_spec", "action_spec", "state")
    return {
        **values,
        "owner": rule.owner.model_dump(mode="json"),
        **{name: dict(values[name]) for name in objects},
    }


def _named(ref: str) -> ColumnElement[bool]:
    try:
        return RuleRow.id == UUID(ref)
    except ValueError:
        return RuleRow.rule_name == ref


def _matching(query: RuleQuery) -> ColumnElement[bool]:
    wanted: ColumnElement[bool] = true()
    if query.trigger_type is not None:
        wanted &= RuleRow.trigger_type == query.trigger_type
    if query.is_active is not None:
        wanted &= RuleRow.is_active == query.is_active
    if query.q:
        texts = (RuleRow.rule_name, RuleRow.description)
        wanted &= or_(*(each.icontains(query.q, autoescape=True) for each in texts))
    return wanted


def _name_taken(rule: Rule) -> ConflictError:
    return ConflictError(f"there is a rule {rule.rule_name!r} already")


def _changed_meanwhile(rule: Rule) -> ConflictError:
    return ConflictError(
        f"the rule {rule.rule_name!r} is not at version {rule.version} any more: "
        "somebody changed or deleted it meanwhile",
        hint="Read it again, look at the difference and repeat the change.",
    )

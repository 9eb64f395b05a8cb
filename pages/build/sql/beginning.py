"""Begins a query with the visual builder instead of an example."""

from engine.model import ApiDefinition, Caller
from pages.build.definition import working_copy
from pages.build.sql.visual import start
from pages.components.context import tables_of
from pages.components.sql.query import catalog_of


def start_visually(api: ApiDefinition, caller: Caller) -> None:
    """Make the draft a question about the connection's first table, if it has one."""
    catalog = catalog_of(tables_of(api.connection, caller)) if api.connection else {}
    if catalog:
        work = working_copy.working_copy(api, caller)
        start(work, next(iter(catalog)), catalog)
        working_copy.save_draft(api, work, caller)

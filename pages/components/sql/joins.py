"""How tables can be joined: by the keys they declare, else by columns that look alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.ports import TableInfo
from pages.components.sql.query import (
    Catalog,
    Query,
    Ref,
    columns_of,
    kind_of,
    qualified,
    tables_of_query,
)

Pair = tuple[Ref, str]
"""A column of a table that is in the question, and one of the table that is joined."""


@dataclass(frozen=True)
class Keys:
    """What is declared of the tables of a connection, by their names as statements write them.

    Attributes:
        primary: The columns of each table's key.
        foreign: Of each table, the tables it names with the pairs of columns, its own first.
    """

    primary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    foreign: Mapping[str, Sequence[tuple[str, tuple[tuple[str, str], ...]]]] = field(
        default_factory=dict
    )

    @classmethod
    def of_tables(cls, tables: Sequence[TableInfo]) -> "Keys":
        """From what the target's catalogue says."""
        names = {(table.schema, table.name): qualified(table) for table in tables}
        primary = {qualified(table): table.primary_key for table in tables if table.primary_key}
        foreign = {
            qualified(table): [
                (names[key.schema, key.table], tuple(zip(key.columns, key.referenced, strict=True)))
                for key in table.foreign_keys
                if (key.schema, key.table) in names
            ]
            for table in tables
        }
        return cls(primary, foreign)


def known_joins(query: Query, joined: str, catalog: Catalog, keys: Keys) -> list[list[Pair]]:
    """The ways to join a table by a key, declared ones first, each as its pairs of columns.

    A primary key joins as well without a declaration: where a table has columns of the same names
    and kinds, as warehouses that declare nothing but keys have.
    """
    ways = [
        way
        for table in tables_of_query(query)
        for way in (
            *_declared(table, joined, keys),
            *_by_primary_key(table, joined, catalog, keys),
        )
        if table != joined
    ]
    return list({tuple(way): way for way in ways}.values())


def join_pairs(query: Query, joined: str, catalog: Catalog) -> list[Pair]:
    """Pairs of columns that a table can be joined by, those of the same name first."""
    before = [ref for ref in columns_of(query, catalog) if ref[0] != joined]
    pairs = [pair for ref in before for pair in _pairs_with(ref, joined, catalog)]
    return sorted(pairs, key=lambda pair: pair[0][1] != pair[1])


def best_join(query: Query, joined: str, catalog: Catalog, keys: Keys) -> list[Pair]:
    """By what a table is joined until the author says otherwise."""
    known = known_joins(query, joined, catalog, keys)
    return known[0] if known else join_pairs(query, joined, catalog)[:1]


def joinable(query: Query, catalog: Catalog, keys: Keys) -> list[tuple[str, list[Pair]]]:
    """Tables that can be joined with the pairs of their key, those without one last."""
    free = [table for table in catalog if table not in tables_of_query(query)]
    ways = [(table, known_joins(query, table, catalog, keys)) for table in free]
    chosen = [(table, known[0] if known else []) for table, known in ways]
    return sorted(chosen, key=lambda each: not each[1])


def _declared(table: str, joined: str, keys: Keys) -> Iterator[list[Pair]]:
    for named, pairs in keys.foreign.get(table, ()):
        if named == joined:
            yield [((table, own), other) for own, other in pairs]
    for named, pairs in keys.foreign.get(joined, ()):
        if named == table:
            yield [((table, other), own) for own, other in pairs]


def _by_primary_key(table: str, joined: str, catalog: Catalog, keys: Keys) -> Iterator[list[Pair]]:
    left, right = catalog.get(table, {}), catalog.get(joined, {})
    for primary in (keys.primary.get(joined, ()), keys.primary.get(table, ())):
        if primary and all(_alike(name, left, right) for name in primary):
            yield [((table, name), name) for name in primary]


def _alike(name: str, left: Mapping[str, str], right: Mapping[str, str]) -> bool:
    return name in left and name in right and kind_of(left[name]) == kind_of(right[name])


def _pairs_with(ref: Ref, joined: str, catalog: Catalog) -> Iterator[Pair]:
    kind = kind_of(catalog[ref[0]][ref[1]])
    for name, type_name in catalog[joined].items():
        if kind_of(type_name) == kind and kind in {"number", "text", "time"}:
            yield ref, name

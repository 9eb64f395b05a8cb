"""The keys that a target's catalogue declares, by table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.ports import ForeignKey

Table = tuple[str, str]
"""Schema and name."""

KeyRow = tuple[str, str, bool, Sequence[str], str, str, Sequence[str]]
"""Schema, table, whether it is the primary key, its columns; schema, table and columns it names."""


@dataclass(frozen=True)
class DeclaredKeys:
    """Primary and foreign keys of many tables."""

    primary: dict[Table, tuple[str, ...]] = field(default_factory=dict)
    foreign: dict[Table, tuple[ForeignKey, ...]] = field(default_factory=dict)

    @classmethod
    def of_rows(cls, rows: Iterable[KeyRow]) -> "DeclaredKeys":
        """From one row a key."""
        keys = cls()
        for schema, table, is_primary, columns, to_schema, to_table, to_columns in rows:
            if is_primary:
                keys.primary[schema, table] = tuple(columns)
            else:
                key = ForeignKey(tuple(columns), to_schema, to_table, tuple(to_columns))
                keys.foreign[schema, table] = (*keys.foreign.get((schema, table), ()), key)
        return keys

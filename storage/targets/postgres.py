"""A PostgreSQL database, or what speaks its protocol, as a read-only query target."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar

import psycopg

from engine.deadline import Deadline
from engine.errors import (
    EngineError,
    QueryFailedError,
    TargetTransientError,
    TargetUnavailableError,
)
from engine.model import Column
from engine.ports import (
    BoundQuery,
    Description,
    Dialect,
    FetchedRows,
    FunctionInfo,
    RowSink,
    TableInfo,
)
from storage.targets.declared_keys import DeclaredKeys
from storage.targets.encoding import Convert, distinct_names, encode_rows
from storage.targets.postgres_errors import engine_error
from storage.targets.postgres_pool import NulInValueError, Session, SessionPool
from storage.targets.postgres_types import CATALOGUE, PgType, parameter_text, parse_array

_CATALOG_TIMEOUT_S = 10.0
_SHAPES_KEPT = 1024
_ROWS_AT_ONCE = 2000
_START = "select * from (\n"

_TABLES = """
select n.nspname::text, c.relname::text,
       case when c.relkind in ('v', 'm') then 'view' else 'table' end,
       case when c.reltuples >= 0 and c.relkind <> 'v' then c.reltuples::int8 end,
       a.attname::text, format_type(a.atttypid, a.atttypmod)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  and has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT')
order by n.nspname, c.relname, a.attnum
"""
_KEYS = """
select n.nspname::text, c.relname::text, k.contype = 'p',
       (select array_agg(a.attname::text order by p.place)
        from unnest(k.conkey) with ordinality p(number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.number),
       rn.nspname::text, r.relname::text,
       (select array_agg(a.attname::text order by p.place)
        from unnest(k.confkey) with ordinality p(number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = p.number)
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_class r on r.oid = k.confrelid
left join pg_namespace rn on rn.oid = r.relnamespace
where k.contype in ('p', 'f') and k.conparentid = 0
order by n.nspname, c.relname, k.conname
"""
_FUNCTIONS = """
select distinct lower(p.proname),
       p.pronamespace = 'pg_catalog'::regnamespace or d.objid is not null,
       p.provolatile = 'v',
       not p.prosecdef and l.lanname in ('internal', 'c', 'sql', 'plpgsql'),
       p.pronargs - p.pronargdefaults <= 1 and (p.pronargs >= 1 or p.provariadic <> 0)
from pg_proc p
join pg_language l on l.oid = p.prolang
left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
where p.prokind <> 'p'
  and p.prorettype not in ('internal'::regtype, 'cstring'::regtype)
  and not array['internal', 'cstring']::regtype[]::oid[] && p.proargtypes::oid[]
"""
_AUDIT = """
select warning from (values
  ((select rolsuper from pg_roles where rolname = current_user),
   'the role is a superuser: it may read and write files of the server and run programs there'),
  ((select rolbypassrls from pg_roles where rolname = current_user),
   'the role bypasses row-level security'),
  ((select rolreplication from pg_roles where rolname = current_user),
   'the role may start replication'),
  ((select rolcreaterole from pg_roles where rolname = current_user),
   'the role may create roles'),
  (pg_has_role('pg_read_server_files', 'USAGE'), 'the role may read files of the server'),
  (pg_has_role('pg_write_server_files', 'USAGE'), 'the role may write files of the server'),
  (pg_has_role('pg_execute_server_program', 'USAGE'), 'the role may run programs on the server'),
  (pg_has_role('pg_signal_backend', 'USAGE'), 'the role may end sessions of others'),
  (exists (select from pg_class c where c.relkind in ('r', 'p')
             and c.relnamespace <> 'pg_catalog'::regnamespace
             and has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')),
   'the role may write tables; give it SELECT only'),
  (exists (select from pg_proc where proname like 'dblink%' and prokind = 'f'
             and has_function_privilege(oid, 'EXECUTE')),
   'the role may call dblink, which opens connections of its own')
) as check_of(holds, warning)
where holds
"""


class PostgresTarget:
    """Runs statements on sessions that are read-only, limited in time and reset between calls.

    The columns and types of a statement are asked once and kept. Thread-safe.
    """

    dialect: ClassVar[Dialect] = "postgres"

    def __init__(self, dsn: str, *, pool_size: int = 8) -> None:
        self._pool = SessionPool(dsn, pool_size)
        self._types: dict[tuple[int, int], PgType] = {}
        self._shapes: dict[str, _Shape] = {}

    def fetch(self, query: BoundQuery, *, max_rows: int, deadline: Deadline) -> FetchedRows:
        """Run a statement; see `QueryTarget.fetch`.

        PostgreSQL keeps the order of a subquery under a plain `select * … limit`.
        """
        with self._pool.session(deadline) as session:
            shape = self._shapes.get(query.sql) or self._described(session, query.sql, deadline)
            rows = self._rows(session, query, shape, max_rows, deadline)
            if rows is None:
                shape = self._described(session, query.sql, deadline)
                rows = self._rows(session, query, shape, max_rows, deadline) or []
        return FetchedRows(
            columns=shape.columns,
            rows_json=encode_rows(shape.names, rows[:max_rows], shape.converters),
            row_count=min(len(rows), max_rows),
            truncated=len(rows) > max_rows,
        )

    def stream(
        self, query: BoundQuery, sink: RowSink, *, max_rows: int, deadline: Deadline
    ) -> bool:
        """Run a statement and hand its rows on; see `QueryTarget.stream`."""
        left = max_rows
        with self._pool.session(deadline) as session:
            shape = self._described(session, query.sql, deadline)
            start, end = shape.around(max_rows)
            sink.begin(shape.columns)
            with _translated(query.sql, len(start), deadline):
                for found, rows in session.stream(
                    f"{start}{query.sql}{end}",
                    [parameter_text(value) for value in query.values],
                    timeout_ms=_timeout_ms(deadline),
                    rows_at_once=_ROWS_AT_ONCE,
                ):
                    if not shape.fits(found):
                        raise TargetTransientError("the tables changed before they were read")
                    if left and rows:
                        taken = rows[:left]
                        sink.add(encode_rows(shape.names, taken, shape.converters), len(taken))
                    left -= len(rows)
        return left < 0

    def describe(self, sql: str) -> Description:
        """Parameter types and columns, running nothing; see `QueryTarget.describe`."""
        deadline = Deadline.after(_CATALOG_TIMEOUT_S)
        with self._pool.session(deadline) as session:
            shape = self._described(session, sql, deadline)
        return Description(shape.param_types, shape.columns)

    def explain(self, query: BoundQuery, *, deadline: Deadline) -> str:
        """The plan as text."""
        start = "explain "
        with (
            self._pool.session(deadline) as session,
            _translated(query.sql, len(start), deadline),
        ):
            _, lines = _run(session, BoundQuery(f"{start}{query.sql}", query.values), deadline)
        return "\n".join(line for (line,) in lines)

    def schema(self) -> tuple[TableInfo, ...]:
        """Tables and views this role may read, by schema and name."""
        rows = self._catalog(_TABLES)
        keys = DeclaredKeys.of_rows(
            (schema, name, is_primary, _names(columns), to_schema, to_name, _names(to_columns))
            for schema, name, is_primary, columns, to_schema, to_name, to_columns in self._catalog(
                _KEYS
            )
        )
        return tuple(
            TableInfo(
                schema,
                name,
                kind,
                tuple(Column(name=row[4], type=row[5]) for row in columns if row[4] is not None),
                estimate,
                keys.primary.get((schema, name), ()),
                keys.foreign.get((schema, name), ()),
            )
            for (schema, name, kind, estimate), columns in groupby(rows, key=lambda row: row[:4])
        )

    def functions(self) -> tuple[FunctionInfo, ...]:
        """Functions and aggregates of every schema."""
        return tuple(
            FunctionInfo(name, built_in=built_in, volatile=volatile, trusted=trusted, unary=unary)
            for name, built_in, volatile, trusted, unary in self._catalog(_FUNCTIONS)
        )

    def audit(self) -> tuple[str, ...]:
        """Rights the connection's role has and should not have."""
        return tuple(warning for (warning,) in self._catalog(_AUDIT))

    def ping(self) -> None:
        """Raise TargetUnavailableError when the server does not answer a statement."""
        try:
            self._catalog("select 1")
        except EngineError as error:
            if isinstance(error, TargetUnavailableError):
                raise
            raise TargetUnavailableError("the PostgreSQL server does not answer") from error

    def close(self) -> None:
        """Close the sessions."""
        self._pool.close()

    def _rows(
        self, session: Session, query: BoundQuery, shape: _Shape, max_rows: int, deadline: Deadline
    ) -> list[tuple[Any, ...]] | None:
        """At most `max_rows` + 1 rows; None when the tables changed since they were described."""
        start, end = shape.around(max_rows)
        wrapped = BoundQuery(f"{start}{query.sql}{end}", query.values)
        with _translated(query.sql, len(start), deadline):
            found, rows = _run(session, wrapped, deadline)
        return rows if shape.fits(found) else None

    def _catalog(self, sql: str) -> list[tuple[Any, ...]]:
        deadline = Deadline.after(_CATALOG_TIMEOUT_S)
        with self._pool.session(deadline) as session, _translated(sql, 0, deadline):
            return _run(session, BoundQuery(sql), deadline)[1]

    def _described(self, session: Session, sql: str, deadline: Deadline) -> _Shape:
        with _translated(sql, 0, deadline):
            result = session.describe(sql)
            columns = [(result.ftype(i), result.fmod(i)) for i in range(result.nfields)]
            params = [(result.param_type(i), -1) for i in range(result.nparams)]
            self._learn(session, {*columns, *params}, deadline)
        names = [(result.fname(i) or b"").decode() for i in range(result.nfields)]
        shape = _Shape(
            names=distinct_names(names),
            types=tuple((oid, self._types[oid, modifier]) for oid, modifier in columns),
            param_types=tuple(self._types[each].name for each in params),
        )
        if len(self._shapes) >= _SHAPES_KEPT:
            self._shapes.clear()
        self._shapes[sql] = shape
        return shape

    def _learn(self, session: Session, wanted: set[tuple[int, int]], deadline: Deadline) -> None:
        unknown = sorted(wanted - self._types.keys())
        if not unknown:
            return
        oids, modifiers = zip(*unknown, strict=True)
        query = BoundQuery(CATALOGUE, (list(oids), list(modifiers)))
        for oid, modifier, *facts in _run(session, query, deadline)[1]:
            name, composite, element, delimiter = facts
            self._types[oid, modifier] = PgType(name, element, delimiter, composite)


@dataclass(frozen=True)
class _Shape:
    """What a statement takes and gives, as the server described it."""

    names: tuple[str, ...]
    types: tuple[tuple[int, PgType], ...]
    param_types: tuple[str, ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(name=name, type=each.name)
            for name, (_, each) in zip(self.names, self.types, strict=True)
        )

    @cached_property
    def converters(self) -> dict[int, Convert]:
        found = ((index, each.converter(oid)) for index, (oid, each) in enumerate(self.types))
        return {index: convert for index, convert in found if convert is not None}

    def fits(self, found: list[int]) -> bool:
        """Whether an answer's columns have these types; composites arrive as JSON."""
        return len(found) == len(self.types) and all(
            each.composite or oid == arrived
            for (oid, each), arrived in zip(self.types, found, strict=True)
        )

    def around(self, max_rows: int) -> tuple[str, str]:
        """What stands around the statement: the row cap, and composites cast to JSON."""
        limit = f"limit {int(max_rows) + 1}"
        if not any(each.composite for _, each in self.types):
            return _START, f"\n) as _q {limit}"
        selected = ", ".join(
            f"to_json(c{index})" if each.composite else f"c{index}"
            for index, (_, each) in enumerate(self.types)
        )
        aliases = ", ".join(f"c{index}" for index in range(len(self.types)))
        # Numbered columns and a number: nothing of the caller's.
        return f"select {selected} from (\n", f"\n) as _q({aliases}) {limit}"  # noqa: S608


def _run(
    session: Session, query: BoundQuery, deadline: Deadline
) -> tuple[list[int], list[tuple[Any, ...]]]:
    """The oids of the columns, and the rows."""
    values = [parameter_text(value) for value in query.values]
    return session.fetch(query.sql, values, timeout_ms=_timeout_ms(deadline))


def _timeout_ms(deadline: Deadline) -> int:
    return max(1, int(deadline.remaining_s() * 1000))


@contextmanager
def _translated(sql: str, wrapped_by: int, deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise engine_error(error, sql, wrapped_by, deadline) from error
    except UnicodeEncodeError as error:
        raise QueryFailedError("a value has a character that UTF-8 cannot encode") from error
    except NulInValueError as error:
        raise QueryFailedError(
            "a value has a NUL character, which PostgreSQL cannot hold"
        ) from error


def _names(array: str | None) -> list[str]:
    """The names in an array as it arrives: as text."""
    return parse_array(array, None) if array else []

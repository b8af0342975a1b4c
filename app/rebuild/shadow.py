"""Shadow tables: temporary ones of the same names, on one connection, that come before the real.

Whatever writes to `site_flow` on that connection writes to the shadow, without knowing. They last
as long as the connection: nothing is left of them, however it ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.orm import Base
from app.rebuild.difference import Difference, Found, difference

REAL_FIRST = text("SET LOCAL search_path TO public, pg_temp")
"""For one transaction: names are those of the real tables again."""


@dataclass(frozen=True)
class Shadow:
    """A table that leaves determine."""

    table: type[Base]
    ignore: tuple[str, ...] = ()
    """Columns that stand in no leaf."""
    sums: tuple[str, ...] = ()
    """A row in which these are all zero says nothing: it may be there or not."""
    indexes: bool = True
    """Whether the work needs the table's other indexes too."""

    @property
    def name(self) -> str:
        """The table's name."""
        return _table(self.table).name

    @property
    def keys(self) -> list[str]:
        """The columns of the primary key."""
        return [column.name for column in _table(self.table).primary_key]

    @property
    def columns(self) -> list[str]:
        """The columns that are compared, the key's first."""
        names = [c.name for c in _table(self.table).columns if c.name not in self.ignore]
        return [*self.keys, *(name for name in names if name not in self.keys)]


def _table(table: type[Base]) -> Table:
    found: Table = table.__table__  # type: ignore[assignment]
    return found


async def make(session: AsyncSession, shadow: Shadow, *, filled: bool = False) -> None:
    """Make the shadow of a table, empty, or `filled` with what stands: what is only written to."""
    name = shadow.name
    parts = "INCLUDING DEFAULTS INCLUDING IDENTITY" + " INCLUDING INDEXES" * shadow.indexes
    await session.execute(text(f"CREATE TEMP TABLE {name} (LIKE public.{name} {parts})"))
    if not shadow.indexes:
        keys = _listed(shadow.keys)
        await session.execute(text(f"ALTER TABLE pg_temp.{name} ADD PRIMARY KEY ({keys})"))
    if filled:
        rows = f"INSERT INTO pg_temp.{name} SELECT * FROM public.{name}"  # noqa: S608  our own names
        await session.execute(text(rows))


async def copy_in(
    session: AsyncSession, table: type[Base], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Put rows into a shadow, all in one go."""
    if rows:
        connection: AsyncConnection = await session.connection()
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None, "a connection that is open"
        await driver.copy_records_to_table(
            table.__tablename__, schema_name="pg_temp", columns=list(columns), records=rows
        )


async def hold_against(session: AsyncSession, shadow: Shadow) -> Found | None:
    """Compare a table with its shadow; the keys of rows that differ stand in `differs_<table>`."""
    name, keys = shadow.name, shadow.keys
    columns = shadow.columns
    some = f"WHERE {' OR '.join(f'{_q(c)} <> 0' for c in shadow.sums)}" if shadow.sums else ""
    sides = [
        f"(SELECT {_listed(columns)} FROM {schema}.{name} {some}) AS {alias}"  # noqa: S608
        for schema, alias in (("public", "p"), ("pg_temp", "s"))
    ]
    both = f"FROM {sides[0]} FULL JOIN {sides[1]} USING ({_listed(keys)})"
    others = [column for column in columns if column not in keys]
    unlike = [
        f"p.{_q(keys[0])} IS NULL OR s.{_q(keys[0])} IS NULL",
        *(f"p.{_q(c)} IS DISTINCT FROM s.{_q(c)}" for c in others),
    ]
    where = f"WHERE {' OR '.join(unlike)}"
    await session.execute(text(f"DROP TABLE IF EXISTS pg_temp.differs_{name}"))
    await session.execute(
        text(f"CREATE TEMP TABLE differs_{name} AS SELECT {_listed(keys)} {both} {where}")
    )
    count = await session.scalar(text(f"SELECT count(*) FROM pg_temp.differs_{name}"))  # noqa: S608
    return Found(int(count), await _first(session, shadow)) if count else None


async def _first(session: AsyncSession, shadow: Shadow) -> Difference:
    name, keys, columns = shadow.name, shadow.keys, shadow.columns
    same = " AND ".join(f"t.{_q(key)} = d.{_q(key)}" for key in keys)
    key = f"(SELECT * FROM pg_temp.differs_{name} ORDER BY {_listed(keys)} LIMIT 1) AS d"  # noqa: S608
    sides = [
        f"(SELECT to_jsonb(r) FROM (SELECT {_listed(columns)} FROM {schema}.{name} t WHERE {same}) r)"  # noqa: S608
        for schema in ("public", "pg_temp")
    ]
    found = (await session.execute(text(f"SELECT {', '.join(sides)} FROM {key}"))).one()  # noqa: S608
    stands, should = ({c: row[c] for c in columns} if row else None for row in found)
    return difference(name, keys, stands, should)


async def put_right(session: AsyncSession, shadow: Shadow) -> None:
    """Let rows that differ go, and be as in the shadow: for tables that nothing rests on."""
    assert not shadow.ignore, "the row would lose what no leaf tells"
    name, same = shadow.name, _same(shadow)
    delete = f"DELETE FROM public.{name} t USING pg_temp.differs_{name} d WHERE {same}"  # noqa: S608
    await session.execute(text(delete))
    await _add(session, shadow)


async def bring_up(session: AsyncSession, shadow: Shadow) -> None:
    """Let rows that differ be as in the shadow, and add those that are missing."""
    name, same, keys = shadow.name, _same(shadow), shadow.keys
    others = [column for column in shadow.columns if column not in keys]
    if others:
        update = (
            f"UPDATE public.{name} t SET ({_listed(others)}) = ROW({_listed(others, 's.')})"  # noqa: S608
            f" FROM pg_temp.{name} s JOIN pg_temp.differs_{name} d USING ({_listed(keys)})"
            f" WHERE {' AND '.join(f't.{_q(key)} = s.{_q(key)}' for key in keys)}"
        )
        await session.execute(text(update))
    await _add(session, shadow, f"AND NOT EXISTS (SELECT FROM public.{name} d WHERE {same})")


async def remove_others(session: AsyncSession, shadow: Shadow) -> None:
    """Remove rows that are not in the shadow."""
    name, same = shadow.name, _same(shadow)
    delete = (
        f"DELETE FROM public.{name} t USING pg_temp.differs_{name} k"  # noqa: S608
        f" WHERE {_same(shadow, 'k')} AND NOT EXISTS (SELECT FROM pg_temp.{name} d WHERE {same})"
    )
    await session.execute(text(delete))


async def _add(session: AsyncSession, shadow: Shadow, where: str = "") -> None:
    name = shadow.name
    insert = (
        f"INSERT INTO public.{name} ({_listed(shadow.columns)})"  # noqa: S608
        f" SELECT {_listed(shadow.columns, 't.')} FROM pg_temp.{name} t"
        f" JOIN pg_temp.differs_{name} k ON {_same(shadow, 'k')} {where}"
    )
    await session.execute(text(insert))


def _same(shadow: Shadow, other: str = "d") -> str:
    return " AND ".join(f"t.{_q(key)} = {other}.{_q(key)}" for key in shadow.keys)


async def tidy(connection: AsyncConnection, shadows: Iterable[Shadow]) -> None:
    """Vacuum and analyze shadows, which nobody else does; outside of any transaction."""
    raw = await connection.get_raw_connection()
    assert raw.driver_connection is not None, "a connection that is open"
    names = ", ".join(f"pg_temp.{shadow.name}" for shadow in shadows)
    await raw.driver_connection.execute(f"VACUUM (ANALYZE) {names}")


def _q(name: str) -> str:
    return f'"{name}"'


def _listed(names: Iterable[str], before: str = "") -> str:
    return ", ".join(f"{before}{_q(name)}" for name in names)

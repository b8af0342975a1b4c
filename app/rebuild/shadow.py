"""Shadow tables: temporary ones of the same names, on one connection, that come before the real.

Whatever writes to `site_flow` on that connection writes to the shadow, without knowing. All reads
see one snapshot, so a platform that goes on recording meanwhile makes no difference.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from app.orm import Base


@asynccontextmanager
async def shadowed(
    engine: AsyncEngine, tables: Iterable[type[Base]]
) -> AsyncIterator[AsyncSession]:
    """Yield a session of one snapshot in which these tables are empty copies; nothing is kept."""
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin() as transaction:
            for table in tables:
                name = table.__tablename__
                await connection.execute(
                    text(f"CREATE TEMP TABLE {name} (LIKE public.{name} INCLUDING DEFAULTS"
                         " INCLUDING INDEXES) ON COMMIT DROP")
                )  # fmt: skip
            async with AsyncSession(bind=connection, expire_on_commit=False) as session:
                yield session
            await transaction.rollback()


async def copy_in(
    session: AsyncSession, table: type[Base], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Put rows into a shadow table, all in one go."""
    connection: AsyncConnection = await session.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None, "a connection that is open"
    await driver.copy_records_to_table(
        table.__tablename__, schema_name="pg_temp", columns=list(columns), records=rows
    )


async def first_difference(
    session: AsyncSession, table: type[Base], *, ignore: Iterable[str] = ()
) -> tuple[str, dict[str, Any]] | None:
    """Return (`stands` or `recomputed`, row) for the first row, by primary key, in one table alone.

    Rows whose sums are all zero say nothing and may be in one table and not in the other.
    """
    named: Table = table.__table__  # type: ignore[assignment]
    keys = [column.name for column in named.primary_key]
    columns = [c.name for c in named.columns if c.name not in set(ignore)]
    sums = [
        c.name
        for c in named.columns
        if c.name.endswith("_g") and c.name not in keys and c.name in columns
    ]
    listed, order = ", ".join(map(_quoted, columns)), ", ".join(map(_quoted, keys))
    some = f" WHERE {' OR '.join(f'{_quoted(name)} <> 0' for name in sums)}" if sums else ""
    stands, recomputed = (
        f"SELECT {listed} FROM {schema}.{named.name}{some}"  # noqa: S608  names of our own models
        for schema in ("public", "pg_temp")
    )
    found: list[tuple[tuple[str, ...], str, dict[str, Any]]] = []
    for said, left, right in (
        ("stands", stands, recomputed),
        ("recomputed", recomputed, stands),
    ):
        query = f"SELECT * FROM ({left} EXCEPT {right}) AS d ORDER BY {order} LIMIT 1"  # noqa: S608
        rows = (await session.execute(text(query))).mappings()
        found += [(tuple(str(row[key]) for key in keys), said, dict(row)) for row in rows]
    if not found:
        return None
    _, said, first = min(found, key=lambda one: (one[0], one[1]))
    return said, first


def _quoted(name: str) -> str:
    return f'"{name}"'

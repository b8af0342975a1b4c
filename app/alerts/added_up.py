"""Rows of running sums: loaded for the sites and counties of a part, added to, written back."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.keep import upsert
from app.alerts.running import AlertDigits, AlertMonth, AlertQuarter, AlertStock, AlertYear
from app.orm import among

BY_SITE = (AlertStock, AlertMonth, AlertQuarter, AlertDigits)
BY_COUNTY = (AlertYear,)


class AddedUp:
    """Sums by table and primary key; those of a part, not those of the whole table."""

    def __init__(self) -> None:
        self._rows: dict[Any, dict[tuple[Any, ...], list[int]]] = defaultdict(dict)
        self._changed: dict[Any, set[tuple[Any, ...]]] = defaultdict(set)

    @classmethod
    async def load(cls, session: AsyncSession, sites: set[str], counties: set[str]) -> "AddedUp":
        """Load the rows of sites and counties."""
        sums = cls()
        for tables, codes in ((BY_SITE, sites), (BY_COUNTY, counties)):
            for table in tables:
                keys, others = _columns(table)
                query = select(*keys, *others).where(among(keys[0], codes))
                for row in await session.execute(query):
                    values = row[len(keys) :]
                    flat = values[0] if table is AlertDigits else values
                    sums._rows[table][row[: len(keys)]] = list(flat)
        return sums

    def add(self, table: Any, key: tuple[Any, ...], *added: int) -> list[int]:
        """Add to a row, and return it; it may be changed in place."""
        row = self._rows[table].get(key)
        if row is None:
            row = self._rows[table][key] = [0] * len(added)
        for n, amount in enumerate(added):
            row[n] += amount
        self._changed[table].add(key)
        return row

    async def save(self, session: AsyncSession) -> None:
        """Write the rows that have changed."""
        for table, changed in self._changed.items():
            names = [column.name for some in _columns(table) for column in some]
            rows = []
            for key in sorted(changed):
                values = self._rows[table][key]
                told = [values] if table is AlertDigits else values
                rows.append(dict(zip(names, (*key, *told), strict=True)))
            await upsert(session, table, rows)


def _columns(table: Any) -> tuple[list[Any], list[Any]]:
    """Return a table's columns: its primary key, and the others."""
    columns = table.__table__.columns
    return [c for c in columns if c.primary_key], [c for c in columns if not c.primary_key]

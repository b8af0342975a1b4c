"""Declared rows that a caller's scope reaches."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.areas.scope import Reach, within
from app.supply.models import SupplyRow


async def list_supply(
    session: AsyncSession,
    reach: Reach,
    *,
    county: str | None = None,
    start: date | None = None,
    end: date | None = None,
    after: tuple[date, str] | None = None,
    limit: int,
) -> Sequence[tuple[SupplyRow, str | None]]:
    """Return rows by day and id, each with the id of the row that replaces it, if any."""
    later = aliased(SupplyRow)
    query = (
        select(SupplyRow, later.id)
        .outerjoin(later, later.replaces == SupplyRow.id)
        .where(within(reach, county=SupplyRow.county))
        .order_by(SupplyRow.on_day, SupplyRow.id)
        .limit(limit)
    )
    if county is not None:
        query = query.where(SupplyRow.county == county)
    if start is not None:
        query = query.where(SupplyRow.on_day >= start)
    if end is not None:
        query = query.where(SupplyRow.on_day <= end)
    if after is not None:
        query = query.where(tuple_(SupplyRow.on_day, SupplyRow.id) > after)
    return [(row, replaced_by) for row, replaced_by in await session.execute(query)]

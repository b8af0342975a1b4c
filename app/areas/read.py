"""Divisions, reporting areas and pilots as they were on a day. Days are inclusive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area, County, CountyArea, Pilot


@dataclass(frozen=True)
class CountyThen:
    """A county with the area it reported to, if any, and whether it was a pilot."""

    county: County
    area: str | None
    pilot: bool


def today() -> date:
    """Return the calendar day in the province."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


async def list_areas(session: AsyncSession, *, after: str = "", limit: int) -> Sequence[Area]:
    """Return the province and all areas that ever reported to it, by code after `after`."""
    query = select(Area).where(Area.code > after).order_by(Area.code).limit(limit)
    return (await session.scalars(query)).all()


async def list_counties(
    session: AsyncSession,
    on: date,
    *,
    pilot: bool | None = None,
    after: str = "",
    limit: int,
) -> list[CountyThen]:
    """Return counties as of a day, by code after `after`; pilots or others alone where asked."""
    designated = exists().where(Pilot.county == County.code, held(Pilot, on))
    query = (
        select(County, CountyArea.area, designated)
        .outerjoin(CountyArea, (CountyArea.county == County.code) & held(CountyArea, on))
        .where(County.code > after)
        .order_by(County.code)
        .limit(limit)
    )
    if pilot is not None:
        query = query.where(designated if pilot else ~designated)
    return [CountyThen(*row) for row in await session.execute(query)]


def held(table: type[CountyArea | Pilot], on: date) -> ColumnElement[bool]:
    """Return the condition that a dated row holds on a day."""
    return and_(table.valid_from <= on, or_(table.valid_to.is_(None), table.valid_to >= on))

"""What divisions are called, and which ones a caller may choose from."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area, County
from app.areas.scope import Reach


async def county_names(session: AsyncSession, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of counties by code."""
    query = select(County.code, County.name).where(County.code.in_(set(codes)))
    return {row.code: row.name for row in await session.execute(query)}


async def name_of_area(session: AsyncSession, code: str) -> str:
    """Return the name of the province, a reporting area or a county; its code if it has none."""
    area = select(Area.name).where(Area.code == code)
    county = select(County.name).where(County.code == code)
    return await session.scalar(area) or await session.scalar(county) or code


async def counties_to_choose(session: AsyncSession, reach: Reach) -> list[tuple[str, str]]:
    """Return (code, name) of the counties in reach, a township's own county too, by code."""
    query = select(County.code, County.name).order_by(County.code)
    if not reach.everything:
        own = {reach.township[0]} if reach.township else set()
        query = query.where(County.code.in_(reach.counties | own))
    return [(row.code, row.name) for row in await session.execute(query)]

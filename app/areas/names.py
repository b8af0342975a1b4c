"""What divisions are called, and which ones a caller may choose from."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE, Area, County, CountyArea
from app.areas.read import held
from app.areas.scope import Reach
from app.orm import among


async def county_names(session: AsyncSession, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of counties by code."""
    query = select(County.code, County.name).where(County.code.in_(set(codes)))
    return {row.code: row.name for row in await session.execute(query)}


async def name_of_area(session: AsyncSession, code: str) -> str:
    """Return the name of the province, a reporting area or a county; its code if it has none."""
    area = select(Area.name).where(Area.code == code)
    county = select(County.name).where(County.code == code)
    return await session.scalar(area) or await session.scalar(county) or code


async def areas_to_choose(
    session: AsyncSession, reach: Reach, own: str, on: date
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (heading, [(code, name)]): the areas that an official of `own` may speak for.

    First the province and its reporting areas, or the own one, then the counties of each.
    """
    top = select(Area.code, Area.name).order_by(Area.kind != "province", Area.code)
    if not reach.everything:
        top = top.where(Area.code == own)
    areas = {row.code: row.name for row in await session.execute(top)}
    query = (
        select(County.code, County.name, CountyArea.area)
        .join(CountyArea, CountyArea.county == County.code)
        # A county that reports by itself stands among the areas already.
        .where(held(CountyArea, on), among(CountyArea.area, areas), County.code != CountyArea.area)
        .order_by(CountyArea.area, County.code)
    )
    counties: dict[str, list[tuple[str, str]]] = {}
    for code, name, area in await session.execute(query):
        counties.setdefault(area, []).append((code, name))
    return [("", list(areas.items())), *((areas[area], some) for area, some in counties.items())]


async def counties_to_choose(session: AsyncSession, reach: Reach) -> list[tuple[str, str]]:
    """Return (code, name) of the counties in reach, a township's own county too, by code."""
    query = select(County.code, County.name).order_by(County.code)
    if not reach.everything:
        own = {reach.township[0]} if reach.township else set()
        query = query.where(County.code.in_(reach.counties | own))
    return [(row.code, row.name) for row in await session.execute(query)]


async def areas_within(session: AsyncSession, reach: Reach, on: date) -> list[tuple[str, str]]:
    """Return (code, name) of what is wholly in reach: the province, reporting areas, counties."""
    members: dict[str, set[str]] = {}
    rows = await session.execute(
        select(CountyArea.area, CountyArea.county).where(held(CountyArea, on))
    )
    for area, county in rows:
        members.setdefault(area, set()).add(county)
    whole = {code for code, own in members.items() if reach.everything or own <= reach.counties}
    whole = whole | {PROVINCE} if reach.everything else whole - {PROVINCE}
    query = select(Area.code, Area.name).where(Area.code.in_(whole)).order_by(Area.code)
    names = {row.code: row.name for row in await session.execute(query)}
    return list((names | dict(await counties_to_choose(session, reach))).items())

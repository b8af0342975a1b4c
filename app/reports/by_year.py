"""The recovery rate of what a caller reaches, year by year: the total of each year's report.

Set-based: as many statements for ten years as for one.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import CountyArea
from app.areas.scope import Reach, reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.balance.models import CountyFlow
from app.balance.postings import FIELD
from app.balance.read import HELD
from app.events.happening import day_of
from app.reports.formulae import METHOD, Rate
from app.reports.masses import SCOPE
from app.reports.recovery import By, rate_over, widest_level
from app.supply.models import SupplyDay

Grams = dict[int, dict[str, int]]
"""By year and county."""


async def recovery_by_year(
    session: AsyncSession, caller: Caller, years: Sequence[int], *, now: datetime
) -> dict[int, Rate]:
    """Return 回收率 of each year as the total of `recovery` has it, `by` the caller's own level.

    Empty for a caller who has the right but reaches no whole county: a township's official.
    """
    require(caller, "reports.read")
    reach = await reach_of(session, caller)
    if not (reach.everything or reach.counties):
        return {}
    reporting = (await session.scalars(select(CountyArea).order_by(CountyArea.county))).all()
    collected, generated = await _collected(session, years), await _generated(session, years)
    by, today = widest_level(caller), day_of(now)
    return {
        year: rate_over(
            _counties(reporting, min(date(year, 12, 31), today), by, reach),
            collected.get(year, {}),
            generated.get(year, {}),
        )
        for year in years
    }


def _counties(reporting: Sequence[CountyArea], on: date, by: By, reach: Reach) -> list[str]:
    """Return the counties of the rows that the report of a level shows, as divided on a day."""
    rows: dict[str, list[str]] = {}
    for one in reporting:
        if one.valid_from <= on and (one.valid_to is None or one.valid_to >= on):
            level = {"province": "", "area": one.area, "county": one.county}
            rows.setdefault(level[by], []).append(one.county)
    return [code for row in rows.values() if all(map(reach.holds_county, row)) for code in row]


async def _collected(session: AsyncSession, years: Sequence[int]) -> Grams:
    """Return what came from the field, less what was booked back to it, by county of origin."""
    flow = CountyFlow
    year = func.extract("year", flow.occurred_on)
    taken, returned = flow.to_class.in_(HELD), flow.from_class.in_(HELD)
    rows = await session.execute(
        select(year, flow.origin_county, func.sum(case((taken, flow.mass_g), else_=-flow.mass_g)))
        .where(
            flow.scope == SCOPE,
            flow.occurred_on.between(date(min(years), 1, 1), date(max(years), 12, 31)),
            ((flow.from_class == FIELD) & taken) | ((flow.to_class == FIELD) & returned),
        )
        .group_by(year, flow.origin_county)
    )
    return _by_year(rows.all())


async def _generated(session: AsyncSession, years: Sequence[int]) -> Grams:
    year = func.extract("year", SupplyDay.occurred_on)
    rows = await session.execute(
        select(year, SupplyDay.county, func.sum(SupplyDay.mass_g))
        .where(
            SupplyDay.method == METHOD,
            SupplyDay.occurred_on.between(date(min(years), 1, 1), date(max(years), 12, 31)),
        )
        .group_by(year, SupplyDay.county)
    )
    return _by_year(rows.all())


def _by_year(rows: Sequence[Any]) -> Grams:
    found: Grams = {}
    for year, county, grams in rows:
        found.setdefault(int(year), {})[county] = int(grams)
    return found

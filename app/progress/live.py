"""Values that this platform knows itself: the recovery rate, and how many stand on a list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE, Area, County
from app.auth.caller import Caller
from app.auth.permissions import allows
from app.events.happening import day_of
from app.plan.linked import Row
from app.progress.assess import Point
from app.reports.by_year import recovery_by_year

FIRST_YEAR = 2021
"""The first year of the plan's period: no bag was followed before."""
REPORT = {
    "name": "农药包装废弃物回收率报表",
    "href": "/api/v1/reports/recovery",
    "page": "/reports/recovery",
}
FOR_STRANGERS = "为未公布的实时数字，请登录后查看"
FOR_OTHERS = "为未公布的实时数字，您的账号不能查看"


@dataclass(frozen=True)
class Known:
    """What is known of a target: points by year, or why there are none, and where it all stands.

    `unit` is that of the points where it is not the target's: a list counts in what it has.
    `area` is whose figure it is where it is not the province's. `industries` counts, for a list
    that has so many of each industry, the industries that have enough and what is missing.
    """

    points: Sequence[Point] = ()
    why: str | None = None
    origin: Row | None = None
    standing: bool = False
    unit: str | None = None
    area: Row | None = None
    industries: Row | None = None
    notes: Sequence[str] = field(default_factory=list)


async def recovery_known(
    session: AsyncSession, caller: Caller | None, *, on: date, now: datetime
) -> Known:
    """Return the recovery rate in percent, year by year, of what the caller's reports reach."""
    if caller is None or not allows(caller, "reports.read"):
        return Known(why=FOR_OTHERS if caller else FOR_STRANGERS)
    years = range(FIRST_YEAR, min(on.year, day_of(now).year) + 1)
    if not years:
        return Known(why=f"{FIRST_YEAR} 年以前没有数据", origin=REPORT)
    rates = await recovery_by_year(session, caller, years, now=now)
    if not rates:
        return Known(why=FOR_OTHERS)
    points = [
        Point(year, Decimal(repr(rate.value)) * 100, REPORT["name"])
        for year, rate in rates.items()
        if rate.value is not None
    ]
    area = await _own_area(session, caller)
    return Known(
        points,
        why=None if points else rates[years[-1]].why,
        origin=REPORT,
        area=area,
        notes=[f"这是{area['name']}的数字，目标是全省的"] if area else [],
    )


async def _own_area(session: AsyncSession, caller: Caller) -> Row | None:
    """Return the area whose rate the caller's report shows; None for the whole province."""
    if caller.role not in {"city", "county"} or caller.area == PROVINCE:
        return None
    kind = County if caller.role == "county" else Area
    name = await session.scalar(select(kind.name).where(kind.code == caller.area))
    return {"code": caller.area, "name": name or caller.area}

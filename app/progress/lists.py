"""How many stand on the lists that targets count: at the end of each year, and on the day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from app.plan.addresses import page_of
from app.plan.linked import link
from app.plan.read import Plan
from app.plan.tables import PlanRegister, PlanTarget
from app.progress.assess import Point
from app.progress.live import FIRST_YEAR, Known
from app.registers.kinds import Counts, by_industry_of, count_standing

INDUSTRIES, ENTRIES = "个行业", "条"
CountsByYear = Mapping[int, Mapping[str, Counts]]
"""Standing entries by register and industry, at the end of a year or on the day asked for."""


async def counts_to(session: AsyncSession, on: date, *, this_year: int) -> CountsByYear:
    """Return the counts of each year's last day, of the last year's on the day; one query each.

    Of years to come there is the day alone, however far it lies ahead.
    """
    days = [date(year, 12, 31) for year in range(FIRST_YEAR, min(on.year, this_year + 1))]
    return {day.year: await count_standing(session, day) for day in [*days, on]}


def list_known(plan: Plan, target: PlanTarget, counts: CountsByYear) -> Known:
    """Return a list's counts as points of its target, as it stands.

    For a list that has so many of each industry a point is the number of industries with enough.
    """
    register = next(one for one in plan.registers if one.slug == target.register)
    key = register.live or register.slug
    source = f"名单“{register.name}”"
    points = []
    for year, found in counts.items():
        own = found.get(key, {})
        enough = _enough(plan, register, own)
        count = sum(own.values()) if enough is None else enough
        points.append(Point(year, Decimal(count), source))
    return Known(
        points,
        origin={
            **link("registers", register.slug, register.name),
            "page": page_of("registers", register.slug),
        },
        standing=True,
        unit=INDUSTRIES if register.industry_list else target.unit or ENTRIES,
        industries=_industries(plan, register, counts[max(counts)].get(key, {})),
    )


def _enough(plan: Plan, register: PlanRegister, counts: Counts) -> int | None:
    if register.industry_list is None:
        return None
    return sum(not one["missing"] for one in by_industry_of(plan, register, counts))


def _industries(plan: Plan, register: PlanRegister, counts: Counts) -> dict[str, int] | None:
    """Return of how many industries how many have enough, and how many entries are missing."""
    if register.industry_list is None:
        return None
    rows = by_industry_of(plan, register, counts)
    return {
        "of": len(rows),
        "enough": sum(not one["missing"] for one in rows),
        "missing": sum(one["missing"] for one in rows),
        "entries": sum(counts.values()),
    }

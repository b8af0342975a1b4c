"""Points that say nothing all month: expected when the month begins, and due after it has ended."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.rules.bounds import named
from app.alerts.rules.mark import Mark, seers
from app.alerts.running import AlertMonth
from app.alerts.scene import Scene
from app.events.happening import SHANGHAI
from app.parties.models import Site


def silent(scene: Scene, site: str, month: date, known_at: datetime) -> Mark | None:
    """Return what will speak against a point unless it tells of a month; None out of season."""
    at = scene.at(site[:6], month, known_at)
    grace = at.bound("silent-point", "grace")
    if grace is None:
        return None
    figures = {"month": name_of(month), "thresholds": named(grace)}
    due_at = beginning(next_month(month)) + timedelta(days=grace.value)
    seen_by = seers([scene.places.get(site)])
    return Mark(
        "silent-point", site, name_of(month), site[:6], site, seen_by, figures, due_at=due_at
    )


def name_of(month: date) -> str:
    """Return a month as reports name it, such as 2026-07."""
    return f"{month:%Y-%m}"


def next_month(month: date) -> date:
    """Return the first day of the month after one."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def beginning(day: date) -> datetime:
    """Return the instant at which a day begins in the province."""
    return datetime.combine(day, time(), SHANGHAI)


def month_after(at: datetime) -> datetime:
    """Return the instant at which the month after one's own begins."""
    return _month_after(at.astimezone(SHANGHAI).date().replace(day=1))


@lru_cache(maxsize=1_000)
def _month_after(month: date) -> datetime:
    return beginning(next_month(month))


def months_between(start: datetime, end: datetime) -> list[date]:
    """Return the months that begin after one instant and not after another."""
    month, found = next_month(start.astimezone(SHANGHAI).date().replace(day=1)), []
    while beginning(month) <= end:
        found.append(month)
        month = next_month(month)
    return found


async def points_open(session: AsyncSession, month: date) -> list[Site]:
    """Return the points that are open all of a month and have not told of it, by code."""
    last = next_month(month) - timedelta(days=1)
    told = select(AlertMonth.site).where(AlertMonth.month == month, AlertMonth.told > 0)
    rows = await session.scalars(
        select(Site)
        .where(Site.kind == "P", Site.opened_on <= month, Site.code.not_in(told))
        .where(or_(Site.closed_on.is_(None), Site.closed_on >= last))
        .order_by(Site.code)
    )
    return list(rows)

"""The calendar as it stands: the notices that come with the platform, then what was entered."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import ROOT
from app.workdays.calendar import Calendar
from app.workdays.models import WorkdayRow

DATA = ROOT / "app" / "workdays" / "data"


@dataclass(frozen=True)
class Day:
    """A day that is not what its weekday says, and the document that says so."""

    day: date
    kind: str
    name: str
    source: str


@lru_cache(maxsize=1)
def noticed() -> dict[int, tuple[Day, ...]]:
    """Return the days of the notices in `data/`, by the year of their file."""
    return {
        int(path.stem): tuple(_rows(path.read_text(encoding="utf-8")))
        for path in sorted(DATA.glob("*.csv"))
    }


def _rows(text: str) -> Sequence[Day]:
    return [
        Day(date.fromisoformat(row["day"]), row["kind"], row["name"], row["source"])
        for row in csv.DictReader(text.splitlines())
    ]


async def days_of(session: AsyncSession) -> tuple[dict[date, Day], frozenset[int]]:
    """Return every such day, the latest word on each, and the years that are known; one query."""
    found = {day.day: day for days in noticed().values() for day in days}
    years = set(noticed())
    entered = select(WorkdayRow).order_by(WorkdayRow.entered_at, WorkdayRow.id)
    for row in await session.scalars(entered):
        found[row.day] = Day(row.day, row.kind, row.name, row.source)
        if row.year is not None:
            years.add(row.year)
    return found, frozenset(years)


async def calendar_of(session: AsyncSession) -> Calendar:
    """Return the calendar that deadlines are counted by."""
    days, years = await days_of(session)
    return Calendar({day: one.kind == "work" for day, one in days.items()}, years)

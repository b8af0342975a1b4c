"""Enter days of the calendar: insert-only, the latest word on a day holds."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.ids import SYSTEM, uuid7
from app.workdays.models import WorkdayRow
from app.workdays.schemas import WorkdayEntry


async def enter_workdays(
    session: AsyncSession, caller: Caller, entry: WorkdayEntry, *, now: datetime
) -> None:
    """Insert the days of one document."""
    session.add_all(
        WorkdayRow(
            id=uuid7(SYSTEM, now),
            day=one.day,
            kind=one.kind,
            name=one.name,
            source=entry.source,
            year=entry.year,
            entered_at=now,
            entered_by=caller.id,
        )
        for one in entry.days
    )
    await session.flush()

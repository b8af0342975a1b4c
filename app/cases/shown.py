"""Make cases as they are shown: with their deadline as of today, their worker, their history."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.areas.scope import Reach
from app.cases.models import Case
from app.cases.read import find_case, history_of, people, standing
from app.cases.schemas import CaseShown, CaseWithHistory, NoteShown
from app.errors import NotFound
from app.workdays.calendar import Calendar
from app.workdays.read import calendar_of


async def shown(
    session: AsyncSession, cases: Sequence[Case], on: date, calendar: Calendar
) -> list[CaseShown]:
    """Return cases as shown on a day."""
    who = await people(session, [case.worked_by for case in cases])
    return [
        CaseShown.of(
            case,
            standing(case.counts_from, case.working_days, on, calendar),
            who.get(case.worked_by) if case.worked_by else None,
        )
        for case in cases
    ]


async def see_case(session: AsyncSession, reach: Reach, case: UUID) -> CaseWithHistory:
    """Return a case in reach with its history; NotFound."""
    found = await find_case(session, reach, case)
    if found is None:
        raise NotFound(what=str(case))
    return await with_history(session, found)


async def with_history(session: AsyncSession, case: Case) -> CaseWithHistory:
    """Return a case with its history, as of today."""
    [one] = await shown(session, [case], today(), await calendar_of(session))
    notes = [NoteShown.of(line) for line in await history_of(session, case.id)]
    return CaseWithHistory(**dict(one), notes=notes)

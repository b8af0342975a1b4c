"""Cases that a caller's scope reaches, their history, and how they stand against their terms."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.areas.scope import Reach, within
from app.auth.models import Account
from app.cases.models import Case, CaseNote, CasePhoto
from app.orm import among, overlaps
from app.workdays.calendar import Calendar, add_workdays, begun_before, workdays_left

State = Literal["open", "acknowledged", "resolved"]
STATE_NAMES: dict[str, str] = {
    "open": "待认领",
    "acknowledged": "处理中",
    "resolved": "已办结",
}
LONGEST_TERM = 250
"""Working days that a term may have: a year of them."""


@dataclass(frozen=True)
class Standing:
    """How a matter stands against its term; `left` is negative once it is over."""

    on: date
    left: int
    overdue: bool
    assumed: bool
    """The day was counted through a year whose holidays are not known."""


@dataclass(frozen=True)
class Person:
    """Who wrote or works, as colleagues see them."""

    name: str
    role: str


@dataclass(frozen=True)
class Line:
    """A note with its author and the ids of its photos, in order."""

    note: CaseNote
    author: Person | None
    photos: Sequence[UUID]


def cases_within(reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps cases inside `reach`: by the sites concerned."""
    return within(reach, seen_by=Case.seen_by)


def standing(begun: date, working_days: int, today: date, calendar: Calendar) -> Standing:
    """Return how a term that began on a day stands today."""
    due = add_workdays(begun, working_days, calendar)
    left = workdays_left(today, due.on, calendar)
    return Standing(due.on, left, overdue=due.on < today, assumed=due.assumed)


def presses(case: Case) -> bool:
    """Tell whether the term of a case still counts."""
    return case.state != "resolved" and case.cause_gone_at is None


def overdue(today: date, calendar: Calendar, terms: Collection[int]) -> ColumnElement[bool]:
    """Return the WHERE clause of cases whose term is over; `terms` are the lengths that occur."""
    over = [
        and_(Case.working_days == n, Case.counts_from < begun_before(today, n, calendar))
        for n in sorted(terms)
    ]
    pressing = and_(Case.state != "resolved", Case.cause_gone_at.is_(None))
    return and_(pressing, or_(*over)) if over else false()


async def case_exists(session: AsyncSession, reach: Reach, case: UUID) -> bool:
    """Tell whether there is such a case in reach: what a write-off names."""
    query = select(Case.id).where(Case.id == case, cases_within(reach))
    return await session.scalar(query) is not None


async def find_case(session: AsyncSession, reach: Reach, case: UUID) -> Case | None:
    """Return a case in reach, None where there is none."""
    return await session.scalar(select(Case).where(Case.id == case, cases_within(reach)))


async def case_about(session: AsyncSession, kind: str, key: str) -> Case | None:
    """Return the case of a matter, None where nobody has worked on it; scope is the matter's."""
    of_matter = Case.about_kind == kind, Case.about_key == key
    return await session.scalar(select(Case).where(*of_matter))


@dataclass(frozen=True)
class Wanted:
    """Which cases a list shows; counties keep those that concern one of them."""

    state: State | None = None
    overdue_only: bool = False
    counties: Collection[str] = ()


async def list_cases(
    session: AsyncSession,
    reach: Reach,
    wanted: Wanted,
    *,
    today: date,
    calendar: Calendar,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Case]:
    """Return cases in reach, those opened last first, by (opened_at, id)."""
    query = (
        select(Case)
        .where(cases_within(reach))
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(limit)
    )
    if wanted.state is not None:
        query = query.where(Case.state == wanted.state)
    if wanted.overdue_only:
        terms = set(await session.scalars(select(Case.working_days).distinct()))
        query = query.where(overdue(today, calendar, terms))
    if wanted.counties:
        query = query.where(overlaps(Case.seen_by, sorted(wanted.counties)))
    if before is not None:
        query = query.where(tuple_(Case.opened_at, Case.id) < before)
    return (await session.scalars(query)).all()


async def people(session: AsyncSession, ids: Collection[UUID | None]) -> dict[UUID, Person]:
    """Return who accounts are, by id; one query."""
    known = {one for one in ids if one}
    if not known:
        return {}
    columns = (Account.id, Account.display_name, Account.role)
    rows = await session.execute(select(*columns).where(among(Account.id, known)))
    return {row.id: Person(row.display_name, row.role) for row in rows}


async def history_of(session: AsyncSession, case: UUID) -> list[Line]:
    """Return the lines of a case, the earliest first, with authors and photos; three queries."""
    ordered = select(CaseNote).where(CaseNote.case_id == case)
    notes = (await session.scalars(ordered.order_by(CaseNote.at, CaseNote.id))).all()
    columns = (CasePhoto.id, CasePhoto.note_id)
    rows = await session.execute(
        select(*columns).where(CasePhoto.case_id == case).order_by(CasePhoto.position)
    )
    photos: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        photos[row.note_id].append(row.id)
    who = await people(session, [note.by for note in notes])
    return [Line(note, who.get(note.by) if note.by else None, photos[note.id]) for note in notes]


async def find_photo(
    session: AsyncSession, reach: Reach, case: UUID, photo: UUID
) -> CasePhoto | None:
    """Return a photo, content and all, of a case in reach; None where there is none."""
    return await session.scalar(
        select(CasePhoto)
        .join(Case, Case.id == CasePhoto.case_id)
        .where(CasePhoto.id == photo, Case.id == case, cases_within(reach))
        .options(undefer(CasePhoto.content))
    )

"""What a cell of a balance is made of: which events moved which bags, as it stands after rebookings.

The pages of a cell add up to the cell to the gram: postings of the same leaves are netted by the same
rule as the flows are (`app/balance/flows.py`). A page is a walk along the sites concerned, in the
order of their codes, then along days; memory is that of a page.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import FromClause

from app.balance.cell import Cell
from app.balance.postings import transit_account
from app.balance.subject import OfCounties, OfTrip
from app.balance.touching import EACH_SITE, lost_on_trips_of, touching_site, touching_trip
from app.parties.models import Site


class EntryKey(NamedTuple):
    """Where an entry stands in its cell: at a site or on a trip (`own`), by day, event and bag."""

    own: str
    on: date
    about: UUID
    batch: str


@dataclass(frozen=True)
class Entry:
    """What one event did to one bag in a cell; grams, positive."""

    key: EntryKey
    mass_g: int


@dataclass(frozen=True)
class Days:
    """Both inclusive."""

    first: date
    last: date


async def entries_of(
    session: AsyncSession, cell: Cell, days: Days, size: int, after: EntryKey | None, limit: int
) -> list[Entry]:
    """Return the next entries of a cell as of a log size, at most `limit`; sites first, then trips."""
    if isinstance(cell.subject, OfTrip):
        return await _read(session, _on_trip(cell, cell.subject, days, size, after), limit)
    found: list[Entry] = []
    if after is None or not _of_trip(after):
        found = await _read(session, _at_sites(cell, days, size, after, limit), limit)
    if len(found) < limit and cell.lost_on_trips:
        assert isinstance(cell.subject, OfCounties)
        onward = after if after and _of_trip(after) else None
        rest = _lost(cell, cell.subject, days, size, onward)
        found += await _read(session, rest, limit - len(found))
    return found


async def _read(session: AsyncSession, query: Select[Any], limit: int) -> list[Entry]:
    rows = await session.execute(query.limit(limit))
    return [Entry(EntryKey(*key), int(grams)) for *key, grams in rows]


def _of_trip(key: EntryKey) -> bool:
    return key.own.startswith("transit/")


def _at_sites(cell: Cell, days: Days, size: int, after: EntryKey | None, limit: int) -> Select[Any]:
    first: ColumnElement[date] = literal(days.first, Date())
    if after:
        first = case((after.own == EACH_SITE, literal(after.on, Date())), else_=first)
    account = literal("site/") + EACH_SITE
    standing = _standing(touching_site(account, size, first, days.last).subquery())
    here = _entries(cell, standing)
    if after:
        here = here.where(or_(after.own != EACH_SITE, _later(standing, after)))
    page = here.order_by("occurred_on", "about", "batch_code").limit(limit).lateral()
    query = select(Site.code, *page.c).join(page, true()).where(cell.sites())
    if after:
        query = query.where(Site.code >= after.own)
    return query.order_by(Site.code, page.c.occurred_on, page.c.about, page.c.batch_code)


def _on_trip(
    cell: Cell, subject: OfTrip, days: Days, size: int, after: EntryKey | None
) -> Select[Any]:
    own = transit_account(str(subject.trip))
    moved = touching_trip(own, size, after.on if after else days.first, days.last)
    standing = _standing(moved.subquery())
    here = _entries(cell, standing)
    if after:
        here = here.where(_later(standing, after))
    page = here.subquery()
    return select(literal(own), *page.c).order_by(
        page.c.occurred_on, page.c.about, page.c.batch_code
    )


def _lost(
    cell: Cell, subject: OfCounties, days: Days, size: int, after: EntryKey | None
) -> Select[Any]:
    moved = lost_on_trips_of(subject.counties, size, days.first, days.last).subquery()
    standing = _standing(moved, moved.c.trip)
    page = _entries(cell, standing, standing.c.trip).subquery()
    query = select(page.c.trip, page.c.occurred_on, page.c.about, page.c.batch_code, page.c.grams)
    key = tuple_(page.c.trip, page.c.occurred_on, page.c.about, page.c.batch_code)
    if after:
        query = query.where(key > _key(after, literal(after.own, Text())))
    return query.order_by(*key)


def _standing(moved: FromClause, *more: Any) -> FromClause:
    """Return what stands of each step after all its rebookings, one line a way."""
    c = moved.c
    line = (*more, c.batch_code, c.about, c.origin, c.place, c.occurred_on, c.other)
    grams = func.sum(c.grams)
    return select(*line, grams.label("grams")).group_by(*line).having(grams != 0).subquery()


def _entries(cell: Cell, standing: FromClause, *more: Any) -> Select[Any]:
    """Return the lines of a cell, those of one event and bag added up."""
    c = standing.c
    grams = func.sum(func.abs(c.grams)).label("grams")
    way = c.grams > 0 if cell.comes_in else c.grams < 0
    return (
        select(*more, c.occurred_on, c.about, c.batch_code, grams)
        .where(way, cell.holds(c.other, c.place))
        .group_by(*more, c.occurred_on, c.about, c.batch_code)
    )


def _later(standing: FromClause, after: EntryKey) -> ColumnElement[bool]:
    c = standing.c
    later: ColumnElement[bool] = tuple_(c.occurred_on, c.about, c.batch_code) > _key(after)
    return later


def _key(after: EntryKey, *more: Any) -> Any:
    return tuple_(
        *more,
        literal(after.on, Date()),
        literal(after.about, Uuid()),
        literal(after.batch, Text()),
    )

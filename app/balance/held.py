"""What was held at the end of a day, bag by bag: the opening or the closing of a balance."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.balance.postings import transit_account
from app.balance.subject import OfCounties, OfSite, OfTrip, Subject
from app.balance.touching import EACH_COUNTY, EACH_SITE, on_trips_of, touching_site, touching_trip
from app.orm import among
from app.parties.models import Site


class HeldKey(NamedTuple):
    """Where a bag stands in the list: at a site, or on a trip that counts at a county (`place`)."""

    place: str
    account: str
    batch: str


@dataclass(frozen=True)
class Held:
    """What an account held of a bag; grams."""

    key: HeldKey
    mass_g: int


async def held_at_end(
    session: AsyncSession,
    subject: Subject,
    last: date,
    size: int,
    after: HeldKey | None,
    limit: int,
) -> list[Held]:
    """Return the next bags held at the end of a day as of a log size; at sites first, then on trips."""
    if isinstance(subject, OfTrip):
        return await _read(session, _on_trip(subject, last, size, after), limit)
    on_trips = after is not None and after.account.startswith("transit/")
    found: list[Held] = []
    if not on_trips:
        found = await _read(session, _at_sites(subject, last, size, after, limit), limit)
    if len(found) < limit and isinstance(subject, OfCounties):
        onward = after if on_trips else None
        rest = _under_way(subject, last, size, onward, limit)
        found += await _read(session, rest, limit - len(found))
    return found


async def mass_at_end(
    session: AsyncSession, subject: OfSite | OfTrip, last: date, size: int
) -> int:
    """Return what a site or a trip held, added up from postings and not from flows; grams."""
    if isinstance(subject, OfSite):
        moved = touching_site(f"site/{subject.site}", size, date.min, last).subquery()
    else:
        own = transit_account(str(subject.trip))
        moved = touching_trip(own, size, date.min, last).subquery()
    return int(await session.scalar(select(func.coalesce(func.sum(moved.c.grams), 0))) or 0)


async def _read(session: AsyncSession, query: Select[Any], limit: int) -> list[Held]:
    rows = await session.execute(query.limit(limit))
    return [Held(HeldKey(*key), int(grams)) for *key, grams in rows]


def _bags(moved: Any, *more: Any) -> Select[Any]:
    grams = func.sum(moved.c.grams)
    line = (*more, moved.c.batch_code)
    return select(*line, grams.label("grams")).group_by(*line).having(grams != 0)


def _at_sites(
    subject: OfSite | OfCounties, last: date, size: int, after: HeldKey | None, limit: int
) -> Select[Any]:
    account = literal("site/") + EACH_SITE
    moved = touching_site(account, size, date.min, last).subquery()
    here = _bags(moved)
    if after:
        here = here.where(or_(after.place != EACH_SITE, moved.c.batch_code > after.batch))
    page = here.order_by(moved.c.batch_code).limit(limit).lateral()
    wanted = (
        Site.code == subject.site
        if isinstance(subject, OfSite)
        else among(Site.county, subject.counties)
    )
    query = select(Site.code, account, *page.c).join(page, true()).where(wanted)
    if after:
        query = query.where(Site.code >= after.place)
    return query.order_by(Site.code, page.c.batch_code)


def _on_trip(subject: OfTrip, last: date, size: int, after: HeldKey | None) -> Select[Any]:
    own = transit_account(str(subject.trip))
    moved = touching_trip(own, size, date.min, last).subquery()
    bags = _bags(moved)
    if after:
        bags = bags.where(moved.c.batch_code > after.batch)
    page = bags.subquery()
    return select(literal(""), literal(own), *page.c).order_by(page.c.batch_code)


def _under_way(
    subject: OfCounties, last: date, size: int, after: HeldKey | None, limit: int
) -> Select[Any]:
    """Return bags on trips that count at the counties: county by county, so that memory is a page's."""
    moved = on_trips_of(EACH_COUNTY, size, last).subquery()
    here = _bags(moved, moved.c.trip)
    if after:
        later = tuple_(moved.c.trip, moved.c.batch_code) > tuple_(
            literal(after.account, Text()), literal(after.batch, Text())
        )
        here = here.where(or_(after.place != EACH_COUNTY, later))
    page = here.order_by(moved.c.trip, moved.c.batch_code).limit(limit).lateral()
    query = (
        select(County.code, *page.c).join(page, true()).where(among(County.code, subject.counties))
    )
    if after:
        query = query.where(County.code >= after.place)
    return query.order_by(County.code, page.c.trip, page.c.batch_code)

"""Whom a balance is asked for: an area, a site or a trip within the caller's reach, and what it is called."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import name_of_area
from app.areas.scope import Reach, counties_in_reach, reach_of
from app.auth.caller import Caller
from app.balance.entries import Days
from app.balance.subject import OfCounties, OfSite, OfTrip, Subject
from app.balance.touching import sites_touched_by
from app.batches.codes import CodeError, parse_trip_number
from app.errors import InvalidQuery, NotFound
from app.orm import among
from app.parties.models import Site
from app.parties.read import find_site, sites_within
from app.trips.models import Trip


@dataclass(frozen=True)
class Asked:
    """A balance that the caller may see; `by` and `code` are the parameter that names it."""

    by: str
    code: str
    name: str
    subject: Subject
    number: str | None = None
    """Of a trip, for people."""

    def as_json(self) -> dict[str, str]:
        """Return what was asked for: it stands in every answer, which can be recomputed from the log."""
        named = {self.by: self.code}
        return named if self.number is None else {**named, "number": self.number}


def days_of(start: date, end: date) -> Days:
    """Return days, both inclusive; InvalidQuery where they run backwards."""
    if end < start:
        raise InvalidQuery(
            reason="to 早于 from", reason_en="to is before from", pointer="/query/to"
        )
    return Days(start, end)


async def find_asked(
    session: AsyncSession,
    caller: Caller,
    *,
    area: str | None = None,
    site: str | None = None,
    trip: str | None = None,
) -> Asked:
    """Return the one that is named. NotFound where it is absent or out of reach, else InvalidQuery."""
    if sum(one is not None for one in (area, site, trip)) != 1:
        raise InvalidQuery(
            reason="area、site、trip 写一个",
            reason_en="give area, site or trip",
            pointer="/query/area",
        )
    reach = await reach_of(session, caller)
    if site is not None:
        file = await find_site(session, reach, site)
        if file is None:
            raise NotFound(what=site)
        return Asked("site", site, file.site.name, OfSite(site))
    if trip is not None:
        found = await _find_trip(session, reach, trip)
        return Asked("trip", str(found.id), found.number, OfTrip(found.id), found.number)
    assert area is not None
    counties = await counties_in_reach(session, reach, area)
    return Asked("area", area, await name_of_area(session, area), OfCounties(counties))


async def _find_trip(session: AsyncSession, reach: Reach, text: str) -> Trip:
    """Return a trip by its id or its number, for whoever may see one of its sites or its carrier."""
    try:
        named = Trip.id == UUID(text)
    except ValueError:
        try:
            named = Trip.number == str(parse_trip_number(text))
        except CodeError:
            raise InvalidQuery(
                reason="trip 应是编号（ZY…）或 UUID",
                reason_en="trip is a number (ZY…) or a UUID",
                pointer="/query/trip",
            ) from None
    trip: Trip | None = await session.scalar(select(Trip).where(named))
    if trip is None or not await _may_see(session, reach, trip):
        raise NotFound(what=text)
    return trip


async def _may_see(session: AsyncSession, reach: Reach, trip: Trip) -> bool:
    if reach.holds_county(trip.county) or trip.carrier in reach.organisations:
        return True
    codes = {trip.destination, *await sites_touched_by(session, trip.id)}
    seen = select(Site.code).where(among(Site.code, codes), sites_within(reach)).limit(1)
    return await session.scalar(seen) is not None

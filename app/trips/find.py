"""Find one trip in a caller's reach: by its UUID or its number, with the legs that may be seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach, township_key
from app.errors import NotFound
from app.ledger.models import EventPrivate
from app.orm import among
from app.parties.models import Organisation
from app.parties.schemas import Party
from app.trips.departures import ends_of, first_left
from app.trips.fields import parse_trip
from app.trips.load import Place, TripFile, load_trips
from app.trips.models import Trip, TripDriver

TAKEN_BACK, NOT_TOLD = "taken_back", "not_told"


@dataclass(frozen=True)
class Seen:
    """A trip as one caller sees it."""

    file: TripFile
    carrier: Party | None
    drivers: tuple[str, ...]
    other_legs: int
    nothing_rides: str | None = None
    """Why it has no legs: its departures were taken back, or what they carry is not told yet."""


async def id_of(session: AsyncSession, reference: str) -> UUID:
    """Return the id of a trip named by its UUID or its ZY number; NotFound."""
    try:
        wanted = parse_trip(reference)
    except ValueError:
        raise NotFound(what=reference) from None
    if isinstance(wanted, UUID):
        return wanted
    found = await session.scalar(select(Trip.id).where(Trip.number == wanted))
    if found is None:
        raise NotFound(what=reference)
    return found


async def find_trip(session: AsyncSession, reach: Reach, reference: str) -> Seen:
    """Return a trip with the legs in reach; NotFound where it is none of the caller's business.

    A leg is seen by its two ends, by whoever took part of it in, and by the carrier. The ends of a
    departure, and the carrier, go on finding the trip where nothing rides on it, or no longer.
    """
    trip = await id_of(session, reference)
    file = (await load_trips(session, [trip])).get(trip)
    if file is None:
        raise NotFound(what=reference)
    legs = tuple(one for one in file.legs if reach.sees(one.seen_by))
    carries = file.trip.carrier in reach.organisations
    if not legs and not carries and not reach.sees(await ends_of(session, trip)):
        raise NotFound(what=reference)
    strays = {
        code: steps
        for code, steps in file.strays.items()
        if carries or any(_in_reach(reach, file.places.get(step.site)) for step in steps)
    }
    seen = replace(file, legs=legs, strays=strays)
    return Seen(
        seen,
        await _carrier(session, file.trip.carrier),
        await _drivers(session, seen),
        len(file.legs) - len(legs),
        None if file.legs else await _why_nothing_rides(session, trip),
    )


async def _why_nothing_rides(session: AsyncSession, trip: UUID) -> str:
    return NOT_TOLD if await first_left(session, [trip]) else TAKEN_BACK


def _in_reach(reach: Reach, place: Place | None) -> bool:
    if place is None:
        return reach.everything
    return reach.sees({place.code, place.county, township_key(place.county, place.township)})


async def _carrier(session: AsyncSession, code: str | None) -> Party | None:
    owner = await session.get(Organisation, code) if code else None
    return Party.of(owner) if owner else None


async def _drivers(session: AsyncSession, file: TripFile) -> tuple[str, ...]:
    """Return who drove, as the departures say, else as announced; each once."""
    departures = [UUID(d.event) for one in file.legs for d in one.leg.departures]
    private: Sequence[dict[str, Any]] = (
        await session.scalars(
            select(EventPrivate.private).where(among(EventPrivate.event_id, departures))
        )
    ).all()
    names = sorted({part["driver"] for part in private if part.get("driver")})
    if not names:
        query = select(TripDriver.name).where(TripDriver.trip == file.trip.id)
        names = list(await session.scalars(query))
    return tuple(names)

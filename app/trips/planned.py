"""Announced runs that have not loaded yet: what a site expects, what a driver has before him."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.parties.names import site_names
from app.trips.departures import in_force
from app.trips.models import Trip, TripEvent, TripStop

LATE = timedelta(days=2)
"""A plan that is older was not carried out: whoever looks for it finds it in the list."""
MOST = 30


@dataclass(frozen=True)
class Planned:
    """One announced leg."""

    id: UUID
    number: str
    vehicle: str
    origin: str
    origin_name: str
    destination: str
    destination_name: str
    pick_up_at: datetime | None
    deliver_at: datetime | None


async def planned_at(session: AsyncSession, site: str, now: datetime) -> Sequence[Planned]:
    """Return the announced legs that load or deliver at a site, the next ones first."""
    return await _planned(session, (TripStop.origin == site) | (TripStop.destination == site), now)


async def planned_of(session: AsyncSession, carrier: str, now: datetime) -> Sequence[Planned]:
    """Return the announced legs of a carrier's vehicles, the next ones first."""
    return await _planned(session, Trip.carrier == carrier, now)


async def _planned(
    session: AsyncSession, whose: ColumnElement[bool], now: datetime
) -> list[Planned]:
    at = func.coalesce(TripStop.pick_up_at, TripStop.deliver_at, Trip.opened_at)
    # Read from what is written with a departure: whoever has just loaded sees it gone.
    left = exists().where(
        TripEvent.trip == TripStop.trip,
        TripEvent.site == TripStop.origin,
        TripEvent.destination == TripStop.destination,
        *in_force(),
    )
    query = (
        select(Trip, TripStop)
        .join(TripStop, TripStop.trip == Trip.id)
        .where(whose, ~left, at > now - LATE)
        .order_by(at, TripStop.n)
        .limit(MOST)
    )
    rows = (await session.execute(query)).all()
    names = await site_names(session, {c for _, s in rows for c in (s.origin, s.destination)})
    return [
        Planned(
            trip.id,
            trip.number,
            trip.vehicle,
            stop.origin,
            names[stop.origin],
            stop.destination,
            names[stop.destination],
            stop.pick_up_at,
            stop.deliver_at,
        )
        for trip, stop in rows
    ]

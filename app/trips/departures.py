"""What departures in force say: who has used a manifest's number before, when trips first left."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import township_key
from app.ledger.models import Correction, Event
from app.orm import among
from app.parties.models import Site
from app.trips.models import TripEvent
from app.trips.regime import HAZARDOUS, Consignment


def in_force() -> tuple[ColumnElement[bool], ...]:
    """Return that a row of `trip_event` is a departure that nobody has corrected."""
    gone = select(Correction.corrects).where(Correction.corrects == TripEvent.event_id)
    return (TripEvent.destination.is_not(None), ~gone.exists())


async def first_left(session: AsyncSession, trips: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when the first load of each trip left; an announced trip was opened before that."""
    rows = await session.execute(
        select(TripEvent.trip, func.min(Event.effective_at))
        .join(Event, Event.id == TripEvent.event_id)
        .where(among(TripEvent.trip, trips), *in_force())
        .group_by(TripEvent.trip)
    )
    return dict(rows.all())


async def ends_of(session: AsyncSession, trip: UUID) -> set[str]:
    """Return the codes of everyone at an end of a trip's departures, corrected ones included."""
    rows = await session.execute(
        select(Site.code, Site.county, Site.township)
        .join(TripEvent, or_(Site.code == TripEvent.site, Site.code == TripEvent.destination))
        .where(TripEvent.trip == trip, TripEvent.destination.is_not(None))
    )
    return {
        key for code, county, town in rows for key in (code, county, township_key(county, town))
    }


async def hazardous_legs(
    session: AsyncSession, trips: Collection[UUID]
) -> dict[UUID, set[tuple[str, str]]]:
    """Return the legs (origin, destination) of trips whose loads travel as hazardous waste."""
    found: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    rows = await session.execute(
        select(TripEvent.trip, TripEvent.site, TripEvent.destination).where(
            among(TripEvent.trip, trips), TripEvent.regime == HAZARDOUS, *in_force()
        )
    )
    for trip, origin, destination in rows:
        found[trip].add((origin or "", destination or ""))
    return found


async def consignments_under(
    session: AsyncSession, manifests: Collection[str], but_for: Iterable[UUID] = ()
) -> dict[str, set[Consignment]]:
    """Return which consignors' departures on which trips name each manifest.

    Corrected departures are left out, and those that are about to be (`but_for`).
    """
    found: dict[str, set[Consignment]] = defaultdict(set)
    if not manifests:
        return found
    rows = await session.execute(
        select(TripEvent.manifest, TripEvent.trip, Site.operator)
        .join(Site, Site.code == TripEvent.site)
        .where(
            among(TripEvent.manifest, manifests),
            *in_force(),
            ~among(TripEvent.event_id, but_for),
        )
    )
    for manifest, trip, consignor in rows:
        found[manifest or ""].add((trip, consignor))
    return found

"""What the rules look at besides the leaves: sites, trips and thresholds, loaded once a part."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.rules.bag import TripFacts
from app.alerts.rules.bounds import At, Bounds
from app.alerts.rules.mark import Place
from app.orm import among
from app.parties.models import Site
from app.trips.models import Trip


@dataclass
class Scene:
    """Sites and trips that the leaves of a part name, and all thresholds."""

    bounds: Bounds
    places: dict[str, Place]
    trips: dict[str, TripFacts]

    def at(self, county: str, on: date, known_at: datetime) -> At:
        """Return the thresholds of a county and a day that were entered by an instant."""
        return At(self.bounds, county, on, known_at)


async def places_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, Place]:
    """Return sites by code, as the register has them now."""
    rows = await session.scalars(select(Site).where(among(Site.code, set(codes))))
    return {row.code: place_of(row) for row in rows}


def place_of(row: Site) -> Place:
    """Return a site as the rules know it."""
    return Place(row.code, row.township, row.lat, row.lon, row.capacity_g)


async def trips_of(session: AsyncSession, ids: Iterable[str]) -> dict[str, TripFacts]:
    """Return trips by id, as text."""
    rows = await session.execute(
        select(Trip.id, Trip.number, Trip.regime, Trip.carrier).where(
            among(Trip.id, {UUID(one) for one in ids})
        )
    )
    return {str(id_): TripFacts(number, regime, carrier) for id_, number, regime, carrier in rows}

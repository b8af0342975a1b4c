"""What the rules look at besides the leaves: sites, trips and thresholds, loaded once a part."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.booked import Booked
from app.alerts.kept import Kept
from app.alerts.rules.bag import TripFacts
from app.alerts.rules.bounds import At, Bounds
from app.alerts.rules.mark import Place
from app.alerts.thresholds import bounds_of
from app.alerts.told import Told
from app.alerts.touched import Touched
from app.areas.read import today
from app.orm import among, among_given
from app.parties.models import Site
from app.prepared import Prepared
from app.trips.models import Trip

_PLACE = (Site.code, Site.township, Site.lat, Site.lon, Site.capacity_g)
_TRIPS = Prepared(
    select(Trip.id, Trip.number, Trip.regime, Trip.carrier).where(among_given(Trip.id, "ids"))
)


@dataclass
class Scene:
    """Sites and trips that the leaves of a part name, and all thresholds."""

    bounds: Bounds
    places: dict[str, Place]
    trips: dict[str, TripFacts]

    def at(self, county: str, on: date, known_at: datetime) -> At:
        """Return the thresholds of a county and a day that were entered by an instant."""
        return self.bounds.at(county, on, known_at)


async def scene_of(
    session: AsyncSession, part: Sequence[Told], touched: Touched, booked: Booked
) -> Scene:
    """Return what is looked at while a part is judged."""
    told = {one.id: one for one in part} | touched.told
    sites = {
        code for one in told.values() for code in (one.site, one.event.get("destination")) if code
    }
    trips = {one.stamps["trip"] for one in told.values() if one.stamps.get("trip")}
    for kept in touched.kept.values():
        sites.update(_sites_in(kept))
        if kept.state.trip:
            trips.add(kept.state.trip)
    for transfers in booked.values():
        for _, transfer in transfers:
            for account in (transfer.source, transfer.target):
                if account.startswith("site/"):
                    sites.add(account[5:])
                elif account.startswith("transit/"):
                    trips.add(account[8:])
    return Scene(
        await bounds_of(session, today()),
        await places_of(session, sites),
        await trips_of(session, trips),
    )


def _sites_in(kept: Kept) -> Iterator[str]:
    trail = kept.trail
    yield from (m.site for m in (trail.first, trail.sealed, trail.seen, trail.short) if m)
    yield from (code for code in (kept.state.site, kept.state.destination) if code)


async def places_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, Place]:
    """Return sites by code, as the register has them now."""
    rows = await session.execute(select(*_PLACE).where(among(Site.code, codes)))
    return {
        code: Place(code, township, lat, lon, capacity_g)
        for code, township, lat, lon, capacity_g in rows
    }


def place_of(row: Site) -> Place:
    """Return a site as the rules know it."""
    return Place(row.code, row.township, row.lat, row.lon, row.capacity_g)


async def trips_of(session: AsyncSession, ids: Iterable[str]) -> dict[str, TripFacts]:
    """Return trips by id, as text."""
    rows = await _TRIPS.rows(session, ids=[UUID(one) for one in ids])
    return {str(id_): TripFacts(number, regime, carrier) for id_, number, regime, carrier in rows}

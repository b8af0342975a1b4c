"""What is on its way to a site, or with a carrier: trips, and the bags of one to be received.

Bags that a receiver refused or missed stay on their trip. They may still be found there, and they
may come back: so they stand at both of its ends, apart from what simply comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.models import Batch
from app.events.fields import MAX_BATCHES
from app.events.held import Bag, containers_of
from app.parties.names import site_names
from app.trips.departures import first_left
from app.trips.models import Trip

REFUSED, MISSING = "refused", "missing"
SAID_OF = {REFUSED: "签收时拒收", MISSING: "签收时缺失"}
_ON_TRIP = Batch.state["trip"].astext
_DESTINATION = Batch.state["destination"].astext
_LEFT = Batch.state["left"].astext
_MOVING = and_(Batch.kind == "bag", Batch.status == "in_transit")


@dataclass(frozen=True)
class Coming:
    """A trip with bags that have not arrived yet: `bags` of them of which nobody has spoken.

    `back` tells that it is the sender's own: what was `refused` or `missing` may come back to it.
    """

    id: UUID
    number: str
    vehicle: str
    from_name: str
    to_name: str
    departed_at: datetime
    bags: int
    mass_g: int
    refused: int
    missing: int
    back: bool = False


async def coming_to(session: AsyncSession, site: str) -> Sequence[Coming]:
    """Return trips with bags on their way to a site, or back to it, earliest departure first."""
    if not site:
        return []
    returns = and_(Batch.site == site, _LEFT.is_not(None))
    return await _coming(session, site, (site == _DESTINATION) | returns, site)


async def carried_by(session: AsyncSession, carrier: str) -> Sequence[Coming]:
    """Return a carrier's trips with bags that have not arrived, earliest departure first."""
    return await _coming(session, carrier, Trip.carrier == carrier, None)


async def _coming(
    session: AsyncSession, seer: str, which: ColumnElement[bool], sender: str | None
) -> list[Coming]:
    back, here = Batch.site == sender, _LEFT.is_(None)
    query = (
        select(
            Trip,
            back,
            func.array_agg(Batch.site.distinct()),
            func.array_agg(_DESTINATION.distinct()),
            func.count().filter(here),
            func.coalesce(func.sum(Batch.mass_g).filter(here), 0),
            func.count().filter(_LEFT == REFUSED),
            func.count().filter(_LEFT == MISSING),
        )
        .join(Trip, Trip.id == cast(_ON_TRIP, Uuid))
        .where(_MOVING, Batch.seen_by.contains([seer]), which)
        .group_by(Trip.id, back)
        .order_by(Trip.opened_at, Trip.id)
    )
    rows = (await session.execute(query)).all()
    left = await first_left(session, {row[0].id for row in rows})
    names = await site_names(session, {c for row in rows for ends in row[2:4] for c in ends})
    return [
        Coming(
            id=trip.id,
            number=trip.number,
            vehicle=trip.vehicle,
            from_name=_ends(origins, names),
            to_name=_ends(goals, names),
            departed_at=left.get(trip.id, trip.opened_at),
            bags=bags,
            mass_g=int(mass_g),
            refused=refused,
            missing=missing,
            back=returns,
        )
        for trip, returns, origins, goals, bags, mass_g, refused, missing in rows
    ]


def _ends(codes: Sequence[str], names: dict[str, str]) -> str:
    """Return the first place, and how many there are where there are several."""
    first = names.get(codes[0], codes[0])
    return first if len(codes) == 1 else f"{first}等 {len(codes)} 处"


async def trip_of(session: AsyncSession, site: str, code: str) -> str | None:
    """Return the trip on which a bag is coming to a site."""
    query = select(_ON_TRIP).where(Batch.code == code, _MOVING, Batch.seen_by.contains([site]))
    trip: str | None = await session.scalar(query)
    return trip


async def bags_of_trip(session: AsyncSession, trip: UUID, site: str) -> list[Bag]:
    """Return what of a trip to a site, or back to it, has not arrived: containers, then bags.

    What was refused or missed says so in its note, and stands last.
    """
    of_trip = (_MOVING, Batch.seen_by.contains([site]), str(trip) == _ON_TRIP)
    simply = (*of_trip, site == _DESTINATION, _LEFT.is_(None))
    left = (*of_trip, (site == _DESTINATION) | (Batch.site == site), _LEFT.is_not(None))
    loose = (
        select(Batch.code, Batch.mass_g, Batch.status, _LEFT)
        .where(Batch.container.is_(None))
        .order_by(Batch.code)
        .limit(MAX_BATCHES)
    )
    found: list[Bag] = []
    for which in (simply, left):
        boxes = await containers_of(session, *which)
        again = "，上次没有收" if which is left else ""
        found += [
            replace(one, note=f"容器，内有 {one.bags} 袋{again}", left=which is left)
            for one in boxes
        ]
        for code, mass_g, status, outcome in await session.execute(loose.where(*which)):
            note = SAID_OF[outcome] if outcome else ""
            found.append(Bag(code, mass_g, status, note, left=outcome is not None))
    return found[:MAX_BATCHES]

"""The follower that keeps `trip_leg`: what lists need of each leg, as the log has it.

It looks at a trip again whenever an event concerns it, or books anything about a step that moved
its load, and reads all of it from postings: going over the log once more ends where it was.
Announced legs, which stand in no leaf, stay through that, so its table is not emptied first.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.balance.models import Posting
from app.balance.postings import transit_account
from app.ledger.follow import Follow, LeafRow
from app.orm import among
from app.trips.load import TripFile, load_trips
from app.trips.models import Trip, TripEvent, TripLeg
from app.trips.note import trips_in

AT_ONCE = 100
"""Trips that are loaded together: a few thousand bags."""
ON_A_TRIP = transit_account("%")


async def apply(session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
    """Look again at every trip whose legs these events may have changed."""
    trips = sorted(await trips_changed_by(session, [leaf.event_id for leaf in leaves]))
    for start in range(0, len(trips), AT_ONCE):
        await keep_legs(session, trips[start : start + AT_ONCE])


async def trips_changed_by(session: AsyncSession, events: Collection[UUID]) -> set[UUID]:
    """Return the trips that events concern, and those whose load they weigh anew.

    A bag's share of a group changes with its neighbours' masses. That is booked between a site and
    `difference`, about the step that took the bag off its trip: the trip is told by what else is
    booked about that step.
    """
    query = select(TripEvent.trip).where(among(TripEvent.event_id, events))
    trips = set(await session.scalars(query.distinct()))
    now, step = aliased(Posting), aliased(Posting)
    accounts = (
        select(step.from_account, step.to_account)
        .join(now, and_(now.batch_code == step.batch_code, now.about == step.about))
        .where(among(now.cause, events), now.about != now.cause)
        .where(or_(step.from_account.like(ON_A_TRIP), step.to_account.like(ON_A_TRIP)))
    )
    for row in await session.execute(accounts.distinct()):
        trips |= trips_in(row)
    return trips


async def keep_legs(session: AsyncSession, trips: Collection[UUID]) -> None:
    """Write the legs of trips as they are now, in place of what stood.

    Whoever looks at the same trip at the same time (the follower, a confirmation) waits for the
    other: the later one reads what the earlier one committed.
    """
    await session.execute(
        select(Trip.id)
        .where(among(Trip.id, trips))
        .order_by(Trip.id)
        .with_for_update(key_share=True)
    )
    files = await load_trips(session, trips)
    await session.execute(delete(TripLeg).where(among(TripLeg.trip, list(files))))
    rows = [row for file in files.values() for row in _rows(file)]
    if rows:
        await session.execute(insert(TripLeg), rows)


def _rows(file: TripFile) -> list[dict[str, Any]]:
    return [
        {
            "trip": file.trip.id,
            "origin": one.leg.origin,
            "destination": one.leg.destination,
            "settled": one.leg.settled(one.policy),
            "waiting": one.leg.waiting,
            "unconfirmed": bool(one.unconfirmed),
            "departed_at": one.leg.departed_at,
            "due_at": one.leg.due_at(one.policy),
            "bags": len(one.leg.bags),
            "out_g": one.leg.out_g,
            "moving_g": one.leg.moving_g,
            "difference_g": one.leg.difference_g,
            "seen_by": sorted(one.seen_by),
        }
        for one in file.legs
    ]


TRIP_LEGS = Follow("trip_legs", apply, ())

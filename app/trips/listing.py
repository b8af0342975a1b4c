"""Trips in a caller's reach, page by page, from what the follower keeps of their legs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach, counties_in_reach, within
from app.ledger.follow import cursor_of
from app.orm import among, overlaps
from app.pagination import after_row, micros_of, page
from app.parties.models import Organisation
from app.parties.names import site_names
from app.parties.schemas import Party
from app.trips.departures import hazardous_legs
from app.trips.follow import TRIP_LEGS
from app.trips.leg import IN_DISPUTE, OVERDUE, RANK, UNDER_WAY, state_at, state_of_trip
from app.trips.load import Plan, plans_of
from app.trips.models import Trip, TripLeg
from app.trips.regime import HAZARDOUS
from app.trips.schemas import LegListed, PlaceShown, Regime, TripListed


@dataclass(frozen=True)
class Asked:
    """Which trips: all where nothing is asked. Days are those on which trips were opened."""

    state: str | None = None
    area: str | None = None
    site: str | None = None
    carrier: str | None = None
    vehicle: str | None = None
    start: date | None = None
    end: date | None = None
    towards: str | None = None
    away_from: str | None = None


async def list_trips(
    session: AsyncSession,
    reach: Reach,
    asked: Asked,
    *,
    now: datetime,
    limit: int,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Return a page of trips, the latest first, each with its legs in reach.

    A trip's state here is that of the legs in reach. `log` says how much of the log is in it, at
    least. NotFound where the area is absent or reaches beyond the caller's.
    """
    seen = within(reach, seen_by=TripLeg.seen_by)
    here = [seen, TripLeg.trip == Trip.id, *await _where(session, reach, asked)]
    query = (
        select(Trip)
        .where(exists().where(*here))
        .order_by(Trip.opened_at.desc(), Trip.id.desc())
        .limit(limit + 1)
    )
    if asked.state is not None:
        query = query.where(*_in_state(asked.state, now, seen))
    if asked.carrier is not None:
        query = query.where(Trip.carrier == asked.carrier)
    if asked.vehicle is not None:
        query = query.where(Trip.vehicle == asked.vehicle)
    if asked.start is not None:
        query = query.where(Trip.opened_on >= asked.start)
    if asked.end is not None:
        query = query.where(Trip.opened_on <= asked.end)
    before = after_row(cursor)
    if before:
        query = query.where(tuple_(Trip.opened_at, Trip.id) < before)
    trips = (await session.scalars(query)).all()
    shown = await _shown(session, trips[:limit], seen, now)
    answer = page(
        trips, limit, lambda t: (micros_of(t.opened_at), str(t.id)), lambda t: shown[t.id]
    )
    return answer | {"log": {"size": await cursor_of(session, TRIP_LEGS.name)}}


async def _where(session: AsyncSession, reach: Reach, asked: Asked) -> list[ColumnElement[bool]]:
    """Return what a leg must be so that its trip is listed."""
    found: list[ColumnElement[bool]] = []
    if asked.area is not None:
        counties = await counties_in_reach(session, reach, asked.area)
        found.append(overlaps(TripLeg.seen_by, counties))
    if asked.site is not None:
        found.append(overlaps(TripLeg.seen_by, [asked.site]))
    if asked.towards is not None:
        found.append(TripLeg.destination == asked.towards)
    if asked.away_from is not None:
        found.append(TripLeg.origin == asked.away_from)
    return found


async def count_pending(session: AsyncSession, reach: Reach, now: datetime) -> dict[str, int]:
    """Return how many trips in reach are under way, in dispute and overdue."""
    pending = select(func.max(_rank(now)).label("rank")).where(
        within(reach, seen_by=TripLeg.seen_by), TripLeg.settled.in_((UNDER_WAY, IN_DISPUTE))
    )
    trips = pending.group_by(TripLeg.trip).subquery()
    found = await session.execute(select(trips.c.rank, func.count()).group_by(trips.c.rank))
    many: dict[int, int] = dict(found.all())
    return {state: many.get(RANK[state], 0) for state in (UNDER_WAY, IN_DISPUTE, OVERDUE)}


def _rank(now: datetime) -> ColumnElement[int]:
    """Return a leg's rank at an instant; see `leg.RANK`."""
    late = and_(TripLeg.waiting, TripLeg.due_at < now)
    return case((late, RANK[OVERDUE]), *((TripLeg.settled == name, n) for name, n in RANK.items()))


def _in_state(
    state: str, now: datetime, seen: ColumnElement[bool]
) -> tuple[ColumnElement[bool], ...]:
    """Return that some leg in reach has this state and none a higher rank."""
    rank = _rank(now)
    own = and_(seen, TripLeg.trip == Trip.id)
    return (
        exists().where(own, rank == RANK[state]),
        ~exists().where(own, rank > RANK[state]),
    )


async def _shown(
    session: AsyncSession, trips: Sequence[Trip], seen: ColumnElement[bool], now: datetime
) -> dict[UUID, TripListed]:
    query = (
        select(TripLeg)
        .where(among(TripLeg.trip, [trip.id for trip in trips]), seen)
        .order_by(TripLeg.trip, TripLeg.departed_at.nulls_last(), TripLeg.origin)
    )
    legs: dict[UUID, list[TripLeg]] = defaultdict(list)
    for leg in await session.scalars(query):
        legs[leg.trip].append(leg)
    every = [leg for some in legs.values() for leg in some]
    names = await site_names(session, {c for leg in every for c in (leg.origin, leg.destination)})
    carriers = await _carriers(session, {trip.carrier for trip in trips if trip.carrier})
    ids = [trip.id for trip in trips]
    plans, hazardous = await plans_of(session, ids), await hazardous_legs(session, ids)
    return {
        trip.id: _listed(
            trip, legs[trip.id], _regime(trip, legs[trip.id], hazardous[trip.id]),
            plans[trip.id], names, carriers, now,
        )
        for trip in trips
    }  # fmt: skip


def _regime(trip: Trip, legs: Sequence[TripLeg], hazardous: Collection[tuple[str, str]]) -> Regime:
    """Return the regime of what has left of these legs; as announced where nothing has."""
    left = {(leg.origin, leg.destination) for leg in legs if leg.departed_at}
    if left:
        return "internal" if left.isdisjoint(hazardous) else "hazardous"
    return "hazardous" if trip.regime == HAZARDOUS else "internal"


async def _carriers(session: AsyncSession, codes: Iterable[str]) -> dict[str, Party]:
    query = select(Organisation).where(among(Organisation.credit_code, set(codes)))
    return {owner.credit_code: Party.of(owner) for owner in await session.scalars(query)}


def _listed(
    trip: Trip,
    legs: Sequence[TripLeg],
    regime: Regime,
    plans: Mapping[tuple[str, str], Plan],
    names: dict[str, str],
    carriers: dict[str, Party],
    now: datetime,
) -> TripListed:
    shown = [
        LegListed(
            origin=PlaceShown(code=leg.origin, name=names[leg.origin]),
            destination=PlaceShown(code=leg.destination, name=names[leg.destination]),
            state=state_at(leg.settled, leg.due_at, now, waiting=leg.waiting),
            pick_up_at=plans.get((leg.origin, leg.destination), Plan()).pick_up_at,
            deliver_at=plans.get((leg.origin, leg.destination), Plan()).deliver_at,
            departed_at=leg.departed_at,
            due_at=leg.due_at,
            unconfirmed=leg.unconfirmed,
            bags=leg.bags,
            out_g=leg.out_g,
            moving_g=leg.moving_g,
            difference_g=leg.difference_g,
        )
        for leg in legs
    ]
    return TripListed(
        id=trip.id,
        number=trip.number,
        state=state_of_trip(leg.state for leg in shown),
        regime=regime,
        vehicle=trip.vehicle,
        carrier=carriers.get(trip.carrier or ""),
        opened_at=trip.opened_at,
        announced=trip.announced_by is not None,
        legs=shown,
    )

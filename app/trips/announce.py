"""Announce a trip before anything is loaded: its number is given at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import RIGHTS, require
from app.errors import Forbidden, InvalidBody, NotFound
from app.ids import uuid7
from app.parties.models import Organisation, Vehicle
from app.trips.errors import TripIdReused, VehicleOfAnotherCarrier
from app.trips.follow import keep_legs
from app.trips.models import Trip, TripDriver, TripStop
from app.trips.open import OpenedTrip, open_trips
from app.trips.policy_rows import load_policies
from app.trips.receivers import receivers_on
from app.trips.regime import HAZARDOUS, INTERNAL, Receiver, regime_of
from app.trips.schemas import Stop, TripOrder
from app.workdays.calendar import day_of

STOP = ("origin", "destination", "pick_up_at", "deliver_at")
FARTHEST = timedelta(days=366)
"""A plan farther from today is a slip of the year."""
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:trip, 5959))")


async def announce(
    session: AsyncSession, caller: Caller, order: TripOrder, *, now: datetime, rng: Random
) -> tuple[UUID, bool]:
    """Announce a trip; return its id and whether it is new.

    A site's people announce runs that begin or end at their own site, a driver those of the own
    carrier's vehicles. The same id with the same content is the same trip: TripIdReused where
    the content differs. NotFound for sites and carriers that do not exist.
    """
    require(caller, "trips.announce")
    trip = order.id or uuid7(rng, now)
    await session.execute(_ALONE, {"trip": str(trip)})
    _check_own(caller, order)
    carrier = await _carrier(session, caller, order)
    stops = [stop_of(stop) for stop in order.stops]
    on = day_of(now)
    named = {code for stop in order.stops for code in (stop.origin, stop.destination)}
    receivers = await receivers_on(session, named, on)
    _check_sites(order.stops, receivers)
    standing = await session.get(Trip, trip)
    if standing is not None:
        if await _same(session, standing, carrier, order, stops):
            return trip, False
        raise TripIdReused(trip=str(trip), pointer="/id")
    _check_times(order.stops, now)
    policies = await load_policies(session, {stop.origin[:6] for stop in order.stops})
    regimes = {
        regime_of(receivers[stop.destination], policies.of(stop.origin[:6], on))
        for stop in order.stops
    }
    opened = OpenedTrip(
        id=trip,
        county=order.stops[0].origin[:6],
        destination=order.stops[0].destination,
        vehicle=order.vehicle,
        carrier=carrier,
        regime=HAZARDOUS if HAZARDOUS in regimes else INTERNAL,
        manifest=None,
        opened_on=on,
        opened_at=now,
        announced_by=caller.id,
    )
    await open_trips(session, [opened])
    await session.execute(
        insert(TripStop),
        [
            {"trip": trip, "n": n, **dict(zip(STOP, stop, strict=True))}
            for n, stop in enumerate(stops)
        ],
    )
    if order.driver:
        await session.execute(insert(TripDriver).values(trip=trip, name=order.driver))
    await keep_legs(session, [trip])
    return trip, True


def _check_own(caller: Caller, order: TripOrder) -> None:
    if caller.role not in SITE_ROLES:
        return
    if not any(caller.site in (stop.origin, stop.destination) for stop in order.stops):
        raise NotFound(what=order.stops[0].origin, pointer="/stops/0/origin")


async def _carrier(session: AsyncSession, caller: Caller, order: TripOrder) -> str | None:
    """Return who runs the vehicle: whoever it is registered with, else the carrier named."""
    owner = await session.scalar(select(Vehicle.organisation).where(Vehicle.plate == order.vehicle))
    if caller.role == "carrier" and owner != caller.organisation:
        action = "trips.announce"
        raise Forbidden(
            action=f"{RIGHTS[action].name}（车辆不属于本单位）",
            action_en=f"{action}, with a vehicle of another organisation",
            pointer="/vehicle",
        )
    if owner is not None:
        if order.carrier not in (None, owner):
            raise VehicleOfAnotherCarrier(vehicle=order.vehicle, pointer="/carrier")
        return owner
    if order.carrier is not None and await session.get(Organisation, order.carrier) is None:
        raise NotFound(what=order.carrier, pointer="/carrier")
    return order.carrier


def _check_sites(stops: Sequence[Stop], known: Mapping[str, Receiver]) -> None:
    for n, stop in enumerate(stops):
        for end in ("origin", "destination"):
            code = getattr(stop, end)
            if code not in known:
                raise NotFound(what=code, pointer=f"/stops/{n}/{end}")


def stop_of(stop: Stop | TripStop) -> tuple[Any, ...]:
    """Return what is announced of a stop."""
    return tuple(getattr(stop, name) for name in STOP)


def _check_times(stops: Sequence[Stop], now: datetime) -> None:
    for n, stop in enumerate(stops):
        for name in ("pick_up_at", "deliver_at"):
            at = getattr(stop, name)
            if at is not None and abs(at - now) > FARTHEST:
                raise InvalidBody.at(
                    f"/stops/{n}/{name}", "应在今天前后一年之内", "must lie within a year of today"
                )


async def _same(
    session: AsyncSession,
    standing: Trip,
    carrier: str | None,
    order: TripOrder,
    stops: Sequence[tuple[Any, ...]],
) -> bool:
    rows = await session.scalars(
        select(TripStop).where(TripStop.trip == standing.id).order_by(TripStop.n)
    )
    driver = await session.scalar(select(TripDriver.name).where(TripDriver.trip == standing.id))
    return (
        (standing.vehicle, standing.carrier) == (order.vehicle, carrier)
        and [stop_of(row) for row in rows] == stops
        # A driver's name may have been forgotten: then there is nothing to compare.
        and driver in (None, order.driver)
    )

"""A trip as it is answered. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.trips.find import Seen
from app.trips.leg import CARRIER, MOVING, ORIGIN, WRITTEN_OFF, Bag, Leg, state_of_trip
from app.trips.load import Place, Riding
from app.trips.regime import HAZARDOUS, INTERNAL
from app.trips.schemas import (
    BagShown,
    Confirmation,
    LegShown,
    PlaceShown,
    Stray,
    TripShown,
)
from app.workdays.calendar import Calendar, Due, add_workdays, day_of


def shown(
    seen: Seen,
    now: datetime,
    calendar: Calendar,
    *,
    may_confirm: Sequence[str] = (),
) -> TripShown:
    """Return a trip as of `now`; terms are counted by `calendar`."""
    file, trip = seen.file, seen.file.trip
    legs = [_leg(one, file.places, now, calendar, trip.carrier) for one in file.legs]
    regimes: set[str] = {leg.regime for leg in legs if leg.regime} or {trip.regime}
    return TripShown(
        id=trip.id,
        number=trip.number,
        state=state_of_trip(leg.state for leg in legs),
        regime=HAZARDOUS if HAZARDOUS in regimes else INTERNAL,
        vehicle=trip.vehicle,
        carrier=seen.carrier,
        opened_at=trip.opened_at,
        announced=trip.announced_by is not None,
        drivers=list(seen.drivers),
        legs=legs,
        other_legs=seen.other_legs,
        nothing_rides=seen.nothing_rides,
        not_on_this_trip=[
            Stray(code=code, at=place_of(file.places, steps[-1].site))
            for code, steps in sorted(file.strays.items())
        ],
        may_confirm=list(may_confirm),
    )


def place_of(places: Mapping[str, Place], code: str) -> PlaceShown:
    """Return a site by code and name."""
    return PlaceShown(code=code, name=places[code].name if code in places else code)


def _leg(
    one: Riding,
    places: Mapping[str, Place],
    now: datetime,
    calendar: Calendar,
    carrier: str | None,
) -> LegShown:
    leg, policy = one.leg, one.policy
    regimes = {departure.regime for departure in leg.departures if departure.regime}
    hazardous = HAZARDOUS in regimes
    manifests = sorted({d.manifest for d in leg.departures if d.manifest})
    reasons = [a.difference_reason for a in leg.arrivals if a.difference_reason]
    due = _confirm_by(one, calendar) if hazardous else None
    return LegShown(
        origin=place_of(places, leg.origin),
        destination=place_of(places, leg.destination),
        state=one.state(now),
        regime=(HAZARDOUS if hazardous else INTERNAL) if regimes else None,
        manifests=manifests,
        manifest_missing=hazardous and any(not d.manifest for d in leg.departures),
        pick_up_at=one.plan.pick_up_at,
        deliver_at=one.plan.deliver_at,
        departed_at=leg.departed_at,
        due_at=leg.due_at(policy),
        arrived_at=leg.arrived_at,
        confirm_workdays=policy.confirm_workdays if hazardous else None,
        confirm_by=due.on if due else None,
        confirm_by_assumed=due is not None and due.assumed,
        confirmation=_confirmation(one, carrier),
        out_g=leg.out_g,
        received_g=leg.received_g,
        returned_g=leg.returned_g,
        elsewhere_g=leg.elsewhere_g,
        moving_g=leg.moving_g,
        written_off_g=leg.written_off_g,
        difference_g=leg.difference_g,
        beyond=leg.beyond(policy),
        difference_reasons=list(dict.fromkeys(reasons)),
        flags=_flags(leg),
        bags=[_bag(bag, leg, places) for bag in leg.bags],
    )


def _confirm_by(one: Riding, calendar: Calendar) -> Due | None:
    """Return the last day for the receiver's confirmation: counted from the first arrival."""
    first = min((arrival.at for arrival in one.leg.arrivals), default=None)
    if first is None:
        return None
    return add_workdays(day_of(first), one.policy.confirm_workdays, calendar)


def _confirmation(one: Riding, carrier: str | None) -> Confirmation | None:
    """Return None where nothing has departed, or no carrier is known who could confirm."""
    if not one.leg.departures or carrier is None:
        return None
    waiting = one.unconfirmed
    side = (CARRIER if waiting[0].side == ORIGIN else ORIGIN) if waiting else None
    return Confirmation(confirmed=not waiting, waiting_for=side)


def _flags(leg: Leg) -> list[str]:
    """Return what did not fit in a leg's steps.

    One arrival may take in bags of several legs: whether it was elsewhere the own bags tell.
    """
    found = dict.fromkeys(flag for step in (*leg.departures, *leg.arrivals) for flag in step.flags)
    if not any(leg.went_elsewhere(bag) for bag in leg.bags):
        found.pop("arrived-elsewhere", None)
    return list(found)


def _bag(bag: Bag, leg: Leg, places: Mapping[str, Place]) -> BagShown:
    settled = bag.state not in (MOVING, WRITTEN_OFF)
    return BagShown(
        code=bag.code,
        state=bag.state,
        out_g=bag.out_g,
        received_g=bag.received_g if settled else None,
        difference_g=bag.difference_g if settled else None,
        outcome=bag.outcome,
        reason=bag.reason,
        at=place_of(places, bag.at) if bag.at else None,
        elsewhere=leg.went_elsewhere(bag),
    )

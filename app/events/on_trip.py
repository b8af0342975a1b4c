"""Which trip an event is part of, under which regime, who may join it, and what is odd. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.auth.caller import Caller
from app.errors import Forbidden, NotFound
from app.events.effects import Effect
from app.events.errors import TripNotFound
from app.events.facts import Facts, TripRow
from app.events.happening import day_of
from app.events.rules import Times, regime_of
from app.events.schemas import Arrive, Depart, Draft
from app.events.state import State
from app.trips.note import Noted, trips_in
from app.trips.open import OpenedTrip
from app.trips.regime import HAZARDOUS, INTERNAL, MANIFEST_MISSING, manifest_flags

OTHER_VEHICLE = "other-vehicle"


def check_trip(caller: Caller, trip: TripRow | None, draft: Draft) -> None:
    """Raise Forbidden where a driver would load for a trip of another carrier."""
    if (
        trip is not None
        and isinstance(draft, Depart)
        and caller.role == "carrier"
        and trip.carrier != caller.organisation
    ):
        raise Forbidden(
            action="发运（转运交接单不属于本单位）",
            action_en="event.depart, on a trip of another carrier",
            pointer="/trip",
        )


def vehicle_flags(trip: TripRow | None, draft: Depart) -> tuple[str, ...]:
    """Return what is odd: the load left with another vehicle than the trip's. Vehicles break."""
    return (OTHER_VEHICLE,) if trip is not None and trip.vehicle != draft.vehicle else ()


def manifest_flags_of(
    draft: Depart, facts: Facts, times: Times, trip: UUID | None, regime: str
) -> tuple[str, ...]:
    """Return what is odd about a departure's manifest, beside those of other departures."""
    site = facts.sites[draft.site]
    return manifest_flags(
        regime,
        draft.manifest,
        (trip or draft.id, site.operator),
        facts.manifests.get(draft.manifest or "", ()),
        on=day_of(times.effective),
        province=site.county[:2],
    )


def regime_for(draft: Draft, facts: Facts, on: date) -> str | None:
    """Return the regime of a departure's load, None for other events; NotFound: where it goes."""
    if not isinstance(draft, Depart):
        return None
    destination = facts.sites.get(draft.destination)
    if destination is None:
        raise NotFound(what=draft.destination, pointer="/destination")
    return regime_of(destination, on, facts.policies.of(draft.site[:6], on))


def trip_for(
    draft: Draft, facts: Facts, times: Times, regime: str | None
) -> tuple[UUID | None, OpenedTrip | None]:
    """Return the trip that an event is part of, and the one it opens."""
    if not isinstance(draft, Depart | Arrive):
        return None, None
    # A later pick-up may have named the first departure's id before that departure was told.
    named = draft.trip or (draft.id if isinstance(draft, Depart) else None)
    known = facts.trips.get(named) if named else None
    if isinstance(draft.trip, str) and known is None:
        raise TripNotFound(trip=draft.trip, retry=True, pointer="/trip")
    if isinstance(draft, Arrive):
        return (known.id if known else draft.trip if isinstance(draft.trip, UUID) else None), None
    if known:
        return known.id, None
    opened = OpenedTrip(
        id=draft.trip if isinstance(draft.trip, UUID) else draft.id,
        county=draft.site[:6],
        destination=draft.destination,
        vehicle=draft.vehicle,
        carrier=facts.carriers.get(draft.vehicle),
        regime=regime or INTERNAL,
        manifest=draft.manifest,
        opened_on=day_of(times.effective),
        opened_at=times.effective,
    )
    return opened.id, opened


def noted_of(
    parts: Mapping[str, Any], site: str, effects: Iterable[Effect], states: Iterable[State]
) -> Noted:
    """Return the trips that an event concerns: named, moved from or to, or left a bag on.

    `parts` are its leaf's, `states` those that it leaves the bags in that it names.
    """
    event, stamps = parts["event"], parts["stamps"]
    body = event.get("replacement", event)
    moved = (account for e in effects for t in e.transfers for account in (t.source, t.target))
    trips = trips_in(moved)
    if "trip" in stamps:
        trips.add(UUID(stamps["trip"]))
    if event["kind"] == "arrive":
        trips |= {UUID(state.trip) for state in states if state.trip}
    return Noted(
        event_id=UUID(event["id"]),
        kind=event["kind"],
        site=site,
        trips=frozenset(trips),
        destination=body.get("destination"),
        regime=stamps.get("regime", _regime_by(body, stamps)),
        manifest=body.get("manifest"),
        corrects=UUID(event["corrects"]) if "corrects" in event else None,
    )


def _regime_by(body: Mapping[str, Any], stamps: Mapping[str, Any]) -> str | None:
    """Return the regime that a departure's leaf implies: older ones do not state it."""
    if body["kind"] != "depart":
        return None
    full = body.get("manifest") or MANIFEST_MISSING in stamps["flags"]
    return HAZARDOUS if full else INTERNAL

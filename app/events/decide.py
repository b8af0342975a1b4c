"""Decide events in memory against what is known: pure but for the `Facts` it updates as it goes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.areas.scope import Reach
from app.auth.caller import Caller
from app.errors import NotFound
from app.events.counting import counted, materials_of
from app.events.effects import Acted, effects_of
from app.events.facts import Facts
from app.events.happening import Happening, day_of
from app.events.on_labels import check_labels, containers_of, issued_of
from app.events.on_trip import (
    check_trip,
    manifest_flags_of,
    regime_for,
    trip_for,
    vehicle_flags,
)
from app.events.parse import Item
from app.events.rules import (
    Times,
    check_place,
    check_right,
    destination_of,
    receiver_flags,
    times_of,
)
from app.events.schemas import Arrive, Depart, Draft, Repack, StockCount, WriteOff
from app.events.sent import private_of, public_of
from app.events.settle import Decision, Duplicate, Sealed, Source, settle, standing_under
from app.ledger.leaf import utc

NO_REACH = Reach()


def decide(
    item: Item, facts: Facts, caller: Caller, now: datetime, source: Source
) -> Decision | Duplicate:
    """Decide one event or raise the DomainError that refuses it; `facts` then knows of it.

    Raises Lacking where it can only be decided against whole stories that are not loaded.
    """
    draft = item.draft
    assert draft is not None, "corrections are decided in correct.py"
    public = public_of(draft, item.codes)
    private = private_of(draft)
    standing = standing_under(facts, draft.id, public, private)
    if standing:
        return standing

    site = facts.sites.get(draft.site)
    reach = facts.reaches.get(caller.id, NO_REACH)
    check_right(caller, draft, carrier_of(draft, facts), reach, site)
    if site is None:
        raise NotFound(what=draft.site, pointer="/site")
    check_case(draft, facts, caller)
    check_labels(item, facts)
    times = times_of(draft.occurred_at, item.sent_at, now, issued_of(item, facts))
    check_place(draft, site, day_of(times.effective))
    regime = regime_for(draft, facts, day_of(times.effective))
    trip, opens = trip_for(draft, facts, times, regime)
    check_trip(caller, facts.trips.get(trip) if trip else None, draft)
    stamps = stamps_of(item, facts, caller, now, times, trip, regime)
    stamps |= {"county": site.county, "nonce": source.nonce()}
    happening = Happening(str(draft.id), str(draft.id), public, stamps)
    acted = effects_of(facts, happening, None, item.pointers)
    stamps["flags"] = flags_of(draft, facts, times, acted, trip=trip, regime=regime)
    return settle(
        facts,
        Sealed(public, private, source.salt() if private else None),
        happening,
        acted,
        codes=item.named,
        caller=caller,
        now=now,
        site=draft.site,
        occurred_at=draft.occurred_at,
        effective_at=times.effective,
        trip=trip,
        opens=opens,
    )


def carrier_of(draft: Draft, facts: Facts) -> str | None:
    """Return which organisation runs the vehicle of a departure, as far as it is registered."""
    return facts.carriers.get(draft.vehicle) if isinstance(draft, Depart) else None


def check_case(draft: Draft, facts: Facts, caller: Caller) -> None:
    """Raise NotFound where a count or a write-off names a case that the caller does not see."""
    case = draft.case if isinstance(draft, StockCount | WriteOff) else None
    if case and (case, caller.id) not in facts.cases:
        raise NotFound(what=str(case), pointer="/case")


def stamps_of(
    item: Item,
    facts: Facts,
    caller: Caller,
    now: datetime,
    times: Times,
    trip: UUID | None,
    regime: str | None,
) -> dict[str, Any]:
    """Return what the server says of an event; the site's county and a nonce are still to come."""
    draft = item.draft
    assert draft is not None
    stamps: dict[str, Any] = {
        "recorded_at": utc(now),
        "effective_at": utc(times.effective),
        "adjusted_at": utc(times.adjusted),
        "actor": str(caller.id),
        "role": caller.role,
    }
    if trip:
        stamps["trip"] = str(trip)
    if regime:
        stamps["regime"] = regime
    containers = containers_of(item, facts)
    if containers:
        stamps["containers"] = containers
    if facts.packaging is None:
        return stamps
    found = counted(draft, facts.packaging)
    if found:
        stamps["counted"] = {"version": facts.packaging.version, "scopes": found.scopes}
        stamps["materials"] = {item.codes[draft.refs[0].code]: found.materials}
    if isinstance(draft, Repack):
        materials = materials_of(draft, facts.packaging)
        known = {
            item.codes[output.code]: grams
            for output, grams in zip(draft.outputs, materials, strict=True)
            if grams
        }
        if known:
            stamps["materials"] = known
            stamps["counted"] = {"version": facts.packaging.version}
    return stamps


def flags_of(
    draft: Draft,
    facts: Facts,
    times: Times,
    acted: Acted,
    *,
    trip: UUID | None,
    regime: str | None,
) -> list[str]:
    """Return what did not fit when the event was recorded, each once."""
    flags = [*times.flags, *acted.flags]
    destination = facts.sites.get(destination_of(draft) or draft.site)
    if isinstance(draft, Depart | Arrive):
        flags += receiver_flags(destination, day_of(times.effective))
    if isinstance(draft, Depart) and regime:
        flags += manifest_flags_of(draft, facts, times, trip, regime)
        flags += vehicle_flags(facts.trips.get(trip) if trip else None, draft)
    return list(dict.fromkeys(flags))

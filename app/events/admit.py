"""Let an event in: the gates that recording and correcting share, and all that it does behind them.

Pure but for the nonce. Who may record at a site, and who may correct what, was asked before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

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
    SiteFacts,
    Times,
    check_place,
    check_vehicle,
    destination_of,
    receiver_flags,
    times_of,
)
from app.events.schemas import Arrive, Depart, Draft, Repack, StockCount, WriteOff
from app.events.settle import Source
from app.ledger.leaf import utc
from app.trips.open import OpenedTrip


@dataclass(frozen=True)
class Admitted:
    """An event as it counts, all that it does, its trip, and the one that it opens."""

    happening: Happening
    acted: Acted
    trip: UUID | None
    opens: OpenedTrip | None


def admit(
    item: Item,
    body: dict[str, Any],
    site: SiteFacts | None,
    facts: Facts,
    *,
    caller: Caller,
    now: datetime,
    source: Source,
    replaces: Happening | None = None,
) -> Admitted:
    """Return an event that passes, or raise the DomainError of the gate that it does not pass.

    `body` is its public part. What `replaces` another takes its place in all stories.
    """
    draft = item.draft
    assert draft is not None
    # Before the site: to a driver whose right is his vehicle, all sites look alike.
    check_vehicle(caller, draft, facts.carriers)
    if site is None:
        raise NotFound(what=draft.site, pointer="/site")
    _check_case(draft, facts, caller)
    check_labels(item, facts)
    times = _times(item, facts, now, replaces)
    on = day_of(times.effective)
    check_place(draft, site, on)
    regime = regime_for(draft, facts, on)
    trip, opens = _trip(draft, facts, times, regime, replaces)
    check_trip(caller, facts.trips.get(trip) if trip else None, draft)
    stamps = _stamps(item, facts, caller, now, times, trip, regime)
    containers = containers_of(item, facts, replaces.tares if replaces else {})
    if containers:
        stamps["containers"] = containers
    stamps |= {"county": site.county, "nonce": source.nonce()}
    if replaces:
        stamps |= _said_again(body, stamps, replaces)
        stamps |= {"root": replaces.root, "seq": replaces.order[2]}
    own = str(draft.id)
    root, corrects = (replaces.root, replaces.event) if replaces else (own, None)
    happening = Happening(own, root, body, stamps, corrects=corrects)
    acted = effects_of(facts, happening, replaces, item.pointers)
    stamps["flags"] = _flags(draft, facts, times, acted, trip=trip, regime=regime)
    return Admitted(happening, acted, trip, opens)


def _check_case(draft: Draft, facts: Facts, caller: Caller) -> None:
    """Raise NotFound where a count or a write-off names a case that the caller does not see."""
    case = draft.case if isinstance(draft, StockCount | WriteOff) else None
    if case and (case, caller.id) not in facts.cases:
        raise NotFound(what=str(case), pointer="/case")


def _times(item: Item, facts: Facts, now: datetime, replaces: Happening | None) -> Times:
    """Return an event's times: of a replacement those of its target, unless it says another time."""
    draft = item.draft
    assert draft is not None
    if replaces is None:
        return times_of(draft.occurred_at, item.sent_at, now, issued_of(item, facts))
    if utc(draft.occurred_at) == replaces.body["occurred_at"]:
        return Times(
            datetime.fromisoformat(replaces.stamps["adjusted_at"]),
            datetime.fromisoformat(replaces.stamps["effective_at"]),
        )
    return times_of(draft.occurred_at, None, now, issued_of(item, facts))


def _trip(
    draft: Draft, facts: Facts, times: Times, regime: str | None, replaces: Happening | None
) -> tuple[UUID | None, OpenedTrip | None]:
    """Return the trip that an event is part of and the one it opens; a replacement may keep its own."""
    kept = replaces.stamps.get("trip") if replaces else None
    if kept and not getattr(draft, "trip", None):
        return UUID(kept), None
    return trip_for(draft, facts, times, regime)


def _stamps(
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


def _flags(
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


def _said_again(body: dict[str, Any], stamps: dict[str, Any], target: Happening) -> dict[str, Any]:
    """Return the counted grams that were stamped of what a replacement says again.

    Unit weights may be others by now. What was recorded is not recomputed.
    """
    was = target.stamps
    kept: dict[str, Any] = {}
    if "counted" in stamps and _same(body, target.body, "contents", "outputs"):
        kept = {key: was[key] for key in ("counted", "materials") if key in was}
    return kept


def _same(left: dict[str, Any], right: dict[str, Any], *fields: str) -> bool:
    """Tell whether two events say the same in all of some fields."""
    return all(left.get(field) == right.get(field) for field in fields)

"""Decide events in memory against what is known: pure but for the `Facts` it updates as it goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.areas.scope import Reach
from app.auth.caller import Caller
from app.balance.postings import Transfer, listed
from app.batches.errors import LabelNotIssued
from app.errors import NotFound
from app.events.effects import Acted, Effect, effects_of
from app.events.errors import (
    ContainerInContainer,
    EventIdReused,
    LabelIsABag,
    LabelIsAContainer,
    LabelIsVoid,
    LeafTooLarge,
    NetNotPositive,
    TareUnknown,
)
from app.events.facts import Facts, Known, Recorded, TripRow
from app.events.on_trip import check_trip, regime_for, trip_for, vehicle_flags
from app.events.parse import Item
from app.events.rules import (
    Times,
    check_place,
    check_right,
    counted,
    destination_of,
    materials_of,
    receiver_flags,
    times_of,
)
from app.events.schemas import Arrive, Depart, Draft, Pack, Repack, Together, Unpack
from app.events.state import State
from app.events.story import (
    Happening,
    day_of,
    private_of,
    public_of,
)
from app.ledger.append import Entry
from app.ledger.leaf import MAX_LEAF_BYTES, commitment, make_leaf, read_leaf, utc
from app.trips.open import OpenedTrip
from app.trips.regime import manifest_flags

NO_REACH = Reach()


class Source(Protocol):
    """Where nonces and salts come from; seeded in the simulated season, random otherwise."""

    def nonce(self) -> str:
        """Return 32 hex digits."""
        ...

    def salt(self) -> bytes:
        """Return 16 bytes."""
        ...


@dataclass(frozen=True)
class Decision:
    """A decided event and what it changes."""

    entry: Entry
    parts: dict[str, Any]
    booked: tuple[tuple[str, tuple[Transfer, ...]], ...]
    trip: UUID | None
    opens: OpenedTrip | None
    regime: str | None = None
    """Of a departure: under which rules its load travels."""


@dataclass(frozen=True)
class Duplicate:
    """The same event again: a success with a flag."""

    recorded: Recorded


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

    plate = draft.vehicle if isinstance(draft, Depart) else ""
    site = facts.sites.get(draft.site)
    check_right(
        caller, draft, facts.carriers.get(plate), facts.reaches.get(caller.id, NO_REACH), site
    )
    if site is None:
        raise NotFound(what=draft.site, pointer="/site")
    check_labels(item, facts)
    times = times_of(draft.occurred_at, item.sent_at, now, issued_of(item, facts))
    check_place(draft, site, day_of(times.effective))
    regime = regime_for(draft, facts, day_of(times.effective))
    trip, opens = trip_for(draft, facts, times, regime)
    check_trip(caller, facts.trips.get(trip) if trip else None, draft)
    stamps = stamps_of(item, facts, caller, now, times, trip)
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
        regime=regime,
    )


def standing_under(
    facts: Facts, id_: UUID, public: dict[str, Any], private: dict[str, Any] | None
) -> Duplicate | None:
    """Return the event that stands under an id if it is the same; EventIdReused if it is not."""
    standing = facts.recorded.get(id_)
    if standing is None:
        return None
    if same_content(standing, public, private):
        return Duplicate(standing)
    raise EventIdReused(event=str(id_), pointer="/id")


def same_content(
    standing: Recorded, public: dict[str, Any], private: dict[str, Any] | None
) -> bool:
    """Tell whether an event says again what stands: the private part only while it is held."""
    if standing.parts["event"] != public:
        return False
    sealed = standing.parts["private"]
    if private is None or sealed is None:
        return private is None and sealed is None
    if standing.private is None:
        return True  # forgotten: nothing is left to compare
    salt, _ = standing.private
    return bool(commitment(salt, private) == sealed)


def issued_of(item: Item, facts: Facts) -> datetime | None:
    """Return when the last of an item's labels was issued."""
    return max((facts.labels[code].issued_at for code in item.named), default=None)


def check_labels(item: Item, facts: Facts) -> None:
    """Raise where a code is not issued, is void, or is of the wrong kind for its place."""
    assert item.draft is not None
    for code, pointer in item.pointers.items():
        label = facts.labels.get(code)
        if label is None:
            raise LabelNotIssued(batch=code, pointer=pointer)
        if label.void:
            raise LabelIsVoid(batch=code, pointer=pointer)
        if code not in facts.known:
            facts.known[code] = Known(
                label.facts, State(), exists=False, seen_by=set(), kind=label.kind
            )
            facts.shelf.open(code)
    draft = item.draft
    for text in _container_texts(draft):
        code = item.codes[text]
        if facts.labels[code].kind != "container":
            raise LabelIsABag(batch=code, pointer=item.pointers[code])
    if isinstance(draft, Together) and draft.event_kind not in ("pack", "unpack"):
        return
    fields = ("batches", "inputs", "outputs")
    for ref in (ref for field in fields for ref in getattr(draft, field, ())):
        code = item.codes[ref.code]
        if facts.labels[code].kind != "bag":
            wrong = ContainerInContainer if isinstance(draft, Pack) else LabelIsAContainer
            raise wrong(batch=code, pointer=item.pointers[code])


def _container_texts(draft: Draft) -> list[str]:
    found = [draft.container] if isinstance(draft, Pack | Unpack) else []
    if isinstance(draft, Together) and draft.weighed:
        found.append(draft.weighed.container)
    return found


def containers_of(item: Item, facts: Facts) -> dict[str, int | None]:
    """Return the containers that an event acts on, with net grams where one was weighed.

    Raises TareUnknown, NetNotPositive.
    """
    draft = item.draft
    if not isinstance(draft, Together):
        return {}
    found: dict[str, int | None] = {}
    for ref in draft.batches:
        code = item.codes[ref.code]
        if facts.labels[code].kind != "container":
            continue
        if ref.gross_g is None:
            found[code] = ref.mass_g
        else:
            found[code] = _net(facts, code, ref.gross_g, ref.tare_g, item.pointers[code])
    if isinstance(draft, Arrive):
        for exception in draft.exceptions or ():
            code = item.codes[exception.code]
            if facts.labels[code].kind == "container":
                found.setdefault(code, None)
    if draft.weighed:
        code = item.codes[draft.weighed.container]
        found[code] = _net(
            facts, code, draft.weighed.gross_g, draft.weighed.tare_g, item.pointers[code]
        )
    return found


def _net(facts: Facts, code: str, gross_g: int, tare_g: int | None, pointer: str) -> int:
    tare_g = facts.labels[code].tare_g if tare_g is None else tare_g
    if tare_g is None:
        raise TareUnknown(batch=code, pointer=pointer)
    if gross_g <= tare_g:
        raise NetNotPositive(batch=code, tare_g=tare_g, pointer=pointer)
    return gross_g - tare_g


def stamps_of(
    item: Item, facts: Facts, caller: Caller, now: datetime, times: Times, trip: UUID | None
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
        flags += manifest_flags(regime, draft.manifest)
        flags += vehicle_flags(facts.trips.get(trip) if trip else None, draft)
    return list(dict.fromkeys(flags))


@dataclass(frozen=True)
class Sealed:
    """What was sent, as it goes into the leaf: the private part by its salted commitment."""

    public: dict[str, Any]
    private: dict[str, Any] | None
    salt: bytes | None


def settle(
    facts: Facts,
    sealed: Sealed,
    happening: Happening | None,
    acted: Acted,
    *,
    stamps: dict[str, Any] | None = None,
    codes: tuple[str, ...],
    caller: Caller,
    now: datetime,
    site: str,
    occurred_at: datetime,
    effective_at: datetime,
    trip: UUID | None = None,
    opens: OpenedTrip | None = None,
    regime: str | None = None,
    takes_back: Happening | None = None,
) -> Decision:
    """Make the leaf of a decided event and let `facts` know of it; LeafTooLarge."""
    stamps = happening.stamps if happening else stamps or {}
    order = {code: n for n, code in enumerate(codes)}
    effects = sorted(acted.effects, key=lambda e: (order.get(e.code, len(order)), e.code))
    postings = [row for effect in effects for row in listed(effect.code, effect.transfers)]
    promise = commitment(sealed.salt, sealed.private) if sealed.salt and sealed.private else None
    leaf, booked = make_leaf(sealed.public, promise, stamps, postings)
    if len(leaf) > MAX_LEAF_BYTES:
        raise LeafTooLarge(bytes=len(leaf))
    accept(facts, happening, takes_back, effects)
    entry = Entry(
        id=UUID(sealed.public["id"]),
        kind=sealed.public["kind"],
        site=site,
        occurred_at=occurred_at,
        effective_at=effective_at,
        recorded_at=now,
        occurred_on=day_of(effective_at),
        actor=caller.id,
        leaf=leaf,
        postings=booked,
        batches=codes,
        corrects=UUID(takes_back.event) if takes_back else None,
        salt=sealed.salt,
        private=sealed.private,
    )
    return Decision(
        entry,
        read_leaf(leaf.decode()),
        tuple((effect.code, effect.transfers) for effect in effects),
        trip,
        opens,
        regime,
    )


def accept(
    facts: Facts,
    happening: Happening | None,
    takes_back: Happening | None,
    effects: Iterable[Effect],
) -> None:
    """Let `facts` know of an event that fits."""
    if takes_back:
        facts.shelf.take(takes_back.event)
    if happening:
        facts.shelf.put(happening)
    for effect in effects:
        known = facts.known[effect.code]
        known.state = effect.state
        known.booked = [*known.booked, *effect.transfers]
        known.seen_by |= effect.seers
        stand_in = known.label.county
        if not any(code.startswith(f"{stand_in}-") for code in known.seen_by):
            # The label's county stood in for an origin that is known by now, and has no site in
            # the story: what it sees must not hang on the order of arrival.
            known.seen_by.discard(stand_in)
        known.seen_by |= {origin.partition("/")[0] for origin, _ in effect.state.mass}
        known.touched = True


def remember_trip(decision: Decision, facts: Facts) -> None:
    """Let later items of the same request see a trip that this one opens."""
    if decision.opens:
        opened = decision.opens
        facts.trips.setdefault(
            opened.id, TripRow(opened.id, "", opened.destination, opened.vehicle, opened.carrier)
        )

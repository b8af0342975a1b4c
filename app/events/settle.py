"""A decided event: whether it stands already, its leaf, and what `facts` then knows. Pure but for that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.auth.caller import Caller
from app.balance.postings import Transfer, listed
from app.events.effects import Acted, Effect
from app.events.errors import (
    EventIdReused,
    LeafTooLarge,
)
from app.events.facts import Facts, Recorded, TripRow
from app.events.happening import Happening, day_of
from app.events.on_trip import noted_of
from app.ledger.append import Entry
from app.ledger.leaf import MAX_LEAF_BYTES, commitment, make_leaf, read_leaf
from app.trips.note import Noted
from app.trips.open import OpenedTrip


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
    noted: Noted
    """Which trips it concerns."""


@dataclass(frozen=True)
class Duplicate:
    """The same event again: a success with a flag."""

    recorded: Recorded


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
    takes_back: Happening | None = None,
) -> Decision:
    """Make the leaf of a decided event and let `facts` know of it; LeafTooLarge."""
    stamps = happening.stamps if happening else stamps or {}
    effects = in_order(acted.effects, codes)
    postings = booked_by(effects)
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
    parts = read_leaf(leaf.decode())
    return Decision(
        entry,
        parts,
        tuple((effect.code, effect.transfers) for effect in effects),
        trip,
        opens,
        noted_of(parts, site, effects, [facts.known[c].state for c in codes if c in facts.known]),
    )


def in_order(effects: Iterable[Effect], codes: Sequence[str]) -> list[Effect]:
    """Return what an event does in the order of its leaf: the codes that it names, then the rest."""
    order = {code: n for n, code in enumerate(codes)}
    return sorted(effects, key=lambda e: (order.get(e.code, len(order)), e.code))


def booked_by(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    """Return the postings of an event as they stand in the list whose hash is in its leaf."""
    return [row for effect in effects for row in listed(effect.code, effect.transfers)]


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
    """Let later items of the same request see a trip that this one opens, and its manifest."""
    said = decision.parts["event"]
    manifest = said.get("replacement", said).get("manifest")
    site = facts.sites.get(decision.entry.site or "")
    if manifest and decision.trip and site:
        facts.manifests.setdefault(manifest, set()).add((decision.trip, site.operator))
    if decision.opens:
        opened = decision.opens
        facts.trips.setdefault(
            opened.id, TripRow(opened.id, "", opened.destination, opened.vehicle, opened.carrier)
        )

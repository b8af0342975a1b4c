"""Decide events in memory against what is known: pure but for the `Facts` it updates as it goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.areas.scope import township_key
from app.auth.caller import Caller
from app.balance.postings import Transfer, listed, outstanding
from app.batches.errors import LabelNotIssued
from app.errors import DomainError, NotFound
from app.events.errors import (
    RULES,
    EventIdReused,
    LabelIsAContainer,
    LabelIsVoid,
    LeafTooLarge,
)
from app.events.facts import Facts, Known, Recorded
from app.events.fold import Folded, advance, fold
from app.events.on_trip import check_trip, regime_for, trip_for, vehicle_flags
from app.events.rules import (
    check_place,
    check_right,
    counted,
    destination_of,
    receiver_flags,
    times_of,
)
from app.events.schemas import Arrive, Depart, Draft
from app.events.state import State, Step
from app.events.story import day_of, private_of, public_of, step_of
from app.events.taking import Conflict, Moved
from app.ledger.append import Entry
from app.ledger.leaf import MAX_LEAF_BYTES, commitment, make_leaf, read_leaf, utc
from app.trips.open import OpenedTrip
from app.trips.regime import manifest_flags


class Source(Protocol):
    """Where nonces and salts come from; seeded in the simulated season, random otherwise."""

    def nonce(self) -> str:
        """Return 32 hex digits."""
        ...

    def salt(self) -> bytes:
        """Return 16 bytes."""
        ...


@dataclass(frozen=True)
class Item:
    """One event of a request: its draft, its codes, the raw body that is kept if refused."""

    draft: Draft
    codes: tuple[str, ...]
    body: Any
    sent_at: datetime | None = None

    def pointer_to(self, code: str) -> str:
        """Return where in the body a code stands first."""
        at, named = self.codes.index(code), len(self.draft.batches)
        return f"/batches/{at}/code" if at < named else f"/exceptions/{at - named}/code"


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


@dataclass
class _Taken:
    """A step that fits one batch, before the whole event is known to fit."""

    known: Known
    step: Step
    state: State
    flags: tuple[str, ...]
    transfers: list[Transfer]


def decide(
    item: Item, facts: Facts, caller: Caller, now: datetime, source: Source
) -> Decision | Duplicate:
    """Decide one event or raise the DomainError that refuses it; `facts` then knows of it."""
    draft = item.draft
    public = public_of(draft, list(item.codes))
    private = private_of(draft)
    standing = facts.recorded.get(draft.id)
    if standing:
        if same_content(standing, public, private):
            return Duplicate(standing)
        raise EventIdReused(event=str(draft.id), pointer="/id")

    plate = draft.vehicle if isinstance(draft, Depart) else ""
    check_right(caller, draft, facts.carriers.get(plate))
    site = facts.sites.get(draft.site)
    if site is None:
        raise NotFound(what=draft.site, pointer="/site")
    codes = tuple(dict.fromkeys(item.codes))
    _check_labels(item, facts)
    times = times_of(
        draft.occurred_at,
        item.sent_at,
        now,
        max((facts.labels[c].issued_at for c in codes), default=None),
    )
    on = day_of(times.effective)
    check_place(draft, site, on)
    regime = regime_for(draft, facts, on)
    trip, opens = trip_for(draft, facts, times, regime)
    check_trip(caller, facts.trips.get(trip) if trip else None, draft)
    weighed = counted(draft, facts.packaging) if facts.packaging else None

    stamps: dict[str, Any] = {
        "recorded_at": utc(now),
        "effective_at": utc(times.effective),
        "adjusted_at": utc(times.adjusted),
        "actor": str(caller.id),
        "role": caller.role,
        "county": site.county,
        "nonce": source.nonce(),
    }
    if trip:
        stamps["trip"] = str(trip)
    if weighed and facts.packaging:
        stamps["counted"] = {"version": facts.packaging.version, "scopes": weighed}
    taken = [_take(facts.known[code], step_of(public, stamps, code), item, code) for code in codes]

    flags = [*times.flags, *(flag for t in taken for flag in t.flags)]
    destination = facts.sites.get(destination_of(draft) or draft.site)
    if isinstance(draft, Depart | Arrive):
        flags += receiver_flags(destination, on)
    if isinstance(draft, Depart) and regime:
        flags += manifest_flags(regime, draft.manifest)
        flags += vehicle_flags(facts.trips.get(trip) if trip else None, draft)
    stamps["flags"] = list(dict.fromkeys(flags))

    postings = [
        row for t, code in zip(taken, codes, strict=True) for row in listed(code, t.transfers)
    ]
    salt = source.salt() if private else None
    sealed = commitment(salt, private) if private and salt else None
    leaf, booked = make_leaf(public, sealed, stamps, postings)
    if len(leaf) > MAX_LEAF_BYTES:
        raise LeafTooLarge(bytes=len(leaf))

    seers = _seers(draft, facts)
    for t in taken:
        _accept(t, seers)
    entry = Entry(
        id=draft.id,
        kind=draft.event_kind,
        site=draft.site,
        occurred_at=draft.occurred_at,
        effective_at=times.effective,
        recorded_at=now,
        occurred_on=on,
        actor=caller.id,
        leaf=leaf,
        postings=booked,
        batches=codes,
        salt=salt,
        private=private,
    )
    parts = read_leaf(leaf.decode())
    return Decision(
        entry,
        parts,
        tuple((code, tuple(t.transfers)) for t, code in zip(taken, codes, strict=True)),
        trip,
        opens,
        regime,
    )


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


def _check_labels(item: Item, facts: Facts) -> None:
    for code in item.codes:
        label = facts.labels.get(code)
        if label is None:
            raise LabelNotIssued(batch=code, pointer=item.pointer_to(code))
        if label.void:
            raise LabelIsVoid(batch=code, pointer=item.pointer_to(code))
        if label.kind != "bag":
            raise LabelIsAContainer(batch=code, pointer=item.pointer_to(code))
        if code not in facts.known:
            facts.known[code] = Known(label.facts, State(), exists=False, seen_by=set(), story=[])


def _take(known: Known, step: Step, item: Item, code: str) -> _Taken:
    """Fold one step in, or raise the conflict as the problem it is."""
    newest = known.state.last is None or step.order > known.state.last
    outcome: Moved | Folded | Conflict
    if newest:
        outcome = advance(known.label, known.state, step)
    else:
        assert known.story is not None, "a late event needs the whole story"
        outcome = fold(known.label, [*known.story, step])
    if isinstance(outcome, Conflict):
        raise _conflict(outcome, step, item, code)
    if isinstance(outcome, Moved):
        return _Taken(known, step, outcome.state, outcome.flags, list(outcome.transfers))
    flags = next(moved.flags for taken, moved in outcome.taken if taken.event == step.event)
    transfers = outstanding(outcome.transfers, known.booked)
    return _Taken(known, step, outcome.state, flags, transfers)


def _conflict(conflict: Conflict, step: Step, item: Item, code: str) -> DomainError:
    """Return the problem that names the rule and the event in the way."""
    in_the_way = conflict.in_the_way if conflict.step == step.event else conflict.step
    return RULES[conflict.rule](
        batch=code,
        pointer=item.pointer_to(code),
        in_the_way=in_the_way,
        retry=True if conflict.retry else None,
    )


def _accept(taken: _Taken, seers: set[str]) -> None:
    known = taken.known
    known.state = taken.state
    known.seen_by |= seers
    origins = {origin.partition("/")[0] for origin, _ in taken.state.mass}
    stand_in = known.label.county
    if not any(code.startswith(f"{stand_in}-") for code in known.seen_by):
        # The label's county stood in for an origin that is known by now, and has no site in the
        # story: what it sees must not hang on the order of arrival.
        known.seen_by.discard(stand_in)
    known.seen_by |= origins
    known.touched = True
    if known.story is not None:
        known.story.append(taken.step)
        known.booked = [*known.booked, *taken.transfers]


def _seers(draft: Draft, facts: Facts) -> set[str]:
    """Return the codes of everyone whose scope an event brings a batch into."""
    seers: set[str] = set()
    for code in (draft.site, destination_of(draft)):
        site = facts.sites.get(code) if code else None
        if site:
            seers |= {site.code, site.county, township_key(site.county, site.township)}
    if isinstance(draft, Depart) and draft.vehicle in facts.carriers:
        seers.add(facts.carriers[draft.vehicle])
    return seers

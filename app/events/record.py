"""Record events: the one door to the log, for the API, the phone's queue and every other caller.

Items are decided one after the other under the locks of their batches, in memory, and written
set-based in one transaction. If a constraint objects, because another request was first, the
items are replayed on what is then there: together once more, then one by one. Refused bodies are kept.
"""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import OFFICIALS, Caller
from app.batches.errors import LabelNotIssued, MistypedCode
from app.db import Database, WriteSession, sqlstate
from app.errors import DomainError, Unavailable
from app.events import correct
from app.events import facts as load
from app.events.decide import Decision, Duplicate, Source, decide, remember_trip
from app.events.facts import Facts, Recorded
from app.events.parse import Item, read_item
from app.events.refuse import keep_refused, suggest, text_of
from app.events.rules import times_of
from app.events.schemas import Arrive, Collect, Depart, Draft, HandIn, Repack
from app.events.shelf import Lacking, Shelf
from app.events.state import Order
from app.events.story import answer_of, order_of, trip_of
from app.events.write import write
from app.ledger.leaf import leaf_hash
from app.trips.open import numbers_of

REPLAYABLE = frozenset({"23505", "40P01", "40001"})
"""unique_violation, deadlock_detected, serialization_failure."""
MAX_TRIES = 8
TRIES_TOGETHER = 2
"""A queue that lost a race finds the winner's rows at its second try; then one by one."""


class Random:
    """Nonces and salts from the system."""

    def nonce(self) -> str:
        """Return 32 random hex digits."""
        return secrets.token_hex(16)

    def salt(self) -> bytes:
        """Return 16 random bytes."""
        return secrets.token_bytes(16)


@dataclass(frozen=True)
class Submission:
    """What one caller sends at once: `now` is the server's clock, `sent_at` the phone's."""

    caller: Caller
    bodies: Sequence[Any]
    now: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one item: `recorded` and `duplicate` with the event, `refused` with why."""

    id: str | None
    outcome: str
    event: dict[str, Any] | None = None
    error: DomainError | None = None


async def record(
    database: Database,
    caller: Caller,
    bodies: Sequence[Any],
    *,
    now: datetime,
    sent_at: datetime | None = None,
    source: Source | None = None,
) -> list[Outcome]:
    """Record event bodies in order, each decided by itself; committed when this returns.

    `now` is the server's clock and `sent_at` the phone's at sending; `source` gives nonces and
    salts. A body that does not validate, or that a rule refuses, is an outcome, not an error.
    """
    submission = Submission(caller, bodies, now, sent_at)
    return (await record_together(database, [submission], source=source))[0]


async def record_together(
    database: Database, submissions: Sequence[Submission], *, source: Source | None = None
) -> list[list[Outcome]]:
    """Record several callers' submissions in order, in one transaction where nothing objects.

    The outcomes are those of `record` called for one submission after the other.
    """
    source = source or Random()
    whole: frozenset[str] = frozenset()
    attempt = 0
    while True:
        try:
            async with database.write() as session:
                return await _record_in(session, submissions, source, whole)
        except Lacking as lacking:
            # Locks are taken in one order, so what turns out to be concerned is locked from the
            # beginning of another transaction: a round for each repack, or weighing together, in
            # a row. There may be many; each finds bags that those before did not.
            if lacking.codes <= whole:
                raise
            whole |= lacking.codes
        except DBAPIError as error:
            if sqlstate(error) not in REPLAYABLE:
                raise
            attempt += 1
            alone = sum(len(submission.bodies) for submission in submissions) == 1
            if not alone and attempt == TRIES_TOGETHER:
                break
            if attempt == MAX_TRIES:
                raise Unavailable from error
    return [
        [
            (await record_together(database, [replace(one, bodies=[body])], source=source))[0][0]
            for body in one.bodies
        ]
        for one in submissions
    ]


async def _record_in(
    session: WriteSession,
    submissions: Sequence[Submission],
    source: Source,
    whole: frozenset[str],
) -> list[list[Outcome]]:
    read = [[_read(body, one.sent_at) for body in one.bodies] for one in submissions]
    asked = [
        _Asked(item, one.caller, one.now)
        for one, items in zip(submissions, read, strict=True)
        for item in items
        if isinstance(item, Item)
    ]
    facts = await _load(session, asked, whole)
    decided = [
        await _decide_all(items, facts, one, source)
        for one, items in zip(submissions, read, strict=True)
    ]
    together = [found for answers in decided for found in answers]
    decisions = [found for found in together if isinstance(found, Decision)]
    numbers = await write(session, decisions, facts.known)
    numbers |= await _known_numbers(session, together, numbers)
    for one, answers in zip(submissions, decided, strict=True):
        slips = [found for found in answers if isinstance(found, MistypedCode | LabelNotIssued)]
        await suggest(session, one.caller, slips)
        await keep_refused(session, one.caller, one.bodies, answers, one.now)
    return [
        [_outcome(body, found, numbers) for body, found in zip(one.bodies, answers, strict=True)]
        for one, answers in zip(submissions, decided, strict=True)
    ]


@dataclass(frozen=True)
class _Asked:
    """An item with who sent it and the server's time for it."""

    item: Item
    caller: Caller
    now: datetime


async def _decide_all(
    items: Sequence[Item | DomainError], facts: Facts, one: Submission, source: Source
) -> list[Decision | Duplicate | DomainError]:
    """Decide a submission's items in order; `facts` then knows of what was decided."""
    decided: list[Decision | Duplicate | DomainError] = []
    for item in items:
        await asyncio.sleep(0)  # a long queue of late events takes seconds; others need not wait
        if isinstance(item, DomainError):
            decided.append(item)
            continue
        how = correct.decide_correction if item.correct else decide
        try:
            decision = how(item, facts, one.caller, one.now, source)
        except DomainError as error:
            decided.append(error)
            continue
        decided.append(decision)
        if isinstance(decision, Decision):
            _remember(decision, facts)
    return decided


def _read(body: Any, sent_at: datetime | None) -> Item | DomainError:
    """Return one body as a draft with parsed codes, or the problem that refuses it."""
    try:
        return read_item(body, sent_at)
    except DomainError as error:
        return error


@dataclass
class _Needed:
    """What a request's items name, by sort."""

    codes: set[str] = field(default_factory=set)
    ids: set[UUID] = field(default_factory=set)
    corrects: set[UUID] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    trips: list[UUID | str] = field(default_factory=list)
    vehicles: list[str] = field(default_factory=list)
    packaging: bool = False

    def add(self, item: Item) -> None:
        """Add what one item names."""
        self.codes |= set(item.named)
        self.ids.add(item.intent.id)
        if item.correct:
            self.corrects.add(item.correct.corrects)
        draft = item.draft
        if draft is None:
            return
        self.sites.add(draft.site)
        if isinstance(draft, Depart):
            self.sites.add(draft.destination)
            self.vehicles.append(draft.vehicle)
        if isinstance(draft, Depart | Arrive) and draft.trip:
            self.trips.append(draft.trip)
        self.packaging |= isinstance(draft, Repack) or bool(
            isinstance(draft, HandIn | Collect) and draft.contents
        )


async def _load(session: AsyncSession, asked: Sequence[_Asked], whole: frozenset[str]) -> Facts:
    needed = _Needed()
    for one in asked:
        needed.add(one.item)
    recorded = await load.recorded_under(session, needed.corrects) if needed.corrects else {}
    for id_ in recorded:
        named, site = correct.needs(recorded[id_].parts)
        needed.codes |= set(named)
        needed.sites |= {site} if site else set()
    codes = needed.codes | whole
    labels = await load.labels_of(session, codes) if codes else {}
    containers = {code for code, label in labels.items() if label.kind == "container"}
    known = await load.lock_batches(session, containers, codes - containers) if codes else {}
    if needed.ids:
        recorded |= await load.recorded_under(session, needed.ids)
    facts = Facts(
        labels=labels,
        known=known,
        recorded=recorded,
        sites=await load.sites_of(session, needed.sites) if needed.sites else {},
        trips=await load.trips_of(session, needed.trips),
        carriers=await load.carriers_of(session, needed.vehicles),
        packaging=await load.packaging_now(session) if needed.packaging else None,
        shelf=Shelf(),
        corrected=await load.corrected_among(session, needed.corrects) if needed.corrects else {},
        reaches={
            one.caller.id: await reach_of(session, one.caller)
            for one in {a.caller.id: a for a in asked if a.caller.role in OFFICIALS}.values()
        },
    )
    late = {*_late(asked, facts), *(whole & known.keys())}
    if late:
        await load.load_whole(session, facts, late)
        await load.load_places(session, facts)
    return facts


def _late(asked: Sequence[_Asked], facts: Facts) -> set[str]:
    """Guess for which codes some item is not the newest event when its turn comes.

    A batch made in this very request needs no loading: its story is what the request says. What
    is missed here is found when the item is decided (Lacking), at the price of another round.
    """
    newest = {code: known.state.last for code, known in facts.known.items()}
    late: set[str] = set()
    for one in asked:
        item = one.item
        if item.intent.id in facts.recorded:
            continue  # sent again: it is compared, not folded
        if item.correct:
            target = facts.recorded.get(item.correct.corrects)
            named = correct.needs(target.parts)[0] if target else item.named
            late |= set(named) & newest.keys()
            continue
        order = _order(one, facts)
        for code in _touched(item, facts) & newest.keys() if order else ():
            last = newest[code]
            if last is not None and order and order <= last:
                late.add(code)
            else:
                newest[code] = order
    return late


def _touched(item: Item, facts: Facts) -> set[str]:
    """Return the codes that an item names, and what is now in the containers among them."""
    named = set(item.named)
    boxes = {c for c in named if c in facts.known and facts.known[c].kind == "container"}
    if not boxes:
        return named
    return named | {c for c, known in facts.known.items() if known.state.container in boxes}


def _order(one: _Asked, facts: Facts) -> Order | None:
    """Return an item's place in the order of stories; None where its time does not fit."""
    draft: Draft | None = one.item.draft
    if draft is None:
        return None
    issued: Iterator[datetime] = (
        facts.labels[code].issued_at for code in one.item.named if code in facts.labels
    )
    try:
        times = times_of(draft.occurred_at, one.item.sent_at, one.now, max(issued, default=None))
    except DomainError:
        return None
    return order_of(draft, times)


def _remember(decision: Decision, facts: Facts) -> None:
    """Let later items of the same request see an event that this one decided."""
    entry = decision.entry
    private = (entry.salt, entry.private) if entry.salt and entry.private else None
    facts.recorded[entry.id] = Recorded(
        decision.parts, entry.leaf.decode(), leaf_hash(entry.leaf), private
    )
    if entry.corrects:
        facts.corrected[str(entry.corrects)] = str(entry.id)
    remember_trip(decision, facts)


async def _known_numbers(
    session: AsyncSession,
    decided: Sequence[Decision | Duplicate | DomainError],
    opened: dict[UUID, str],
) -> dict[UUID, str]:
    """Return the numbers of trips that events name and this request did not open."""
    named = set()
    for found in decided:
        if isinstance(found, Decision):
            named.add(found.trip)
        elif isinstance(found, Duplicate):
            named.add(trip_of(found.recorded.parts))
    return await numbers_of(session, [t for t in named if t and t not in opened])


def _outcome(
    body: Any, found: Decision | Duplicate | DomainError, numbers: dict[UUID, str]
) -> Outcome:
    if isinstance(found, DomainError):
        return Outcome(text_of(body, "id"), "refused", error=found)
    if isinstance(found, Decision):
        entry = found.entry
        event = answer_of(
            found.parts,
            entry.leaf.decode(),
            leaf_hash(entry.leaf),
            numbers.get(found.trip) if found.trip else None,
        )
        return Outcome(str(entry.id), "recorded", event)
    standing = found.recorded
    trip = trip_of(standing.parts)
    event = answer_of(
        standing.parts, standing.leaf, standing.leaf_hash, numbers.get(trip) if trip else None
    )
    return Outcome(standing.parts["event"]["id"], "duplicate", event)

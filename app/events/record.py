"""Record events: the one door to the log, for the API, the phone's queue and every other caller.

Items are decided one after the other under the locks of their batches, in memory, and written
set-based in one transaction. If a constraint objects, because another request was first, the
items are replayed on what is then there: together once more, then one by one. Refused bodies are kept.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.batches.errors import LabelNotIssued, MistypedCode
from app.db import Database, WriteSession, sqlstate
from app.errors import DomainError, Unavailable
from app.events import facts as load
from app.events.decide import Decision, Duplicate, Item, Source, decide
from app.events.facts import Facts, Recorded, TripRow
from app.events.parse import draft_of, parse_codes
from app.events.refuse import keep_refused, suggest, text_of
from app.events.rules import times_of
from app.events.schemas import Arrive, Collect, Depart, HandIn
from app.events.story import answer_of, order_of, trip_of
from app.events.write import write
from app.ledger.leaf import leaf_hash
from app.trips.open import numbers_of
from app.trips.policy_rows import load_policies

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
    for attempt in range(MAX_TRIES):
        try:
            async with database.write() as session:
                return await _record_in(session, submissions, source)
        except DBAPIError as error:
            if sqlstate(error) not in REPLAYABLE:
                raise
            alone = sum(len(submission.bodies) for submission in submissions) == 1
            if not alone and attempt + 1 == TRIES_TOGETHER:
                break
            if attempt + 1 == MAX_TRIES:
                raise Unavailable from error
    return [
        [
            (await record_together(database, [replace(one, bodies=[body])], source=source))[0][0]
            for body in one.bodies
        ]
        for one in submissions
    ]


async def _record_in(
    session: WriteSession, submissions: Sequence[Submission], source: Source
) -> list[list[Outcome]]:
    read = [[_read(body, one.sent_at) for body in one.bodies] for one in submissions]
    dated = [
        (item, one.now)
        for one, items in zip(submissions, read, strict=True)
        for item in items
        if isinstance(item, Item)
    ]
    facts = await _load(session, dated)
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
        try:
            decision = decide(item, facts, one.caller, one.now, source)
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
        draft = draft_of(body)
        return Item(draft, parse_codes(draft), body, sent_at)
    except DomainError as error:
        return error


async def _load(session: AsyncSession, dated: Sequence[tuple[Item, datetime]]) -> Facts:
    items = [item for item, _ in dated]
    codes = {code for item in items for code in item.codes}
    drafts = [item.draft for item in items]
    known = await load.lock_batches(session, codes) if codes else {}
    departs = [d for d in drafts if isinstance(d, Depart)]
    facts = Facts(
        labels=await load.labels_of(session, codes) if codes else {},
        known=known,
        recorded=await load.recorded_under(session, [d.id for d in drafts]) if drafts else {},
        sites=await load.sites_of(
            session, {d.site for d in drafts} | {d.destination for d in departs}
        )
        if drafts
        else {},
        trips=await load.trips_of(
            session, [d.trip for d in drafts if isinstance(d, Depart | Arrive) and d.trip]
        ),
        carriers=await load.carriers_of(session, [d.vehicle for d in departs]),
        packaging=await load.packaging_now(session)
        if any(isinstance(d, HandIn | Collect) and d.contents for d in drafts)
        else None,
        policies=await load_policies(session, {d.site[:6] for d in departs}),
    )
    await load.load_stories(session, facts.known, _late(dated, facts))
    return facts


def _late(dated: Sequence[tuple[Item, datetime]], facts: Facts) -> list[str]:
    """Return the batches for which some item is not the newest event when its turn comes.

    A batch made in this very request needs no loading: its story is what the request says.
    """
    newest = {code: known.state.last for code, known in facts.known.items()}
    late: set[str] = set()
    for item, now in dated:
        if item.draft.id in facts.recorded:
            continue  # sent again: it is compared, not folded
        issued = [facts.labels[c].issued_at for c in item.codes if c in facts.labels]
        try:
            times = times_of(item.draft.occurred_at, item.sent_at, now, max(issued, default=None))
        except DomainError:
            continue
        order = order_of(item.draft, times)
        for code in set(item.codes) & newest.keys():
            last = newest[code]
            if last is not None and order <= last:
                late.add(code)
            else:
                newest[code] = order
    return sorted(late)


def _remember(decision: Decision, facts: Facts) -> None:
    """Let later items of the same request see an event that this one decided."""
    entry = decision.entry
    private = (entry.salt, entry.private) if entry.salt and entry.private else None
    facts.recorded[entry.id] = Recorded(
        decision.parts, entry.leaf.decode(), leaf_hash(entry.leaf), private
    )
    if decision.opens:
        opened = decision.opens
        facts.trips.setdefault(
            opened.id, TripRow(opened.id, "", opened.destination, opened.vehicle, opened.carrier)
        )


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

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
from app.events import correct
from app.events.answered import answer_of, trip_of
from app.events.asked import Asked, load_facts
from app.events.decide import decide
from app.events.facts import Facts, Recorded
from app.events.parse import Item, read_item
from app.events.refuse import keep_refused, suggest, text_of
from app.events.settle import Decision, Duplicate, Source, remember_trip
from app.events.shelf import Lacking
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
        Asked(item, one.caller, one.now)
        for one, items in zip(submissions, read, strict=True)
        for item in items
        if isinstance(item, Item)
    ]
    facts = await load_facts(session, asked, whole)
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

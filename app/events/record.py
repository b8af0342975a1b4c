"""Record events: the one door to the log, for the API, the phone's queue and every other caller.

Items are decided one after the other under the locks of their batches, in memory, and written
set-based in one transaction. If a constraint objects, because another request was first, the
items are replayed one by one on what is then there. Refused bodies are kept.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of, within
from app.auth.caller import Caller
from app.batches.codes import nearest
from app.batches.errors import LabelNotIssued, MistypedCode
from app.batches.models import Batch, Label
from app.db import Database, WriteSession, sqlstate
from app.errors import DomainError, InvalidBody, Unavailable
from app.events import facts as load
from app.events.decide import Decision, Duplicate, Item, Source, decide, parse_codes
from app.events.facts import Facts, Recorded, TripRow
from app.events.models import Refusal
from app.events.rules import times_of
from app.events.schemas import SHAPES, Arrive, Collect, Depart, Draft, HandIn
from app.events.story import answer_of, order_of, trip_of
from app.events.write import write
from app.ledger.leaf import leaf_hash
from app.trips.open import numbers_of
from app.web import validate

REPLAYABLE = frozenset({"23505", "40P01", "40001"})
"""unique_violation, deadlock_detected, serialization_failure."""
MAX_TRIES = 8
REFUSALS = UUID("5d5bd1fd-6e0c-5a49-9a3f-5b7a52a0c1e7")
"""Namespace: the same body refused again for the same reason is one row."""
SUGGEST_AMONG = 5_000


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
            if sum(len(submission.bodies) for submission in submissions) > 1:
                break
            if attempt == MAX_TRIES - 1:
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
        _decide_all(items, facts, one, source) for one, items in zip(submissions, read, strict=True)
    ]
    together = [found for answers in decided for found in answers]
    decisions = [found for found in together if isinstance(found, Decision)]
    numbers = await write(session, decisions, facts.known)
    numbers |= await _known_numbers(session, together, numbers)
    for one, answers in zip(submissions, decided, strict=True):
        for found in answers:
            if isinstance(found, MistypedCode | LabelNotIssued):
                await _suggest(session, one.caller, found)
        await keep_refused(session, one.caller, one.bodies, answers, one.now)
    return [
        [_outcome(body, found, numbers) for body, found in zip(one.bodies, answers, strict=True)]
        for one, answers in zip(submissions, decided, strict=True)
    ]


def _decide_all(
    items: Sequence[Item | DomainError], facts: Facts, one: Submission, source: Source
) -> list[Decision | Duplicate | DomainError]:
    """Decide a submission's items in order; `facts` then knows of what was decided."""
    decided: list[Decision | Duplicate | DomainError] = []
    for item in items:
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


def draft_of(body: Any) -> Draft:
    """Return a body as the draft of its kind; InvalidBody names every place that does not fit."""
    kind = body.get("kind") if isinstance(body, dict) else None
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        known = "、".join(SHAPES)
        raise InvalidBody(
            reason=f"/kind 应为以下之一：{known}",
            errors=[
                {
                    "pointer": "/kind" if isinstance(body, dict) else "",
                    "detail": f"应为以下之一：{known}",
                    "detail_en": f"must be one of {', '.join(SHAPES)}",
                }
            ],
        )
    return validate(shape, body)


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
            opened.id, TripRow(opened.id, "", opened.destination, opened.vehicle)
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


async def _suggest(
    session: AsyncSession, caller: Caller, error: MistypedCode | LabelNotIssued
) -> None:
    """Name the nearest issued codes that the caller may see: their own labels and bags."""
    reach = await reach_of(session, caller)
    labels = select(Label.code).where(within(reach, county=Label.county, site=Label.site))
    bags = select(Batch.code).where(within(reach, seen_by=Batch.seen_by))
    among = await session.scalars(labels.union(bags).limit(SUGGEST_AMONG))
    found = nearest(str(error.extras["batch"]), among.all())
    if found:
        error.extras["nearest"] = found
        error.extras["suggestion"] = f"是不是 {'、'.join(found)}？"


async def keep_refused(
    session: AsyncSession,
    caller: Caller,
    bodies: Sequence[Any],
    decided: Sequence[Decision | Duplicate | DomainError],
    now: datetime,
) -> None:
    """Keep the bodies that were refused, each with its problem; again for the same reason once."""
    rows = {}
    for body, found in zip(bodies, decided, strict=True):
        if not isinstance(found, DomainError):
            continue
        text = json.dumps(body, sort_keys=True)
        digest = hashlib.sha256(f"{caller.id} {found.name} {text}".encode()).hexdigest()
        key = uuid5(REFUSALS, digest)
        rows[key] = {
            "id": key,
            "event_id": _text(body, "id"),
            "at": now,
            "actor": caller.id,
            "site": caller.site or _text(body, "site"),
            "county": (caller.site or _text(body, "site") or "")[:6] or None,
            "device": _text(body.get("device"), "id") if isinstance(body, dict) else None,
            "body": text,
            "problem": {**found.problem(), "retry": bool(found.extras.get("retry"))},
        }
    if rows:
        await session.execute(
            insert(Refusal).on_conflict_do_nothing(index_elements=["id"]), list(rows.values())
        )


def _text(body: Any, key: str) -> str | None:
    value = body.get(key) if isinstance(body, dict) else None
    return value[:200] if isinstance(value, str) else None


def _outcome(
    body: Any, found: Decision | Duplicate | DomainError, numbers: dict[UUID, str]
) -> Outcome:
    if isinstance(found, DomainError):
        return Outcome(_text(body, "id"), "refused", error=found)
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

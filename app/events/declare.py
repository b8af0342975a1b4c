"""Declare: an official states reference data (unit weights, pilots, supply …) as an event.

The event goes through the same log as every other; its rows are applied to their tables in the
same transaction. A subject is registered by the feature that keeps its table.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.auth.permissions import require
from app.batches.schemas import SiteCode
from app.db import Database, WriteSession, sqlstate
from app.errors import DomainError, InvalidBody, NotFound, Unavailable
from app.events.answered import answer_of
from app.events.errors import EventIdReused, LeafTooLarge
from app.events.facts import recorded_under
from app.events.fields import EventId, Instant, Words
from app.events.happening import day_of
from app.events.record import MAX_TRIES, REPLAYABLE, Outcome, Random
from app.events.refuse import keep_refused
from app.events.rules import times_of
from app.events.settle import Source, same_content
from app.ledger.append import Entry, append
from app.ledger.leaf import MAX_LEAF_BYTES, commitment, leaf_hash, make_leaf, read_leaf, utc
from app.web import Wire, validate

MAX_ROWS = 5_000
Answer = TypeVar("Answer")
Apply = Callable[[AsyncSession, Caller, Sequence[Any], UUID, date], Awaitable[None]]


@dataclass(frozen=True)
class Subject:
    """What can be declared: its row's shape, the row as it stands in a leaf, what it changes.

    `apply(session, caller, rows, event_id, on)` raises a DomainError for a row that a rule or
    the caller's scope refuses; then nothing is written.
    """

    name: str
    row: type[Wire]
    normal: Callable[[Any], dict[str, Any]]
    apply: Apply
    of_counties: bool = False
    """Each row is of a `county` and seen by its officials alone; else everyone may read them."""
    at_site: bool = False
    """The event names the `site` that it speaks for, which is the caller's own."""
    as_sent: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """A row in a leaf → as it would be sent, where that is another form."""

    def read(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Return rows of a leaf as `apply` takes them."""
        return [validate(self.row, self.as_sent(row)) for row in rows]


SUBJECTS: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    """Make a subject known; called once where its feature is imported."""
    SUBJECTS[subject.name] = subject


def of_counties(public: dict[str, Any]) -> bool:
    """Tell whether a declaration's rows are seen by the officials of their counties alone."""
    return SUBJECTS[public["subject"]].of_counties


class Declaration(Wire):
    """A `declare` event; `rows` are validated by their subject."""

    id: EventId
    kind: Literal["declare"]
    occurred_at: Instant
    subject: str
    site: SiteCode | None = None
    rows: Annotated[list[Any], Field(min_length=1, max_length=MAX_ROWS)]
    note: Words | None = None


@dataclass(frozen=True)
class Statement:
    """One declaration in its normal form: `rows` as they stand in the leaf."""

    id: UUID
    subject: str
    occurred_at: datetime
    rows: list[dict[str, Any]]
    note: str | None = None
    site: str | None = None

    @property
    def public(self) -> dict[str, Any]:
        """The public part of the event."""
        at_site = {"site": self.site} if self.site else {}
        return {
            "id": str(self.id),
            "kind": "declare",
            "occurred_at": utc(self.occurred_at),
            "subject": self.subject,
            **at_site,
            "rows": self.rows,
        }

    @property
    def private(self) -> dict[str, Any] | None:
        """The private part, or None."""
        return {"note": self.note} if self.note else None


async def declare(
    database: Database,
    caller: Caller,
    body: Any,
    *,
    now: datetime,
    source: Source | None = None,
) -> Outcome:
    """Record one declaration; committed when this returns. A refused body is kept."""
    drawn = source or Random()
    try:
        return await replayed(
            database, lambda session: _declare_in(session, caller, body, now, drawn)
        )
    except DomainError as error:
        async with database.write() as session:
            await keep_refused(session, caller, [body], [error], now)
        text = body.get("id") if isinstance(body, dict) else None
        return Outcome(text if isinstance(text, str) else None, "refused", error=error)


async def replayed(database: Database, work: Callable[[WriteSession], Awaitable[Answer]]) -> Answer:
    """Do `work` in one transaction, again where a constraint objects: another one was first."""
    for _ in range(MAX_TRIES):
        try:
            async with database.write() as session:
                return await work(session)
        except DBAPIError as error:
            if sqlstate(error) not in REPLAYABLE:
                raise
    raise Unavailable


async def _declare_in(
    session: WriteSession, caller: Caller, body: Any, now: datetime, source: Source
) -> Outcome:
    draft = validate(Declaration, body)
    subject = SUBJECTS.get(draft.subject)
    if subject is None:
        raise InvalidBody.at(
            "/subject",
            f"应为以下之一：{'、'.join(SUBJECTS)}",
            f"must be one of {', '.join(SUBJECTS)}",
        )
    require(caller, f"declare.{subject.name}")
    _check_site(subject, draft, caller)
    rows = [validate(subject.row, row, f"/rows/{i}") for i, row in enumerate(draft.rows)]
    normal = [subject.normal(row) for row in rows]
    statement = Statement(draft.id, subject.name, draft.occurred_at, normal, draft.note, draft.site)
    standing = (await recorded_under(session, [draft.id])).get(draft.id)
    if standing:
        if not same_content(standing, statement.public, statement.private):
            raise EventIdReused(event=str(draft.id))
        answer = answer_of(standing.parts, standing.leaf, standing.leaf_hash, None)
        return Outcome(str(draft.id), "duplicate", answer)
    entry = await append_statement(session, caller, statement, now=now, source=source)
    await subject.apply(session, caller, rows, draft.id, entry.occurred_on)
    leaf = entry.leaf.decode()
    answer = answer_of(read_leaf(leaf), leaf, leaf_hash(entry.leaf), None)
    return Outcome(str(draft.id), "recorded", answer)


def _check_site(subject: Subject, draft: Declaration, caller: Caller) -> None:
    """Raise where a declaration names a site and should not, or another than the caller's own."""
    if not subject.at_site:
        if draft.site is not None:
            raise InvalidBody.at("/site", "这项申报不写站点", "this subject names no site")
        return
    if draft.site is None:
        raise InvalidBody.at("/site", "要写站点", "is missing")
    if draft.site != caller.site:
        raise NotFound(what=draft.site, pointer="/site")


async def append_statement(
    session: WriteSession, caller: Caller, statement: Statement, *, now: datetime, source: Source
) -> Entry:
    """Append one declaration to the log; who calls has decided that it fits, and applies it.

    Raises LeafTooLarge, and TimeOutOfRange for a time that no declaration can have.
    """
    times = times_of(statement.occurred_at, None, now, None)
    private = statement.private
    stamps = {
        "recorded_at": utc(now),
        "effective_at": utc(times.effective),
        "adjusted_at": utc(times.adjusted),
        "actor": str(caller.id),
        "role": caller.role,
        "county": statement.site[:6] if statement.site else None,
        "nonce": source.nonce(),
        "flags": list(times.flags),
    }
    salt = source.salt() if private else None
    sealed = commitment(salt, private) if salt and private else None
    leaf, booked = make_leaf(statement.public, sealed, stamps, [])
    if len(leaf) > MAX_LEAF_BYTES:
        raise LeafTooLarge(bytes=len(leaf))
    entry = Entry(
        id=statement.id,
        kind="declare",
        site=statement.site,
        occurred_at=statement.occurred_at,
        effective_at=times.effective,
        recorded_at=now,
        occurred_on=day_of(times.effective),
        actor=caller.id,
        leaf=leaf,
        postings=booked,
        salt=salt,
        private=private,
    )
    await append(session, [entry])
    return entry

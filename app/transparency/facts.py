"""What the page of the log tells: its head, what waits for it, and who witnessed it when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.models import Event, Leaf, Unsequenced
from app.ledger.sequence import log_size
from app.transparency.checkpoint import MalformedCheckpoint, parse_checkpoint
from app.transparency.keys import MalformedKey, parse_verifier
from app.transparency.models import LogCheckpoint, LogCosignature
from app.transparency.note import (
    MalformedNote,
    Note,
    NoteError,
    open_note,
    parse_note,
    parse_signatures,
)

MOST_COSIGNATURES = 200
"""Looked at, newest first: a witness that missed more heads than that is not shown."""
LAST_SECOND = 253_402_300_799
"""Of the year 9999: later ones cannot be shown."""


@dataclass(frozen=True)
class Head:
    """The published head. `recorded_at` is when its last leaf was: a head has no time itself."""

    origin: str
    size: int
    root: bytes
    recorded_at: datetime | None


@dataclass(frozen=True)
class Witnessed:
    """What a witness cosigned last: so many leaves, when, with which key."""

    name: str
    vkey: str
    size: int
    at: datetime


async def newest_checkpoint(session: AsyncSession) -> LogCheckpoint | None:
    """Return the newest published checkpoint, None before the first."""
    return await session.scalar(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1))


async def head_of(session: AsyncSession, checkpoint: LogCheckpoint) -> Head | None:
    """Return what a checkpoint says; None where its note was damaged and says nothing."""
    try:
        point = parse_checkpoint(parse_note(checkpoint.note.encode()).text)
    except (MalformedNote, MalformedCheckpoint):
        return None
    last = (
        select(Event.recorded_at)
        .join(Leaf, Leaf.event_id == Event.id)
        .where(Leaf.leaf_index == checkpoint.size - 1)
    )
    return Head(point.origin, point.size, point.root, await session.scalar(last))


async def waiting_for(session: AsyncSession, size: int) -> int:
    """Return how many events are recorded and not under the head of a size."""
    unsequenced = await session.scalar(select(func.count()).select_from(Unsequenced))
    # A log that was cut is shorter than its head.
    return int(unsequenced or 0) + max(0, await log_size(session) - size)


async def witnessed(session: AsyncSession) -> Sequence[Witnessed]:
    """Return the newest cosignature of each witness, by name; those that verify alone."""
    query = (
        select(LogCosignature, LogCheckpoint.note)
        .join(LogCheckpoint, LogCheckpoint.size == LogCosignature.size)
        .order_by(LogCosignature.size.desc(), LogCosignature.vkey)
        .limit(MOST_COSIGNATURES)
    )
    found: dict[str, Witnessed] = {}
    for line, note in await session.execute(query):
        said = None if line.vkey in found else _opened(line, note)
        if said:
            found[line.vkey] = said
    return sorted(found.values(), key=lambda one: (one.name, one.vkey))


def _opened(line: LogCosignature, note: str) -> Witnessed | None:
    """Return who cosigned when; None where the line is damaged or another's."""
    try:
        key = parse_verifier(line.vkey)
        under = Note(parse_note(note.encode()).text, parse_signatures(line.line))
        at = open_note(under.encode(), [key]).signed[0].at
    except (NoteError, MalformedKey):
        return None
    if at is None or at > LAST_SECOND:
        return None
    return Witnessed(key.name, line.vkey, line.size, datetime.fromtimestamp(at, UTC))

"""Append events to the log: set-based, one statement a table. Imported by events.record alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.leaf import leaf_hash
from app.ledger.models import Correction, Event, EventBatch, EventPrivate, Unsequenced


@dataclass(frozen=True)
class Entry:
    """One decided event, ready to be appended."""

    id: UUID
    kind: str
    site: str | None
    occurred_at: datetime
    effective_at: datetime
    recorded_at: datetime
    occurred_on: date
    actor: UUID
    leaf: bytes
    postings: str
    """JCS text of the postings list."""
    batches: tuple[str, ...] = ()
    corrects: UUID | None = None
    salt: bytes | None = None
    private: dict[str, Any] | None = None


async def append(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Insert entries in order; the caller holds the locks of every batch they name.

    Their place in `unsequenced` is taken while those locks are held, so events of one batch
    are sequenced in the order in which they commit.
    """
    if not entries:
        return
    await session.execute(
        insert(Event.__table__),  # type: ignore[arg-type]
        [
            {
                "id": e.id,
                "kind": e.kind,
                "site": e.site,
                "occurred_at": e.occurred_at,
                "effective_at": e.effective_at,
                "recorded_at": e.recorded_at,
                "occurred_on": e.occurred_on,
                "actor": e.actor,
                "leaf": e.leaf.decode(),
                "leaf_hash": leaf_hash(e.leaf),
                "postings": e.postings,
            }
            for e in entries
        ],
    )
    named = [{"batch_code": code, "event_id": e.id} for e in entries for code in e.batches]
    if named:
        await session.execute(insert(EventBatch.__table__), named)  # type: ignore[arg-type]
    corrections = [
        {"corrects": e.corrects, "event_id": e.id} for e in entries if e.corrects is not None
    ]
    if corrections:
        await session.execute(insert(Correction.__table__), corrections)  # type: ignore[arg-type]
    private = [
        {"event_id": e.id, "salt": e.salt, "private": e.private}
        for e in entries
        if e.private is not None
    ]
    if private:
        await session.execute(insert(EventPrivate.__table__), private)  # type: ignore[arg-type]
    await session.execute(
        insert(Unsequenced.__table__),  # type: ignore[arg-type]
        [{"event_id": e.id} for e in entries],
    )

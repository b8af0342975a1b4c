"""Which leaves tell of a batch: what anybody needs to have them proven, and nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.models import Event, EventBatch, Leaf

MOST_LEAVES = 500
"""Of one batch. A bag has some twenty; whoever needs more has the export."""


@dataclass(frozen=True)
class LoggedEvent:
    """An event that names a batch, and its place in the log; None until it is sequenced."""

    event: UUID
    kind: str
    occurred_on: date
    leaf_index: int | None
    leaf_hash: bytes


async def logged_events(session: AsyncSession, code: str) -> Sequence[LoggedEvent]:
    """Return the first MOST_LEAVES events that name a batch, in leaf order, those without last.

    Open to anyone, so it tells what was done and on which day: no person, no site, no mass.
    """
    rows = await session.execute(
        select(Event.id, Event.kind, Event.occurred_on, Leaf.leaf_index, Event.leaf_hash)
        .join(EventBatch, EventBatch.event_id == Event.id)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .where(EventBatch.batch_code == code)
        .order_by(Leaf.leaf_index.asc().nulls_last(), Event.recorded_at, Event.id)
        .limit(MOST_LEAVES)
    )
    return [LoggedEvent(*row) for row in rows]

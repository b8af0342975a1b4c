"""Whether what was recorded gets under a published head in time; if not, somebody must be told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.models import Event, Leaf, Unsequenced
from app.transparency.models import LogCheckpoint

PATIENCE = timedelta(minutes=1)
"""A head takes seconds; a minute without one means that the sequencer, tree or signer stands still."""


@dataclass(frozen=True)
class Behind:
    """What waits for too long: since when the oldest does, and how many leaves are published."""

    since: datetime
    published: int


async def behind(session: AsyncSession, now: datetime) -> Behind | None:
    """Return what has waited for a published head for over a minute, None where nothing has."""
    published = await session.scalar(select(func.max(LogCheckpoint.size))) or 0
    sequenced = (
        select(Event.recorded_at)
        .join(Leaf, Leaf.event_id == Event.id)
        .where(Leaf.leaf_index >= published)
        .order_by(Leaf.leaf_index)
        .limit(1)
    )
    unsequenced = (
        select(Event.recorded_at)
        .join(Unsequenced, Unsequenced.event_id == Event.id)
        .order_by(Unsequenced.seq)
        .limit(1)
    )
    waiting = [await session.scalar(query) for query in (sequenced, unsequenced)]
    oldest = min((one for one in waiting if one is not None), default=None)
    if oldest is None or now - oldest < PATIENCE:
        return None
    return Behind(oldest, published)

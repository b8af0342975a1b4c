"""Take sequenced leaves into the tree: tiles grow, a head is written down, in one transaction.

It runs behind the sequencer and in nobody's way: writers never wait for it, and it takes only what
is committed. Leaves are hashed again from their bytes, never taken from a stored hash.
"""

import asyncio

from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database, is_away
from app.ledger.leaf import leaf_hash
from app.ledger.models import Event, Leaf
from app.logging import log
from app.transparency.grow import Place, edge_of, grow, root_after
from app.transparency.models import LogHead, LogTile

LOCK_KEY = 6962_01
MOST_AT_ONCE = 2_000
PAUSE_S = 1.0
"""Between two looks: a head is there within seconds of a commit."""
AFTER_A_FAULT_S = 5.0
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")


async def integrate(database: Database) -> int:
    """Take up to 2 000 leaves into the tree; return how many, 0 where none waits."""
    async with database.write() as session:
        if not await session.scalar(_TRY_LOCK, {"key": LOCK_KEY}):
            return 0
        size = await tree_size(session)
        rows = (
            await session.execute(
                select(Leaf.leaf_index, Event.leaf)
                .join(Event, Event.id == Leaf.event_id)
                .where(Leaf.leaf_index >= size)
                .order_by(Leaf.leaf_index)
                .limit(MOST_AT_ONCE)
            )
        ).all()
        if not rows:
            return 0
        if [row.leaf_index for row in rows] != list(range(size, size + len(rows))):
            raise LogHasAGap(size)
        edge = await tiles_at(session, edge_of(size))
        changed = grow(edge, size, [leaf_hash(row.leaf.encode()) for row in rows])
        grown = size + len(rows)
        await _store(session, changed)
        root = root_after(edge, changed, grown)
        session.add(LogHead(size=grown, root=root, prev=size))
        return len(rows)


class LogHasAGap(RuntimeError):
    """A leaf is missing between those taken in and those that wait: somebody removed it."""


async def tree_size(session: AsyncSession) -> int:
    """Return how many leaves the tree holds."""
    found = await session.scalar(select(LogHead.size).order_by(LogHead.size.desc()).limit(1))
    return found or 0


async def tiles_at(session: AsyncSession, places: list[Place]) -> dict[Place, bytes]:
    """Return tiles by their place, in one statement; those that are not there are left out."""
    if not places:
        return {}
    query = select(LogTile.level, LogTile.index, LogTile.hashes).where(
        tuple_(LogTile.level, LogTile.index).in_(places)
    )
    found = await session.execute(query)
    return {(level, index): hashes for level, index, hashes in found}


async def _store(session: AsyncSession, changed: dict[Place, bytes]) -> None:
    fresh = insert(LogTile)
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=["level", "index"], set_={"hashes": fresh.excluded.hashes}
        ),
        [
            {"level": level, "index": index, "hashes": hashes}
            for (level, index), hashes in changed.items()
        ],
    )


async def keep_growing(database: Database) -> None:
    """Take leaves in until cancelled; a database that is away is waited for."""
    while True:
        try:
            while await integrate(database):
                pass
        except Exception as error:  # noqa: BLE001  one bad turn must not end the loop
            if not is_away(error):
                log.exception("the tree did not grow")
            await asyncio.sleep(AFTER_A_FAULT_S)
        await asyncio.sleep(PAUSE_S)

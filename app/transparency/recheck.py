"""Hash leaves again and hold them against the tree: an old one that was altered does not go unseen."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.leaf import leaf_hash
from app.ledger.models import Event, Leaf
from app.transparency.integrate import tiles_at
from app.transparency.tiles import WIDTH
from app.transparency.tree import HASH_BYTES


async def first_altered(session: AsyncSession, begin: int, end: int) -> int | None:
    """Return the first leaf index in [begin, end) whose event is not the one that the tree took.

    None where all are. `end` is at most the size of the tree. An event that is gone, a place that
    is gone and a hash column that differs are found as well.
    """
    numbers = range(begin // WIDTH, (end - 1) // WIDTH + 1)
    tiles = await tiles_at(session, [(0, number) for number in numbers])
    rows = await session.execute(
        select(Leaf.leaf_index, Event.leaf, Event.leaf_hash)
        .join(Event, Event.id == Leaf.event_id)
        .where(Leaf.leaf_index >= begin, Leaf.leaf_index < end)
    )
    found = {row.leaf_index: row for row in rows}
    for index in range(begin, end):
        tile = tiles.get((0, index // WIDTH), b"")
        place = index % WIDTH * HASH_BYTES
        taken = tile[place : place + HASH_BYTES]
        row = found.get(index)
        if row is None or not leaf_hash(row.leaf.encode()) == row.leaf_hash == taken:
            return index
    return None

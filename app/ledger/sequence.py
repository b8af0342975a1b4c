"""The sequencer: gives committed events their places in the log, contiguous from 0.

Any number of processes may run it; a transaction-scoped advisory lock lets one work at a time,
so writers never wait for it and pgbouncer's transaction mode is enough. An event's place in
`unsequenced` was taken under the locks of its batches: whoever sees a later event of a batch
sees the earlier one too, so the order of `seq` within and across runs is commit order per batch.
"""

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.ledger.models import Leaf
from app.prepared import Prepared

LOCK_KEY = 6962
MOST_AT_ONCE = 2_000

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
_SEQUENCE = text(
    """
    WITH taken AS (
      DELETE FROM unsequenced
      WHERE seq IN (
        -- A row that names no event, or one that has its place, is nobody's: it stops nothing.
        SELECT u.seq FROM unsequenced u
        WHERE EXISTS (SELECT FROM event e WHERE e.id = u.event_id)
          AND NOT EXISTS (SELECT FROM leaf l WHERE l.event_id = u.event_id)
        ORDER BY u.seq LIMIT :most
      )
      RETURNING seq, event_id
    ), start AS (
      SELECT coalesce(max(leaf_index) + 1, 0) AS at FROM leaf
    )
    INSERT INTO leaf (leaf_index, event_id)
    SELECT start.at + row_number() OVER (ORDER BY min(taken.seq)) - 1, taken.event_id
    FROM taken, start GROUP BY taken.event_id, start.at
    """
).bindparams(bindparam("most", MOST_AT_ONCE))


async def sequence(database: Database) -> int:
    """Give up to 2 000 waiting events their leaf indexes; return how many, 0 when none waits."""
    async with database.write() as session:
        if not await session.scalar(_TRY_LOCK, {"key": LOCK_KEY}):
            return 0
        done = await session.execute(_SEQUENCE)
        return int(done.rowcount)  # type: ignore[attr-defined]


async def log_size(session: AsyncSession) -> int:
    """Return how many leaves the log has."""
    ((size,),) = await _SIZE.rows(session)
    return int(size)


_SIZE = Prepared(select(func.coalesce(func.max(Leaf.leaf_index) + 1, 0)))

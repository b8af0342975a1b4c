"""Followers of the log: `apply(leaves) → effects`, with cursor and effects in one transaction.

What is not needed to decide the next event follows the log with a cursor of its own. A follower
restarted from zero ends where it was: its effects are sums over leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database, is_away
from app.ledger.models import Event, Follower, Leaf
from app.ledger.sequence import sequence
from app.logging import log
from app.orm import Base

MOST_AT_ONCE = 2_000
PAUSE_S = 0.2
"""Between two looks: a leaf has its place, and followers its effects, well within a second."""
AFTER_A_FAULT_S = 1.0
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 6962))")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 6962))")


@dataclass(frozen=True)
class LeafRow:
    """A sequenced event as followers see it."""

    leaf_index: int
    event_id: UUID
    kind: str
    occurred_on: date
    leaf: str


@dataclass(frozen=True)
class Follow:
    """A follower: its name, what it does with leaves, the tables that are its effects."""

    name: str
    apply: Callable[[AsyncSession, Sequence[LeafRow]], Awaitable[None]]
    tables: tuple[type[Base], ...]
    kinds: frozenset[str] | None = None
    """Kinds of event it looks at; None for all."""

    async def take(self, session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
        """Apply those of some leaves that it looks at."""
        wanted = [leaf for leaf in leaves if self.kinds is None or leaf.kind in self.kinds]
        if wanted:
            await self.apply(session, wanted)


async def follow(database: Database, *followers: Follow) -> int:
    """Apply the next leaves and move the cursors, all in one transaction; return how many leaves.

    Followers that are behind come first; those that stand at the same leaf go on together, so that
    whoever reads the effects of two of them in one snapshot reads them as of one log size.
    """
    async with database.write() as session:
        for follower in followers:
            if not await session.scalar(_TRY_LOCK, {"name": follower.name}):
                return 0
        cursors = {one.name: await cursor_of(session, one.name) for one in followers}
        start, *ahead = sorted(set(cursors.values()))
        end = min([start + MOST_AT_ONCE, *ahead])
        leaves = await leaves_between(session, start, end)
        if not leaves:
            return 0
        for follower in followers:
            if cursors[follower.name] != start:
                continue
            await follower.take(session, leaves)
            await move_cursor(session, follower.name, leaves[-1].leaf_index + 1)
        return len(leaves)


async def leaves_between(session: AsyncSession, start: int, end: int) -> list[LeafRow]:
    """Return the leaves from one place of the log to before another, in their order."""
    rows = await session.execute(
        select(Leaf.leaf_index, Leaf.event_id, Event.kind, Event.occurred_on, Event.leaf)
        .join(Event, Event.id == Leaf.event_id)
        .where(Leaf.leaf_index >= start, Leaf.leaf_index < end)
        .order_by(Leaf.leaf_index)
    )
    return [LeafRow(*row) for row in rows]


async def cursor_of(session: AsyncSession, name: str) -> int:
    """Return the number of leaves that a follower has applied."""
    found: Any = await session.scalar(select(Follower.next_index).where(Follower.name == name))
    return int(found or 0)


async def move_cursor(session: AsyncSession, name: str, next_index: int) -> None:
    """Write down how many leaves a follower has applied."""
    row = insert(Follower).values(name=name, next_index=next_index)
    await session.execute(
        row.on_conflict_do_update(index_elements=["name"], set_={"next_index": next_index})
    )


async def restart(database: Database, follower: Follow) -> None:
    """Forget a follower's effects and its cursor; it begins again at leaf 0.

    Waits for a turn that is under way: what it adds must be forgotten with the rest.
    """
    async with database.write() as session:
        await lock(session, follower)
        for table in follower.tables:
            await session.execute(delete(table))
        await move_cursor(session, follower.name, 0)


async def lock(session: AsyncSession, follower: Follow) -> None:
    """Keep a follower from going on until the transaction ends; a turn under way is waited for."""
    await session.execute(_LOCK, {"name": follower.name})


async def catch_up(database: Database, followers: Sequence[Follow]) -> None:
    """Sequence what waits and let every follower come to the end of the log."""
    while await sequence(database):
        pass
    if followers:
        while await follow(database, *followers):
            pass


async def keep_up(database: Database, followers: Sequence[Follow]) -> None:
    """Run the sequencer and the followers until cancelled; a database that is away is waited for."""
    while True:
        try:
            await catch_up(database, followers)
        except Exception as error:  # noqa: BLE001  one bad turn must not end the loop
            if not is_away(error):
                log.exception("follower failed")
            await asyncio.sleep(AFTER_A_FAULT_S)
        await asyncio.sleep(PAUSE_S)

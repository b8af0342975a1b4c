"""Followers once more: from leaf 0 to where each stands, into shadows of its tables."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.ledger.follow import Follow, cursor_of, leaves_between, lock, move_cursor
from app.ledger.sequence import log_size
from app.rebuild.difference import Difference, Found
from app.rebuild.shadow import REAL_FIRST, Shadow, hold_against, make, put_right, tidy
from app.rebuild.work import Interrupted, Tell, Work

AT_ONCE = 2_000
TIDY_EVERY = 50
"""Turns: the shadows of busy tables gather dead rows as the real ones do."""


@dataclass(frozen=True)
class Again:
    """What it takes to let a follower go over the log once more."""

    follow: Follow
    shadows: tuple[Shadow, ...]
    scratch: tuple[Shadow, ...] = ()
    """What it also writes to, and is no projection: shadows that nobody looks at."""
    copied: tuple[Shadow, ...] = ()
    """The same, where what stands has to be seen."""
    settle: Callable[[AsyncSession, int], Awaitable[None]] | None = None
    """What brings the shadows up to date beside leaves, after so many of them."""
    afterwards: Callable[[AsyncSession], Awaitable[None]] | None = None
    """What has to be told of rows that were put right."""


CURSORS = "follower"
"""The table of cursors."""


class Followed(Work):
    """One follower's tables."""

    def __init__(self, engine: AsyncEngine, again: Again) -> None:
        super().__init__(engine)
        self._again = again
        self._taken = 0

    async def recompute(self, tell: Tell) -> None:
        """Apply all leaves that the follower has applied."""
        async with self.turn() as session:
            await self._make(session)
        await self._follow(tell)

    async def _make(self, session: AsyncSession) -> None:
        for shadow in (*self._again.shadows, *self._again.scratch):
            await make(session, shadow)
        for shadow in self._again.copied:
            await make(session, shadow, filled=True)

    async def _follow(self, tell: Tell) -> None:
        async with self.turn() as session:
            end = await self._end(session)
        tell(0, end)
        turns = 0
        while self._taken < end:
            async with self.turn() as session:
                await self._take(session, end)
            tell(self._taken, end)
            turns += 1
            if turns % TIDY_EVERY == 1:
                await tidy(self.connection, self._again.shadows)

    async def compare(self) -> list[Found]:
        """Go on to where the follower stands in this snapshot, and compare."""
        async with self.turn(snapshot=True) as session:
            await self._go_on(session)
            return await self._differences(session)

    async def repair(self) -> None:
        """Keep the follower from going on, and put its rows right."""
        async with self.turn() as session:
            await lock(session, self._again.follow)
            await self._go_on(session)
            found = await self._differences(session)
            for shadow in self._again.shadows:
                if any(one.table == shadow.name for one in found):
                    await put_right(session, shadow)
            if any(one.table == CURSORS for one in found):
                await move_cursor(session, self._again.follow.name, self._taken)
            await session.execute(REAL_FIRST)
            if found and self._again.afterwards:
                await self._again.afterwards(session)

    async def _go_on(self, session: AsyncSession) -> None:
        end = await self._end(session)
        if end < self._taken:
            raise Interrupted(self._again.follow.name)
        while self._taken < end:
            await self._take(session, end)
        if self._again.settle:
            await self._again.settle(session, self._taken)

    async def _take(self, session: AsyncSession, end: int) -> None:
        end = min(end, self._taken + AT_ONCE)
        await self._again.follow.take(session, await leaves_between(session, self._taken, end))
        self._taken = end

    async def _end(self, session: AsyncSession) -> int:
        """Return how many leaves the follower has applied; a cursor beyond the log is no truth."""
        return min(await cursor_of(session, self._again.follow.name), await log_size(session))

    async def _differences(self, session: AsyncSession) -> list[Found]:
        found = [await hold_against(session, shadow) for shadow in self._again.shadows]
        return [*await self._cursor(session), *(one for one in found if one)]

    async def _cursor(self, session: AsyncSession) -> Sequence[Found]:
        name = self._again.follow.name
        stands, size = await cursor_of(session, name), await log_size(session)
        if stands <= size:
            return ()
        key = f"name={name}"
        return (Found(1, Difference(CURSORS, key, "next_index", str(stands), str(size))),)

"""One part of a rebuild, on a connection of its own: recompute, hold against what stands, put right.

Recomputing takes minutes and happens in short transactions: the log only grows, so that what is read
of it below some leaf is the same at any time, and nothing holds the running platform up. Only what
came meanwhile is left for the one snapshot in which shadows are held against what stands.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from app.rebuild.difference import Found

Tell = Callable[[int, int], None]
"""Says how far it is: so many leaves of so many."""
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


Some = TypeVar("Some")


def portions(all_: Sequence[Some], size: int) -> Iterator[Sequence[Some]]:
    """Yield a sequence in portions of at most so many."""
    for start in range(0, len(all_), size):
        yield all_[start : start + size]


class Interrupted(RuntimeError):
    """Somebody else rebuilt the same meanwhile: nothing is wrong, begin again."""


class Work(ABC):
    """A part of the rebuild: one or more tables whose rows hang together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._session: AsyncSession | None = None

    async def open(self) -> None:
        """Take a connection: shadows live as long as it does."""
        self._connection = await self._engine.connect()
        self._session = AsyncSession(bind=self._connection, expire_on_commit=False)

    async def close(self) -> None:
        """Give the connection up, and the shadows with it."""
        if self._session and self._connection:
            await self._session.close()
            await self._connection.invalidate()
            await self._connection.close()

    @property
    def connection(self) -> AsyncConnection:
        """The connection, outside of any transaction."""
        assert self._connection is not None, "open comes first"
        return self._connection

    @asynccontextmanager
    async def turn(self, *, snapshot: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a transaction, of one `snapshot` for what has to fit together."""
        assert self._session is not None, "open comes first"
        async with self._session.begin():
            if snapshot:
                await self._session.execute(_SNAPSHOT)
            yield self._session
        self._session.expunge_all()

    @abstractmethod
    async def recompute(self, tell: Tell) -> None:
        """Recompute from the first leaf on, as far as the log reaches now."""

    @abstractmethod
    async def compare(self) -> list[Found]:
        """Return what differs, in one snapshot, by table; nothing where all is as it should be."""

    @abstractmethod
    async def repair(self) -> None:
        """Put right what `compare` found, as it is by now."""

"""The yard: one loop, one real database with sites in it, fresh labels for every life."""

from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import uvloop
from sqlalchemy import insert, text

from app.auth.caller import Caller
from app.batches.codes import make_code
from app.batches.models import Label
from app.db import Database
from app.errors import DomainError, Kind
from app.events.record import Outcome, Submission, record_together
from tests import reference as ref
from tests.machine.cast import LABELLED, START, TARE_G, actor_of
from tests.recording import make_wide_world

T = TypeVar("T")
Body = dict[str, Any]
Told = dict[str, Any] | DomainError | None


class Yard:
    """Where events are told one after the other; what a desk does, with the database."""

    def __init__(self, urls: dict[str, str], *, seed: int = 0) -> None:
        self.loop = uvloop.new_event_loop()
        self.rng = Random(seed)
        self.issued: set[str] = set()
        self.now = START
        self.examples = 0
        # The tests of a crash are elsewhere: nothing here has to outlive the server.
        self.run(_execute(urls["owner"], "synchronous_commit"))
        self.database = Database(urls["app"], pool_size=5)
        self.run(_lay_out(self.database))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Let something happen to its end."""
        return self.loop.run_until_complete(coroutine)

    def close(self) -> None:
        """Give the connections back."""
        self.run(self.database.close())
        self.loop.close()

    def deadlocks(self) -> int:
        """Return how many deadlocks the server resolved in this database."""
        return self.run(_deadlocks(self.database))

    def issue(self, bags: int, boxes: int, *, late: int = 0) -> tuple[list[str], list[str]]:
        """Return fresh labels in the order of their codes; the last `late` were issued later."""
        self.examples += 1
        codes = self._codes(ref.LUQUAN, bags - bags // 3) + self._codes(ref.ANXIN, bags // 3)
        containers = self._codes(ref.LUQUAN, boxes)
        at = dict.fromkeys(codes[len(codes) - late :], START + timedelta(days=2))
        rows = [
            {
                "code": code, "county": code[:6], "kind": kind, "sheet": UUID(int=1),
                "site": None, "tare_g": TARE_G if kind == "container" else None,
                "issued_at": at.get(code, LABELLED), "voided_at": None,
            }
            for kind, all_of in (("bag", codes), ("container", containers))
            for code in all_of
        ]  # fmt: skip
        self.run(self._insert(rows))
        return codes, containers

    def _codes(self, county: str, count: int) -> list[str]:
        fresh: set[str] = set()
        while len(fresh) < count:  # different bits may give one code
            fresh |= {make_code(county, self.rng.getrandbits(40))} - self.issued
        self.issued |= fresh
        return sorted(fresh)

    async def _insert(self, rows: list[dict[str, Any]]) -> None:
        async with self.database.write() as session:
            await session.execute(insert(Label), rows)

    def tell(self, body: Body, sent_at: datetime | None = None) -> Told:
        """Return the event as recorded, why it is refused, or None for a duplicate."""
        [told] = self.tell_all([(actor_of(body), [body])], sent_at)
        return told

    def tell_all(
        self, queues: Sequence[tuple[Caller, list[Body]]], sent_at: datetime | None = None
    ) -> list[Told]:
        """Tell the queues of several people in one transaction."""
        self.now += timedelta(seconds=1)
        submissions = [Submission(by, bodies, self.now, sent_at) for by, bodies in queues]
        outcomes = self.run(record_together(self.database, submissions))
        return [told_of(one) for answers in outcomes for one in answers]


def told_of(outcome: Outcome) -> Told:
    if outcome.error:
        assert outcome.error.name
        assert outcome.error.kind is not Kind.UNAVAILABLE, outcome.error
        return outcome.error
    return outcome.event if outcome.outcome == "recorded" else None


async def _execute(owner: str, setting: str) -> None:
    connection = await asyncpg.connect(owner)
    try:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER DATABASE "{name}" SET {setting} = off')
    finally:
        await connection.close()


async def _deadlocks(database: Database) -> int:
    async with database.read() as session:
        found = await session.scalar(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    return int(found or 0)


async def _lay_out(database: Database) -> None:
    world = await make_wide_world(database)
    await world.close()

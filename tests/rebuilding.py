"""What tests of the rebuild share: a season in one county, and a hostile owner of its database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import asyncpg
from sqlalchemy import ARRAY, Boolean, Date, DateTime, LargeBinary, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.db import Database, WriteSession
from app.demo.load import load
from app.events.declare import SUBJECTS, Statement, append_statement
from app.events.declare_keys import KeyRow, introduce
from app.events.declare_transport import TransportPolicyRow
from app.events.record import Random
from app.ids import SYSTEM, uuid7
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from app.ops.installation import SYSTEM_CALLER
from app.orm import Base
from app.rebuild.conduct import Outcome, check, rebuild
from app.rebuild.difference import Found
from app.rebuild.hands import Near
from app.rebuild.projections import PROJECTIONS, Projection
from app.transparency.integrate import integrate
from app.transparency.keys import Algorithm, SignerKey

KEY = SignerKey("log.test/season", Algorithm.ED25519, b"k" * 32)
LAST_DAY = date(2025, 9, 5)
DAYS = 20


async def play_a_season(database: Database) -> None:
    """Load a county's season, all of it followed; bags are on their way, findings are open."""
    await load(database, "test", LAST_DAY, days=DAYS, counties=1)
    async with database.write() as session:
        row = KeyRow(
            purpose="checkpoint", vkey=str(KEY.verifier), valid_from=datetime.now(UTC).isoformat(),
            reason="试验",
        )  # fmt: skip
        await introduce(session, SYSTEM_CALLER, [row], datetime.now(UTC))
        await _declare_a_policy(session, datetime.now(UTC))
    await follow_all(database)


async def _declare_a_policy(session: WriteSession, now: datetime) -> None:
    policy = TransportPolicyRow(
        area="130000", valid_from=str(now.date() + timedelta(days=2)), unlisted_recycler="hazardous",
        expired_permit="hazardous", cement_kiln="hazardous", deliver_within_h=48,
        confirm_workdays=5, difference_permille=50, difference_g=20_000, document="试验",
    )  # fmt: skip
    subject = SUBJECTS["transport_policies"]
    statement = Statement(uuid7(SYSTEM, now), subject.name, now, [subject.normal(policy)])
    entry = await append_statement(session, SYSTEM_CALLER, statement, now=now, source=Random())
    await subject.apply(session, SYSTEM_CALLER, [policy], statement.id, entry.occurred_on)


async def follow_all(database: Database) -> None:
    """Bring every follower and the tree to the end of the log."""
    await catch_up(database, FOLLOWERS)
    while await integrate(database):
        pass


def part(name: str) -> Projection:
    """Return a projection by its name."""
    return next(one for one in PROJECTIONS if one.name == name)


class Hands:
    """Parts of the rebuild in this process, on a database; closed at the end of the block."""

    def __init__(self, owner: str, *names: str) -> None:
        self.told: list[tuple[int, int]] = []
        self.all = [
            Near(one, owner, lambda done, total: self.told.append((done, total)))
            for one in PROJECTIONS
            if not names or one.name in names
        ]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        for hand in self.all:
            await hand.close()

    async def recompute(self) -> None:
        """Recompute without comparing."""
        for hand in self.all:
            await hand.do("recompute")

    async def compare(self) -> list[Found]:
        """Compare once more."""
        return [one for hand in self.all for one in await hand.do("compare")]

    async def repair(self) -> None:
        """Put right."""
        for hand in self.all:
            await hand.do("repair")


async def checked(owner: str, *names: str) -> tuple[Found, ...]:
    """Return what differs."""
    return (await check(lambda: Hands(owner, *names).all)).found


async def rebuilt(owner: str, *names: str) -> Outcome:
    """Rebuild these parts, or all."""
    return await rebuild(lambda: Hands(owner, *names).all)


class Dba:
    """Who owns the database and keeps no rule: triggers, checks and references are off."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.execute, self.fetch = connection.execute, connection.fetch

    @classmethod
    async def of(cls, owner: str, tables: Sequence[type[Base]]) -> Self:
        """Return the owner of a database in whose tables nothing is refused any more."""
        connection = await asyncpg.connect(owner)
        names = [table.__tablename__ for table in tables]
        for name in names:
            await connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        rules = await connection.fetch(
            "SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype IN ('f', 'c')"
            " AND (conrelid::regclass::text = ANY($1) OR confrelid::regclass::text = ANY($1))",
            names,
        )
        for rule in rules:
            await connection.execute(
                f'ALTER TABLE {rule["of"]} DROP CONSTRAINT "{rule["conname"]}"'
            )
        return cls(connection)

    async def close(self) -> None:
        """Leave."""
        await self._connection.close()

    @asynccontextmanager
    async def for_a_moment(self, table: str) -> AsyncIterator[None]:
        """Let a table be after the block as it was before."""
        await self.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
        try:
            yield
        finally:
            await self.execute(f"DELETE FROM {table}")
            await self.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            await self.execute(f"DROP TABLE kept_{table}")

    async def change(self, table: type[Base], column: str) -> str:
        """Change a column in the first row by the key; return the key as it is named."""
        keys, at = await self._first(table)
        made = table_of(table).columns[column]
        changed = other(made.type, f'"{column}"', 10**6 if made.primary_key else 1)
        name = table.__tablename__
        done = await self.execute(f'UPDATE {name} SET "{column}" = {changed} WHERE ctid = {at}')
        assert done == "UPDATE 1"
        return keys

    async def delete(self, table: type[Base]) -> str:
        """Delete the first row by the key; return the key as it is named."""
        keys, at = await self._first(table)
        await self.execute(f"DELETE FROM {table.__tablename__} WHERE ctid = {at}")
        return keys

    async def add(self, table: type[Base]) -> None:
        """Add a row like the first one, under another key, and whatever else is there once."""
        _, at = await self._first(table)
        name, made = table.__tablename__, table_of(table)
        keys = {column.name for column in made.primary_key}
        keys |= {"number", "replaces", "window"} | (
            {"event_id"} if name in ("leaf", "correction") else set()
        )
        values = [
            other(column.type, f'"{column.name}"', 10**6)
            if column.name in keys
            else f'"{column.name}"'
            for column in made.columns
        ]
        columns = ", ".join(f'"{column.name}"' for column in made.columns)
        await self.execute(
            f"INSERT INTO {name} ({columns}) SELECT {', '.join(values)} FROM {name} WHERE ctid = {at}"
        )

    async def _first(self, table: type[Base]) -> tuple[str, str]:
        made = table_of(table)
        keys = [column.name for column in made.primary_key]
        order = ", ".join(f'"{key}"' for key in keys)
        [row] = await self._connection.fetch(
            f"SELECT ctid::text, to_jsonb(t) AS row FROM {made.name} t ORDER BY {order} LIMIT 1"
        )
        return str(row["row"]), f"'{row['ctid']}'::tid"


def table_of(table: type[Base]) -> Table:
    """Return a model's table."""
    found: Any = table.__table__
    assert isinstance(found, Table)
    return found


def other(kind: Any, column: str, more: int = 1) -> str:
    """Return an expression for another value of a type; numbers are so much `more`."""
    if isinstance(kind, ARRAY):
        return f"coalesce({column}, '{{}}') || array[{other(kind.item_type, 'NULL')}]"
    for type_, fresh, changed in (
        (Text, "'x'", "{} || 'x'"),
        (Boolean, "true", "NOT {}"),
        (DateTime, "timestamptz '2025-01-01'", "{} - interval '1 hour'"),
        (Date, "date '2025-01-01'", "{} - 1"),
        (Uuid, "gen_random_uuid()", "gen_random_uuid()"),
        (LargeBinary, "'\\x00'", "'\\x00' || {}"),
        (JSONB, "'{\"x\": 1}'", "{} || '{{\"x\": 1}}'"),
        (Numeric, "1", "{} + 1"),
    ):
        if isinstance(kind, type_):
            return f"coalesce({changed.format(column)}, {fresh})"
    return f"coalesce({column} + {more}, 1)"

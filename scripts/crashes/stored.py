"""What the database holds in the end, read from outside the platform in one snapshot."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import asyncpg

_EVENTS = """
    SELECT id::text, kind, leaf, encode(leaf_hash, 'hex') AS leaf_hash, postings
    FROM event
"""
_LEAVES = "SELECT leaf_index, event_id::text FROM leaf ORDER BY leaf_index"
_POSTINGS = """
    SELECT batch_code AS batch, cause::text, n, about::text, origin, from_account AS from,
           to_account AS to, place, mass_g, occurred_on::text
    FROM posting ORDER BY batch_code, n
"""


@dataclass(frozen=True)
class StoredEvent:
    """A row of `event`."""

    id: str
    kind: str
    leaf: str
    leaf_hash: str
    postings: str


@dataclass(frozen=True)
class Stored:
    """The log's tables."""

    events: list[StoredEvent]
    leaves: list[tuple[int, str]]
    """Index and event, by index."""
    postings: dict[str, list[dict[str, Any]]]
    """By the event that caused them, as its leaf lists them."""
    waiting: int
    """Events that have no place in the log yet."""

    @property
    def accounts(self) -> dict[str, Counter[str]]:
        """Net grams by account of each batch: what its postings add up to."""
        found: dict[str, Counter[str]] = {}
        for rows in self.postings.values():
            for row in rows:
                account = found.setdefault(row["batch"], Counter())
                account[row["from"]] -= row["mass_g"]
                account[row["to"]] += row["mass_g"]
        return found


async def read_stored(url: str) -> Stored:
    """Read the tables as they stand."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await stored_in(connection)
    finally:
        await connection.close()


async def stored_in(connection: asyncpg.Connection) -> Stored:
    """Read the tables as the connection's transaction sees them."""
    events = [StoredEvent(**row) for row in await connection.fetch(_EVENTS)]
    leaves = [tuple(row) for row in await connection.fetch(_LEAVES)]
    postings: dict[str, list[dict[str, Any]]] = {}
    for row in map(dict, await connection.fetch(_POSTINGS)):
        postings.setdefault(row.pop("cause"), []).append(row)
    waiting = await connection.fetchval("SELECT count(*) FROM unsequenced")
    return Stored(events, leaves, postings, waiting)

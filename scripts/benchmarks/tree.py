"""Part `tree`: from committed events to a signed head, in leaves a second."""

import asyncio
import hashlib
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from app.db import Database
from app.embedded import EmbeddedPostgres
from app.ids import uuid7
from app.ledger.leaf import leaf_hash, make_leaf, utc
from app.ledger.sequence import sequence
from app.migrate import upgrade
from app.transparency.integrate import integrate
from app.transparency.signer import Signer
from app.transparency.signer_folder import SignerFolder
from app.transparency.tree import node_hash
from scripts.benchmarks.measured import Part, Series, interleave, ratio

LEAVES = 20_000
LOADED = "bench_loaded"
ORIGIN = "bench.example/log"
SITE, COUNTY = "130110-P0001", "130110"

Row = tuple[Any, ...]


def measure(server: EmbeddedPostgres, folder: Path, leaves: int, rounds: int) -> Part:
    """Measure our way beside its raw limits: COPY of the same rows, and hashing alone."""
    rows = list(_events(leaves))
    asyncio.run(_load(server, rows))
    numbers = count()
    stages: list[list[float]] = [[], [], []]

    def ours() -> float:
        seconds = asyncio.run(_grow(_copy(server, next(numbers)), folder / "signer", leaves))
        for stage, spent in zip(stages, seconds, strict=True):
            stage.append(spent)
        return leaves / sum(seconds)

    def copied() -> float:
        return leaves / asyncio.run(_copy_leaves(_copy(server, next(numbers)), rows))

    def hashed() -> float:
        return leaves / _hash_all(rows)

    grown, raw, pure = interleave((ours, copied, hashed), rounds)
    unit = "leaves/s"
    return Part(
        "tree",
        f"{leaves:,} committed events of {len(rows[0][8])} bytes become leaves under a signed head",
        (
            Series("sequence + integrate + sign", unit, grown),
            Series("  of that: sequence", "s", tuple(stages[0])),
            Series("  of that: integrate", "s", tuple(stages[1])),
            Series("  of that: sign_head, once", "s", tuple(stages[2])),
            Series("raw: COPY of the same rows of leaf", unit, raw),
            Series("raw: SHA-256 tree in memory", unit, pure),
        ),
        (
            ratio("ours / COPY", grown, raw),
            ratio("ours / tree in memory", grown, pure),
        ),
    )


def _events(leaves: int) -> list[Row]:
    """Return rows of `event` as hand-ins make them, the same every time."""
    rng = Random(6962)  # noqa: S311  filling, not secrets
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return [_event(rng, begin + timedelta(seconds=n)) for n in range(leaves)]


def _event(rng: Random, at: datetime) -> Row:
    event, actor = uuid7(rng, at), UUID(int=rng.getrandbits(128))
    code = f"{COUNTY}-{rng.getrandbits(20):05}-{rng.getrandbits(20):05}"
    public = {
        "id": str(event),
        "kind": "hand_in",
        "occurred_at": utc(at),
        "site": SITE,
        "batches": [{"code": code}],
        "contents": [
            {
                "material": "pet",
                "form": "bottle",
                "size": "lt200ml",
                "pieces": rng.randint(1, 200),
                "rinse": "unchecked",
                "scope": "pesticide",
            }
        ],
    }
    stamps = {
        "recorded_at": utc(at),
        "effective_at": utc(at),
        "adjusted_at": utc(at),
        "actor": str(actor),
        "role": "collector",
        "county": COUNTY,
        "nonce": f"{rng.getrandbits(128):032x}",
        "flags": [],
    }
    leaf, postings = make_leaf(public, f"{rng.getrandbits(256):064x}", stamps, [])
    return (
        *(event, "hand_in", SITE, at, at, at, at.date(), actor),
        *(leaf.decode(), leaf_hash(leaf), postings),
    )


async def _load(server: EmbeddedPostgres, rows: list[Row]) -> None:
    """Make the database that every measurement begins with a copy of."""
    await _execute(server.url("owner"), f"CREATE DATABASE {LOADED}")
    url = server.url("owner", LOADED)
    await asyncio.to_thread(upgrade, url)
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("event", records=rows)
        await connection.copy_records_to_table(
            "unsequenced", records=[(row[0],) for row in rows], columns=["event_id"]
        )
    finally:
        await connection.close()


def _copy(server: EmbeddedPostgres, number: int) -> str:
    """Return the address of a fresh copy of it."""
    name = f"bench_{number}"
    asyncio.run(_execute(server.url("owner"), f"CREATE DATABASE {name} TEMPLATE {LOADED}"))
    return server.url("app", name)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _grow(url: str, signer_folder: Path, leaves: int) -> tuple[float, ...]:
    """Return the seconds of the sequencer, of the tree and of the signer, each run to its end."""
    database = Database(url)
    folder = SignerFolder(signer_folder)
    folder.begin(ORIGIN, datetime.now(UTC))
    signer = Signer(folder)
    try:
        seconds = [
            await _timed(partial(_to_the_end, work, database)) for work in (sequence, integrate)
        ]
        seconds.append(await _timed(partial(signer.sign_head, database, datetime.now(UTC))))
        assert signer.last is not None
        assert signer.last.point.size == leaves, "not all leaves are under the signed head"
    finally:
        signer.close()
        shutil.rmtree(signer_folder)
        await database.close()
    return tuple(seconds)


async def _to_the_end(work: Callable[[Database], Awaitable[int]], database: Database) -> None:
    while await work(database):
        pass


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


async def _copy_leaves(url: str, rows: list[Row]) -> float:
    """Return the seconds that PostgreSQL needs to take the rows of `leaf` in one COPY."""
    connection = await asyncpg.connect(url)
    leaves = [(index, row[0]) for index, row in enumerate(rows)]
    try:
        return await _timed(lambda: connection.copy_records_to_table("leaf", records=leaves))
    finally:
        await connection.close()


def _hash_all(rows: list[Row]) -> float:
    """Return the seconds that one core needs to hash the leaves and the nodes above them."""
    begun = time.perf_counter()
    level = [hashlib.sha256(b"\x00" + row[8].encode()).digest() for row in rows]
    while len(level) > 1:
        above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # A node without a neighbour goes up as it is: RFC 6962 splits at the largest power of two.
        level = above + level[2 * len(above) :]
    return time.perf_counter() - begun

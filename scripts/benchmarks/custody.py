"""Part `custody`: the answer of a chain of custody, beside the SQL that it needs, alone.

The raw limit runs the same statements with the same parameters, as the driver itself takes them:
what is left between the two is folding, shares and JSON.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import event as sqlalchemy_event

from app.areas.scope import Reach
from app.custody.corrections import corrections_of
from app.custody.lineage import lineage_of
from app.custody.lot import lot_of
from app.custody.lot_schemas import LotShown
from app.custody.schemas import CustodyShown
from app.custody.sources import sources_of
from app.custody.trace import trace
from app.db import Database, ReadSession
from app.embedded import EmbeddedPostgres
from app.migrate import upgrade
from app.prepared import listeners
from scripts.benchmarks.custody_world import World, fill
from scripts.benchmarks.measured import Part, Series, ratio

EVENTS = 1_000_000
ASKED = 100
"""Batches asked about in a round, of each depth."""
NAME = "bench_custody"
EVERYTHING = Reach(everything=True)

Statement = tuple[str, tuple[Any, ...]]


def measure(server: EmbeddedPostgres, events: int, rounds: int) -> Part:
    """Measure answers by depth of lineage, and one large lot, each beside its SQL alone."""
    return asyncio.run(_measure(server, events, rounds))


async def _measure(server: EmbeddedPostgres, events: int, rounds: int) -> Part:
    admin = await asyncpg.connect(server.url("owner"))
    await admin.execute(f"CREATE DATABASE {NAME}")
    await admin.close()
    await asyncio.to_thread(upgrade, server.url("owner", NAME))
    begun = time.perf_counter()
    world = await fill(server.url("owner", NAME), events)
    filled = time.perf_counter() - begun
    database = Database(server.url("app", NAME))
    raw = await asyncpg.connect(server.url("app", NAME), server_settings={"jit": "off"})
    try:
        series, ratios = [], []
        for depth, codes in sorted(world.by_depth.items()):
            some = Random(7).sample(codes, min(ASKED, len(codes)))  # noqa: S311
            asked = [partial(answer, code=code) for code in some]
            ours, theirs, count = await _rounds(database, raw, asked, rounds)
            what = f"depth {depth}"
            series += [
                Series(f"custody, {what}", "ms", ours),
                Series(f"  its {count} statements alone, {what}", "ms", theirs),
            ]
            ratios.append(ratio(f"custody / its SQL, {what}", ours, theirs))
        lot = [partial(lot_answer, event=world.lot)]
        ours, theirs, count = await _rounds(database, raw, lot, rounds)
        series += [
            Series(f"a lot of {world.lot_bags:,} bags", "ms", ours),
            Series(f"  its {count} statements alone", "ms", theirs),
        ]
        ratios.append(ratio("lot / its SQL", ours, theirs))
    finally:
        await raw.close()
        await database.close()
    return Part("custody", _what(world, filled), tuple(series), tuple(ratios))


def _what(world: World, seconds: float) -> str:
    filled = f"filled in {seconds:.0f} s"
    return f"chains of custody among {world.events:,} events of {world.batches:,} bags ({filled})"


async def answer(session: ReadSession, code: str) -> str:
    """Return what `GET /api/v1/batches/{code}/custody` answers."""
    found = await trace(session, EVERYTHING, code)
    assert found is not None
    lineage = await lineage_of(session, found)
    corrections = await corrections_of(session, EVERYTHING, found)
    return CustodyShown.of(found, lineage, corrections, None).model_dump_json()


async def lot_answer(session: ReadSession, event: str) -> str:
    """Return what `GET /api/v1/lots/{event}` answers."""
    lot = await lot_of(session, EVERYTHING, UUID(event), None)
    assert lot is not None
    return LotShown.of(
        lot, await sources_of(session, lot.found, lot.held, None), 0
    ).model_dump_json()


Ask = Callable[[ReadSession], Awaitable[str]]


async def _rounds(
    database: Database, raw: asyncpg.Connection, asked: Sequence[Ask], rounds: int
) -> tuple[tuple[float, ...], tuple[float, ...], int]:
    """Return milliseconds an answer, those of its statements alone, and how many they are."""
    statements = [await _noted(database, ask) for ask in asked]
    for _, ask in zip(range(10), asked, strict=False):
        await _asked(database, ask)
    ours, theirs = [], []
    for turn in range(rounds):
        ways = (_ours(database, asked), _theirs(raw, statements))
        if turn % 2:
            second = await ways[1]
            first = await ways[0]
        else:
            first = await ways[0]
            second = await ways[1]
        ours.append(first)
        theirs.append(second)
    return tuple(ours), tuple(theirs), max(len(some) for some in statements)


async def _asked(database: Database, ask: Ask) -> None:
    async with database.read() as session:
        await ask(session)


async def _ours(database: Database, asked: Sequence[Ask]) -> float:
    begun = time.perf_counter()
    for ask in asked:
        await _asked(database, ask)
    return (time.perf_counter() - begun) * 1_000 / len(asked)


async def _theirs(raw: asyncpg.Connection, statements: list[list[Statement]]) -> float:
    begun = time.perf_counter()
    for some in statements:
        async with raw.transaction(isolation="repeatable_read", readonly=True):
            for statement, parameters in some:
                await raw.fetch(statement, *parameters)
    return (time.perf_counter() - begun) * 1_000 / len(statements)


async def _noted(database: Database, ask: Ask) -> list[Statement]:
    """Return the statements that an answer runs, as the driver takes them."""
    seen: list[Statement] = []
    engine = database.engine.sync_engine

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        seen.append((statement, tuple(parameters)))

    def straight(statement: str, parameters: tuple[Any, ...]) -> None:
        seen.append((statement, parameters))

    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    listeners.append(straight)
    try:
        await _asked(database, ask)
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)
        listeners.remove(straight)
    return seen

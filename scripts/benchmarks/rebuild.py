"""Part `rebuild`: how long `python -m app rebuild --check` takes over a long log, and how much memory."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]

from app.config import ROOT
from app.db import Database
from app.demo.load import load
from app.embedded import EmbeddedPostgres
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from app.migrate import upgrade
from app.plan.load import load_plan
from app.transparency.integrate import integrate
from scripts.benchmarks.many_seasons import fill, read_season
from scripts.benchmarks.measured import Part, Series, ratio

EVENTS = 1_000_000
WHOLE_SEASON = 20_000
"""Leaves from which on the season of all counties is worth its recording."""
NAME = "bench_rebuild"
LOOK_SECONDS = 0.2
MB = 1_000_000


def measure(server: EmbeddedPostgres, events: int, rounds: int) -> Part:
    """Measure a check beside reading and parsing every leaf once, on a world that it has built."""
    owner = server.url("owner", NAME)
    begun = time.perf_counter()
    leaves = asyncio.run(_fill(server, events))
    filled = time.perf_counter() - begun
    built, *_ = _run(owner)
    series: list[list[float]] = [[] for _ in range(5)]
    for _ in range(rounds):
        for one, value in zip(
            series, (*_run(owner, "--check"), asyncio.run(_parsed(owner))), strict=True
        ):
            one.append(value)
    wall, own, theirs, peak, parsed = (tuple(one) for one in series)
    return Part(
        "rebuild",
        f"{leaves:,} leaves, recorded and filled in {filled:.0f} s; all beside them built in {built:.0f} s",
        (
            Series("rebuild --check", "s", wall),
            Series("  processor time of its processes", "s", own),
            Series("  processor time of PostgreSQL", "s", theirs),
            Series("  peak memory, all its processes", "MB", peak),
            Series("raw: each leaf read and parsed, one core", "s", parsed),
        ),
        (ratio("rebuild --check / json.loads", wall, parsed),),
    )  # fmt: skip


async def _fill(server: EmbeddedPostgres, events: int) -> int:
    admin = await asyncpg.connect(server.url("owner"))
    await admin.execute(f"CREATE DATABASE {NAME}")
    await admin.close()
    owner = server.url("owner", NAME)
    await asyncio.to_thread(upgrade, owner)
    database = Database(server.url("app", NAME), statement_timeout_ms=0)
    try:
        await load_plan(database)
        much: dict[str, Any] = {} if events >= WHOLE_SEASON else {"days": 8, "counties": 1}
        last = date.today() - timedelta(days=1)  # noqa: DTZ011  any day will do
        await load(database, "bench", last, show=lambda line: print(line, flush=True), **much)
        await catch_up(database, [])
        leaves = await fill(owner, await read_season(owner), events)
        await _let_followers_stand(owner, leaves)
        while await integrate(database):
            pass
    finally:
        await database.close()
    return leaves


async def _let_followers_stand(owner: str, leaves: int) -> None:
    """Say of every follower that it has taken all leaves: what it made of them, a rebuild makes."""
    connection = await asyncpg.connect(owner)
    await connection.executemany(
        "INSERT INTO follower (name, next_index) VALUES ($1, $2)",
        [(follower.name, leaves) for follower in FOLLOWERS],
    )
    await connection.close()


def _run(owner: str, *arguments: str) -> tuple[float, float, float, float]:
    """Run the command; return seconds, processor seconds of it and of PostgreSQL, and peak MB."""
    postmaster = psutil.Process(asyncio.run(_postmaster(owner)))
    before = resource.getrusage(resource.RUSAGE_CHILDREN), _spent(postmaster)
    begun = time.perf_counter()
    command = subprocess.Popen(
        [sys.executable, "-m", "app", "rebuild", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": owner},
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = max(_memory(command), default=0.0)
    said, _ = command.communicate()
    wall = time.perf_counter() - begun
    if command.returncode:
        raise RuntimeError(said)
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    mine = own.ru_utime + own.ru_stime - before[0].ru_utime - before[0].ru_stime
    return wall, mine, _spent(postmaster) - before[1], peak / MB


def _memory(command: subprocess.Popen[str]) -> Iterator[int]:
    """Yield how much memory a command and its processes hold, each alone, until it ends."""
    while command.poll() is None:
        held = 0
        try:
            first = psutil.Process(command.pid)
            for one in (first, *first.children(recursive=True)):
                held += one.memory_full_info().uss
        except psutil.Error:
            continue
        yield held
        time.sleep(LOOK_SECONDS)


async def _postmaster(owner: str) -> int:
    connection = await asyncpg.connect(owner)
    try:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        parent = psutil.Process(backend).parent()
        assert parent is not None, "a backend has a postmaster"
        return int(parent.pid)
    finally:
        await connection.close()


def _spent(postmaster: psutil.Process) -> float:
    """Return the processor seconds of a server's backends, those that have ended included."""
    ended = postmaster.cpu_times()
    spent = float(ended.children_user + ended.children_system)
    for one in postmaster.children():
        times = one.cpu_times()
        spent += times.user + times.system
    return spent


async def _parsed(owner: str) -> float:
    """Read and parse every leaf, and return the seconds that takes."""
    connection = await asyncpg.connect(owner)
    begun = time.perf_counter()
    async with connection.transaction():
        query = "SELECT e.leaf FROM leaf l JOIN event e ON e.id = l.event_id ORDER BY l.leaf_index"
        async for row in connection.cursor(query, prefetch=2_000):
            json.loads(row["leaf"])
    spent = time.perf_counter() - begun
    await connection.close()
    return spent

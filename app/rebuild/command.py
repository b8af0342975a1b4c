"""`python -m app rebuild`: what stands beside the log, recomputed from its leaves."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from app.config import Settings, settings
from app.db import Database, owner_engine
from app.embedded import EmbeddedPostgresError, running_url
from app.ledger.follow import Follow, catch_up, restart
from app.ops.databases import Addresses, database_of, running_folder
from app.rebuild.recompute import compare

EVERY_S = 1.0
"""Between two words on how far it is, where nobody looks on: `\\r` at a terminal."""


def add_to(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", followers: Sequence[Follow]
) -> None:
    """Add the command to those of the command line."""
    rebuild = commands.add_parser(
        "rebuild", help="从登记日志重做汇总和预警，并核对批次状态和过账；--check 只核对"
    )
    rebuild.add_argument(
        "--check", action="store_true", help="重算到影子表，打印第一处不同；库里什么都不改"
    )
    rebuild.set_defaults(run=lambda arguments: _rebuild(arguments, followers))


def _rebuild(arguments: argparse.Namespace, followers: Sequence[Follow]) -> None:
    with _database(settings()) as at:
        sys.exit(asyncio.run(_run(at, followers, check=arguments.check)))


@contextmanager
def _database(config: Settings) -> Iterator[Addresses]:
    """Yield DATABASE_URL, the platform's database that runs, else that on disk."""
    running = None
    if not config.database_url:
        with suppress(EmbeddedPostgresError):
            folder = running_folder(config)
            running = Addresses(running_url(folder, "app"), running_url(folder, "owner"))
    if running:
        yield running
        return
    with database_of(config, config.data_folder) as at:
        yield at


async def _run(at: Addresses, followers: Sequence[Follow], *, check: bool) -> int:
    database = Database(at.app, pool_size=2, statement_timeout_ms=0)
    engine = owner_engine(at.owner)
    try:
        if not check:
            for follower in followers:
                await restart(database, follower)
            await catch_up(database, followers)
        progress = Progress()
        different = await compare(engine, followers, progress.tell)
        progress.end()
    finally:
        await database.close()
        await engine.dispose()
    if different:
        _say(f"不一致 / differs: {different.table}\n{different.what}")
        return 1
    _say("一致：批次状态、过账和汇总都与登记日志相符 / all as the leaves say")
    return 0


class Progress:
    """Says how far a long work is, once a second."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def tell(self, what: str, done: int, total: int) -> None:
        """Say it, unless it was said a moment ago."""
        now = time.monotonic()
        if now - self._said_at >= EVERY_S or done >= total:
            self._said_at = now
            end = "\r" if sys.stderr.isatty() and done < total else "\n"
            sys.stderr.write(f"{what} {done} / {total}{end}")
            sys.stderr.flush()

    def end(self) -> None:
        """Finish the last line."""
        sys.stderr.flush()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()

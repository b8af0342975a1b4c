"""`python -m app rebuild`: what stands beside the log, recomputed from its leaves."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.config import Settings, settings
from app.db import Database, owner_engine
from app.embedded import EmbeddedPostgresError, running_url
from app.ledger.follow import Follow, catch_up
from app.migrate import current, newest
from app.ops.databases import Addresses, database_of, running_folder
from app.rebuild.conduct import Make, Outcome, check, rebuild
from app.rebuild.difference import Found
from app.rebuild.hands import Far, PartFailed
from app.rebuild.progress import Progress
from app.rebuild.projections import PROJECTIONS
from app.rebuild.work import Interrupted

_ALONE = text("SELECT pg_try_advisory_lock(hashtextextended('rebuild', 6962))")


class CannotRebuild(RuntimeError):
    """Why nothing was rebuilt, in plain words."""


def add_to(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    followers: Sequence[Sequence[Follow]],
) -> None:
    """Add the command to those of the command line; `followers` go on together by the group."""
    command = commands.add_parser(
        "rebuild", help="从登记日志重算旁边的一切，改正与日志不符的；--check 只核对"
    )
    command.add_argument(
        "--check", action="store_true", help="只核对，打印不同之处；库里什么都不改"
    )
    command.set_defaults(run=lambda arguments: _command(arguments, followers))


def _command(arguments: argparse.Namespace, followers: Sequence[Sequence[Follow]]) -> None:
    with _database(settings()) as at:
        try:
            sys.exit(asyncio.run(_run(at, followers, only_check=arguments.check)))
        except PartFailed as error:
            raise CannotRebuild(f"没有算完 / could not be computed: {error}") from error
        except Interrupted as error:
            raise CannotRebuild(
                f"{error}：同时有人在重做它，请再运行一次 / is being redone; run this again"
            ) from error


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


async def _run(at: Addresses, followers: Sequence[Sequence[Follow]], *, only_check: bool) -> int:
    engine = owner_engine(at.owner)
    try:
        async with engine.connect() as connection:
            await _fit(connection)
            if only_check:
                return _say_checked(await _conduct(at, check))
            if not await connection.scalar(_ALONE):
                raise CannotRebuild("另一个 rebuild 正在进行，等它结束 / another one is running")
            outcome = await _conduct(at, rebuild)
    finally:
        await engine.dispose()
    if not outcome.damaged:
        await _catch_up(at, followers)
    return _say_rebuilt(outcome)


async def _catch_up(at: Addresses, followers: Sequence[Sequence[Follow]]) -> None:
    """Bring followers that were behind to the end of the log; a running platform does so itself."""
    database = Database(at.app, pool_size=2, statement_timeout_ms=0)
    try:
        for group in followers:
            await catch_up(database, group)
    finally:
        await database.close()


async def _fit(connection: AsyncConnection) -> None:
    """Raise where the database is not as this version knows it."""
    async with AsyncSession(bind=connection) as session:
        if await current(session) != newest():
            raise CannotRebuild(
                "数据库结构与本程序版本不符，请先运行 migrate / the schema is another version's"
            )


async def _conduct(at: Addresses, what: Callable[[Make], Awaitable[Outcome]]) -> Outcome:
    progress = Progress(PROJECTIONS)

    def make() -> list[Far]:
        progress.begin()
        return [Far(part, at.owner, progress.of(part)) for part in PROJECTIONS]

    showing = asyncio.create_task(progress.show())
    try:
        return await what(make)
    finally:
        showing.cancel()
        progress.end()


def _say_checked(outcome: Outcome) -> int:
    if not outcome.found:
        _say("一致：登记日志旁边的一切都与日志相符 / all as the leaves say")
        return 0
    _list("不一致 / differs", outcome.found)
    return 1


def _say_rebuilt(outcome: Outcome) -> int:
    if outcome.damaged:
        _list("日志本身不符 / the log itself differs", outcome.found)
        _say(
            "什么都没有改动：日志只增不改，请先从备份恢复，见 docs/log.md。"
            " / Nothing was changed: restore the log from a backup first."
        )
        return 1
    if outcome.found:
        _list("原来不一致，已改正 / differed and was put right", outcome.found)
    if outcome.remains:
        _list("改不了 / could not be put right", outcome.remains)
        return 1
    _say("一致：登记日志旁边的一切都与日志相符 / all as the leaves say")
    return 0


def _list(title: str, found: Sequence[Found]) -> None:
    for one in found:
        _say(f"{title}: {one.table}，{one.rows:,} 行 / rows，第一处 / the first:")
        _say(f"  {one.first.words()}")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()

"""`python -m app log rotate | successor`: the ceremonies of the log's keys, for who has the machine."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from app.config import Settings, settings
from app.db import Database
from app.folder_lock import FolderTaken
from app.ops.databases import running_or_started
from app.ops.log_keys import (
    NO_OVERLAP,
    KeyPlaces,
    NothingToSucceed,
    places_of,
    rotate,
    rotate_receipts,
    succeed,
)
from app.transparency.keyring import OVERLAP
from app.transparency.keys import VerifierKey

MOST_WORDS = 500


class CeremonyRefused(RuntimeError):
    """What was asked for cannot be done now; says why in Chinese and English."""


Ceremony = Callable[[Database, KeyPlaces], Awaitable[VerifierKey]]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its parts to those of the command line."""
    log = commands.add_parser("log", help="存证日志的钥匙").add_subparsers(
        required=True, metavar="命令"
    )
    turn = log.add_parser("rotate", help="更换钥匙；旧钥匙再同签 90 天")
    turn.add_argument("--reason", required=True, type=_reason, help="为什么换，写进日志")
    turn.add_argument("--receipt", action="store_true", help="换签回执的钥匙，重启后启用")
    turn.add_argument("--stolen", action="store_true", help="旧钥匙失窃：立即停用，不再同签")
    turn.set_defaults(run=_rotate)
    after = log.add_parser("successor", help="数据库恢复到旧的时点以后，另起一本日志")
    after.add_argument("--reason", required=True, type=_reason, help="为什么，写进日志")
    after.add_argument(
        "--although-it-continues",
        action="store_true",
        help="这里看不出日志断开也另起一本，例如只有见证人知道得更多",
    )
    after.add_argument("--origin", default=None, help="新日志的名称，默认在原名后加 /2、/3……")
    after.set_defaults(run=_succeed)


def _reason(text: str) -> str:
    words = text.strip()
    if not 1 <= len(words) <= MOST_WORDS:
        raise argparse.ArgumentTypeError(
            f"写 1 至 {MOST_WORDS} 个字 / 1 to {MOST_WORDS} characters"
        )
    return words


def _rotate(arguments: argparse.Namespace) -> None:
    now = datetime.now(UTC)

    async def turn(database: Database, places: KeyPlaces) -> VerifierKey:
        if arguments.receipt:
            return await rotate_receipts(database, places.receipt, reason=arguments.reason, now=now)
        overlap = NO_OVERLAP if arguments.stolen else OVERLAP
        return await rotate(
            database, places.signer, reason=arguments.reason, overlap=overlap, now=now
        )

    key = _done(turn)
    print(f"新公钥，请公布 / the new key, to be published:\n{key}")
    if arguments.receipt:
        print("请重启各服务器，换用新钥匙 / restart the servers to take it into use")


def _succeed(arguments: argparse.Namespace) -> None:
    async def begin(database: Database, places: KeyPlaces) -> VerifierKey:
        return await succeed(
            database,
            places.signer,
            origin=arguments.origin,
            reason=arguments.reason,
            although_it_continues=arguments.although_it_continues,
            now=datetime.now(UTC),
        )

    key = _done(begin)
    print(
        f"新日志 / the new log: {key.name}\n"
        f"它的公钥，请公布并交给见证人 / its key, to be published and given to witnesses:\n{key}\n"
        "请启动平台；手机会重新上传新日志里没有的登记 / start the platform; phones send again"
        " what the new log lacks"
    )


def _done(ceremony: Ceremony) -> VerifierKey:
    """Do a ceremony on the database that runs, or one started for it; say plainly why not."""
    config = settings()
    try:
        with running_or_started(config) as at:
            return asyncio.run(_with_database(at.app, config, ceremony))
    except FolderTaken as error:
        raise CeremonyRefused(
            "平台正在运行，请先停止 / the platform is running: stop it first"
        ) from error
    except FileNotFoundError as error:
        raise CeremonyRefused(f"这台机器没有钥匙 / no key on this machine: {error}") from error
    except NothingToSucceed as error:
        raise CeremonyRefused(f"不能另起日志 / no successor: {error}") from error


async def _with_database(url: str, config: Settings, ceremony: Ceremony) -> VerifierKey:
    database = Database(url)
    try:
        return await ceremony(database, places_of(config))
    finally:
        await database.close()

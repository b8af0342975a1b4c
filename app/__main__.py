"""The command line: `python -m app serve | demo | migrate | admin create | log | db-url …`."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from typing import NoReturn

import uvicorn
from sqlalchemy import select

from app.areas.models import PROVINCE, Area, County
from app.auth.accounts import NewAccount, create_with_link
from app.auth.caller import ROLE_NAMES
from app.config import ROOT, Settings, settings
from app.db import Database
from app.demo import start
from app.embedded import EmbeddedPostgresError, running_url
from app.errors import DomainError, NotFound
from app.events.first_load import first_load
from app.evidence import command as export_command
from app.logging import configure
from app.main import FOLLOWERS, GOING_ON_TOGETHER, create_app
from app.migrate import UnknownSchemaError, upgrade
from app.ops import log_command
from app.ops.databases import (
    DEMO_FOLDER,
    Addresses,
    database_of,
    running_folder,
    running_or_started,
)
from app.ops.installation import SYSTEM_CALLER, install, installation_of, mark_loaded
from app.ops.log_command import CeremonyRefused
from app.ops.log_keys import places_of, prepare_keys
from app.parties.models import Site
from app.plan.load import load_plan
from app.rebuild import command as rebuild_command
from app.transparency.witnesses import MalformedWitnesses
from app.witness import run as witnessing
from app.witness.keep import CannotWitness

DEMO_ACCOUNTS = ROOT / "var" / "demo-accounts.json"
DEMO_ORIGIN = "hebei-nybz.example/demo"


REASONS = (
    EmbeddedPostgresError,
    UnknownSchemaError,
    MalformedWitnesses,
    CeremonyRefused,
    CannotWitness,
    export_command.CannotExport,
    rebuild_command.CannotRebuild,
)
"""Why a command gives up, each said in plain words."""


def main() -> None:
    """Run the command named on the command line."""
    parser = _parser()
    arguments = parser.parse_args()
    # uvicorn hands a signal on when it has stopped; exiting by exception unwinds the `with`
    # that stops the database.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        arguments.run(arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    except REASONS as error:
        _give_up(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="命令")
    for name, run, help_ in (
        ("serve", serve, "运行平台（内置数据库，或 DATABASE_URL）"),
        ("demo", demo, "运行带模拟数据的演示"),
    ):
        command = commands.add_parser(name, help=help_)
        command.add_argument("--host", default=None, help="监听地址，默认 HOST 或 127.0.0.1")
        command.add_argument("--port", type=int, default=None, help="监听端口，默认 PORT 或 8000")
        command.set_defaults(run=run)
    commands.add_parser("migrate", help="把数据库结构升到最新").set_defaults(run=migrate)
    admin = commands.add_parser("admin", help="账号").add_subparsers(required=True, metavar="命令")
    create = admin.add_parser("create", help="建账号，打印一次性设置链接")
    create.add_argument("--username", required=True)
    create.add_argument("--name", default="系统管理员", help="显示的名字")
    create.add_argument("--role", choices=sorted(ROLE_NAMES), default="admin")
    create.add_argument("--area", default="130000", help="省、上报区域或县的代码")
    for option in ("site", "township", "organisation", "department"):
        create.add_argument(f"--{option}", default=None)
    create.add_argument("--port", type=int, default=None, help="平台的端口，默认 PORT 或 8000")
    create.set_defaults(run=admin_create)
    log_command.add_to(commands)
    export_command.add_to(commands)
    rebuild_command.add_to(commands, GOING_ON_TOGETHER)
    url = commands.add_parser("db-url", help="打印正在运行的数据库的地址")
    url.add_argument("--role", choices=("app", "owner"), default="app")
    url.set_defaults(run=db_url)
    watching = commands.add_parser("witness", help="运行独立的见证人，为存证日志作见证")
    witnessing.options(watching)
    watching.set_defaults(run=witness)
    return parser


def serve(arguments: argparse.Namespace) -> None:
    """Run the platform: empty at first, never on a demonstration's database."""
    config = settings()
    with _listening(arguments, config) as sockets, database_of(config, config.data_folder) as at:
        upgrade(at.owner)
        asyncio.run(_prepare(at.app, config))
        _run(at, config, sockets)


async def _prepare(url: str, config: Settings) -> None:
    database = Database(url)
    try:
        found = await installation_of(database)
        if found and found.demo:
            _give_up(
                "这是演示数据库，不能用来正式运行。请换一个 DATABASE_URL。"
                " / This database is a demonstration; choose another."
            )
        now = datetime.now(UTC)
        await install(database, demo=False, log_origin=config.log_origin, now=now)
        await load_plan(database)
        await first_load(database, SYSTEM_CALLER, now=now, pilots=False)
        await mark_loaded(database, now)
        await prepare_keys(database, places_of(config), now)
    finally:
        await database.close()


def demo(arguments: argparse.Namespace) -> None:
    """Run the platform with a simulated season, in its own database with its own log."""
    os.environ["PLATFORM_DEMO"] = "1"
    os.environ.setdefault("PLATFORM_LOG_ORIGIN", DEMO_ORIGIN)
    os.environ.setdefault("PLATFORM_SIGNER_FOLDER", str(DEMO_FOLDER / "signer"))
    os.environ.setdefault("PLATFORM_RECEIPT_KEY_FILE", str(DEMO_FOLDER / "receipt.key"))
    settings.cache_clear()
    config = settings()
    with _listening(arguments, config) as sockets, _demo_database(config) as at:
        asyncio.run(start.finish(at.app, FOLLOWERS, DEMO_ACCOUNTS, config))
        start.announce(DEMO_ACCOUNTS)
        _run(at, config, sockets)


@contextmanager
def _demo_database(config: Settings) -> Iterator[Addresses]:
    """Yield a migrated database that is a demonstration's or new; a half-loaded one begins anew."""
    with database_of(config, DEMO_FOLDER) as at:
        upgrade(at.owner)
        state = asyncio.run(start.state_of(at.app))
        if state == "foreign":
            _give_up(
                "DATABASE_URL 里已有非演示数据，演示不会动它。请换一个空库。"
                " / DATABASE_URL holds data that is not a demonstration's."
            )
        if state == "new" and not config.database_url:
            start.forget_signatures(DEMO_FOLDER)
        if state != "half" or config.database_url:
            if state == "half":
                _give_up(
                    "DATABASE_URL 里的演示数据没有装完，请换一个空库。"
                    " / The demonstration in DATABASE_URL is incomplete; give an empty database."
                )
            yield at
            return
    print("上次没有装完演示数据，重新开始。 / starting over", flush=True)
    start.forget(DEMO_FOLDER)
    with database_of(config, DEMO_FOLDER) as at:
        upgrade(at.owner)
        yield at


def migrate(_: argparse.Namespace) -> None:
    """Bring the database to the newest schema."""
    config = settings()
    with database_of(config, config.data_folder) as at:
        upgrade(at.owner)
    print("数据库结构已是最新。 / The schema is up to date.")


def admin_create(arguments: argparse.Namespace) -> None:
    """Create an account and print the one-time link with which its owner sets a password."""
    config = settings()
    with running_or_started(config) as at:
        try:
            path = asyncio.run(_create(at.app, arguments, config.setup_link_hours))
        except DomainError as error:
            _give_up(": ".join(error.words()))
    print(f"请在 {config.setup_link_hours} 小时内打开（只能用一次） / open once within that time:")
    print(f"http://{config.host}:{arguments.port or config.port}{path}")


async def _create(url: str, arguments: argparse.Namespace, hours: int) -> str:
    database = Database(url)
    try:
        await _must_be_known(database, arguments.area, arguments.site)
        new = NewAccount(
            username=arguments.username,
            display_name=arguments.name,
            role=arguments.role,
            area=arguments.area,
            site=arguments.site,
            township=arguments.township,
            organisation=arguments.organisation,
            department=arguments.department,
        )
        return await create_with_link(database, new, now=datetime.now(UTC), link_hours=hours)
    finally:
        await database.close()


async def _must_be_known(database: Database, area: str, site: str | None) -> None:
    """Refuse an area or a site that there is not: its account could see nothing, ever."""
    async with database.read() as session:
        areas = select(Area.code).union(select(County.code))
        if area != PROVINCE and area not in set(await session.scalars(areas)):
            raise NotFound(what=f"--area {area}")
        if site and not await session.scalar(select(Site.code).where(Site.code == site)):
            raise NotFound(what=f"--site {site}")


def db_url(arguments: argparse.Namespace) -> None:
    """Print the address of the running database."""
    config = settings()
    if config.database_url:
        owner = config.owner_database_url or config.database_url
        print(owner if arguments.role == "owner" else config.database_url)
        return
    print(running_url(running_folder(config), arguments.role))


def witness(arguments: argparse.Namespace) -> None:
    """Run a witness of logs, without any database."""
    with _listening(arguments, settings()) as sockets:
        witnessing.run(arguments, sockets)


@contextmanager
def _listening(arguments: argparse.Namespace, config: Settings) -> Iterator[list[socket]]:
    """Take the port before any long work, so that a taken one is told at once."""
    host = arguments.host or config.host
    port = config.port if arguments.port is None else arguments.port
    listener = socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        _give_up(
            f"不能监听 {host}:{port}（{error.strerror}）。请用 --port 换一个端口。"
            f" / cannot listen on {host}:{port}; choose another --port"
        )
    with listener:
        yield [listener]


def _run(at: Addresses, config: Settings, sockets: list[socket]) -> None:
    """Serve until SIGINT or SIGTERM."""
    configure(config.log_format)
    host, port = sockets[0].getsockname()[:2]
    print(
        f"\n平台已启动 / running: http://{host}:{port}\n按 Ctrl-C 停止 / Ctrl-C stops", flush=True
    )
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(at.app, config),
            log_config=None,
            access_log=False,
            proxy_headers=bool(config.trusted_proxies),
            forwarded_allow_ips=config.trusted_proxies or None,
            timeout_graceful_shutdown=10,
        )
    )
    server.run(sockets)


def _give_up(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()

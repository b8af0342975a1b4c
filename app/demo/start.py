"""Make a database the demonstration's, once: load the season, follow the log, tell the accounts."""

import asyncio
import json
import secrets
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import select

from app.auth.models import Account
from app.auth.passwords import hash_password
from app.config import Settings
from app.db import Database
from app.demo.load import Credentials, load, write_accounts
from app.demo.money import settle_season
from app.demo.settle import build_world
from app.demo.world import SHANGHAI
from app.ledger.follow import Follow, catch_up
from app.ledger.models import Event
from app.ops.installation import install, installation_of, mark_loaded
from app.ops.log_keys import places_of, prepare_keys
from app.plan.load import load_plan

SEED = "河北 2021-1793"
SHOWN_ROLES = ("province", "county", "collector", "keeper", "plant", "carrier", "auditor", "admin")


async def state_of(url: str) -> Literal["new", "half", "whole", "foreign"]:
    """Tell what a migrated database holds: nothing, a demonstration, or something else."""
    database = Database(url)
    try:
        found = await installation_of(database)
        if found is None:
            async with database.read() as session:
                used = await session.scalar(select(select(Event.id).exists()))
            return "foreign" if used else "new"
        if not found.demo:
            return "foreign"
        return "whole" if found.loaded_at else "half"
    finally:
        await database.close()


async def finish(url: str, followers: Sequence[Follow], accounts: Path, config: Settings) -> None:
    """Load the season up to yesterday unless it is there, and make sure `accounts` and keys are."""
    database = Database(url, statement_timeout_ms=0)
    try:
        await load_plan(database)
        found = await installation_of(database)
        if found is None or found.loaded_at is None:
            await _load(database, followers, accounts, config.log_origin)
        elif not await asyncio.to_thread(accounts.exists):
            print("找不到账号文件，重新设置演示账号的密码…… / resetting passwords", flush=True)
            write_accounts(accounts, await _reset(database))
        await prepare_keys(database, places_of(config), datetime.now(UTC))
    finally:
        await database.close()


async def _load(
    database: Database, followers: Sequence[Follow], accounts: Path, log_origin: str
) -> None:
    now = datetime.now(UTC)
    started = time.monotonic()

    def show(line: str) -> None:
        print(f"  [{time.monotonic() - started:5.1f} s] {line}", flush=True)

    print("首次启动：装入演示数据，约需几分钟…… / first start: loading the season", flush=True)
    await install(database, demo=True, log_origin=log_origin, now=now)
    yesterday = now.astimezone(SHANGHAI).date() - timedelta(days=1)
    credentials = await load(database, SEED, yesterday, show=show)
    show("汇总台账…… / adding up")
    await catch_up(database, followers)
    made = await settle_season(database, build_world(SEED, yesterday))
    show(f"编制 {made} 张结算单")
    write_accounts(accounts, credentials)
    await mark_loaded(database, datetime.now(UTC))
    show("演示数据已装好。 / done")


async def _reset(database: Database) -> list[Credentials]:
    async with database.write() as session:
        rows = (await session.scalars(select(Account).order_by(Account.username))).all()
        passwords = [secrets.token_urlsafe(9) for _ in rows]
        hashes = await asyncio.gather(*(hash_password(password) for password in passwords))
        for account, hashed in zip(rows, hashes, strict=True):
            account.password_hash = hashed
        return [
            Credentials(a.username, password, a.role, a.area, a.site, a.department)
            for a, password in zip(rows, passwords, strict=True)
        ]


def announce(accounts: Path) -> None:
    """Print one account of each role a visitor would try, and where the others are."""
    known = json.loads(accounts.read_text(encoding="utf-8"))
    print("\n演示账号（全部见 var/demo-accounts.json） / demonstration accounts:")
    for role in SHOWN_ROLES:
        first = next((a for a in known if a["role"] == role), None)
        if first:
            print(f"  {first['role']:<10} {first['username']:<24} {first['password']}")


def forget(folder: Path) -> None:
    """Remove a half-loaded demonstration's database."""
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    forget_signatures(folder)


def forget_signatures(folder: Path) -> None:
    """Remove what was signed of a demonstration whose database is gone: its log is another."""
    shutil.rmtree(folder / "signer", ignore_errors=True)

"""Loads the simulated world into a migrated, empty database and plays its season.

Tables of who and where are filled as they stand; all that the log knows goes through `declare`
and `record`, by the accounts and at the times of the simulation. The seed and the last day decide
every id, nonce and salt; only the passwords are different every time.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert

from app.auth import models as auth
from app.auth.caller import Caller
from app.auth.passwords import hash_password
from app.batches.models import Label, LabelSheet
from app.db import Database
from app.demo.actions import Action, Declaration, Delivery, LabelIssue
from app.demo.confirmations import confirm_departures
from app.demo.money import deposit_sales, in_order, tariff_rows
from app.demo.registers import load_registers
from app.demo.season import DAYS, play, season_days
from app.demo.settle import build_world
from app.demo.world import SHANGHAI, Account, Organisation, Vehicle, World, stream
from app.events import declare_tariffs as _tariffs  # noqa: F401  registers its subject
from app.events.declare import declare
from app.events.first_load import first_load
from app.events.record import Outcome, Submission, record_together
from app.ids import uuid7
from app.orm import Base
from app.parties import models as parties
from app.parties.credit import normalise_credit_code
from app.parties.plates import normalise_plate
from app.supply import declare as _supply  # noqa: F401  registers its subject

TOGETHER = 150
"""Events in one transaction: as many as pays, few enough that progress moves."""
SHOW_EVERY = 2_000

Show = Callable[[str], None]


class SeasonDoesNotHold(RuntimeError):
    """The platform refused what the simulation says is true: one of them has a bug."""


@dataclass(frozen=True)
class Credentials:
    """How to sign in to one demonstration account."""

    username: str
    password: str
    role: str
    area: str
    site: str | None
    department: str | None


class Seeded:
    """Nonces and salts that are the same for the same seed."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def nonce(self) -> str:
        """Return 32 hex digits."""
        return f"{self._rng.getrandbits(128):032x}"

    def salt(self) -> bytes:
        """Return 16 bytes."""
        return self._rng.randbytes(16)


async def load(
    database: Database,
    seed: str,
    last_day: date,
    *,
    days: int = DAYS,
    counties: int | None = None,
    plain: bool = False,
    together: int = TOGETHER,
    show: Show = lambda _: None,
) -> list[Credentials]:
    """Load the world of a seed and play its season of `days` up to the end of `last_day`.

    The database is migrated and empty; about `together` events share a transaction. `counties`
    makes the world smaller, a `plain` season has no irregularities planted in it. Returns every
    account with its password, and calls `show` with a Chinese line now and then. Raises
    SeasonDoesNotHold where an event is refused.
    """
    show("模拟一季：生成站点、人员和记录……")
    world = build_world(seed, last_day, counties)
    actions = play(world, days, plain=plain)
    actions = in_order([*actions, *deposit_sales(world, actions)])
    begin = datetime.combine(season_days(last_day, days)[0] - timedelta(days=1), time(9), SHANGHAI)
    source = Seeded(stream(seed, "load"))
    rng = stream(seed, "load/ids")
    province = caller_of(world.account["province"])

    await first_load(database, province, now=begin, pilots=True, rng=rng, source=source)
    show(f"登记 {len(world.sites)} 个站点、{len(world.accounts)} 个账号……")
    credentials = await _settle(database, world, begin)
    await load_registers(database, world, begin)
    units = [
        {key: value for key, value in _plain(asdict(listing)).items() if value is not None}
        for listing in world.listings
    ]
    at = begin + timedelta(minutes=10)
    await _declare(database, province, "resource_units", units, at, rng, source)
    for county in world.pilots:
        office = caller_of(world.account[f"county-{county}"])
        rows = tariff_rows(county, begin.date() + timedelta(days=1))
        await _declare(database, office, "tariffs", rows, at, rng, source)
    await _issue(database, world, [one for one in actions if isinstance(one, LabelIssue)])
    await _play(database, world, actions, source, together, show)
    await confirm_departures(database, stream(seed, "load/confirmations"))
    return credentials


def caller_of(account: Account) -> Caller:
    """Return an account as the one who is calling."""
    return Caller(**asdict(account))


async def _settle(database: Database, world: World, now: datetime) -> list[Credentials]:
    """Fill the tables of who and where; passwords are random and kept as hashes alone."""
    passwords = [secrets.token_urlsafe(9) for _ in world.accounts]
    hashes = await asyncio.gather(*(hash_password(password) for password in passwords))
    accounts = [
        {**asdict(account), "password_hash": hashed, "created_at": now}
        for account, hashed in zip(world.accounts, hashes, strict=True)
    ]
    async with database.write() as session:
        tables: list[tuple[type[Base], Iterable[Any]]] = [
            (parties.Organisation, map(_checked, world.organisations)),
            (parties.Site, map(asdict, world.sites)),
            (parties.Permit, map(asdict, world.permits)),
            (parties.Vehicle, map(_checked, world.vehicles)),
            (auth.Account, accounts),
        ]
        for table, rows in tables:
            await session.execute(insert(table), list(rows))
    return [
        Credentials(
            account.username,
            password,
            account.role,
            account.area,
            account.site,
            account.department,
        )
        for account, password in zip(world.accounts, passwords, strict=True)
    ]


async def _issue(database: Database, world: World, issues: Sequence[LabelIssue]) -> None:
    """Store the label rolls; each has its own time of issue, so storing all at once is the same."""
    async with database.write() as session:
        await session.execute(
            insert(LabelSheet),
            [
                {
                    "id": issue.sheet,
                    "county": issue.county,
                    "kind": issue.kind,
                    "count": len(issue.codes),
                    "site": issue.site,
                    "issued_by": world.account[issue.account].id,
                    "issued_at": issue.at,
                }
                for issue in issues
            ],
        )
        await session.execute(
            insert(Label),
            [
                {
                    "code": code,
                    "county": issue.county,
                    "kind": issue.kind,
                    "tare_g": issue.tare_g,
                    "sheet": issue.sheet,
                    "site": issue.site,
                    "issued_at": issue.at,
                }
                for issue in issues
                for code in issue.codes
            ],
        )


async def _play(
    database: Database,
    world: World,
    actions: Sequence[Action],
    source: Seeded,
    together: int,
    show: Show,
) -> None:
    """Record deliveries in order, many in one transaction, and declarations between them."""
    total = sum(len(one.events) for one in actions if isinstance(one, Delivery))
    done = shown = 0
    waiting: list[Delivery] = []

    async def flush() -> None:
        nonlocal done, shown, waiting
        await _record(database, world, waiting, source)
        done += sum(len(one.events) for one in waiting)
        waiting = []
        if done - shown >= SHOW_EVERY or done == total > shown:
            show(f"已登记 {done:,} / {total:,} 条")
            shown = done

    for action in actions:
        if isinstance(action, Delivery):
            waiting.append(action)
            if sum(len(one.events) for one in waiting) >= together:
                await flush()
        elif isinstance(action, Declaration):
            await flush()
            body = {"id": str(action.id), "subject": "supply", "rows": list(action.rows)}
            caller = caller_of(world.account[action.account])
            await _declared(database, caller, body, action.at, source)
    await flush()


async def _record(
    database: Database, world: World, deliveries: Sequence[Delivery], source: Seeded
) -> None:
    submissions = [
        Submission(
            caller_of(world.account[delivery.account]),
            delivery.events,
            now=delivery.received_at,
            sent_at=delivery.sent_at,
        )
        for delivery in deliveries
    ]
    for outcomes in await record_together(database, submissions, source=source):
        for outcome in outcomes:
            _must_hold(outcome)


async def _declare(
    database: Database,
    caller: Caller,
    subject: str,
    rows: list[dict[str, Any]],
    now: datetime,
    rng: Random,
    source: Seeded,
) -> None:
    body = {"id": str(uuid7(rng, now)), "subject": subject, "rows": rows}
    await _declared(database, caller, body, now, source)


async def _declared(
    database: Database, caller: Caller, body: dict[str, Any], now: datetime, source: Seeded
) -> None:
    body = {**body, "kind": "declare", "occurred_at": now.isoformat()}
    _must_hold(await declare(database, caller, body, now=now, source=source))


def _must_hold(outcome: Outcome) -> None:
    if outcome.error:
        raise SeasonDoesNotHold(f"{outcome.id}: {outcome.error.problem()}") from outcome.error


def _checked(party: Organisation | Vehicle) -> dict[str, Any]:
    """Return a row whose credit code or plate is one; CreditCodeError, PlateError."""
    row = asdict(party)
    if isinstance(party, Organisation):
        return row | {"credit_code": normalise_credit_code(party.credit_code)}
    return row | {"plate": normalise_plate(party.plate)}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its days as text, as bodies carry them."""
    return {
        key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()
    }


def write_accounts(path: Path, credentials: Iterable[Credentials]) -> None:
    """Write the accounts as JSON that only the owner may read: the passwords stand in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    text = json.dumps([asdict(one) for one in credentials], ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")

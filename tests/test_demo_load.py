"""The simulated world and its season go into a real database through the platform's own doors."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from conftest import _run, in_database
from sqlalchemy import func, select, text

from app.areas.models import Area, County, CountyArea, Pilot
from app.auth.models import Account
from app.auth.passwords import matches
from app.db import Database
from app.demo.load import Credentials, load, write_accounts
from app.demo.world import SHANGHAI
from app.ledger.models import Event
from app.packaging.models import UnitWeight
from app.parties.models import ListedUnit, Site

LAST_DAY = date(2025, 9, 5)
DAYS = 9


@pytest.fixture(scope="module")
async def accounts(database: Database) -> list[Credentials]:
    return await load(database, "test", LAST_DAY, days=DAYS, plain=True)


@pytest.fixture(scope="module")
async def again(server: dict[str, str], template: str) -> AsyncIterator[Database]:
    """A second fresh database, loaded with the same seed, in smaller transactions."""
    name = f"{template}_again"
    owner = server["owner"]
    await _run(owner, f"CREATE DATABASE {name} TEMPLATE {template}")
    made = Database(in_database(server["app"], name), pool_size=5)
    await load(made, "test", LAST_DAY, days=DAYS, together=12, plain=True)
    yield made
    await made.close()
    await _run(owner, f"DROP DATABASE {name} WITH (FORCE)")


async def log_of(database: Database) -> list[tuple[bytes, str]]:
    async with database.read() as session:
        rows = await session.execute(select(Event.leaf_hash, Event.postings).order_by(Event.id))
        return [tuple(row) for row in rows]


async def test_reference_data_is_declared_and_stands_in_its_tables(
    database: Database, accounts: list[Credentials]
) -> None:
    counts = {County: 167, Area: 15, CountyArea: 167, Pilot: 14, UnitWeight: 26, ListedUnit: 3}
    async with database.read() as session:
        for table, count in counts.items():
            assert await session.scalar(select(func.count()).select_from(table)) == count
        subjects = await session.execute(
            text(
                "SELECT (leaf::jsonb)->'event'->>'subject', count(*) FROM event"
                " WHERE kind = 'declare' GROUP BY 1"
            )
        )
        assert dict(subjects.all()) == {
            "areas": 1, "pilots": 1, "unit_weights": 1, "resource_units": 1, "supply": 28,
            "tariffs": 14,
        }  # fmt: skip


async def test_the_season_is_recorded_whole_and_bags_are_on_their_way(
    database: Database, accounts: list[Credentials]
) -> None:
    async with database.read() as session:
        kinds = dict(
            (await session.execute(text("SELECT kind, count(*) FROM event GROUP BY 1"))).all()
        )
        states = {
            row[0] for row in await session.execute(text("SELECT DISTINCT status FROM batch"))
        }
        refused = await session.scalar(text("SELECT count(*) FROM refusal"))
    assert kinds["hand_in"] > 1_500
    assert kinds["collect"] > 150
    assert {"open", "collected", "stored"} <= states
    assert refused == 0


async def test_gaps_that_late_phones_left_are_settled(
    database: Database, accounts: list[Credentials]
) -> None:
    async with database.read() as session:
        told = await session.scalar(
            text(
                "SELECT count(*) FROM event WHERE (leaf::jsonb)->'stamps'->'flags' ? 'missing-depart'"
            )
        )
        # Damage that was noted stays noted; what lacked a step no longer does.
        open_gaps = await session.scalar(
            text(
                "SELECT count(*) FROM batch WHERE state->>'flags' ~"
                " '\"missing-(collect|depart|arrive|pack)\"'"
            )
        )
    assert told > 0
    assert open_gaps == 0


async def test_events_are_recorded_at_the_times_of_the_simulation(
    database: Database, accounts: list[Credentials]
) -> None:
    async with database.read() as session:
        first, last = (
            await session.execute(select(func.min(Event.occurred_on), func.max(Event.occurred_on)))
        ).one()
        stamped = await session.scalar(select(func.max(Event.recorded_at)))
    assert (last - first).days == DAYS
    assert last == LAST_DAY
    assert stamped.astimezone(SHANGHAI).date() == LAST_DAY


async def test_every_account_can_sign_in_with_its_own_password(
    database: Database, accounts: list[Credentials]
) -> None:
    assert len({one.password for one in accounts}) == len(accounts)
    async with database.read() as session:
        hashes = dict(
            (await session.execute(select(Account.username, Account.password_hash))).all()
        )
        assert await session.scalar(select(func.count()).select_from(Site)) > 200
    assert set(hashes) == {one.username for one in accounts}
    some = accounts[::60]
    assert all(await asyncio.gather(*(matches(one.password, hashes[one.username]) for one in some)))


async def test_the_same_seed_gives_the_same_log_however_many_share_a_transaction(
    database: Database, accounts: list[Credentials], again: Database
) -> None:
    assert await log_of(database) == await log_of(again)


def test_accounts_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "demo-accounts.json"
    write_accounts(
        path, [Credentials("keeper-130110", "secret", "keeper", "130110", "130110-S0001", None)]
    )
    assert json.loads(path.read_text()) == [
        {
            "username": "keeper-130110",
            "password": "secret",
            "role": "keeper",
            "area": "130110",
            "site": "130110-S0001",
            "department": None,
        }
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

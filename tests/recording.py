"""What tests of recording share beyond the world: more sites, odd labels, counts of rows written."""

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import httpx
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.auth.sessions import COOKIE, caller_from, open_session
from app.balance.models import Posting
from app.batches.codes import make_code
from app.batches.models import Batch, Label
from app.db import Database
from app.events.models import Refusal
from app.ledger.models import Event, EventBatch, EventPrivate, Unsequenced
from app.parties.models import ListedUnit, Permit, Site
from app.trips.models import Trip, TripCounter
from tests import reference as ref
from tests.people import browser, make_account
from tests.world import World, make_world

FAR_STATION = "130632-S0001"
UNLISTED, OLD_BURNER, HAZARDOUS = "130110-R0002", "130110-I0002", "130181-H0001"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
MORE_PEOPLE: dict[str, dict[str, str]] = {
    "far_keeper": {"role": "keeper", "area": ref.ANXIN, "site": FAR_STATION},
    "unlisted": {"role": "plant", "site": UNLISTED},
    "old_burner": {"role": "plant", "site": OLD_BURNER},
    "hazardous": {"role": "plant", "area": ref.XINJI, "site": HAZARDOUS},
}
WRITTEN = (Event, EventBatch, EventPrivate, Posting, Batch, Unsequenced, Trip, TripCounter)
"""The tables that a recorded event writes."""
_serials = Random(20201001)


async def make_wide_world(database: Database) -> World:
    """Return the world with a second station far off and plants that may not treat everything."""
    world = await make_world(database)
    opened = date(2024, 1, 1)
    ended = date(2024, 12, 31)
    async with database.write() as session:
        session.add_all(
            Site(
                code=code, kind=code[7], name=code, county=code[:6], township="某镇", lat=38.0,
                lon=114.5, operator=ref.STATION_OWNER, opened_on=opened,
            )
            for code in (FAR_STATION, UNLISTED, OLD_BURNER, HAZARDOUS)
        )  # fmt: skip
        await session.flush()
        session.add(
            ListedUnit(site=UNLISTED, valid_from=opened, valid_to=ended, event_id=ref.EVENT)
        )
        for site, kind in ((OLD_BURNER, "discharge"), (HAZARDOUS, "hazardous")):
            session.add(
                Permit(site=site, kind=kind, number="P-9", valid_from=opened, valid_to=ended)
            )
    for name, fields in MORE_PEOPLE.items():
        account = await make_account(database, username=name.replace("_", "-"), **fields)
        async with database.write() as session:
            secret = await open_session(session, account.id, now=datetime.now(UTC), hours=12)
        world.accounts[name] = account
        world.clients[name] = browser(world.app, cookie=f"{COOKIE}={secret}")
    return world


def caller_of(world: World, name: str) -> Caller:
    """Return a person as `record` sees them."""
    return caller_from(world.accounts[name])


async def odd_labels(
    database: Database,
    count: int = 1,
    *,
    county: str = ref.LUQUAN,
    site: str | None = ref.POINT,
    kind: str = "bag",
    issued_at: datetime = LONG_AGO,
    voided_at: datetime | None = None,
) -> list[str]:
    """Put labels straight into the table: old ones, void ones, containers'; return their codes."""
    codes = [make_code(county, _serials.getrandbits(40)) for _ in range(count)]
    row = {
        "county": county, "kind": kind, "sheet": uuid.UUID(int=1), "site": site,
        "issued_at": issued_at, "voided_at": voided_at,
    }  # fmt: skip
    async with database.write() as session:
        await session.execute(insert(Label), [{"code": code, **row} for code in codes])
    return codes


async def post_raw(
    world: World, by: str | None, raw: bytes, path: str = "/api/v1/events", **headers: str
) -> httpx.Response:
    """Post bytes as they are."""
    given = {"content-type": "application/json", **headers}
    return await world.client(by).post(path, content=raw, headers=given)


async def capture(
    world: World, by: str, events: Iterable[Any], sent_at: datetime | None = None
) -> list[dict[str, Any]]:
    """Send a phone's queue and return what became of each item."""
    body: dict[str, Any] = {"device": {"id": "phone-1"}, "events": list(events)}
    if sent_at:
        body["sent_at"] = sent_at.isoformat()
    answer = await world.client(by).post("/api/v1/capture", json=body)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def written(database: Database) -> dict[str, int]:
    """Return how many rows stand in every table that recording writes."""
    counts = [
        select(func.count()).select_from(table).scalar_subquery().label(table.__tablename__)
        for table in WRITTEN
    ]
    async with database.read() as session:
        return dict((await session.execute(select(*counts))).one()._mapping)


async def refused_so_far(database: Database) -> int:
    """Return how many refused bodies are kept."""
    async with database.read() as session:
        return await count(session, Refusal)


async def count(session: AsyncSession, table: Any) -> int:
    """Return how many rows a table has."""
    return int(await session.scalar(select(func.count()).select_from(table)) or 0)

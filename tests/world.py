"""A tiny real world: two counties and a third, their sites, someone at each, and a clock.

    world = await make_world(database)
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    answer = await world.client("keeper").get(f"/api/v1/batches/{bag}")

`world.event` posts as whoever acts for the site, with a UUIDv7 id, an hour after the event before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import event as sqlalchemy_event

from app.auth.models import Account
from app.auth.sessions import COOKIE, caller_from, open_session
from app.batches.issue import issue_labels
from app.config import Settings
from app.db import Database
from app.ids import uuid7
from app.main import create_app
from app.parties.models import Organisation, Permit, Site
from app.prepared import listeners
from tests import reference as ref
from tests.people import browser, make_account

LUQUAN, XINJI, ANXIN = ref.LUQUAN, ref.XINJI, ref.ANXIN
POINT, OTHER_POINT, STATION, PLANT = ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT
INCINERATOR, FAR_POINT = "130181-I0001", "130632-P0001"
VEHICLE = "冀A12345"
BURNER_OWNER, FAR_SHOP = "91130181MA00000041", "92130632MA00000055"
BOTTLES = {"material": "pet", "form": "bottle", "size": "lt200ml", "pieces": 30}
BOTTLES_G = 450
"""Thirty bottles at the 15 g of tests/reference.py."""

ACCOUNTS: dict[str, dict[str, str]] = {
    "collector": {"role": "collector", "site": POINT},
    "other_collector": {"role": "collector", "site": OTHER_POINT},
    "far_collector": {"role": "collector", "area": ANXIN, "site": FAR_POINT},
    "keeper": {"role": "keeper", "site": STATION},
    "plant": {"role": "plant", "area": XINJI, "site": PLANT},
    "burner": {"role": "plant", "area": XINJI, "site": INCINERATOR},
    "carrier": {"role": "carrier", "organisation": ref.STATION_OWNER},
    "township": {"role": "township", "township": "铜冶镇"},
    "other_township": {"role": "township", "township": "寺家庄镇"},
    "county": {"role": "county", "department": "agriculture"},
    "plant_county": {"role": "county", "area": XINJI, "department": "agriculture"},
    "far_county": {"role": "county", "area": ANXIN, "department": "agriculture"},
    "city": {"role": "city", "area": "130100", "department": "agriculture"},
    "far_city": {"role": "city", "area": "133100", "department": "agriculture"},
    "province": {"role": "province", "area": "130000", "department": "agriculture"},
    "auditor": {"role": "auditor", "area": "130000"},
    "admin": {"role": "admin", "area": "130000"},
}
"""By the name given to `client`; area 鹿泉区 where none stands."""
AT_SITE = {fields["site"]: name for name, fields in ACCOUNTS.items() if "site" in fields}


@dataclass
class World:
    """Accounts at their browsers, and a clock that starts thirty days ago."""

    app: FastAPI
    database: Database
    accounts: dict[str, Account]
    clients: dict[str, httpx.AsyncClient]
    rng: Random = field(default_factory=lambda: Random(7))
    clock: datetime = field(default_factory=lambda: _midnight() - timedelta(days=30))

    def client(self, name: str | None) -> httpx.AsyncClient:
        """Return the browser of an account, or a stranger's."""
        return self.clients[name] if name else self.clients["stranger"]

    def tick(self, **step: float) -> datetime:
        """Move the clock on, an hour where nothing else is said, and return it."""
        self.clock += timedelta(**(step or {"hours": 1}))
        return self.clock

    async def issue_labels(
        self,
        count: int,
        *,
        county: str = LUQUAN,
        site: str | None = POINT,
        kind: str = "bag",
        by: str = "province",
    ) -> list[str]:
        """Issue labels a minute ago by the world's clock."""
        async with self.database.write() as session:
            _, codes = await issue_labels(
                session,
                county=county,
                kind=kind,
                count=count,
                site=site,
                by=caller_from(self.accounts[by]),
                now=self.clock - timedelta(minutes=1),
                rng=self.rng,
            )
        return codes

    def body(
        self,
        kind: str,
        *codes: str,
        site: str = POINT,
        at: datetime | None = None,
        mass_g: int | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Return an event's body; `mass_g` is that of each bag, `fields` its own fields."""
        at = at or self.tick()
        weight = {} if mass_g is None else {"mass_g": mass_g}
        usual = _USUAL.get(kind, {})
        return {
            "id": str(uuid7(self.rng, at)),
            "kind": kind,
            "occurred_at": at.isoformat(),
            "site": site,
            "batches": [{"code": code, **weight} for code in codes],
            **usual,
            **fields,
        }

    async def post(self, body: dict[str, Any], *, by: str | None = None) -> httpx.Response:
        """Post an event as `by`, else as who acts for its site."""
        return await self.client(by or AT_SITE[body["site"]]).post("/api/v1/events", json=body)

    async def event(
        self, kind: str, *codes: str, by: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Record an event and return it as answered; fails where it is not recorded."""
        answer = await self.post(self.body(kind, *codes, **fields), by=by)
        assert answer.status_code == 201, answer.text
        recorded: dict[str, Any] = answer.json()
        return recorded

    async def whole_life(self, code: str, *, grams: int = 5_000) -> None:
        """Take a bag from hand-in at POINT through STATION to its treatment at PLANT."""
        await self.event("hand_in", code)
        await self.event("collect", code, mass_g=grams)
        await self.event("depart", code, destination=STATION)
        await self.event("arrive", code, site=STATION, mass_g=grams - 100)
        await self.event("store", code, site=STATION)
        await self.event("depart", code, site=STATION, destination=PLANT)
        await self.event("arrive", code, site=PLANT, mass_g=grams - 150)
        await self.event("dispose", code, site=PLANT)

    @contextmanager
    def count_queries(self) -> Iterator[list[str]]:
        """Collect the statements that the application runs, BEGIN and the like left out."""
        seen: list[str] = []
        engine = self.app.state.database.engine.sync_engine

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        def straight(statement: str, _parameters: tuple[Any, ...]) -> None:
            seen.append(statement)

        sqlalchemy_event.listen(engine, "before_cursor_execute", note)
        listeners.append(straight)
        try:
            yield seen
        finally:
            sqlalchemy_event.remove(engine, "before_cursor_execute", note)
            listeners.remove(straight)

    async def close(self) -> None:
        """Close the browsers and the application's connections."""
        for client in self.clients.values():
            await client.aclose()
        await self.app.state.database.close()


_USUAL: dict[str, dict[str, Any]] = {
    "hand_in": {"contents": [BOTTLES]},
    "depart": {"vehicle": VEHICLE},
    "dispose": {"method": "resource_use", "certificate": "处理证明 1 号"},
}


async def make_world(database: Database, *, demo: bool = False) -> World:
    """Load reference rows, sites and accounts, and sign everyone in."""
    await ref.load(database)
    await _load_more(database)
    url = database.engine.url.render_as_string(hide_password=False)
    app = create_app(url, Settings(demo=demo, pool_size=5))
    accounts, clients = {}, {"stranger": browser(app)}
    for name, fields in ACCOUNTS.items():
        accounts[name] = await make_account(database, username=name.replace("_", "-"), **fields)
        async with database.write() as session:
            now = datetime.now(UTC)
            secret = await open_session(session, accounts[name].id, now=now, hours=12)
        clients[name] = browser(app, cookie=f"{COOKIE}={secret}")
    return World(app, database, accounts, clients)


async def _load_more(database: Database) -> None:
    opened, far = date(2024, 1, 1), date(2099, 12, 31)
    async with database.write() as session:
        session.add_all(
            [
                Organisation(credit_code=BURNER_OWNER, name="辛集环保发电公司", pinyin="x", kind="company", county=XINJI),
                Organisation(credit_code=FAR_SHOP, name="安新农资店", pinyin="x", kind="company", county=ANXIN),
            ]
        )  # fmt: skip
        await session.flush()
        session.add_all(
            [
                _site(INCINERATOR, "新城镇", BURNER_OWNER, opened),
                _site(FAR_POINT, "大王镇", FAR_SHOP, opened),
            ]
        )
        await session.flush()
        session.add(Permit(site=INCINERATOR, kind="discharge", number="P-2", valid_from=opened, valid_to=far))  # fmt: skip


def _site(code: str, township: str, operator: str, opened: date) -> Site:
    return Site(
        code=code, kind=code[7], name=code, county=code[:6], township=township, lat=38.9,
        lon=115.9, operator=operator, opened_on=opened,
    )  # fmt: skip


def _midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

"""The ground that tests/test_authorisation.py walks: who knocks, and what is theirs.

For each role there is something of every sort in its scope (`own`), something just outside it
(`other`: the neighbouring point, the other township, the next county; for those who see the whole
province merely elsewhere), and a well-formed name of nothing (`absent`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from app.areas.scope import EVERYWHERE
from app.auth.caller import ROLE_NAMES
from app.auth.models import Account
from app.auth.sessions import COOKIE, caller_from, open_session
from app.auth.setup_links import make_link
from app.auth.tokens import make_token
from app.batches.codes import make_code
from app.batches.models import LabelSheet
from app.db import Database
from app.ids import uuid7
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from tests import world as w
from tests.people import browser, make_account
from tests.world import World, make_world

Place = Literal["own", "other", "absent"]
PLACES: tuple[Place, ...] = ("own", "other", "absent")
NEIGHBOUR, CITY, NEW_AREA = w.XINJI, "130100", "133100"
OTHER_DEPARTMENTS = (
    ("ecology", "county", w.LUQUAN),
    ("ecology", "city", CITY),
    ("ecology", "province", "130000"),
    ("development_reform", "city", CITY),
    ("development_reform", "province", "130000"),
)
FAR_NAME, FAR_PHONE = "赵大壮", "13900001111"


@dataclass(frozen=True)
class Who:
    """Someone at the door: a stranger, an account's browser, or a token that acts for it."""

    name: str
    client: httpx.AsyncClient
    role: str | None = None
    department: str | None = None
    account: Account | None = None
    token: bool = False

    @property
    def sees_all(self) -> bool:
        """Tell whether the whole province is in this one's scope."""
        return self.role in EVERYWHERE


@dataclass
class Ground:
    """The world with something for everyone, and labels to use up."""

    world: World
    callers: list[Who]
    codes: dict[str, str] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    sheets: dict[str, str] = field(default_factory=dict)
    trips: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    link: str = ""
    entries: list[str] = field(default_factory=list)
    """Of the register `straw-projects`: one to read, one to change, one to withdraw."""
    refused_import: str = ""
    rng: Random = field(default_factory=lambda: Random(11))

    @property
    def secrets(self) -> list[str]:
        """What nobody outside 安新县 may ever read."""
        codes = [self.codes["far"], self.codes["far_label"], w.FAR_POINT, w.FAR_SHOP]
        events = [self.events["far"], self.events["far_supply"]]
        people = [FAR_NAME, FAR_PHONE, str(self.world.accounts["far_collector"].id)]
        return [*codes, *events, *people]

    async def fresh_cookie(self, who: Who) -> dict[str, str]:
        """Open one more session of an account, to be closed by what is tried."""
        assert who.account is not None
        async with self.world.database.write() as session:
            secret = await open_session(session, who.account.id, now=datetime.now(UTC), hours=1)
        return {"cookie": f"{COOKIE}={secret}"}


@dataclass(frozen=True)
class Thing:
    """Something that a request names, by place; each a text or made for who asks."""

    own: Callable[[Ground, Who], Any]
    other: Callable[[Ground, Who], Any]
    absent: str

    def at(self, ground: Ground, who: Who, place: Place) -> Any:
        """Return what to name there."""
        if place == "absent":
            return self.absent
        return (self.own if place == "own" else self.other)(ground, who)


def by_role(usual: str, *, all_seeing: str = "", **others: str) -> Callable[[Ground, Who], str]:
    """Return a role's own one of several; `all_seeing` for those who see the whole province."""
    if all_seeing:
        others |= dict.fromkeys(EVERYWHERE, all_seeing)
    return lambda _, who: others.get(who.role or "", usual)


def _trip_of(**receivers: str) -> Callable[[Ground, Who], str]:
    """Return the trip that goes to a receiver; to the keeper for those who receive nothing."""
    return lambda ground, who: ground.trips[receivers.get(who.role or "", "keeper")]


def _bag(ground: Ground, who: Who) -> str:
    return ground.codes[_bag_beside(who)]


def _bag_beside(who: Who) -> str:
    if who.sees_all:
        return "far"
    return "at_plant" if who.role in {"county", "city"} else "near"


NOWHERE = make_code(w.LUQUAN, 12_345)
SITE = Thing(
    by_role(w.POINT, keeper=w.STATION, carrier=w.STATION, plant=w.PLANT),
    by_role(
        w.POINT, collector=w.OTHER_POINT, plant=w.STATION, township=w.OTHER_POINT,
        county=w.PLANT, city=w.PLANT, all_seeing=w.FAR_POINT,
    ),
    "130110-P0999",
)  # fmt: skip
QUIET_SITE = replace(SITE, other=by_role(w.FAR_POINT))
"""As SITE, but none of one's own bags has ever been at the other."""
COUNTY = Thing(
    by_role(w.LUQUAN, plant=w.XINJI),
    by_role(w.ANXIN, county=NEIGHBOUR, city=NEIGHBOUR),
    "130999",
)
AREA = Thing(
    by_role(w.LUQUAN, city=CITY, all_seeing="130000"),
    by_role(NEW_AREA, county=NEIGHBOUR, city=NEIGHBOUR),
    "139900",
)
BAG = Thing(lambda ground, _: ground.codes["own"], _bag, NOWHERE)
EVENT = Thing(
    lambda ground, _: ground.events["own"],
    lambda ground, who: ground.events[_bag_beside(who)],
    str(uuid4()),
)
SHEET = Thing(
    lambda ground, who: ground.sheets[SITE.own(ground, who)],
    lambda ground, who: ground.sheets[
        {"far": w.FAR_POINT, "at_plant": w.PLANT, "near": w.OTHER_POINT}[_bag_beside(who)]
    ],
    str(uuid4()),
)
TRIP = Thing(
    _trip_of(collector="collector", plant="plant"),
    _trip_of(collector="keeper", keeper="plant", plant="collector"),
    str(uuid4()),
)
LOT = Thing(
    lambda ground, _: ground.events["own_lot"],
    lambda ground, _: ground.events["far_lot"],
    str(uuid4()),
)
SUPPLY_EVENT = Thing(
    lambda ground, _: ground.events["own_supply"],
    lambda ground, _: ground.events["far_supply"],
    str(uuid4()),
)
TOKEN = Thing(
    lambda ground, who: ground.tokens[who.name],
    lambda ground, _: ground.tokens["somebody else"],
    str(uuid4()),
)
LINK = Thing(lambda ground, _: ground.link, lambda *_: "never-made", "never-made-either")
VEHICLE = Thing(by_role(w.VEHICLE), by_role(w.VEHICLE, carrier="冀AD12345"), "冀A99999")


@dataclass(frozen=True)
class Fresh:
    """Something new for every request: nothing that the place decides."""

    make: Callable[[Ground], str]


STANDING = Fresh(lambda ground: ground.entries[0])
CHANGED = Fresh(lambda ground: ground.entries[1])
WITHDRAWN = Fresh(lambda ground: ground.entries[2])
CHANGED_ON_PAGE = Fresh(lambda ground: ground.entries[3])
WITHDRAWN_ON_PAGE = Fresh(lambda ground: ground.entries[4])
REFUSED = Fresh(lambda ground: ground.refused_import)
LABEL = Fresh(lambda ground: ground.labels.pop())
NEW_ID = Fresh(lambda ground: str(uuid7(ground.rng, datetime.now(UTC))))
NOW = Fresh(lambda _: datetime.now(UTC).isoformat())


async def lay_out(database: Database) -> Ground:
    """Make the world, let bags live their lives in and around everyone's scope."""
    world = await make_world(database)
    ground = Ground(world, await _callers(world))
    [own] = await world.issue_labels(1, site=None)
    [near] = await world.issue_labels(1, site=w.OTHER_POINT)
    [at_plant] = await world.issue_labels(1, county=w.XINJI, site=None)
    far, far_label = await world.issue_labels(2, county=w.ANXIN, site=w.FAR_POINT)
    for site, kind in ((w.POINT, "bag"), (w.STATION, "bag"), (w.PLANT, "container")):
        await world.issue_labels(1, county=site[:6], site=site, kind=kind)
    async with database.read() as session:
        sheets = await session.execute(select(LabelSheet.site, LabelSheet.id))
        ground.sheets = {site: str(sheet) for site, sheet in sheets if site}
    ground.labels = await world.issue_labels(900, site=None)
    for role, site in (("collector", w.POINT), ("keeper", w.STATION), ("plant", w.PLANT)):
        # Vehicles that no driver here may drive, so that the trips are the receivers' alone.
        gone = {"site": w.OTHER_POINT, "destination": site, "vehicle": "冀AD12345"}
        ground.trips[role] = (await world.event("depart", ground.labels.pop(), **gone))["id"]
    ground.codes = {
        "own": own, "near": near, "at_plant": at_plant, "far": far, "far_label": far_label,
    }  # fmt: skip
    giver = {"kind": "farmer", "name": FAR_NAME, "phone": FAR_PHONE}
    await world.event("hand_in", far, site=w.FAR_POINT, giver=giver, note=FAR_NAME)
    collected = {
        "near": await world.event("collect", near, site=w.OTHER_POINT, mass_g=4_000),
        "far": await world.event("collect", far, site=w.FAR_POINT, mass_g=4_000),
        "at_plant": await world.event("store", at_plant, site=w.PLANT),
    }
    again = await world.post(world.body("collect", far, site=w.FAR_POINT, mass_g=4_000))
    assert again.status_code == 409, "the far point has a refusal too"
    await world.whole_life(own)
    ground.events = {name: event["id"] for name, event in collected.items()}
    ground.events["own"] = await _hand_in_of(world, own)
    ground.events["own_lot"] = await _treatment_of(world, own)
    ground.events["far_lot"] = await _far_lot(world)
    ground.events["own_supply"] = await _supply(world, "county", w.LUQUAN)
    ground.events["far_supply"] = await _supply(world, "far_county", w.ANXIN, dealer=FAR_NAME)
    await _secrets_for(ground)
    await _register_for(ground)
    await catch_up(database, FOLLOWERS)
    return ground


async def _callers(world: World) -> list[Who]:
    found = [Who("a stranger", world.client(None))]
    for role in ROLE_NAMES:
        account = world.accounts[role]
        found.append(Who(role, world.client(role), role, account.department, account))
    for department, role, area in OTHER_DEPARTMENTS:
        account = await make_account(world.database, role, area=area, department=department)
        async with world.database.write() as session:
            secret = await open_session(session, account.id, now=datetime.now(UTC), hours=12)
        client = browser(world.app, cookie=f"{COOKIE}={secret}")
        found.append(Who(f"{department} {role}", client, role, department, account))
    for role in ("collector", "county"):
        account = world.accounts[role]
        async with world.database.write() as session:
            _, secret, _ = await make_token(
                session, caller_from(account), name="接口", days=1, now=datetime.now(UTC)
            )
        client = browser(world.app, authorization=f"Bearer {secret}")
        found.append(Who(f"{role}'s token", client, role, account.department, account, token=True))
    world.clients |= {who.name: who.client for who in found}
    return found


async def _hand_in_of(world: World, code: str) -> str:
    answer = await world.client("admin").get(f"/api/v1/batches/{code}/custody")
    event: str = answer.json()["steps"][0]["event"]
    return event


async def _treatment_of(world: World, code: str) -> str:
    answer = await world.client("admin").get(f"/api/v1/batches/{code}/custody")
    event: str = answer.json()["steps"][-1]["event"]
    return event


async def _supply(world: World, by: str, county: str, **fields: str) -> str:
    row = {
        "id": f"row-{county}", "county": county, "on": "2025-06-01", "units": 1_000,
        "unit_weight_g": 15, "method": "A", **fields,
    }  # fmt: skip
    answer = await world.client(by).post("/api/v1/supply", json={"rows": [row]})
    assert answer.status_code == 201, answer.text
    event: str = answer.json()["events"][0]
    return event


async def _register_for(ground: Ground) -> None:
    """Enter some entries of a register that agriculture keeps, and let it refuse a file."""
    registers, official = "/api/v1/plan/registers", ground.world.client("province")
    for _ in range(5):
        body = {"valid_from": "2024-01-01", **straw_project(str(uuid4()))}
        answer = await official.post(f"{registers}/straw-projects/entries", json=body)
        assert answer.status_code == 201, answer.text
        ground.entries.append(answer.json()["id"])
    refused = await official.post(
        f"{registers}/straw-projects/import",
        content="项目名称\n无\n",
        headers={"content-type": "text/csv"},
    )
    ground.refused_import = refused.json()["error_file"].split("/")[-2]


def straw_project(name: Any) -> dict[str, Any]:
    """Return what an entry of `straw-projects` must say, under a name of its own."""
    values = {"kind": "整县推进", "county": w.LUQUAN, "operator": "某公司", "year": 2024}
    return {"name": name, "values": values}


async def _far_lot(world: World) -> str:
    """Let a bag of 安新县 be burnt where nobody of the others has been; return the treatment."""
    [code] = await world.issue_labels(1, county=w.ANXIN, site=w.FAR_POINT)
    await world.event("collect", code, site=w.FAR_POINT, mass_g=4_000)
    gone = {"destination": w.INCINERATOR, "vehicle": "冀AD12345"}
    await world.event("depart", code, site=w.FAR_POINT, **gone)
    await world.event("arrive", code, site=w.INCINERATOR)
    done = await world.event("dispose", code, site=w.INCINERATOR, method="incinerate")
    return str(done["id"])


async def _secrets_for(ground: Ground) -> None:
    """Make a token for everyone to end, one of somebody else, and a one-time link."""
    now = datetime.now(UTC)
    somebody = ground.world.accounts["far_county"]
    owners = {who.name: who.account for who in ground.callers} | {"somebody else": somebody}
    async with ground.world.database.write() as session:
        for name, account in owners.items():
            found: UUID | None = None
            if account is not None:
                found, _, _ = await make_token(
                    session, caller_from(account), name="接口", days=1, now=now
                )
            ground.tokens[name] = str(found or uuid4())
        ground.link = await make_link(session, somebody.id, now=now, hours=1)

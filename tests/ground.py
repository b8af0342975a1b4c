"""The ground that tests/test_authorisation.py walks: who knocks, and what is theirs.

For each role there is something of every sort in its scope (`own`), something just outside it
(`other`: the neighbouring point, the other township, the next county; for those who see the whole
province merely elsewhere), and a well-formed name of nothing (`absent`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from app.alerts.models import Finding
from app.areas.scope import EVERYWHERE
from app.auth.caller import ROLE_NAMES
from app.auth.models import Account
from app.auth.sessions import COOKIE, caller_from, open_session
from app.auth.setup_links import make_link
from app.auth.tokens import make_token
from app.batches.codes import make_code
from app.batches.models import LabelSheet
from app.cases.models import Case, CaseNote, CasePhoto
from app.db import Database
from app.ids import uuid7
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from app.money.models import Settlement
from app.trips.models import TripEvent
from app.webhooks.models import WebhookEndpoint
from tests import reference as ref
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
    far_labels: list[str] = field(default_factory=list)
    to_count: dict[tuple[str, str, str], str] = field(default_factory=dict)
    containers: list[str] = field(default_factory=list)
    container_at: dict[str, str] = field(default_factory=dict)
    to_correct: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Events for each caller to correct, by caller, place and door."""
    sheets: dict[str, str] = field(default_factory=dict)
    trips: dict[str, str] = field(default_factory=dict)
    rides: dict[str, str] = field(default_factory=dict)
    """Trips by where they began and ended: POINT to STATION, STATION to PLANT, and far off."""
    tokens: dict[str, str] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)
    webhooks: dict[str, str] = field(default_factory=dict)
    ended_webhooks: dict[str, str] = field(default_factory=dict)
    link: str = ""
    settlements: dict[str, str] = field(default_factory=dict)
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
BALANCED_TRIP = Thing(
    lambda ground, who: ground.trips["to plant" if who.role == "plant" else "to station"],
    lambda ground, _: ground.trips["far"],
    "ZY202501011301100999",
)
RIDE = Thing(
    lambda ground, who: ground.rides["second" if who.role == "plant" else "first"],
    lambda ground, _: ground.rides["far"],
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
ALERT = Thing(
    lambda ground, _: ground.alerts["own"],
    lambda ground, who: ground.alerts["far" if who.sees_all else "neighbour"],
    str(uuid4()),
)


def _beside(who: Who) -> str:
    return "far" if who.sees_all else "neighbour"


def alert_to(act: str) -> Thing:
    """Return alerts that nobody else does this to: of two who take one on, one is told no."""
    return Thing(
        lambda ground, who: ground.alerts[f"own/{who.name}/{act}"],
        lambda ground, who: ground.alerts[f"{_beside(who)}/{who.name}/{act}"],
        str(uuid4()),
    )


TARE_LABEL = Thing(
    lambda ground, who: ground.container_at[SITE.own(ground, who)],
    lambda ground, who: ground.container_at[SITE.other(ground, who)],
    make_code(w.LUQUAN, 54_321),
)


def to_correct(door: str) -> Thing:
    """Return an event that nobody has corrected yet; what others recorded, each at a door."""
    return Thing(
        lambda ground, who: ground.to_correct.get(
            (who.name, "own", door), ground.to_correct["collector", "own", door]
        ),
        lambda ground, who: ground.to_correct.get(
            (who.name, "other", door), EVENT.other(ground, who)
        ),
        str(uuid4()),
    )


def case_to(act: str) -> Thing:
    """Return cases that nobody else does this to."""
    return Thing(
        lambda ground, who: ground.cases[f"own/{who.name}/{act}"],
        lambda ground, who: ground.cases[f"{_beside(who)}/{who.name}/{act}"],
        str(uuid4()),
    )


CASE = Thing(
    lambda ground, _: ground.cases["own"],
    lambda ground, who: ground.cases[_beside(who)],
    str(uuid4()),
)
SETTLEMENT = Thing(
    lambda ground, who: ground.settlements[SETTLED_WITH.get(who.role or "", w.POINT)],
    lambda ground, who: ground.settlements[_beside(who)],
    str(uuid4()),
)


def settlement_to(act: str) -> Thing:
    """Return settlements that nobody else does this to."""
    return Thing(
        lambda ground, who: ground.settlements.get(
            f"{who.name}/{act}", ground.settlements[w.POINT]
        ),
        lambda ground, who: ground.settlements[_beside(who)],
        str(uuid4()),
    )


PHOTO = Thing(
    lambda ground, _: ground.photos["own"],
    lambda ground, who: ground.photos[_beside(who)],
    str(uuid4()),
)
WEBHOOK = Thing(
    lambda ground, _: ground.webhooks["own"],
    lambda ground, who: ground.webhooks[_beside(who)],
    str(uuid4()),
)
ENDED_WEBHOOK = Thing(
    lambda ground, _: ground.ended_webhooks["own"],
    lambda ground, who: ground.ended_webhooks[_beside(who)],
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
CONTAINER = Fresh(lambda ground: ground.containers.pop())
LABEL = Fresh(lambda ground: ground.labels.pop())


def _to_count(ground: Ground, who: Who, *, far: bool, line: bool) -> str:
    """Return a label for opening stock, the same whenever one caller asks for a place.

    Until more is known, opening stock is of its label's county, which sees it.
    """
    key = (who.name, "far" if far else "near", "line" if line else "code")
    if key not in ground.to_count:
        ground.to_count[key] = (ground.far_labels if far else ground.labels).pop()
    return f"{ground.to_count[key]} 5.25" if line else ground.to_count[key]


COUNTED, COUNTED_LINE = (
    Thing(
        partial(_to_count, far=False, line=line),
        lambda ground, who, line=line: _to_count(ground, who, far=who.sees_all, line=line),
        make_code(w.LUQUAN, 54_322) + (" 5.25" if line else ""),
    )
    for line in (False, True)
)


def label_to(act: str) -> Thing:
    """Return an unused label that nobody else does this to: of one's own county, and far off."""

    def of(ground: Ground, who: Who, *, far: bool) -> str:
        key = (who.name, "far" if far else "near", act)
        if key not in ground.to_count:
            ground.to_count[key] = (ground.far_labels if far else ground.labels).pop()
        return ground.to_count[key]

    return Thing(partial(of, far=False), partial(of, far=True), make_code(w.LUQUAN, 54_323))


VOID_SHEET = Thing(
    lambda ground, _: ground.sheets["to void"],
    lambda ground, _: ground.sheets["to void, far"],
    str(uuid4()),
)
NEW_ID = Fresh(lambda ground: str(uuid7(ground.rng, datetime.now(UTC))))
NOW = Fresh(lambda _: datetime.now(UTC).isoformat())


async def lay_out(database: Database) -> Ground:
    """Make the world, let bags live their lives in and around everyone's scope."""
    world = await make_world(database)
    ground = Ground(world, await _callers(world))
    [own] = await world.issue_labels(1, site=None)
    [near] = await world.issue_labels(1, site=w.OTHER_POINT)
    [at_plant] = await world.issue_labels(1, county=w.XINJI, site=None)
    far, far_label, far_gone = await world.issue_labels(3, county=w.ANXIN, site=w.FAR_POINT)
    for site, kind in ((w.POINT, "bag"), (w.STATION, "bag"), (w.PLANT, "container")):
        await world.issue_labels(1, county=site[:6], site=site, kind=kind)
    async with database.read() as session:
        sheets = await session.execute(select(LabelSheet.site, LabelSheet.id))
        ground.sheets = {site: str(sheet) for site, sheet in sheets if site}
    for name, county in (("to void", w.LUQUAN), ("to void, far", w.ANXIN)):
        order = {"county": county, "kind": "bag", "count": 1}
        answer = await world.client("province").post("/api/v1/labels", json=order)
        ground.sheets[name] = answer.json()["sheet"]
    ground.labels = await world.issue_labels(1_800, site=None)
    ground.far_labels = await world.issue_labels(400, county=w.ANXIN, site=None)
    ground.containers = await world.issue_labels(200, site=None, kind="container")
    for site in (w.POINT, w.OTHER_POINT, w.STATION, w.PLANT, w.FAR_POINT):
        [box] = await world.issue_labels(1, county=site[:6], site=site, kind="container")
        ground.container_at[site] = box
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
    away = {"site": w.FAR_POINT, "destination": w.INCINERATOR, "vehicle": "冀AD12345"}
    ground.trips["far"] = (await world.event("depart", far_gone, **away))["trip"]
    ground.rides = await _rides(database)
    ground.events = {name: event["id"] for name, event in collected.items()}
    ground.events["own"] = await _hand_in_of(world, own)
    ground.trips["to station"], ground.trips["to plant"] = await _trips_of(world, own)
    ground.events["own_lot"] = await _treatment_of(world, own)
    ground.events["far_lot"] = await _far_lot(world)
    ground.events["own_supply"] = await _supply(world, "county", w.LUQUAN)
    ground.events["far_supply"] = await _supply(world, "far_county", w.ANXIN, dealer=FAR_NAME)
    await _events_to_correct(ground)
    await _secrets_for(ground)
    await _register_for(ground)
    await catch_up(database, FOLLOWERS)
    await _alerts_for(ground)
    await _cases_for(ground)
    await _settlements_for(ground)
    return ground


async def _rides(database: Database) -> dict[str, str]:
    """Return the trips of `whole_life`, and the far one."""
    ends = {
        (w.POINT, w.STATION): "first", (w.STATION, w.PLANT): "second",
        (w.FAR_POINT, w.INCINERATOR): "far",
    }  # fmt: skip
    async with database.read() as session:
        query = select(TripEvent.trip, TripEvent.site, TripEvent.destination)
        rows = await session.execute(query.where(TripEvent.kind == "depart"))
    return {ends[site, to]: str(trip) for trip, site, to in rows if (site, to) in ends}


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


async def _events_to_correct(ground: Ground) -> None:
    """Let the point seal bags for those who may correct it, and a far one for the province."""
    for who in ground.callers:
        if who.role not in {"collector", "county", "city", "province"}:
            continue
        for door in ("api", "page"):
            sealed = await ground.world.event("collect", ground.labels.pop(), mass_g=4_000)
            ground.to_correct[who.name, "own", door] = sealed["id"]
            if who.sees_all:
                far = await ground.world.event(
                    "collect", ground.labels.pop(), site=w.FAR_POINT, mass_g=4_000
                )
                ground.to_correct[who.name, "other", door] = far["id"]


async def _hand_in_of(world: World, code: str) -> str:
    answer = await world.client("admin").get(f"/api/v1/batches/{code}/custody")
    event: str = answer.json()["steps"][0]["event"]
    return event


async def _trips_of(world: World, code: str) -> list[str]:
    answer = await world.client("admin").get(f"/api/v1/batches/{code}/custody")
    return [step["trip"] for step in answer.json()["steps"] if step["kind"] == "depart"]


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


SETTLED_WITH = {"plant": w.PLANT, "carrier": ref.STATION_OWNER}
"""Whose own settlement is not that of the point."""
SETTLEMENT_ACTS = {"approve": "draft", "discard": "draft", "pay": "approved"}
WRONG_AT = {
    "own": (
        w.LUQUAN,
        [w.LUQUAN, f"{w.LUQUAN}:铜冶镇", w.POINT, w.STATION, w.PLANT, ref.STATION_OWNER],
    ),
    "neighbour": (w.XINJI, [w.XINJI]),
    "far": (w.ANXIN, [w.ANXIN]),
}
"""Where something is wrong, and who sees it: in one's own township, next door, far away."""
ALERT_ACTS = ("acknowledge", "resolve")
CASE_ACTS = {"acknowledge": "open", "resolve": "open", "reopen": "resolved"}
"""What is done to cases, and the state that they must be in."""


async def _alerts_for(ground: Ground) -> None:
    """Let something be wrong at each place, once to look at and once for each to work on."""
    now = datetime.now(UTC)
    names = {place: place for place in WRONG_AT}
    for place in WRONG_AT:
        names |= {
            f"{place}/{who.name}/{act}": place for who in ground.callers for act in ALERT_ACTS
        }
    async with ground.world.database.write() as session:
        for name, place in names.items():
            county, seen_by = WRONG_AT[place]
            found = Finding(
                id=uuid4(), rule="night-entries", subject=name, window="", opening=1,
                county=county, site=None, seen_by=seen_by, figures={}, events=[], batches=[],
                opened_at=now, opened_leaf=0, log_size=1,
            )  # fmt: skip
            session.add(found)
            ground.alerts[name] = str(found.id)


async def _cases_for(ground: Ground) -> None:
    """Let there be cases at each place, a photo on those to look at, and addresses to tell."""
    now = datetime.now(UTC)
    names = {place: (place, "open") for place in WRONG_AT}
    for place in WRONG_AT:
        for who in ground.callers:
            names |= {f"{place}/{who.name}/{a}": (place, s) for a, s in CASE_ACTS.items()}
    async with ground.world.database.write() as session:
        for name, (place, state) in names.items():
            county, seen_by = WRONG_AT[place]
            case = Case(
                id=uuid4(), about_kind="inspection", about_key=name, about_id=uuid4(),
                title="夜间登记", reason="night-entries", severity="low", county=county, site=None,
                seen_by=seen_by, state=state, opened_at=now, counts_from=now.date(),
                working_days=20, term_source="约定",
            )  # fmt: skip
            session.add(case)
            ground.cases[name] = str(case.id)
        await session.flush()
        for place, (county, _) in WRONG_AT.items():
            case_id = UUID(ground.cases[place])
            note = CaseNote(id=uuid4(), case_id=case_id, act="note", text="照片", at=now)
            session.add(note)
            await session.flush()
            photo = CasePhoto(
                id=uuid4(), note_id=note.id, case_id=case_id, position=0, width=1, height=1,
                sha256=b"", content=place.encode(),
            )  # fmt: skip
            session.add(photo)
            ground.photos[place] = str(photo.id)
            for kept, ended_at in ((ground.webhooks, None), (ground.ended_webhooks, now)):
                hook = WebhookEndpoint(
                    id=uuid4(), url="https://hooks.example.org/", area=county, rules=[],
                    secret=b"x", created_at=now, created_by=uuid4(), told_to=0, ended_at=ended_at,
                )  # fmt: skip
                session.add(hook)
                kept[place] = str(hook.id)


async def _settlements_for(ground: Ground) -> None:
    """Let there be settlements with each payee, and some for each who settles to work on."""
    now = datetime.now(UTC)
    settled = {one: (w.LUQUAN, one, "draft") for one in (w.POINT, *SETTLED_WITH.values())}
    settled |= {
        "neighbour": (w.XINJI, w.INCINERATOR, "draft"),
        "far": (w.ANXIN, w.FAR_POINT, "draft"),
    }
    for who in ground.callers:
        if who.role == "county":
            settled |= {
                f"{who.name}/{act} {door}": (w.LUQUAN, w.POINT, state)
                for act, state in SETTLEMENT_ACTS.items()
                for door in ("api", "page")
            }
    async with ground.world.database.write() as session:
        for n, (name, (county, payee, state)) in enumerate(settled.items()):
            made = Settlement(
                id=uuid4(), number=f"JS202501{county}{n:04}", county=county, payee=payee,
                payee_kind="shop", until=now.date(), status=state, lines=0, deposit_fen=0,
                buyback_fen=0, subsidy_fen=0, total_fen=0, log_size=1, drafted_by=uuid4(),
                drafted_at=now, approved_at=now if state == "approved" else None,
            )  # fmt: skip
            session.add(made)
            ground.settlements[name] = str(made.id)


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

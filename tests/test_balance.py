"""`/balance`: opening + in = out + closing to the gram, whatever happened and whoever told late."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from app.balance.booked import transfer_of
from app.balance.flows import BOOKING, FLOWS
from app.balance.models import Posting
from app.balance.postings import MEMO, Transfer, total
from app.batches.models import Batch
from app.events.fold import Folded
from app.events.happening import happening_of
from app.events.schemas import SHAPES
from app.events.state import LabelFacts, state_from_json
from app.events.together import fold
from app.ledger.follow import catch_up
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch
from tests import reference as ref
from tests.custody import standing
from tests.histories import BY, history, send_in
from tests.lineages import repack
from tests.recording import FAR_STATION, capture, make_wide_world, odd_labels
from tests.world import World

SITES = (ref.POINT, ref.OTHER_POINT, ref.STATION, FAR_STATION, ref.PLANT)
AREAS = {
    ref.LUQUAN: {ref.LUQUAN}, "130100": {ref.LUQUAN}, ref.XINJI: {ref.XINJI},
    ref.ANXIN: {ref.ANXIN}, "133100": {ref.ANXIN}, "130000": {ref.LUQUAN, ref.XINJI, ref.ANXIN},
}  # fmt: skip
FIRST, LAST = date(2025, 6, 25), date(2025, 9, 10)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def balance(world: World, start: date, end: date, by: str = "province", **of: str) -> dict:
    answer = await world.client(by).get(
        "/api/v1/balance", params={"from": str(start), "to": str(end), **of}
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    asked = {"from": str(start), "to": str(end), **of}
    names = ("from", "to", "area", "site", "trip")
    assert {name: found[name] for name in names if name in found} == asked
    total_in, total_out = sum(found["in"].values()), sum(found["out"].values())
    assert found["opening_g"] + total_in == total_out + found["closing_g"]
    assert min([0, *found["in"].values(), *found["out"].values()]) == 0
    return found


async def stories(world: World) -> dict[str, list]:
    """Read every bag's story from the leaves."""
    async with world.database.read() as session:
        rows = await session.execute(
            select(EventBatch.batch_code, Event.leaf).join(Event, Event.id == EventBatch.event_id)
        )
        found: dict[str, list] = {}
        for code, leaf in rows:
            parts = read_leaf(leaf)
            found.setdefault(code, []).append(happening_of(parts).step(code))
    return found


async def due(world: World) -> list[Transfer]:
    """Fold every bag's story afresh: what should have moved, without any rebooking."""
    transfers: list[Transfer] = []
    for code, story in (await stories(world)).items():
        folded = fold(LabelFacts(code[:6]), story)
        assert isinstance(folded, Folded)
        transfers += [t for t in folded.transfers if t.source not in MEMO]
    return transfers


async def held(world: World) -> Counter:
    """Return what batches say is held, by site, and by `transit/<sender's county>`."""
    async with world.database.read() as session:
        rows = (await session.scalars(select(Batch))).all()
    found: Counter = Counter()
    for row in rows:
        state = state_from_json(row.state)
        if state.status == "in_transit":
            found["transit/" + state.site[:6]] += row.mass_g
        elif state.status != "disposed":
            found[state.site] += row.mass_g
    return found


def inside(account: str, place: str, counties: set[str]) -> bool:
    kind, _, rest = account.partition("/")
    return (kind == "site" and rest[:6] in counties) or (kind == "transit" and place in counties)


def named(account: str, place: str) -> str:
    kind, _, rest = account.partition("/")
    if kind == "site":
        return f"site/{rest[:6]}"
    return f"transit/{place}" if kind == "transit" else account


async def check_everything(world: World, rng: Random) -> None:
    """Compare balances of random days with the folded stories and with what batches say."""
    await catch_up(world.database, [FLOWS])
    transfers, holds = await due(world), await held(world)
    for site in SITES:
        start, end = days(rng)
        found = await balance(world, start, end, site=site)
        account = f"site/{site}"
        into, out = Counter(), Counter()
        for t in transfers:
            if start <= t.occurred_on <= end:
                if t.target == account:
                    into["transit" if t.source.startswith("transit/") else t.source] += t.mass_g
                if t.source == account:
                    out["transit" if t.target.startswith("transit/") else t.target] += t.mass_g
        assert (found["in"], found["out"]) == (into, out)
        assert (
            found["opening_g"] == (await balance(world, FIRST, start - DAY, site=site))["closing_g"]
        )
        assert (await balance(world, FIRST, LAST, site=site))["closing_g"] == holds[site]
    for area, counties in AREAS.items():
        start, end = days(rng)
        found = await balance(world, start, end, area=area)
        into, out = Counter(), Counter()
        for t in transfers:
            here = inside(t.source, t.place, counties), inside(t.target, t.place, counties)
            if start <= t.occurred_on <= end and here[0] != here[1]:
                if here[1]:
                    into[named(t.source, t.place)] += t.mass_g
                else:
                    out[named(t.target, t.place)] += t.mass_g
        assert (found["in"], found["out"]) == (into, out)
        whole = (await balance(world, FIRST, LAST, area=area))["closing_g"]
        sites = sum(g for k, g in holds.items() if k[:6] in counties)
        assert whole == sites + sum(holds[f"transit/{county}"] for county in counties)


DAY = timedelta(days=1)


def days(rng: Random) -> tuple[date, date]:
    start = FIRST + DAY * rng.randrange(1, 70)
    return start, min(LAST, start + DAY * rng.choice([0, 1, 7, 30]))


async def test_balances_hold_for_any_history_told_in_any_order(world: World):
    rng = Random(11)
    missing = []
    for turn in range(4):
        for bag in await odd_labels(world.database, 3):
            steps = history(world, rng, bag)
            held_back = [s for s in steps[:-1] if rng.random() < 0.3]
            told = [s for s in steps if s not in held_back]
            missing.append(held_back + await send_in(world, rng, told))
        await check_everything(world, Random(turn))
    for turn, held_back in enumerate(missing):
        assert await send_in(world, rng, held_back) == []
        if turn % 4 == 3:
            await check_everything(world, Random(turn + 50))
    transfers = await due(world)
    assert not any("unexplained" in (t.source, t.target) for t in transfers)


def anything(world: World, rng: Random, bags: list[str], trips: list[str]) -> dict:
    """An event that makes little sense: any site, any bags, any time, exceptions, old trips."""
    site = rng.choice(SITES)
    kinds = {"P": ["hand_in", "collect", "depart", "arrive", "store"], "R": ["dispose", "arrive"]}
    kind = rng.choice(kinds.get(site[7], ["collect", "depart", "arrive", "store"]))
    named = rng.sample(bags, 1 if kind in {"hand_in", "collect"} else rng.randrange(1, 4))
    at = datetime(2025, 7, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(0, 60_000, 60))
    fields: dict = {}
    if kind == "depart":
        fields["destination"] = rng.choice([s for s in SITES if s != site])
    if kind in {"depart", "arrive"} and rng.random() < 0.5:
        fields["trip"] = rng.choice(trips)
    if kind == "arrive" and rng.random() < 0.4:
        left = [b for b in bags if b not in named]
        fields["exceptions"] = [
            {
                "code": rng.choice(left),
                "outcome": rng.choice(["refused", "missing"]),
                "reason": "?",
            },
            {"code": named[0], "outcome": "damaged", "reason": "破袋"},
        ]
    if kind == "collect" or rng.random() < 0.5:
        fields["mass_g"] = rng.randrange(1, 3_000)
    return world.body(kind, *named, site=site, at=at, **fields)


@pytest.mark.parametrize("seed", range(3))
async def test_balances_hold_however_little_sense_the_events_make(world: World, seed):
    rng = Random(seed)
    bags = await odd_labels(world.database, 5)
    trips = [str(UUID(int=rng.getrandbits(128), version=4)) for _ in range(3)]
    outcomes: Counter = Counter()
    for _ in range(12):
        events = [anything(world, rng, bags, trips) for _ in range(12)]
        for site in SITES:
            if mine := [e for e in events if e["site"] == site]:
                skew = timedelta(hours=rng.choice([0, 0, 30]))
                sent_at = datetime.now(UTC) - skew
                items = await capture(world, BY[site], mine, sent_at)
                outcomes.update(item["outcome"] for item in items)
    assert outcomes["recorded"] > 20
    assert outcomes["refused"] > 20
    async with world.database.read() as session:
        stored = await session.scalars(select(Batch).where(Batch.code.in_(bags)))
        booked = await session.scalars(select(Posting).where(Posting.batch_code.in_(bags)))
        states = {row.code: state_from_json(row.state) for row in stored}
        rows = booked.all()
    for code, story in (await stories(world)).items():
        if code in states:
            folded = fold(LabelFacts(code[:6]), story)
            assert isinstance(folded, Folded)
            assert folded.state == states[code]
            stands = total(transfer_of(row) for row in rows if row.batch_code == code)
            due_now = total(folded.transfers)
            assert {k: g for k, g in stands.items() if g} == {k: g for k, g in due_now.items() if g}
    await check_everything(world, rng)


async def test_a_late_event_moves_the_flow_and_does_not_add_a_second(world: World):
    [bag] = await odd_labels(world.database)
    day = date(2025, 6, 20)
    at = world.clock.replace(year=2025, month=6, day=20, hour=2)
    await world.event("collect", bag, site=ref.OTHER_POINT, at=at, mass_g=1_000)
    later = at + timedelta(hours=5)
    await world.event("arrive", bag, site=ref.STATION, at=later, mass_g=990)
    await catch_up(world.database, [FLOWS])
    early = await balance(world, day, day, site=ref.STATION)
    assert early["in"] == {f"site/{ref.OTHER_POINT}": 1_000}
    assert early["out"] == {"difference": 10}
    await world.event(
        "depart", bag, site=ref.OTHER_POINT, destination=ref.STATION, at=at + timedelta(hours=1)
    )
    await catch_up(world.database, [FLOWS])
    settled = await balance(world, day, day, site=ref.STATION)
    assert settled["in"] == {"transit": 1_000}
    assert settled["out"] == {"difference": 10}
    assert (await balance(world, day, day, site=ref.OTHER_POINT))["out"] == {"transit": 1_000}
    county = await balance(world, day, day, area=ref.LUQUAN)
    assert (county["in"], county["out"]) == ({"field": 1_000}, {"difference": 10})


async def test_what_a_pallet_is_weighed_at_when_it_is_packed_or_unpacked_is_in_the_balance(
    world: World,
):
    bags = await world.issue_labels(3, site=ref.STATION)
    [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
    for bag in bags:
        await world.event("collect", bag, site=ref.STATION, mass_g=5_000)
    day = world.clock.date()
    await catch_up(world.database, (FLOWS,))
    before = await balance(world, day, LAST + timedelta(days=900), site=ref.STATION)
    for kind, codes, gross_g in (("pack", bags, 34_700), ("unpack", bags[:1], 29_500)):
        weighed = {"container": box, "gross_g": gross_g, "tare_g": 20_000}
        await world.event(kind, *codes, site=ref.STATION, container=box, weighed=weighed)
    await catch_up(world.database, (FLOWS,))
    after = await balance(world, day, LAST + timedelta(days=900), site=ref.STATION)
    held_g = sum([(await standing(world, bag))["mass_g"] for bag in bags])
    assert after["closing_g"] - before["closing_g"] == held_g - 15_000 != 0


async def test_two_counties_mixed_twice_add_up_by_place_and_by_origin(world: World):
    """Every gram goes from the field to a treatment, out of the bags, into a difference or is held."""
    day = date(2025, 6, 12)
    at = [world.clock.replace(year=2025, month=6, day=12, hour=n) for n in range(12)]
    near, *made = await odd_labels(world.database, 4)
    [far] = await odd_labels(world.database, county=ref.ANXIN)
    here, there = {"site": ref.STATION}, {"site": FAR_STATION, "by": "far_keeper"}
    await world.event("collect", near, at=at[0], mass_g=1_001, **here)
    await world.event("collect", far, at=at[0], mass_g=2_003, **there)
    await world.event("depart", far, at=at[1], destination=ref.STATION, **there)
    await world.event("arrive", far, at=at[2], **here)
    removed = [{"reason": "moisture", "mass_g": 7}, {"reason": "foreign", "mass_g": 30}]
    for n, inputs, outputs, out in (
        (3, {near: 1_000, far: 2_000}, {made[0]: 1_481, made[1]: 1_482}, removed),
        (4, {made[0]: 1_480}, {made[2]: 1_480}, []),
    ):
        body = repack(world, inputs, outputs, at=at[n], **({"removed": out} if out else {}))
        assert (await world.post(body)).status_code == 201
    await world.event("depart", made[2], at=at[5], destination=ref.PLANT, **here)
    await world.event("arrive", made[2], site=ref.PLANT, at=at[6], mass_g=1_479)
    await world.event("dispose", made[2], site=ref.PLANT, at=at[7])
    await catch_up(world.database, [FLOWS])
    near_by = await balance(world, day, day, area=ref.LUQUAN)
    assert near_by["in"] == {"field": 1_001, f"transit/{ref.ANXIN}": 2_003}
    assert near_by["out"] == {
        "difference": 5, "removed/foreign": 30, "removed/moisture": 7,
        f"site/{ref.XINJI}": 1_480,
    }  # fmt: skip
    everywhere = await balance(world, day, day, area="130000")
    assert everywhere["in"] == {"field": 3_004}
    assert everywhere["closing_g"] - everywhere["opening_g"] == 1_482
    assert everywhere["out"]["treated/resource_use"] == 1_479
    kept = Counter({ref.LUQUAN: -1_001, ref.ANXIN: -2_003})  # less what was taken back
    async with world.database.read() as session:
        codes = [near, far, *made]
        for row in await session.scalars(select(Posting).where(Posting.batch_code.in_(codes))):
            county = row.origin.partition("/")[0]
            for account, sign in ((row.to_account, 1), (row.from_account, -1)):
                if not account.startswith(("field", "repack", *MEMO)):
                    kept[county] += sign * row.mass_g
    assert set(kept.values()) == {0}


def test_every_kind_that_may_weigh_or_move_a_bag_is_added_up() -> None:
    assert {*SHAPES, "correct"} - {"deposit_sale"} == BOOKING


async def test_a_balance_says_how_much_of_the_log_it_knows(world: World):
    await catch_up(world.database, [FLOWS])
    size = (await balance(world, FIRST, LAST, area="130000"))["log"]["size"]
    [bag] = await odd_labels(world.database)
    await world.event("hand_in", bag)
    assert (await balance(world, FIRST, LAST, area="130000"))["log"]["size"] == size
    await catch_up(world.database, [FLOWS])
    assert (await balance(world, FIRST, LAST, area="130000"))["log"]["size"] == size + 1


@pytest.mark.parametrize(("who", "of", "status"), [
    ("collector", {"site": ref.POINT}, 200),
    ("collector", {"site": ref.STATION}, 404),
    ("collector", {"area": ref.LUQUAN}, 404),
    ("county", {"area": ref.LUQUAN}, 200),
    ("county", {"area": "130100"}, 200),  # the city's one county here
    ("county", {"area": "130000"}, 404),
    ("county", {"site": FAR_STATION}, 404),
    ("far_county", {"site": FAR_STATION}, 200),
    ("city", {"area": ref.LUQUAN}, 200),
    ("city", {"area": "133100"}, 404),
    ("province", {"area": "999999"}, 404),
    ("province", {"site": "130110-P9999"}, 404),
    ("province", {"site": ref.POINT, "area": ref.LUQUAN}, 422),
    ("province", {}, 422),
    ("province", {"area": "13"}, 422),
    (None, {"area": ref.LUQUAN}, 401),
])  # fmt: skip
async def test_a_balance_is_seen_by_whose_scope_holds_all_of_it(world: World, who, of, status):
    answer = await world.client(who).get(
        "/api/v1/balance", params={"from": "2025-01-01", "to": "2025-12-31", **of}
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("start", "end"), [
    ("2025-02-30", "2025-03-01"), ("2025-03-02", "2025-03-01"), ("", ""), ("yesterday", "today"),
])  # fmt: skip
async def test_days_that_are_none_are_422(world: World, start, end):
    answer = await world.client("province").get(
        "/api/v1/balance", params={"area": "130000", "from": start, "to": end}
    )
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-query"


async def test_what_is_missing_is_said_once(world: World):
    answer = await world.client("province").get("/api/v1/balance", params={"area": "130000"})
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/query/from", "/query/to"]


async def test_days_at_the_ends_of_the_calendar_are_days(world: World):
    whole = await balance(world, date.min, date.max, area="130000")
    assert whole["opening_g"] == 0

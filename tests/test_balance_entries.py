"""`/balance/entries`: the parts of every figure of a balance add up to it, to the gram."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from app.balance.flows import FLOWS
from app.balance.models import Posting
from app.batches.codes import make_code
from app.ledger.follow import catch_up
from app.ledger.models import Event, Unsequenced
from app.trips.models import Trip
from tests import reference as ref
from tests.histories import BY, history, send_in
from tests.recording import FAR_STATION, capture, make_wide_world, odd_labels
from tests.test_balance import AREAS, FIRST, LAST, SITES, anything, balance, days
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def parts(world: World, start: date, end: date, rng: Random, **of: str) -> list[dict]:
    """Return all parts of a figure, through pages of odd lengths."""
    found, cursor = [], {}
    while True:
        query = {
            "from": str(start),
            "to": str(end),
            "limit": rng.choice([3, 60, 500]),
            **of,
            **cursor,
        }
        answer = await world.client("province").get("/api/v1/balance/entries", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= query["limit"]
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def trips(world: World) -> list[str]:
    async with world.database.read() as session:
        return [str(one) for one in await session.scalars(select(Trip.id))]


async def check(world: World, rng: Random, start: date, end: date, **of: str) -> Counter:
    """Hold every figure of a balance against its parts; return how many parts each side had."""
    told = await balance(world, start, end, **of)
    counts: Counter = Counter()
    for side in ("in", "out"):
        for account, grams in told[side].items():
            entries = await parts(world, start, end, rng, side=side, account=account, **of)
            assert sum(one["mass_g"] for one in entries) == grams, (of, side, account)
            assert all(start <= date.fromisoformat(one["occurred_on"]) <= end for one in entries)
            keys = [(one["batch"], one["event"]) for one in entries]
            assert len(set(keys)) == len(keys) or "area" in of
            counts[account.partition("/")[0]] += len(entries)
    for side in ("opening", "closing"):
        bags = await parts(world, start, end, rng, side=side, **of)
        assert sum(one["mass_g"] for one in bags) == told[f"{side}_g"], (of, side)
        assert all(one["mass_g"] > 0 for one in bags)
        counts[side] += len(bags)
    return counts


async def check_all(world: World, rng: Random) -> Counter:
    await catch_up(world.database, [FLOWS])
    counts: Counter = Counter()
    for site in rng.sample(SITES, 3):
        counts += await check(world, rng, *days(rng), site=site)
    for area in rng.sample(sorted(AREAS), 3):
        counts += await check(world, rng, *days(rng), area=area)
    known = await trips(world)
    for trip in rng.sample(known, min(3, len(known))):
        counts += await check(world, rng, *days(rng), trip=trip)
        counts += await check(world, rng, FIRST, LAST, trip=trip)
    return counts


async def test_parts_add_up_for_any_history_told_in_any_order(world: World):
    rng = Random(5)
    missing, counts = [], Counter()
    for turn in range(2):
        for bag in await odd_labels(world.database, 5):
            steps = history(world, rng, bag, sent_back=0.2)
            held_back = [s for s in steps[:-1] if rng.random() < 0.3]
            told = [s for s in steps if s not in held_back]
            missing += held_back + await send_in(world, rng, told)
        counts += await check_all(world, Random(turn))
    assert await send_in(world, rng, missing) == []
    counts += await check_all(world, Random(7)) + await check_all(world, Random(8))
    for account in ("field", "transit", "site", "difference", "treated", "opening", "closing"):
        assert counts[account] > 0, f"nothing was tried of {account}: {counts}"


@pytest.mark.parametrize("seed", range(2))
async def test_parts_add_up_however_little_sense_the_events_make(world: World, seed):
    rng = Random(seed)
    bags = await odd_labels(world.database, 6)
    runs = [str(UUID(int=rng.getrandbits(128), version=4)) for _ in range(3)]
    for _ in range(10):
        events = [anything(world, rng, bags, runs) for _ in range(12)]
        for site in SITES:
            if mine := [e for e in events if e["site"] == site]:
                sent_at = datetime.now(UTC) - timedelta(hours=rng.choice([0, 30]))
                await capture(world, BY[site], mine, sent_at)
    counts = await check_all(world, rng)
    assert counts["unexplained"] or counts["difference"]


async def test_pages_of_a_figure_are_of_one_log_size_while_the_log_grows(world: World):
    day = date(2025, 5, 20)
    at = datetime(2025, 5, 20, 2, tzinfo=UTC)
    bags = await odd_labels(world.database, 4)
    for n, bag in enumerate(bags[:3]):
        await world.event("collect", bag, at=at + timedelta(hours=n), mass_g=1_000 + n)
    await catch_up(world.database, [FLOWS])
    query = {
        "from": day,
        "to": day,
        "site": ref.POINT,
        "side": "in",
        "account": "field",
        "limit": 2,
    }
    first = (await world.client("collector").get("/api/v1/balance/entries", params=query)).json()
    await world.event("collect", bags[3], at=at + timedelta(hours=5), mass_g=5_000)
    await catch_up(world.database, [FLOWS])
    query["cursor"] = first["next_cursor"]
    second = (await world.client("collector").get("/api/v1/balance/entries", params=query)).json()
    assert second["log"] == first["log"]
    assert sum(one["mass_g"] for one in first["items"] + second["items"]) == 3_003


async def test_a_part_tells_its_event_its_bag_and_what_changed_it_later(world: World):
    [bag] = await odd_labels(world.database)
    day, at = date(2025, 6, 20), datetime(2025, 6, 20, 2, tzinfo=UTC)
    await world.event("collect", bag, site=ref.OTHER_POINT, at=at, mass_g=1_000)
    later = at + timedelta(hours=5)
    arrival = await world.event("arrive", bag, site=ref.STATION, at=later, mass_g=990)
    sent = await world.event(
        "depart", bag, site=ref.OTHER_POINT, destination=ref.STATION, at=at + timedelta(hours=1)
    )
    await catch_up(world.database, [FLOWS])
    [part] = await parts(world, day, day, Random(1), site=ref.STATION, side="in", account="transit")
    assert part == {
        "event": arrival["id"], "kind": "arrive", "corrects": None, "occurred_on": "2025-06-20",
        "effective_at": part["effective_at"], "site": ref.STATION, "site_name": ref.STATION,
        "batch": bag, "mass_g": 1_000,
        "rebooked_by": [{"event": sent["id"], "kind": "depart", "corrects": None}],
    }  # fmt: skip
    # What was told before the lorry's phone synced stands no more.
    was = f"site/{ref.OTHER_POINT}"
    assert await parts(world, day, day, Random(1), site=ref.STATION, side="in", account=was) == []


async def test_what_is_on_its_way_stands_in_the_closing_of_its_senders_county(world: World):
    before = {one["batch"] for one in await closing(world, area=ref.LUQUAN)}
    bag, other = await odd_labels(world.database, 2)
    at = datetime(2025, 9, 1, 2, tzinfo=UTC)
    await world.event("collect", bag, at=at, mass_g=700)
    sent = await world.event("depart", bag, destination=FAR_STATION, at=at + timedelta(hours=1))
    await world.event("collect", other, at=at, mass_g=500)
    await catch_up(world.database, [FLOWS])
    found = {one["batch"]: one for one in await closing(world, area=ref.LUQUAN)}
    assert set(found) - before == {bag, other}
    assert found[bag] == {
        "batch": bag, "mass_g": 700, "site": None, "site_name": None, "trip": sent["id"],
        "trip_number": sent["trip"],
    }  # fmt: skip
    assert (found[other]["site"], found[other]["trip"]) == (ref.POINT, None)
    on_it = await closing(world, trip=sent["trip"])
    assert [one["batch"] for one in on_it] == [bag]


async def closing(world: World, **of: str) -> list[dict]:
    return await parts(world, FIRST, date(2025, 9, 30), Random(2), side="closing", **of)


async def record_by_hand(world: World, *transfers: tuple) -> UUID:
    """Book postings of a kind that nobody can record yet, as an event in the log would."""
    cause, at = uuid4(), datetime(2025, 8, 3, 4, tzinfo=UTC)
    async with world.database.write() as session:
        await session.execute(
            insert(Event).values(
                id=cause, kind="repack", site=ref.STATION, occurred_at=at, effective_at=at,
                recorded_at=at, occurred_on=at.date(), actor=uuid4(), leaf_hash=cause.bytes * 2,
                leaf=json.dumps(
                    {
                        "event": {"kind": "repack", "site": ref.STATION},
                        "stamps": {"effective_at": at.isoformat()},
                    }
                ),
                postings="[]",
            )
        )  # fmt: skip
        await session.execute(
            insert(Posting),
            [
                {
                    "batch_code": bag, "cause": cause, "n": n, "about": cause,
                    "origin": f"{ref.LUQUAN}/pesticide", "from_account": source, "to_account": target,
                    "place": ref.LUQUAN, "mass_g": grams, "occurred_on": at.date(),
                }
                for n, (bag, source, target, grams) in enumerate(transfers)
            ],
        )  # fmt: skip
        await session.execute(insert(Unsequenced).values(event_id=cause))
    return cause


async def test_a_repack_moves_nothing_but_what_it_removes_and_writing_off_is_told_apart(
    world: World,
):
    day = date(2025, 8, 3)
    here = f"site/{ref.STATION}"
    a, b, c, lost = (make_code(ref.LUQUAN, 900_000 + n) for n in range(4))
    [bag] = await odd_labels(world.database)
    at = datetime(2025, 7, 30, 2, tzinfo=UTC)
    await world.event("collect", bag, at=at, mass_g=800)
    trip = (await world.event("depart", bag, destination=ref.STATION, at=at + DAY))["id"]
    await catch_up(world.database, [FLOWS])
    before = await balance(world, day, day, site=ref.STATION)
    wider = await balance(world, day, day, area=ref.LUQUAN)
    cause = await record_by_hand(
        world,
        (a, "opening", here, 1_000),
        (b, "opening", here, 500),
        (a, here, "removed/foreign", 40),
        (b, here, "removed/moisture", 20),
        (a, here, "repack", 960),
        (b, here, "repack", 480),
        (c, "repack", here, 1_440),
        (lost, "unexplained", f"site/{ref.POINT}", 300),
        (lost, f"site/{ref.POINT}", f"transit/{trip}", 300),
        (lost, f"transit/{trip}", "written_off", 300),
        (c, here, "written_off", 100),
    )
    await catch_up(world.database, [FLOWS])
    after = await balance(world, day, day, site=ref.STATION)
    assert Counter(after["in"]) - Counter(before["in"]) == {"opening": 1_500}
    assert Counter(after["out"]) - Counter(before["out"]) == {
        "removed/foreign": 40, "removed/moisture": 20, "written_off": 100,
    }  # fmt: skip
    whole = await balance(world, day, day, area=ref.LUQUAN)
    assert Counter(whole["in"]) - Counter(wider["in"]) == {"opening": 1_500, "unexplained": 300}
    assert Counter(whole["out"]) - Counter(wider["out"]) == {
        "removed/foreign": 40, "removed/moisture": 20, "written_off": 400,
    }  # fmt: skip
    rng = Random(4)
    written_off = await parts(
        world, day, day, rng, area=ref.LUQUAN, side="out", account="written_off"
    )
    assert {(one["batch"], one["mass_g"], one["event"]) for one in written_off} == {
        (c, 100, str(cause)), (lost, 300, str(cause)),
    }  # fmt: skip
    on_trip = await balance(world, day, day, trip=trip)
    assert on_trip["out"]["written_off"] == 300
    assert (on_trip["opening_g"], on_trip["in"]) == (800, {f"site/{ref.POINT}": 300})
    for of in ({"area": ref.LUQUAN}, {"site": ref.STATION}, {"trip": trip}):
        await check(world, rng, day, day, **of)
        assert await parts(world, day, day, rng, side="out", account="repack", **of) == []


@pytest.mark.parametrize("query", [
    {"side": "in"},  # without its account
    {"side": "closing", "account": "field"},
    {"side": "sideways", "account": "field"},
    {"side": "in", "account": "field", "cursor": "x"},
    {"side": "in", "account": "field", "cursor": "WzEsMl0"},
    {"side": "in", "account": "field", "limit": "0"},
    {"side": "in", "account": "field", "trip": "没有"},
    {"side": "in", "account": "field", "site": "130110-S0001", "area": "130110"},
])  # fmt: skip
async def test_a_figure_that_is_none_is_422(world: World, query):
    of = {} if {"site", "trip"} & query.keys() else {"site": ref.POINT}
    answer = await world.client("province").get(
        "/api/v1/balance/entries", params={"from": "2025-01-01", "to": "2025-12-31", **of, **query}
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "/problems/invalid-query"


async def test_an_account_that_had_nothing_has_no_parts(world: World):
    for account in ("field\x7f", "site/130110", "transit/999999", "nothing", "%"):
        found = await parts(
            world, FIRST, LAST, Random(1), area=ref.LUQUAN, side="out", account=account
        )
        assert found == []


async def test_the_number_of_queries_does_not_grow_with_the_page(world: World):
    counted = []
    for limit in (1, 200):
        query = {
            "from": FIRST, "to": LAST, "site": ref.POINT, "side": "in", "account": "field",
            "limit": limit,
        }  # fmt: skip
        with world.count_queries() as seen:
            answer = await world.client("province").get("/api/v1/balance/entries", params=query)
        assert answer.status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1]

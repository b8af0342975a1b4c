"""Alerts where they are most easily wrong: at a bound, where bounds change, and where a cause goes.

Events are recorded on a clock of their own, which only goes forward.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.alerts.follow import ALERTS
from app.alerts.journal import FindingChange
from app.alerts.models import Finding
from app.areas.scope import township_key
from app.db import Database
from app.ledger.follow import restart
from app.parties.models import Site
from tests.telling import bound, correct, naming, pass_, standing, tell, tell_body
from tests.world import FAR_POINT, LUQUAN, OTHER_POINT, PLANT, POINT, STATION, World, make_world

START = datetime(2025, 3, 10, 2, tzinfo=UTC)
BOTTLE = {"material": "pet", "form": "bottle", "size": "lt200ml"}
"""15 g a piece in tests/reference.py."""


@pytest.fixture(scope="module")
async def world(database: Database):
    made = await make_world(database)
    made.clock = START
    async with database.write() as session:
        # All in one place would be no journey: the plant is 90 km away.
        await session.execute(update(Site).where(Site.code == PLANT).values(lat=37.9, lon=115.2))
    yield made
    await made.close()


async def arrived(world: World, sealed_g: int, arrived_g: int) -> str:
    """A bag that was sealed, sent, and weighed again where it came to."""
    [bag] = await world.issue_labels(1)
    await tell(world, "collect", bag, mass_g=sealed_g)
    world.tick(hours=2)
    await tell(world, "depart", bag, destination=STATION)
    world.tick(hours=2)
    await tell(world, "arrive", bag, site=STATION, mass_g=arrived_g)
    return bag


# where bounds change


async def test_a_bound_is_that_of_the_county_of_the_season_and_of_the_day(world: World):
    rule, percent = "weight-difference", "percent"
    since = date(2025, 1, 1)
    assert await naming(world, rule, await arrived(world, 10_000, 9_400)), "six of five per cent"
    await bound(world, rule, percent, 8, since=since, area="130100")
    assert not await naming(world, rule, await arrived(world, 10_000, 9_400)), "the city's eight"
    await bound(world, rule, percent, 4, since=since, area=LUQUAN, season=[3])
    assert await naming(world, rule, await arrived(world, 10_000, 9_500)), "the county's own"
    until = date(2025, 3, 20)
    await bound(world, rule, percent, 1, since=since, area=LUQUAN, season=[3], until=until)
    [found] = await naming(world, rule, await arrived(world, 10_000, 9_850))
    assert found.figures["thresholds"]["percent"]["value"] == 1
    world.clock = datetime(2025, 4, 2, 2, tzinfo=UTC)
    assert not await naming(world, rule, await arrived(world, 10_000, 9_300)), "April, the city's"
    assert await naming(world, rule, await arrived(world, 10_000, 9_100))


async def test_a_bound_that_is_entered_later_leaves_what_was_found_before_as_it_is(world: World):
    bag = await arrived(world, 10_000, 8_000)
    [found] = await naming(world, "weight-difference", bag)
    await bound(world, "weight-difference", "percent", 50, since=date(2025, 1, 1), area=LUQUAN)
    await tell(world, "store", bag, site=STATION)
    [same] = await naming(world, "weight-difference", bag)
    assert same.closed_at is None, "the next step of the bag does not judge the last one anew"
    assert same.figures == found.figures
    assert not await naming(world, "weight-difference", await arrived(world, 10_000, 8_000))
    await bound(world, "weight-difference", "percent", 5, since=world.clock.date(), area=LUQUAN)


async def test_a_late_record_does_not_judge_todays_store_by_a_bound_of_then(world: World):
    rule = "full-store"
    await standing(world)
    async with world.database.write() as session:
        held = await session.scalar(
            text("SELECT held_g FROM alert_stock WHERE site = :site"), {"site": OTHER_POINT}
        )
        capacity = (held or 0) + 100_000
        await session.execute(
            update(Site).where(Site.code == OTHER_POINT).values(capacity_g=capacity)
        )
    month = world.clock.month
    await bound(world, rule, "percent", 50, since=date(2025, 1, 1), season=[month])
    bags = await world.issue_labels(3, site=OTHER_POINT)
    await tell(world, "collect", bags[0], site=OTHER_POINT, mass_g=60_000)
    [full] = [f for f in await standing(world, rule) if f.subject == OTHER_POINT]
    async with world.database.write() as session:
        await session.execute(
            text("UPDATE label SET issued_at = '2025-01-01' WHERE code = :code"), {"code": bags[1]}
        )
    before = timedelta(days=world.clock.day + 2)
    await tell(world, "collect", bags[1], site=OTHER_POINT, mass_g=1_000, late=before)
    [same] = [f for f in await standing(world, rule) if f.subject == OTHER_POINT]
    assert (same.id, same.closed_at) == (full.id, None)


@pytest.mark.parametrize(("key", "value"), [("point", 3_651), ("law", 10**9)])
async def test_a_bound_of_more_days_than_dates_have_is_refused(world: World, key: str, value: int):
    row = {
        "rule": "over-long-storage", "key": key, "value": value, "valid_from": "2026-01-01",
        "source": "x",
    }  # fmt: skip
    answer = await world.client("province").post("/api/v1/alerts/thresholds", json=row)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/value"


# at a bound


async def test_twenty_kilograms_are_within_the_bound_and_one_gram_more_is_not(world: World):
    for arrived_g, found in ((980_000, False), (979_999, True)):
        bag = await arrived(world, 1_000_000, arrived_g)
        assert bool(await naming(world, "weight-difference", bag)) is found


async def test_ninety_days_at_a_point_are_over_with_the_instant_of_the_sealing(world: World):
    [bag] = await world.issue_labels(1)
    sealed = await tell(world, "collect", bag, mass_g=5_000)
    due = datetime.fromisoformat(sealed["effective_at"]) + timedelta(days=90)
    await pass_(world, seconds=(due - world.clock).total_seconds() - 1)
    assert not await naming(world, "over-long-storage", bag)
    await pass_(world, seconds=1)
    [found] = await naming(world, "over-long-storage", bag)
    assert found.opened_at == due


@pytest.mark.parametrize(
    ("sealed_g", "found"), [(600, False), (599, True), (3_750, False), (3_751, True)]
)
async def test_a_hundred_bottles_weigh_two_fifths_to_two_and_a_half_of_what_they_count_for(
    world: World, sealed_g: int, found: bool
):
    [bag] = await world.issue_labels(1)
    await tell(world, "hand_in", bag, contents=[{**BOTTLE, "pieces": 100}])
    assert not await naming(world, "implausible-pieces", bag)
    await tell(world, "collect", bag, mass_g=sealed_g)
    assert bool(await naming(world, "implausible-pieces", bag)) is found


async def test_what_was_weighed_and_not_counted_cannot_be_held_against_a_count(world: World):
    [bag] = await world.issue_labels(1)
    await tell(world, "hand_in", bag, contents=[{**BOTTLE, "pieces": 100}])
    await tell(world, "hand_in", bag, mass_g=9_000, contents=[{**BOTTLE, "pieces": 0}])
    await tell(world, "collect", bag, mass_g=10_500)
    assert not await naming(world, "implausible-pieces", bag)


async def test_a_night_is_from_ten_to_five(world: World):
    async def nights():
        return {f.window: f for f in await standing(world, "night-entries")}

    day = world.clock.astimezone(UTC).date()
    ten, five = (  # in the province's time
        datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=h) for h in (14, 21)
    )
    times = [ten - timedelta(seconds=1), ten, five - timedelta(seconds=1), five]
    for at in times:
        world.clock = max(world.clock, at)
        [bag] = await world.issue_labels(1)
        await tell(
            world, "collect", bag, mass_g=5_000, at=max(at, world.clock - timedelta(hours=1))
        )
    assert day.isoformat() not in await nights(), "two of four are by night, and three make one"
    [bag] = await world.issue_labels(1)
    async with world.database.write() as session:
        await session.execute(
            text("UPDATE label SET issued_at = '2025-01-01' WHERE code = :code"), {"code": bag}
        )
    await tell(world, "collect", bag, mass_g=5_000, at=ten + timedelta(hours=3))
    found = (await nights())[day.isoformat()]
    assert len(found.events) == 3
    assert bag in found.batches, "a finding about records names the bags of those"


# many on one scale


async def pallet(world: World, *bags: str) -> str:
    """A pallet packed at STATION."""
    [box] = await world.issue_labels(1, site=STATION, kind="container")
    await tell(world, "pack", *bags, site=STATION, container=box)
    return box


async def at_station(world: World, count: int) -> list[str]:
    bags = await world.issue_labels(count, site=STATION)
    for bag in bags:
        await tell(world, "collect", bag, site=STATION, mass_g=100_000)
    return bags


async def test_two_pallets_of_one_arrival_are_judged_each_by_itself_and_seen_by_who_sent_them(
    world: World,
):
    bags = await at_station(world, 4)
    heavy, light = await pallet(world, *bags[:2]), await pallet(world, *bags[2:])
    await tell(world, "depart", heavy, light, site=STATION, destination=PLANT)
    world.tick(hours=6)
    body = world.body("arrive", site=PLANT, at=world.clock)
    body["batches"] = [
        {"code": heavy, "gross_g": 230_000, "tare_g": 0},
        {"code": light, "gross_g": 170_000, "tare_g": 0},
    ]
    await tell_body(world, body)
    [found] = await naming(world, "weight-difference", light)
    assert found.batches == sorted((heavy, light)), "together they weigh what was sent"
    assert found.figures["count"] == 2
    assert abs(found.figures["difference_g"]) == 30_000
    assert {STATION, PLANT, LUQUAN} <= set(found.seen_by), "the sender sees what was lost"


async def test_a_load_on_a_weighbridge_is_one_finding_that_names_its_bags(world: World):
    bags = await at_station(world, 3)
    await tell(world, "depart", *bags, site=STATION, destination=PLANT)
    world.tick(hours=6)
    body = world.body("arrive", *bags, site=PLANT, at=world.clock, group_mass_g=279_000)
    await tell_body(world, body)
    [found] = await naming(world, "weight-difference", bags[0])
    assert found.batches == sorted(bags, key=bags.index)
    assert found.figures["difference_g"] == -21_000
    assert "percent" in found.figures["broke"]


# where a cause goes


async def test_either_of_two_records_too_far_apart_closes_what_they_said_when_it_is_taken_back(
    world: World,
):
    here, far = {"lat": 38.0, "lon": 114.5, "accuracy_m": 10}, {"lat": 38.9, "lon": 115.9}
    for take_back in (0, 1):
        phone = {"id": f"手机 {take_back}"}
        [first] = await world.issue_labels(1)
        [second] = await world.issue_labels(1, county="130632", site=FAR_POINT)
        told = [
            await tell(world, "collect", first, mass_g=5_000, position=here, device=phone),
            await tell(
                world, "collect", second, site=FAR_POINT, mass_g=5_000, position=far, device=phone
            ),
        ]
        [found] = [
            f
            for f in await standing(world, "impossible-speed")
            if f.subject.endswith(str(take_back))
        ]
        assert found.window == told[1]["id"]
        await correct(world, told[take_back], by="province")
        [closed] = [f for f in await standing(world, "impossible-speed") if f.id == found.id]
        assert closed.closed_at is not None, "the first" if take_back == 0 else "the second"
        # What was taken back is no place to leap from.
        world.tick(minutes=1)
        site, position = (FAR_POINT, far) if take_back == 0 else (POINT, here)
        [third] = await world.issue_labels(1, county=site[:6], site=site)
        await tell(
            world, "collect", third, site=site, mass_g=5_000, position=position, device=phone
        )
        assert not [
            f
            for f in await standing(world, "impossible-speed")
            if f.subject.endswith(str(take_back)) and f.closed_at is None
        ]
        world.tick(days=1)


async def test_a_box_at_two_places_is_settled_by_taking_either_record_back(world: World):
    bags = await at_station(world, 1)
    box = await pallet(world, *bags)
    [other] = await world.issue_labels(1, site=STATION)
    body = world.body("pack", other, site=PLANT, at=world.clock, container=box)
    await tell_body(world, world.body("collect", other, site=STATION, mass_g=5_000, at=world.clock))
    await tell(world, "depart", other, site=STATION, destination=PLANT)
    world.tick(hours=5)
    await tell(world, "arrive", other, site=PLANT, mass_g=5_000)
    body["occurred_at"] = world.clock.isoformat()
    second = await tell_body(world, body)
    [found] = [f for f in await standing(world, "container-at-two-places") if f.subject == box]
    assert found.closed_at is None
    await correct(world, second, by="province")
    [closed] = [f for f in await standing(world, "container-at-two-places") if f.subject == box]
    assert closed.closed_at is not None


async def test_what_has_left_the_store_no_longer_speaks_for_it(world: World):
    bags = await world.issue_labels(2)
    for bag, grams in zip(bags, (4_000, 6_000), strict=True):
        await tell(world, "collect", bag, mass_g=grams)
        world.tick(hours=1)
    await pass_(world, days=95)
    first = await naming(world, "over-long-storage", bags[0])
    [found] = [f for f in first if f.closed_at is None and f.subject == POINT]
    count = found.figures["count"]
    await tell(world, "depart", bags[0], destination=STATION)
    [found] = [f for f in await naming(world, "over-long-storage", bags[1]) if f.id == found.id]
    assert found.figures["count"] == count - 1
    assert found.closed_at is None
    page = (await world.client("county").get(f"/alerts/{found.id}")).text
    now, gone = page.split("不再涉及的")
    assert f"/batches/{bags[1]}" in now
    assert f"/batches/{bags[0]}" not in now
    assert f"/batches/{bags[0]}" in gone


# once


async def test_an_open_finding_is_told_once_however_often_its_bag_or_the_log_is_read_again(
    world: World,
):
    bag = await arrived(world, 10_000, 8_000)
    [found] = await naming(world, "weight-difference", bag)

    async def told() -> int:
        async with world.database.read() as session:
            query = select(func.count()).where(FindingChange.finding == found.id)
            return int(await session.scalar(query) or 0)

    assert await told() == 1
    await tell(world, "store", bag, site=STATION)
    await tell(world, "store", bag, site=STATION, mass_g=8_010)
    await standing(world)
    await restart(world.database, ALERTS)
    [again] = await naming(world, "weight-difference", bag)
    assert (again.id, again.opening) == (found.id, 1)
    assert await told() == 1


async def test_a_resolved_case_comes_back_to_be_taken_on_when_its_cause_does(world: World):
    county = world.client("county")
    await standing(world)
    async with world.database.write() as session:
        held = await session.scalar(
            text("SELECT held_g FROM alert_stock WHERE site = :site"), {"site": FAR_POINT}
        )
        await session.execute(
            update(Site).where(Site.code == FAR_POINT).values(capacity_g=(held or 0) + 10_000)
        )
    bags = await world.issue_labels(2, county="130632", site=FAR_POINT)

    async def full() -> list[Finding]:
        return [f for f in await standing(world, "full-store") if f.subject == FAR_POINT]

    await tell(world, "collect", bags[0], site=FAR_POINT, mass_g=9_900)
    [first] = await full()
    far = world.client("far_county")
    assert (await county.get(f"/api/v1/alerts/{first.id}")).status_code == 404
    at = f"/api/v1/alerts/{first.id}"
    assert (await far.post(f"{at}/resolve", json={"note": "  "})).status_code == 422
    case = (await far.post(f"{at}/resolve", json={"note": "已安排清运"})).json()
    assert case["state"] == "resolved"
    await tell(world, "depart", bags[0], site=FAR_POINT, destination=STATION)
    await full()
    gone = (await far.get(f"/api/v1/cases/{case['id']}")).json()
    assert (gone["state"], gone["cause_gone_at"] is not None) == ("resolved", True)
    await tell(world, "collect", bags[1], site=FAR_POINT, mass_g=9_950)
    _, second = await full()
    assert second.opening == 2
    back = (await far.get(f"/api/v1/cases/{case['id']}")).json()
    assert (back["state"], back["worked_by"], back["cause_gone_at"]) == ("open", None, None)
    assert back["about"]["id"] == str(second.id)
    assert [note["act"] for note in back["notes"]] == ["resolved", "cause_gone", "came_back"]
    listed = (await far.get("/alerts")).text
    assert f"/alerts/{second.id}" in listed, "it is to be done again"
    old = (await far.get(f"/alerts/{first.id}")).text
    assert f'href="/alerts/{second.id}"' in old, "the page of what was leads to what is"


async def test_a_township_sees_what_concerns_its_own_sites(world: World):
    bag = await arrived(world, 10_000, 8_000)
    [found] = await naming(world, "weight-difference", bag)
    assert township_key(LUQUAN, "铜冶镇") in found.seen_by
    for who, status in (("township", 200), ("collector", 200), ("keeper", 200), ("far_city", 404)):
        answer = await world.client(who).get(f"/api/v1/alerts/{found.id}")
        assert answer.status_code == status, who


async def test_what_this_file_did_is_found_again_from_the_first_leaf(world: World):
    """Late, corrected, grouped, by changed bounds, in this order or that: the same findings."""

    async def rows() -> list[str]:
        await standing(world)
        async with world.database.read() as session:
            tables = ("finding", "alert_mark", "alert_bag", "alert_group", "alert_fix")
            return [
                row
                for table in tables
                for row in await session.scalars(
                    text(f"SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY 1")
                )
            ]

    await pass_(world, days=1)
    before = await rows()
    assert len(before) > 50
    await restart(world.database, ALERTS)
    await standing(world)
    await pass_(world, seconds=0)
    assert await rows() == before

"""Alerts by the door that people use: what is recorded opens findings, what comes late closes them.

Each rule has a test that opens it, and one thing beside it that must not.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from app.alerts.follow import ALERTS
from app.alerts.models import Finding
from app.auth.sessions import caller_from
from app.db import Database
from app.events.record import record
from app.ledger.follow import catch_up
from app.parties.models import Site
from tests.world import (
    AT_SITE,
    BOTTLES,
    FAR_POINT,
    INCINERATOR,
    LUQUAN,
    OTHER_POINT,
    PLANT,
    POINT,
    STATION,
    World,
    make_world,
)

CODE = "11722252247250743408010974953971"
HERE = {"lat": 38.0, "lon": 114.5, "accuracy_m": 10}
"""Where tests/reference.py has 鹿泉区's sites."""


@pytest.fixture(scope="module")
async def world(database: Database):
    made = await make_world(database)
    async with database.write() as session:
        # All in one place would be no journey: the plant is 90 km away, as 辛集 is.
        await session.execute(update(Site).where(Site.code == PLANT).values(lat=37.9, lon=115.2))
    yield made
    await made.close()


async def standing(world: World, rule: str | None = None) -> list[Finding]:
    """What stands after the follower has come to the end of the log."""
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        rows = await session.scalars(
            select(Finding).order_by(Finding.opened_at, Finding.rule, Finding.id)
        )
        return [row for row in rows if rule is None or row.rule == rule]


async def of_bag(world: World, rule: str, bag: str) -> list[Finding]:
    """Findings of a rule that name a bag, open or closed."""
    return [found for found in await standing(world, rule) if bag in found.batches]


async def of_event(world: World, rule: str, event: str) -> list[Finding]:
    """Findings of a rule that name an event, open or closed."""
    return [found for found in await standing(world, rule) if UUID(event) in found.events]


async def new_bag(world: World, **fields) -> str:
    """A sealed bag of five kilograms at POINT."""
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, **{"mass_g": 5_000} | fields)
    return bag


async def test_a_bag_that_lost_too_much_on_the_way_opens_one_finding_with_its_figures(world: World):
    light, whole = await new_bag(world), await new_bag(world)
    sent = await world.event("depart", light, whole, destination=STATION)
    body = world.body("arrive", light, site=STATION, mass_g=4_000)
    body["batches"].append({"code": whole, "mass_g": 4_900})
    arrived = (await world.post(body)).json()

    [found] = await of_bag(world, "weight-difference", light)

    assert found.batches == [light], "the bag that lost two per cent is not named"
    assert [str(event) for event in found.events] == [arrived["id"]]
    assert found.figures["broke"] == ["percent"]
    assert found.figures["difference_g"] == -1_000
    assert found.figures["trip"] == sent["trip"]
    assert found.figures["thresholds"]["percent"]["value"] == 5
    assert {POINT[:6], STATION} <= set(found.seen_by)


async def test_many_on_one_scale_concern_everybody_who_sent_one_of_them(world: World):
    here, there = await new_bag(world), await new_bag(world, site=OTHER_POINT)
    weighed = world.tick()
    for bag, site in ((here, POINT), (there, OTHER_POINT)):
        await world.event("depart", bag, site=site, destination=PLANT)
    arrived = await world.event("arrive", here, there, site=PLANT, group_mass_g=9_700)
    assert not await of_event(world, "weight-difference", arrived["id"])

    # A weight that was told late breaks the bound: this leaf is about one of the two alone.
    await world.event("store", there, site=OTHER_POINT, mass_g=5_600, at=weighed)
    [found] = await of_event(world, "weight-difference", arrived["id"])
    assert (found.site, found.figures["difference_g"]) == (PLANT, -900)
    assert {PLANT, POINT, OTHER_POINT, POINT[:6]} <= set(found.seen_by)


async def test_a_bag_counted_and_not_sealed_is_no_weighing_to_compare_with(world: World):
    [bag] = await world.issue_labels(1)
    await world.event("hand_in", bag)
    await world.event("arrive", bag, site=STATION, mass_g=900)
    assert not await of_bag(world, "weight-difference", bag)


async def test_a_late_weighing_changes_the_difference_and_closes_it(world: World):
    [bag] = await world.issue_labels(1)
    at = world.tick()
    await world.event("collect", bag, mass_g=5_000, at=at)
    await world.event("depart", bag, destination=STATION, at=at + timedelta(hours=2))
    await world.event("arrive", bag, site=STATION, mass_g=4_000, at=at + timedelta(hours=3))
    [found] = await of_bag(world, "weight-difference", bag)
    assert found.closed_at is None

    # The point weighed it once more before the lorry came; its phone was offline.
    await world.event("store", bag, mass_g=4_050, at=at + timedelta(hours=1))

    rows = await of_bag(world, "weight-difference", bag)
    [closed] = [row for row in rows if row.id == found.id]
    assert closed.closed_at is not None
    [other] = [row for row in rows if row.id != found.id]
    assert other.site == POINT, "what was lost was lost at the point"


async def test_a_bag_missing_at_arrival_is_told_at_once_and_closes_when_it_turns_up(world: World):
    here, short = await new_bag(world), await new_bag(world)
    await world.event("depart", here, short, destination=STATION)
    missing = [{"code": short, "outcome": "missing", "reason": "车上没有"}]
    await world.event("arrive", here, site=STATION, mass_g=5_000, exceptions=missing)

    [found] = await of_bag(world, "short-arrival", short)
    assert found.closed_at is None
    assert found.figures["outcome"] == "missing"

    await world.event("arrive", short, site=STATION, mass_g=5_000)
    [closed] = await of_bag(world, "short-arrival", short)
    assert closed.closed_at is not None


async def test_what_goes_where_it_was_not_sent_is_flagged(world: World):
    bag = await new_bag(world)
    await world.event("depart", bag, destination=STATION)
    await world.event("arrive", bag, site=PLANT, mass_g=5_000)
    [found] = await of_bag(world, "arrived-elsewhere", bag)
    assert found.figures["destination"] == STATION
    assert {STATION, PLANT, LUQUAN} <= set(found.seen_by)


async def test_a_receiver_without_a_permit_is_flagged_on_the_trip_from_both_ends(world: World):
    bag = await new_bag(world)
    async with world.database.write() as session:
        # The permit on the last day of 2099 has been withdrawn since.
        await session.execute(
            text("UPDATE permit SET valid_to = '2024-12-31' WHERE site = :site"),
            {"site": INCINERATOR},
        )
    sent = await world.event("depart", bag, destination=INCINERATOR)
    await world.event("arrive", bag, site=INCINERATOR)
    [found] = [
        f
        for f in await standing(world, "receiver-permit-not-in-force")
        if str(f.events[0]) == sent["id"]
    ]
    assert found.figures["count"] == 2
    assert found.figures["receiver"] == INCINERATOR


async def test_a_scan_from_home_is_one_finding_a_day_and_a_scan_at_the_counter_none(world: World):
    day = (datetime.now(UTC) - timedelta(days=20)).replace(hour=2, minute=0)
    home = {"lat": 38.05, "lon": 114.5, "accuracy_m": 30}
    bags = await world.issue_labels(3)
    await world.event("collect", bags[0], mass_g=5_000, position=HERE, at=day)
    for n, bag in enumerate(bags[1:], start=1):
        at = day + timedelta(hours=n)
        await world.event("collect", bag, mass_g=5_000, position=home, at=at)
    [found] = [f for f in await standing(world, "off-site-scan") if f.subject == POINT]
    assert found.figures["count"] == 2
    assert 5_400 < found.figures["distance_m"] < 5_700


async def test_one_phone_at_two_far_places_within_minutes_is_too_fast(world: World):
    at = datetime.now(UTC) - timedelta(days=18)
    phone = {"id": "借来的手机"}
    first, second = await world.issue_labels(2)
    await world.event("collect", first, mass_g=5_000, position=HERE, device=phone, at=at)
    far = {"lat": 38.9, "lon": 115.9, "accuracy_m": 10}
    [there] = await world.issue_labels(1, county="130632", site=FAR_POINT)
    late = await world.event(
        "collect", there, site=FAR_POINT, mass_g=5_000, position=far, device=phone,
        at=at + timedelta(minutes=10),
    )  # fmt: skip
    await world.event(
        "collect", second, mass_g=5_000, position=HERE, device=phone, at=at + timedelta(hours=9)
    )
    [found] = [f for f in await standing(world, "impossible-speed") if "device" in f.subject]
    assert found.window == late["id"]
    assert found.figures["km_h"] > 500


async def test_a_bag_that_flies_is_found_by_the_sites_it_was_at(world: World):
    at = datetime.now(UTC) - timedelta(days=17)
    bag = await new_bag(world, at=at)
    await world.event("depart", bag, destination=PLANT, at=at + timedelta(minutes=1))
    await world.event("arrive", bag, site=PLANT, mass_g=5_000, at=at + timedelta(minutes=5))
    [found] = await of_bag(world, "impossible-speed", bag)
    assert found.subject == PLANT


async def test_a_bottle_handed_in_twice_is_found_whatever_its_label_looks_like(world: World):
    bags = await world.issue_labels(2)
    await world.event("hand_in", bags[0], unit_codes=[f"http://x.cn/c?c={CODE}"])
    assert not await standing(world, "repeated-unit-code")
    again = await world.event("hand_in", bags[1], unit_codes=[CODE, "一张看不清的标签"])
    [found] = await standing(world, "repeated-unit-code")
    assert found.subject == CODE
    assert [str(event) for event in found.events] == [again["id"]]


async def test_pieces_that_cannot_weigh_so_much_are_found_at_the_sealing(world: World):
    stuffed, honest = await world.issue_labels(2)
    for bag, grams in ((stuffed, 4_500), (honest, 480)):
        await world.event("hand_in", bag, contents=[BOTTLES])
        await world.event("collect", bag, mass_g=grams)
    [found] = await standing(world, "implausible-pieces")
    assert found.subject == stuffed
    assert (found.figures["counted_g"], found.figures["sealed_g"]) == (450, 4_500)


async def test_night_entries_take_three_of_a_night(world: World):
    night = datetime.now(UTC).replace(hour=15, minute=0, second=0) - timedelta(days=12)  # 23:00

    async def that_night():
        found = await standing(world, "night-entries")
        return [f for f in found if f.window == night.date().isoformat()]

    bags = await world.issue_labels(3)
    for n, bag in enumerate(bags):
        assert not await that_night()
        await world.event("collect", bag, mass_g=5_000, at=night + timedelta(minutes=90 * n))
    [found] = await that_night()
    assert len(found.events) == 3


async def test_a_store_is_full_until_something_leaves(world: World):
    await standing(world)
    async with world.database.write() as session:
        held = await session.scalar(
            text("SELECT held_g FROM alert_stock WHERE site = :site"), {"site": OTHER_POINT}
        )
        capacity = (held or 0) + 10_000
        await session.execute(
            update(Site).where(Site.code == OTHER_POINT).values(capacity_g=capacity)
        )
    [bag] = await world.issue_labels(1, site=OTHER_POINT)
    await world.event("collect", bag, site=OTHER_POINT, mass_g=9_900)
    [found] = await standing(world, "full-store")
    assert found.subject == OTHER_POINT
    assert found.closed_at is None
    await world.event("depart", bag, site=OTHER_POINT, destination=STATION)
    [closed] = await standing(world, "full-store")
    assert closed.closed_at is not None


async def test_two_hundred_round_weights_are_not_a_scales(world: World):
    bags = await world.issue_labels(210, site=OTHER_POINT)
    for n in range(0, 210, 70):
        bodies = [
            world.body(
                "collect", bag, site=OTHER_POINT, mass_g=5_000 + 500 * (i % 3),
                at=world.tick(seconds=10),
            )
            for i, bag in enumerate(bags[n : n + 70])
        ]  # fmt: skip
        caller = caller_from(world.accounts[AT_SITE[OTHER_POINT]])
        outcomes = await record(world.database, caller, bodies, now=datetime.now(UTC))
        assert {one.outcome for one in outcomes} == {"recorded"}
    [found] = await standing(world, "round-weights")
    assert found.subject == OTHER_POINT
    assert found.figures["weights"] >= 200
    assert sum(found.figures["digits"]) == found.figures["weights"]


async def test_a_nil_return_is_for_a_month_that_has_begun_and_for_ones_own_point(world: World):
    def zero(month: str, site: str | None = POINT):
        body = world.body("declare", at=datetime.now(UTC), subject="zero_report")
        body.pop("batches")
        body |= {"rows": [{"month": month}], "site": site}
        return {key: value for key, value in body.items() if value is not None}

    async def declared(body, by="collector"):
        return await world.client(by).post("/api/v1/events", json=body)

    month = f"{datetime.now(UTC) - timedelta(days=62):%Y-%m}"
    assert (await declared(zero("2999-01"))).status_code == 422
    assert (await declared(zero("2026-7"))).status_code == 422
    assert (await declared(zero(month, site=None))).status_code == 422
    assert (await declared(zero(month, site=OTHER_POINT))).status_code == 404
    assert (await declared(zero(month), by="keeper")).status_code == 403
    answer = await declared(zero(month))
    assert answer.status_code == 201
    assert answer.json()["site"] == POINT
    await standing(world)

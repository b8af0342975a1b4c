"""Trips as they go in life: late phones, more than was announced, things refused, lost and found."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from app.ids import uuid7
from app.ledger.follow import catch_up
from app.ledger.models import EventBatch
from app.main import FOLLOWERS
from app.parties.models import Permit
from tests import reference as ref
from tests.printed import PRINTED, words_of
from tests.recording import FAR_STATION, HAZARDOUS, capture, make_wide_world
from tests.test_trips import MANIFEST, TRIPS, announce, confirm, listed, problem, sealed, trip_of
from tests.world import FAR_POINT, INCINERATOR, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
POINT, OTHER_POINT, STATION, PLANT = ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


def own_id(world: World) -> str:
    return str(uuid7(world.rng, world.tick()))


# ---- numbers


async def test_two_phones_that_sync_one_trip_at_once_open_it_once(world: World):
    one, two = await sealed(world), await sealed(world, site=OTHER_POINT)
    trip = own_id(world)
    bodies = [
        world.body("depart", one[0], destination=STATION, trip=trip),
        world.body("depart", two[0], site=OTHER_POINT, destination=STATION, trip=trip),
    ]
    answers = await asyncio.gather(*(world.post(body) for body in bodies))
    assert [a.status_code for a in answers] == [201, 201], [a.text for a in answers]
    assert len({a.json()["trip"] for a in answers}) == 1
    assert len((await trip_of(world, trip))["legs"]) == 2


async def test_numbers_given_at_once_are_all_different_and_have_no_gaps(world: World):
    bags = await sealed(world, 24)
    at = world.tick(days=1)
    bodies = [world.body("depart", bag, destination=STATION, at=at) for bag in bags]
    answers = await asyncio.gather(*(world.post(body) for body in bodies))
    assert {a.status_code for a in answers} == {201}
    serials = sorted(int(a.json()["trip"][-4:]) for a in answers)
    assert serials == list(range(serials[0], serials[0] + 24))


async def test_a_number_is_of_the_day_in_the_province_and_of_the_county_that_loads(world: World):
    one, two = await sealed(world, 2)
    midnight = world.tick(days=1).replace(hour=16, minute=0, second=0)
    world.clock = midnight + timedelta(hours=1)
    before = await world.event(
        "depart", one, destination=STATION, at=midnight - timedelta(seconds=1)
    )
    after = await world.event("depart", two, destination=STATION, at=midnight)
    day = midnight.date()
    assert before["trip"][2:16] == f"{day:%Y%m%d}130110"
    assert after["trip"][2:16] == f"{day + timedelta(days=1):%Y%m%d}130110"


# ---- a phone without signal


async def test_a_drivers_phone_syncs_a_whole_milk_run_after_the_station_has_received_it(
    world: World,
):
    """Five pick-ups under the phone's own UUID; the station knew nothing but the bags."""
    bags = [*await sealed(world, 3), *await sealed(world, 2, site=OTHER_POINT)]
    trip = own_id(world)
    at = world.tick()
    departs = [
        world.body("depart", bag, site=site, destination=STATION, trip=trip, driver="王师傅",
                   at=at + timedelta(minutes=n))
        for n, (bag, site) in enumerate(zip(bags, [POINT] * 3 + [OTHER_POINT] * 2, strict=True))
    ]  # fmt: skip
    arrive = world.body("arrive", *bags, site=STATION, at=at + timedelta(hours=2), mass_g=9_000)
    answer = await world.post(arrive)
    assert answer.status_code == 201
    assert "missing-depart" in answer.json()["flags"]
    items = await capture(world, "carrier", departs)
    assert {i["outcome"] for i in items} == {"recorded"}, items
    numbers = {i["event"]["trip"] for i in items}
    assert len(numbers) == 1
    shown = await trip_of(world, trip)
    assert shown["state"] == "in_dispute", "a tenth is missing of each bag"
    assert {leg["origin"]["code"]: len(leg["bags"]) for leg in shown["legs"]} == {
        POINT: 3, OTHER_POINT: 2,
    }  # fmt: skip
    assert all(leg["confirmation"]["waiting_for"] == "origin" for leg in shown["legs"])
    again = await capture(world, "carrier", departs)
    assert {i["outcome"] for i in again} == {"duplicate"}


async def test_an_arrival_that_names_a_number_before_the_dispatch_synced_is_told_to_try_again(
    world: World,
):
    [bag] = await sealed(world)
    body = world.body("arrive", bag, site=STATION, trip="ZY202601011301100007")
    assert problem(await world.post(body), 404, "trip-not-found")["retry"] is True


# ---- more, fewer, elsewhere


async def test_a_plant_that_gets_a_bag_nobody_sent_records_it_beside_the_trip(world: World):
    mine, extra = await sealed(world, 2)
    trip = (await world.event("depart", mine, destination=PLANT))["trip"]
    arrived = await world.event("arrive", mine, extra, site=PLANT, trip=trip)
    assert "missing-depart" in arrived["flags"]
    shown = await trip_of(world, trip, "plant")
    assert [s["code"] for s in shown["not_on_this_trip"]] == [extra]
    # the point's phone still held its departure: then it was on it
    late = datetime.fromisoformat(arrived["effective_at"]) - timedelta(minutes=30)
    await world.event("depart", extra, destination=PLANT, trip=trip, at=late)
    shown = await trip_of(world, trip, "plant")
    assert shown["not_on_this_trip"] == []
    assert {b["code"] for leg in shown["legs"] for b in leg["bags"]} == {mine, extra}
    assert shown["state"] == "delivered"


async def page(world: World, by: str, path: str = "/") -> str:
    return (await world.client(by).get(path, headers={"accept": "text/html"})).text


async def test_a_refused_bag_goes_back_and_both_ends_are_told(world: World):
    bag, fine = await sealed(world, 2)
    departed = await world.event("depart", bag, fine, destination=STATION, driver="李师傅")
    trip = await trip_of(world, departed["trip"])
    form = f"/record/arrive?trip={trip['id']}"
    await world.event(
        "arrive", fine, site=STATION, trip=trip["id"],
        exceptions=[{"code": bag, "outcome": "refused", "reason": "混有农膜"}],
    )  # fmt: skip
    sender = await page(world, "collector")
    assert "拒收 1 袋，要退回这里" in sender
    assert "收回退回的袋" in sender
    receiver = await page(world, "keeper")
    assert "拒收 1 袋，等发运站点收回" in receiver
    assert "拒收 1 袋" in await page(world, "carrier"), "it is still on his truck"
    # Nobody receives by one thoughtless tap what was refused.
    for by in ("keeper", "collector"):
        asked = await page(world, by, form)
        box = asked[asked.index(f'id="outcome-{bag}"') :]
        assert '<option value="later" selected' in box[: box.index("</select>")], by
        assert "签收时拒收" in asked
    # But whoever scans its label has it in hand.
    scanned = await page(world, "collector", f"/record/arrive?code={bag}")
    box = scanned[scanned.index(f'id="outcome-{bag}"') :]
    assert "selected" not in box[: box.index("</select>")]
    answer = await world.client("collector").post(
        "/record/arrive",
        data={"id": own_id(world), "site": POINT, "trip": trip["id"], f"outcome-{bag}": "arrived"},
    )
    assert answer.status_code == 303, answer.text
    assert "要退回这里" not in await page(world, "collector")
    assert trip["id"] not in await page(world, "keeper")
    [leg] = (await trip_of(world, trip["id"]))["legs"]
    assert {b["code"]: b["state"] for b in leg["bags"]} == {bag: "returned", fine: "arrived"}
    assert leg["state"] == "delivered"


async def test_a_missing_bag_that_was_never_loaded_is_taken_back_where_it_stood(world: World):
    bag, fine = await sealed(world, 2)
    trip = (await world.event("depart", bag, fine, destination=STATION))["trip"]
    await world.event(
        "arrive", fine, site=STATION, trip=trip,
        exceptions=[{"code": bag, "outcome": "missing", "reason": "车上没有"}],
    )  # fmt: skip
    assert "缺失 1 袋，还没有找到" in await page(world, "collector")
    assert "缺失 1 袋，还没有找到" in await page(world, "keeper")
    await world.event("arrive", bag, site=POINT, trip=trip)
    assert "还没有找到" not in await page(world, "collector")


async def test_a_missing_bag_that_turns_up_at_another_station_is_found_on_its_trip(world: World):
    bag, fine = await sealed(world, 2)
    trip = (await world.event("depart", bag, fine, destination=STATION))["trip"]
    await world.event(
        "arrive", fine, site=STATION, trip=trip,
        exceptions=[{"code": bag, "outcome": "missing", "reason": "车上没有"}],
    )  # fmt: skip
    assert (await trip_of(world, trip))["state"] == "in_dispute"
    found = await world.event("arrive", bag, site=FAR_STATION, by="far_keeper", mass_g=10_000)
    assert "arrived-elsewhere" in found["flags"]
    [leg] = (await trip_of(world, trip))["legs"]
    by_code = {b["code"]: b for b in leg["bags"]}
    assert (by_code[bag]["state"], by_code[bag]["elsewhere"]) == ("arrived", True)
    assert leg["moving_g"] == 0
    await catch_up(world.database, FOLLOWERS)
    [row] = [r for r in await listed(world) if r["number"] == trip]
    assert row["state"] == leg["state"]


async def test_a_weight_shared_by_two_trips_puts_both_lists_right(world: World):
    """The neighbour's share moves between its site and the difference: no account of its trip."""
    [one] = await sealed(world, grams=1_000)
    [other] = await world.issue_labels(1, site=None)
    await world.event("collect", other, site=OTHER_POINT, mass_g=2_000)
    async with world.database.read() as session:
        collect = await session.scalar(
            select(EventBatch.event_id).where(EventBatch.batch_code == one)
        )
    trips = [
        (await world.event("depart", one, destination=STATION))["trip"],
        (await world.event("depart", other, site=OTHER_POINT, destination=STATION))["trip"],
    ]
    await world.event("arrive", one, other, site=STATION, group_mass_g=2_990)
    await catch_up(world.database, FOLLOWERS)
    assert [(await trip_of(world, trip))["state"] for trip in trips] == ["delivered"] * 2
    replacement = world.body("collect", one, mass_g=4_000, at=world.clock - timedelta(hours=4))
    del replacement["id"]
    answer = await world.client("county").post(
        "/api/v1/events",
        json={
            "id": str(uuid7(world.rng, world.tick())), "kind": "correct", "note": "看错秤",
            "corrects": str(collect), "reason": "incorrect_data", "replacement": replacement,
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    await catch_up(world.database, FOLLOWERS)
    rows = {row["number"]: row for row in await listed(world)}
    for trip in trips:
        [leg] = (await trip_of(world, trip))["legs"]
        [row] = rows[trip]["legs"]
        assert (row["state"], row["difference_g"]) == (leg["state"], leg["difference_g"])
        assert leg["state"] == "in_dispute"


@pytest.mark.parametrize("outcome", ["refused", "missing", "damaged"])
async def test_what_is_said_of_a_container_at_arrival_is_said_of_its_bags(world: World, outcome):
    bags = await sealed(world, 3, site=STATION)
    fine, *packed = bags
    [pallet] = await world.issue_labels(1, kind="container", site=None)
    await world.event("pack", *packed, site=STATION, container=pallet)
    departed = await world.event("depart", pallet, fine, site=STATION, destination=PLANT)
    trip = departed["trip"]
    taken_in = [fine, pallet] if outcome == "damaged" else [fine]
    await world.event(
        "arrive", *taken_in, site=PLANT, trip=trip,
        exceptions=[{"code": pallet, "outcome": outcome, "reason": "托盘破了"}],
    )  # fmt: skip
    [leg] = (await trip_of(world, trip))["legs"]
    assert {b["code"]: (b["outcome"], b["reason"]) for b in leg["bags"]} == {
        fine: (None, None)
    } | dict.fromkeys(packed, (outcome, "托盘破了"))
    assert leg["state"] == "in_dispute"
    assert "托盘破了" in await page(world, "keeper", f"/trips/{trip}")
    await catch_up(world.database, FOLLOWERS)
    assert [r["state"] for r in await listed(world) if r["number"] == trip] == ["in_dispute"]


async def test_each_leg_says_what_its_receiver_took_in_and_what_went_elsewhere_or_back(
    world: World,
):
    stays, back, astray = await sealed(world, 3, grams=4_000)
    trip = own_id(world)
    await world.event("depart", stays, back, destination=STATION, trip=trip)
    await world.event("depart", astray, destination=PLANT, trip=trip)
    await world.event(
        "arrive", stays, astray, site=STATION, trip=trip,
        exceptions=[{"code": back, "outcome": "refused", "reason": "漏"}],
    )  # fmt: skip
    await world.event("arrive", back, site=POINT, trip=trip)
    shown = await trip_of(world, trip)
    legs = {leg["destination"]["code"]: leg for leg in shown["legs"]}
    figures = ("out_g", "received_g", "returned_g", "elsewhere_g", "difference_g", "moving_g")
    assert [legs[STATION][g] for g in figures] == [8_000, 4_000, 4_000, 0, 0, 0]
    assert [legs[PLANT][g] for g in figures] == [4_000, 0, 0, 4_000, 0, 0]
    assert "arrived-elsewhere" in legs[PLANT]["flags"]
    assert "arrived-elsewhere" not in legs[STATION]["flags"]
    printed = await world.client("province").get(f"{TRIPS}/{trip}.pdf")
    text = "\n".join(words_of(printed.content))
    assert "1 袋送到了别的站点，在那里签收 4.000 kg。" in text
    assert "1 袋退回了发运站点，收回 4.000 kg。" in text
    assert text.count("送到的地方与交接单不同") == 1


async def test_what_was_missing_and_came_is_missing_no_longer(world: World):
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    missing = [{"code": bag, "outcome": "missing", "reason": "车上没有"}]
    await world.event("arrive", site=STATION, trip=trip, exceptions=missing)
    assert "缺失 1 袋" in await page(world, "keeper", f"/trips/{trip}")
    await world.event("arrive", bag, site=STATION, trip=trip)
    assert "缺失" not in await page(world, "keeper", f"/trips/{trip}")


async def test_a_trip_on_which_nothing_rides_is_found_by_those_who_have_to_do_with_it(world: World):
    [bag] = await sealed(world, site=STATION)
    [pallet] = await world.issue_labels(1, kind="container", site=None)
    at = world.tick()
    departed = await world.event("depart", pallet, site=STATION, destination=PLANT)
    trip = departed["trip"]
    assert "missing-pack" in departed["flags"]
    for by in ("keeper", "plant", "carrier", "county"):
        shown = await trip_of(world, trip, by)
        assert (shown["legs"], shown["nothing_rides"]) == ([], "not_told"), by
    assert (await world.client("collector").get(f"{TRIPS}/{trip}")).status_code == 404
    assert "装箱记录传上来以后" in await page(world, "keeper", f"/trips/{trip}")
    printed = await world.client("keeper").get(f"{TRIPS}/{trip}.pdf")
    assert printed.status_code == 200
    await world.event("pack", bag, site=STATION, container=pallet, at=at)
    shown = await trip_of(world, trip, "keeper")
    assert shown["nothing_rides"] is None
    assert [b["code"] for leg in shown["legs"] for b in leg["bags"]] == [bag]


async def test_a_departure_that_was_taken_back_leaves_its_trip_to_be_found(world: World):
    [bag] = await sealed(world, site=STATION)
    departed = await world.event("depart", bag, site=STATION, destination=PLANT)
    undo = {
        "id": own_id(world), "kind": "correct", "corrects": departed["id"],
        "reason": "did_not_occur", "note": "没有发",
    }  # fmt: skip
    answer = await world.client("keeper").post("/api/v1/events", json=undo)
    assert answer.status_code == 201, answer.text
    for by in ("keeper", "plant", "carrier"):
        shown = await trip_of(world, departed["trip"], by)
        assert (shown["legs"], shown["nothing_rides"]) == ([], "taken_back"), by
    assert "发运已经撤回" in await page(world, "keeper", f"/trips/{departed['trip']}")


# ---- hazardous loads


async def test_a_milk_run_with_three_consignees_has_a_manifest_a_consignor(world: World):
    trip = own_id(world)
    points = [POINT, OTHER_POINT, POINT, STATION, FAR_POINT]
    goals = [STATION, STATION, HAZARDOUS, HAZARDOUS, INCINERATOR]
    manifests = [None, None, "20261301000011", "20261301000012", None]
    for origin, goal, manifest in zip(points, goals, manifests, strict=True):
        if origin == FAR_POINT:
            [bag] = await world.issue_labels(1, county=ref.ANXIN, site=None)
            await world.event("collect", bag, site=FAR_POINT, mass_g=5_000)
        else:
            [bag] = await sealed(world, site=origin)
        more = {"manifest": manifest} if manifest else {}
        event = await world.event("depart", bag, site=origin, destination=goal, trip=trip, **more)
        assert "manifest-missing" not in event["flags"]
    shown = await trip_of(world, trip)
    assert shown["regime"] == "hazardous"
    assert {
        (leg["origin"]["code"], leg["destination"]["code"]): (leg["regime"], leg["manifests"])
        for leg in shown["legs"]
    } == {
        (POINT, STATION): ("internal", []),
        (OTHER_POINT, STATION): ("internal", []),
        (POINT, HAZARDOUS): ("hazardous", ["20261301000011"]),
        (STATION, HAZARDOUS): ("hazardous", ["20261301000012"]),
        (FAR_POINT, INCINERATOR): ("internal", []),
    }


@pytest.mark.parametrize("manifest", ["2026130100001", "2026130100000x", "", "20261301 000001"])
async def test_a_manifest_that_is_none_is_refused_at_its_field(world: World, manifest):
    [bag] = await sealed(world)
    answer = await world.post(world.body("depart", bag, destination=HAZARDOUS, manifest=manifest))
    assert problem(answer, 422, "invalid-body")["errors"][0]["pointer"] == "/manifest"


async def test_a_manifest_of_another_consignor_or_trip_is_recorded_and_flagged(world: World):
    """移出人 is who operates the site: the two points are one shop's, the station is another's."""
    one, two, three = await sealed(world, 3)
    [beside] = await sealed(world, site=OTHER_POINT)
    [others] = await sealed(world, site=STATION)
    number = f"{world.clock.year}1301000021"
    same = {"destination": HAZARDOUS, "manifest": number}
    first = await world.event("depart", one, **same)
    same["trip"] = first["trip"]
    used = "manifest-used-before"
    assert used not in first["flags"]
    assert used not in (await world.event("depart", two, **same))["flags"]
    assert used not in (await world.event("depart", beside, site=OTHER_POINT, **same))["flags"]
    flagged = await world.event("depart", others, site=STATION, **same)
    assert used in flagged["flags"], "each consignor has one of its own"
    del same["trip"]
    assert used in (await world.event("depart", three, **same))["flags"], "and for each run"
    page = await world.client("province").get(f"/trips/{first['trip']}")
    assert "转移联单编号已用在别的单位" in page.text


async def test_a_queue_that_uses_a_manifest_twice_is_flagged_and_a_correction_frees_it(
    world: World,
):
    one, two = await sealed(world, 2)
    number = f"{world.clock.year}1301000031"
    bodies = [
        world.body("depart", bag, destination=HAZARDOUS, manifest=number, driver="王师傅")
        for bag in (one, two)
    ]
    first, second = await capture(world, "collector", bodies)
    assert "manifest-used-before" not in first["event"]["flags"]
    assert "manifest-used-before" in second["event"]["flags"]
    for item in (first, second):
        undo = {"id": own_id(world), "kind": "correct", "corrects": item["id"],
                "occurred_at": world.tick().isoformat(), "reason": "did_not_occur", "note": "没有走"}  # fmt: skip
        answer = await world.client("collector").post("/api/v1/events", json=undo)
        assert answer.status_code == 201, answer.text
    again = await world.event("depart", one, destination=HAZARDOUS, manifest=number)
    assert "manifest-used-before" not in again["flags"]


# ---- confirming


async def test_a_confirmation_before_the_departure_has_synced_may_be_sent_again(world: World):
    trip = await announce(world)
    told = problem(await confirm(world, trip["id"], "carrier"), 409, "nothing-to-confirm")
    assert told["retry"] is True


async def test_a_confirmation_sent_six_times_at_once_is_one(world: World):
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    answers = await asyncio.gather(*(confirm(world, trip, "carrier") for _ in range(6)))
    assert {a.status_code for a in answers} == {200}, [a.text for a in answers]


async def test_another_carriers_driver_finds_no_trip_at_all(world: World):
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION, vehicle="冀AD12345"))["trip"]
    for method, path in (("GET", ""), ("GET", ".pdf"), ("POST", "/confirm")):
        answer = await world.client("carrier").request(
            method, f"{TRIPS}/{trip}{path}", json={} if method == "POST" else None
        )
        assert answer.status_code == 404, path
    assert trip not in [r["number"] for r in await listed(world, "carrier")]


async def test_a_driver_confirms_all_pick_ups_at_once_but_only_those_he_saw(world: World):
    trip = own_id(world)
    for site in (POINT, OTHER_POINT):
        [bag] = await sealed(world, site=site)
        await world.event("depart", bag, site=site, destination=STATION, trip=trip)
    shown = await page(world, "carrier", f"/trips/{trip}")
    assert "全部确认" in shown
    asked = shown[: shown.index("全部确认")]
    sites = re.findall(r'name="site" value="([^"]+)"', asked)
    assert sites == [POINT, OTHER_POINT]
    [late] = await sealed(world, site=STATION)
    await world.event("depart", late, site=STATION, destination=PLANT, trip=trip)
    answer = await world.client("carrier").post(f"/trips/{trip}/confirm", data={"site": sites})
    assert answer.status_code == 303
    assert (await trip_of(world, trip, "carrier"))["may_confirm"] == [STATION]


# ---- the receiver's list and permits, over the days of one trip


async def test_a_permit_that_ends_on_the_way_flags_the_arrival_and_refuses_the_treatment(
    world: World,
):
    """Valid when it left, not when it came: what happened is recorded, treating is refused."""
    bag, other = await sealed(world, 2)
    left = world.tick()
    first = await world.event("depart", bag, other, destination=INCINERATOR, at=left)
    assert "receiver-permit-not-in-force" not in first["flags"]
    async with world.database.write() as session:
        ends = left.astimezone(SHANGHAI).date()
        permit = (Permit.site == INCINERATOR, Permit.kind == "discharge")
        await session.execute(update(Permit).where(*permit).values(valid_to=ends))
    try:
        came = left + timedelta(days=1)
        arrived = await world.event("arrive", bag, site=INCINERATOR, at=came, by="burner")
        assert "receiver-permit-not-in-force" in arrived["flags"]
        [leg] = (await trip_of(world, first["trip"]))["legs"]
        assert leg["regime"] == "internal", "as it was when it left"
        burn = world.body("dispose", bag, site=INCINERATOR, at=came + timedelta(hours=1),
                          method="incinerate", certificate="1")  # fmt: skip
        problem(await world.post(burn, by="burner"), 409, "permit-not-in-force")
        again = await world.event("depart", (await sealed(world))[0], destination=INCINERATOR,
                                  at=came + timedelta(hours=2))  # fmt: skip
        assert "receiver-permit-not-in-force" in again["flags"]
        # A phone that tells of the first day only now is judged by the first day.
        late = await world.event("arrive", other, site=INCINERATOR, at=left + timedelta(minutes=30),
                                 by="burner")  # fmt: skip
        assert "receiver-permit-not-in-force" not in late["flags"]
    finally:
        async with world.database.write() as session:
            far = date(2099, 12, 31)
            await session.execute(update(Permit).where(*permit).values(valid_to=far))


async def test_a_departure_that_goes_elsewhere_after_a_correction_has_the_regime_of_there(
    world: World,
):
    [bag] = await sealed(world)
    body = world.body("depart", bag, destination=STATION)
    first = (await world.post(body)).json()
    replacement = {key: value for key, value in body.items() if key != "id"}
    replacement |= {"destination": HAZARDOUS, "manifest": MANIFEST}
    fix = {"id": own_id(world), "kind": "correct", "corrects": body["id"],
           "occurred_at": world.tick().isoformat(), "reason": "incorrect_data",
           "replacement": replacement, "note": "写错了目的地"}  # fmt: skip
    answer = await world.client("collector").post("/api/v1/events", json=fix)
    assert answer.status_code == 201, answer.text
    shown = await trip_of(world, first["trip"])
    [leg] = shown["legs"]
    assert (leg["destination"]["code"], leg["regime"], leg["manifests"]) == (
        HAZARDOUS, "hazardous", [MANIFEST],
    )  # fmt: skip
    assert shown["regime"] == "hazardous"
    await catch_up(world.database, FOLLOWERS)
    [row] = [r for r in await listed(world) if r["number"] == first["trip"]]
    assert [one["destination"]["code"] for one in row["legs"]] == [HAZARDOUS]
    assert row["regime"] == "hazardous", "the list says what the trip says"


# ---- the list as a page


async def test_a_number_or_a_plate_finds_its_trips_and_nonsense_says_what_to_type(world: World):
    [bag] = await sealed(world)
    number = (await world.event("depart", bag, destination=STATION, vehicle="冀A77777"))["trip"]
    await catch_up(world.database, FOLLOWERS)
    client = world.client("county")
    found = await client.get("/trips", params={"find": number.lower()})
    assert (found.status_code, found.headers["location"]) == (303, f"/trips/{number.lower()}")
    assert (await client.get(found.headers["location"])).status_code == 200
    by_plate = (await client.get("/trips", params={"find": "冀a·77777"})).text
    assert number[:10] in by_plate
    assert by_plate.count("<h3>") == 1
    for typed, sentence in (
        ("ZY202601011301109999", "没有这个单号"),
        ("拖拉机", "请填 ZY 开头的单号，或者车牌号"),
    ):
        answer = await client.get("/trips", params={"find": typed})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert typed in answer.text
    stranger = await world.client("plant").get("/trips", params={"find": number})
    assert "没有这个单号" in stranger.text, "out of reach looks absent"
    wrong_day = await client.get("/trips", params={"from": "2026-13-01"})
    assert "请填日期" in wrong_day.text
    rows = await listed(world, vehicle="冀a77777")
    assert [row["number"] for row in rows] == [number]
    answer = await world.client("province").get(TRIPS, params={"vehicle": "拖拉机"})
    assert problem(answer, 422, "invalid-query")["errors"][0]["pointer"] == "/query/vehicle"


async def test_the_pages_of_the_list_hold_every_trip_once_under_every_filter(world: World):
    await catch_up(world.database, FOLLOWERS)
    client = world.client("province")
    rows = await listed(world)
    for query in (
        {"state": "under_way"},
        {"state": "delivered"},
        {"from": rows[-1]["opened_at"][:10]},
    ):
        url, seen = f"/trips?{urlencode(query)}", []
        while url:
            text = (await client.get(url)).text
            body = text[text.index('id="latest"') :] if 'id="latest"' in text else ""
            seen += re.findall(r'<h3><a href="/trips/([0-9a-f-]{36})"', body)
            onward = re.search(r'href="([^"]+)" rel="next"', text)
            url = onward and onward[1].replace("&amp;", "&")
        wanted = [row["id"] for row in await listed(world, **query)]
        assert seen == wanted


async def test_an_officials_home_counts_what_is_on_its_way_and_what_is_wrong(world: World):
    await catch_up(world.database, FOLLOWERS)
    rows = await listed(world, "county")
    home = await page(world, "county")
    for state in ("under_way", "in_dispute", "overdue"):
        many = sum(row["state"] == state for row in rows)
        link = f'href="/trips?state={state}">{many} 车'
        assert (link in home) == bool(many), state


# ---- paper


@PRINTED
async def test_the_paper_of_a_milk_run_is_a_route_in_which_each_sender_signs(world: World):
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    stops = [
        {"origin": POINT, "destination": STATION},
        {"origin": OTHER_POINT, "destination": STATION, "pick_up_at": soon},
        {"origin": STATION, "destination": PLANT},
    ]
    trip = await announce(world, stops=stops)
    [bag] = await sealed(world)
    await world.event("depart", bag, destination=STATION, trip=trip["id"])
    answer = await world.client("province").get(f"{TRIPS}/{trip['number']}.pdf")
    text = "\n".join(words_of(answer.content))
    for words in (
        "路线（3 段）",
        "发运方签字",
        "计划",
        f"接收方：{STATION}",
        f"接收方：{PLANT}",
        bag,
    ):
        assert words in text, words
    assert "第 1 段" in text
    assert "第 2 段" not in text, "what has not been loaded is told by its line"


@PRINTED
async def test_a_long_waybill_names_every_bag_once_and_what_is_wrong_first(world: World):
    bags = sorted(await sealed(world, 45))
    trip = (await world.event("depart", *bags, destination=STATION))["trip"]
    odd = bags[30]
    await world.event(
        "arrive", *[b for b in bags if b != odd], site=STATION, trip=trip,
        exceptions=[{"code": odd, "outcome": "missing", "reason": "车上没有"}],
    )  # fmt: skip
    pages = words_of((await world.client("keeper").get(f"{TRIPS}/{trip}.pdf")).content)
    text = "\n".join(pages)
    assert all(text.count(bag) == 1 for bag in bags)
    assert text.index(odd) < text.index(bags[0])
    assert "合计 45 袋" in text
    assert len(pages) == 2

"""Trips through the door: announced, loaded at several places, received, disputed, confirmed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from app.ids import uuid7
from app.ledger.follow import catch_up, restart
from app.main import FOLLOWERS
from app.trips.follow import TRIP_LEGS
from app.trips.models import TransportPolicy, Trip, TripEvent
from tests import reference as ref
from tests.printed import PRINTED, words_of
from tests.recording import HAZARDOUS, UNLISTED, capture, make_wide_world
from tests.world import FAR_POINT, INCINERATOR, VEHICLE, World

POINT, OTHER_POINT, STATION, PLANT = ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT
TRIPS = "/api/v1/trips"
MANIFEST = "20261301000001"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def sealed(world: World, many: int = 1, grams: int = 10_000, site: str = POINT) -> list[str]:
    bags = await world.issue_labels(many, site=None)
    for bag in bags:
        await world.event("collect", bag, site=site, mass_g=grams)
    return bags


async def announce(world: World, by: str = "keeper", **fields) -> dict:
    body = {"vehicle": VEHICLE, "stops": [{"origin": POINT, "destination": STATION}], **fields}
    answer = await world.client(by).post(TRIPS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def trip_of(world: World, trip: str, by: str = "province") -> dict:
    answer = await world.client(by).get(f"{TRIPS}/{trip}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def confirm(world: World, trip: str, by: str, **body):
    return await world.client(by).post(f"{TRIPS}/{trip}/confirm", json=body)


def problem(answer, status: int, name: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"/problems/{name}"
    return answer.json()


# ---- announcing


async def test_an_announced_trip_has_its_number_at_once_and_is_open(world: World):
    stops = [
        {"origin": POINT, "destination": STATION},
        {"origin": OTHER_POINT, "destination": STATION},
    ]
    trip = await announce(world, stops=stops, driver="张师傅")
    assert trip["number"].startswith(f"ZY{datetime.now(UTC) + timedelta(hours=8):%Y%m%d}130110")
    assert (trip["state"], trip["announced"], trip["drivers"]) == ("open", True, ["张师傅"])
    assert trip["carrier"]["credit_code"] == ref.STATION_OWNER, "whose vehicle it is"
    assert [leg["state"] for leg in trip["legs"]] == ["open", "open"]
    assert await trip_of(world, trip["number"]) == await trip_of(world, trip["id"])


async def test_the_same_announcement_again_is_the_same_trip(world: World):
    body = {"id": str(uuid7(world.rng, world.tick())), "vehicle": VEHICLE,
            "stops": [{"origin": POINT, "destination": STATION}]}  # fmt: skip
    answers = await asyncio.gather(
        *(world.client("keeper").post(TRIPS, json=body) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["number"] for answer in answers}) == 1
    other = body | {"vehicle": "冀AD12345"}
    problem(await world.client("keeper").post(TRIPS, json=other), 409, "trip-id-reused")


async def test_who_announces_must_have_to_do_with_the_run(world: World):
    async def tried(by: str, **fields):
        body = {"vehicle": VEHICLE, "stops": [{"origin": POINT, "destination": STATION}], **fields}
        return await world.client(by).post(TRIPS, json=body)

    problem(await tried("other_collector"), 404, "not-found")
    problem(await tried("county"), 403, "forbidden")
    problem(await tried("carrier", vehicle="冀AD12345"), 403, "forbidden")
    assert (await tried("carrier")).status_code == 201
    assert (await tried("collector")).status_code == 201
    other = await tried("keeper", carrier=ref.PLANT_OWNER)
    problem(other, 409, "vehicle-of-another-carrier")
    nobody = await tried("keeper", vehicle="冀AD99999", carrier="91130110MA0000009X")
    assert problem(nobody, 404, "not-found")["pointer"] == "/carrier"
    nowhere = await tried("keeper", stops=[{"origin": "130110-P0999", "destination": STATION}])
    assert problem(nowhere, 404, "not-found")["pointer"] == "/stops/0/origin"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"stops": []}, "/stops"),
        ({"stops": [{"origin": POINT, "destination": POINT}]}, "/stops/0/destination"),
        ({"stops": [{"origin": POINT, "destination": STATION}] * 2}, "/stops"),
        ({"vehicle": "拖拉机"}, "/vehicle"),
        ({"id": "1"}, "/id"),
        ({"driver": " "}, "/driver"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_an_announcement_that_does_not_fit_is_told_where(world: World, fields, pointer):
    body = {"vehicle": VEHICLE, "stops": [{"origin": POINT, "destination": STATION}], **fields}
    told = problem(await world.client("keeper").post(TRIPS, json=body), 422, "invalid-body")
    assert pointer in [error["pointer"] for error in told["errors"]]


# ---- legs


async def test_a_milk_run_has_a_leg_a_pick_up_and_consignee(world: World):
    one, two = await sealed(world, 2)
    [three] = await sealed(world, site=STATION)
    trip = await announce(world)
    number = trip["number"]
    first = await world.event("depart", one, destination=STATION, trip=number)
    assert first["trip"] == number
    await world.event("depart", two, destination=PLANT, trip=trip["id"])
    await world.event("depart", three, site=STATION, destination=PLANT, trip=number)
    await world.event("arrive", one, site=STATION, trip=number, mass_g=9_900)
    shown = await trip_of(world, number)
    legs = {(leg["origin"]["code"], leg["destination"]["code"]): leg for leg in shown["legs"]}
    assert {key: leg["state"] for key, leg in legs.items()} == {
        (POINT, STATION): "delivered",
        (POINT, PLANT): "overdue",  # the world's clock is thirty days behind
        (STATION, PLANT): "overdue",
    }
    done = legs[POINT, STATION]
    assert [done[g] for g in ("out_g", "received_g", "moving_g", "difference_g")] == [
        10_000, 9_900, 0, -100,
    ]  # fmt: skip
    [bag] = done["bags"]
    assert (bag["code"], bag["state"], bag["at"]["code"]) == (one, "arrived", STATION)
    assert shown["state"] == "overdue"


async def test_a_planned_stop_that_was_not_made_stays_open(world: World):
    [bag] = await sealed(world)
    stops = [
        {"origin": POINT, "destination": STATION},
        {"origin": OTHER_POINT, "destination": STATION},
    ]
    trip = await announce(world, stops=stops)
    now = datetime.now(UTC)
    await world.event("depart", bag, destination=STATION, trip=trip["id"], at=now)
    shown = await trip_of(world, trip["id"])
    assert [leg["state"] for leg in shown["legs"]] == ["under_way", "open"]
    assert shown["state"] == "under_way"
    await world.event("arrive", bag, site=STATION, at=now + timedelta(seconds=1))
    assert (await trip_of(world, trip["id"]))["state"] == "delivered"


async def test_exceptions_put_a_leg_in_dispute_until_the_bag_is_settled(world: World):
    bags = await sealed(world, 4)
    refused, missing, damaged, fine = bags
    departed = await world.event("depart", *bags, destination=STATION)
    trip = departed["trip"]
    await world.event(
        "arrive", damaged, fine, site=STATION, trip=trip,
        exceptions=[
            {"code": refused, "outcome": "refused", "reason": "混有农膜"},
            {"code": missing, "outcome": "missing", "reason": "车上没有"},
            {"code": damaged, "outcome": "damaged", "reason": "袋口裂开"},
        ],
    )  # fmt: skip
    [leg] = (await trip_of(world, trip))["legs"]
    assert leg["state"] == "in_dispute"
    assert {b["code"]: (b["state"], b["outcome"], b["reason"]) for b in leg["bags"]} == {
        refused: ("moving", "refused", "混有农膜"),
        missing: ("moving", "missing", "车上没有"),
        damaged: ("arrived", "damaged", "袋口裂开"),
        fine: ("arrived", None, None),
    }
    await world.event("arrive", refused, site=POINT, trip=trip)
    await world.event("arrive", missing, site=STATION, trip=trip)
    [leg] = (await trip_of(world, trip))["legs"]
    states = {bag["code"]: bag["state"] for bag in leg["bags"]}
    assert (states[refused], states[missing]) == ("returned", "arrived")
    assert leg["moving_g"] == 0


async def test_an_exception_without_a_trip_still_reaches_the_trip(world: World):
    """A phone that never saw the waybill says only which bag was refused."""
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    await world.event(
        "arrive", site=STATION, exceptions=[{"code": bag, "outcome": "refused", "reason": "太湿"}]
    )
    [leg] = (await trip_of(world, trip))["legs"]
    assert leg["state"] == "in_dispute"
    assert leg["bags"][0]["reason"] == "太湿"


async def test_a_weighing_beyond_the_limits_puts_a_leg_in_dispute_with_its_reason(world: World):
    [bag] = await sealed(world, grams=20_000)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    await world.event(
        "arrive", bag, site=STATION, trip=trip, mass_g=18_000, difference_reason="雨淋后晾干"
    )
    [leg] = (await trip_of(world, trip))["legs"]
    assert (leg["state"], leg["beyond"], leg["difference_g"]) == ("in_dispute", True, -2_000)
    assert leg["difference_reasons"] == ["雨淋后晾干"]


async def test_late_departures_and_weights_put_the_leg_right_by_themselves(world: World):
    """The station's phone syncs first: arrival, then departure, then the sealed weight."""
    [bag] = await world.issue_labels(1, site=None)
    trip = str(uuid7(world.rng, world.tick()))
    collect = world.body("collect", bag, mass_g=10_000)
    depart = world.body("depart", bag, destination=STATION, trip=trip)
    arrive = world.body("arrive", bag, site=STATION, trip=trip, mass_g=9_500)
    assert (await world.post(arrive)).status_code == 201
    assert (await world.client("province").get(f"{TRIPS}/{trip}")).status_code == 404
    assert (await world.post(depart)).status_code == 201
    [leg] = (await trip_of(world, trip))["legs"]
    assert [leg[g] for g in ("out_g", "received_g", "moving_g")] == [0, 0, 0]
    assert (await world.post(collect)).status_code == 201
    [leg] = (await trip_of(world, trip))["legs"]
    assert [leg[g] for g in ("out_g", "received_g", "difference_g")] == [10_000, 9_500, -500]
    assert leg["state"] == "delivered"


async def test_a_bag_that_is_on_another_trip_is_recorded_flagged_and_named(world: World):
    mine, theirs = await sealed(world, 2)
    trip = (await world.event("depart", mine, destination=STATION))["trip"]
    other = (await world.event("depart", theirs, destination=STATION))["trip"]
    arrived = await world.event("arrive", mine, theirs, site=STATION, trip=trip)
    assert "not-on-this-trip" in arrived["flags"]
    shown = await trip_of(world, trip)
    assert [bag["code"] for leg in shown["legs"] for bag in leg["bags"]] == [mine]
    assert [(one["code"], one["at"]["code"]) for one in shown["not_on_this_trip"]] == [
        (theirs, STATION)
    ]
    [leg] = (await trip_of(world, other))["legs"]
    assert leg["state"] == "delivered", "its own trip knows that it came in"


async def test_an_arrival_elsewhere_is_recorded_flagged_and_seen_by_who_took_it_in(world: World):
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    assert (await world.client("plant").get(f"{TRIPS}/{trip}")).status_code == 404
    arrived = await world.event("arrive", bag, site=PLANT, trip=trip)
    assert "arrived-elsewhere" in arrived["flags"]
    [leg] = (await trip_of(world, trip, "plant"))["legs"]
    assert leg["bags"][0]["elsewhere"] is True
    assert "arrived-elsewhere" in leg["flags"]


async def test_a_load_of_five_hundred_arrives_in_one_request(world: World):
    bags = await world.issue_labels(500, site=None)
    at = world.tick()
    for start in range(0, 500, 250):
        some = [world.body("collect", b, at=at, mass_g=7_000) for b in bags[start : start + 250]]
        await capture(world, "collector", some)
    departed = await world.event("depart", *bags, destination=STATION)
    with world.count_queries() as seen:
        arrived = await world.post(world.body("arrive", *bags, site=STATION, trip=departed["trip"]))
    assert arrived.status_code == 201
    assert len(seen) <= 20
    with world.count_queries() as seen:
        [leg] = (await trip_of(world, departed["trip"]))["legs"]
    assert len(leg["bags"]) == 500
    assert (leg["received_g"], leg["state"]) == (3_500_000, "delivered")
    assert len(seen) <= 20, "whatever a trip carries"


# ---- regimes


async def test_the_destination_decides_the_regime_of_a_leg(world: World):
    bags = await sealed(world, 4)
    legs = {}
    for bag, destination in zip(bags, (PLANT, UNLISTED, INCINERATOR, HAZARDOUS), strict=True):
        departed = await world.event("depart", bag, destination=destination)
        [leg] = (await trip_of(world, departed["trip"]))["legs"]
        legs[destination] = (leg["regime"], "manifest-missing" in departed["flags"])
    assert legs == {
        PLANT: ("internal", False),
        UNLISTED: ("hazardous", True),
        INCINERATOR: ("internal", False),
        HAZARDOUS: ("hazardous", True),
    }


async def test_each_consignor_has_a_manifest_even_on_one_truck(world: World):
    [one] = await sealed(world)
    [two] = await sealed(world, site=STATION)
    first = await world.event("depart", one, destination=HAZARDOUS, manifest=MANIFEST)
    second = await world.event(
        "depart", two, site=STATION, destination=HAZARDOUS, trip=first["trip"],
        manifest="20261301000002",
    )  # fmt: skip
    assert "manifest-missing" not in [*first["flags"], *second["flags"]]
    legs = {leg["origin"]["code"]: leg for leg in (await trip_of(world, first["trip"]))["legs"]}
    assert legs[POINT]["manifests"] == [MANIFEST]
    assert legs[STATION]["manifests"] == ["20261301000002"]
    assert legs[POINT]["confirm_by"] is None
    await world.event("arrive", one, site=HAZARDOUS, trip=first["trip"], by="hazardous")
    legs = {leg["origin"]["code"]: leg for leg in (await trip_of(world, first["trip"]))["legs"]}
    assert legs[POINT]["confirm_by"] is not None
    assert legs[STATION]["confirm_by"] is None, "nothing of it has arrived"


@pytest.mark.parametrize(
    ("arrived", "by"),
    [
        # 国办发明电〔2024〕12号: 10-01 to 10-08 off, Saturday 10-11 worked
        (datetime(2025, 9, 30, 4, tzinfo=UTC), "2025-10-14"),
        # a minute before midnight in the province, and a minute after
        (datetime(2025, 10, 9, 15, 59, tzinfo=UTC), "2025-10-15"),
        (datetime(2025, 10, 9, 16, 1, tzinfo=UTC), "2025-10-16"),
    ],
)
async def test_the_receiver_confirms_by_the_state_councils_working_days(
    world: World, arrived: datetime, by: str
):
    world.clock, now = arrived - timedelta(days=1), world.clock
    [bag] = await world.issue_labels(1, site=None)
    await world.event("collect", bag, mass_g=5_000)
    departed = await world.event("depart", bag, destination=HAZARDOUS, manifest=MANIFEST)
    world.clock = now
    trip = departed["trip"]
    [leg] = (await trip_of(world, trip))["legs"]
    assert (leg["confirm_workdays"], leg["confirm_by"]) == (5, None)
    await world.event("arrive", bag, site=HAZARDOUS, trip=trip, by="hazardous", at=arrived)
    [leg] = (await trip_of(world, trip))["legs"]
    assert (leg["confirm_by"], leg["confirm_by_assumed"]) == (by, False)
    page = await world.client("county").get(f"/trips/{trip}")
    assert f"不晚于 {by}" in page.text


async def test_an_areas_dated_policy_changes_what_is_hazardous_and_how_long_a_load_may_take(
    world: World,
):
    async with world.database.write() as session:
        await session.execute(
            insert(TransportPolicy).values(
                area="133100", valid_from=date(2020, 1, 1), unlisted_recycler="internal",
                expired_permit="hazardous", cement_kiln="hazardous", deliver_within_h=24 * 365,
                confirm_workdays=5, difference_permille=1, difference_g=100,
            )
        )  # fmt: skip
    [bag] = await world.issue_labels(1, county=ref.ANXIN, site=None)
    await world.event("collect", bag, site=FAR_POINT, mass_g=10_000)
    departed = await world.event("depart", bag, site=FAR_POINT, destination=UNLISTED)
    [leg] = (await trip_of(world, departed["trip"]))["legs"]
    assert (leg["regime"], leg["state"]) == ("internal", "under_way")
    await world.event("arrive", bag, site=UNLISTED, mass_g=9_980, by="unlisted")
    [leg] = (await trip_of(world, departed["trip"]))["legs"]
    assert leg["state"] == "in_dispute", "twenty grams are too much there"


# ---- confirming


async def test_the_other_side_confirms_and_says_it_twice_without_harm(world: World):
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    before = await trip_of(world, trip)
    assert before["legs"][0]["confirmation"] == {"confirmed": False, "waiting_for": "carrier"}
    problem(await confirm(world, trip, "collector"), 409, "own-side-cannot-confirm")
    problem(await confirm(world, trip, "keeper"), 403, "forbidden")
    problem(await confirm(world, trip, "county"), 403, "forbidden")
    problem(await confirm(world, trip, "other_collector"), 404, "not-found")
    assert (await trip_of(world, trip, "carrier"))["may_confirm"] == [POINT]
    assert (await trip_of(world, trip, "collector"))["may_confirm"] == []
    for _ in range(2):
        answer = await confirm(world, trip, "carrier")
        assert answer.status_code == 200
        [leg] = answer.json()["legs"]
        assert leg["confirmation"] == {"confirmed": True, "waiting_for": None}


async def test_what_a_driver_recorded_the_sending_site_confirms(world: World):
    [bag] = await sealed(world)
    departed = await world.event("depart", bag, destination=STATION, by="carrier")
    trip = departed["trip"]
    [leg] = (await trip_of(world, trip))["legs"]
    assert leg["confirmation"] == {"confirmed": False, "waiting_for": "origin"}
    problem(await confirm(world, trip, "carrier"), 409, "own-side-cannot-confirm")
    answer = await confirm(world, trip, "collector", site=POINT)
    assert answer.json()["legs"][0]["confirmation"]["confirmed"] is True


async def test_a_departure_after_the_confirmation_waits_again(world: World):
    one, two = await sealed(world, 2)
    trip = (await world.event("depart", one, destination=STATION))["trip"]
    assert (await confirm(world, trip, "carrier")).status_code == 200
    await world.event("depart", two, destination=STATION, trip=trip)
    [leg] = (await trip_of(world, trip))["legs"]
    assert leg["confirmation"]["waiting_for"] == "carrier"


async def test_there_is_nothing_to_confirm_before_a_departure(world: World):
    trip = await announce(world)
    problem(await confirm(world, trip["id"], "collector"), 409, "nothing-to-confirm")


async def test_a_driver_loads_no_trip_of_another_carrier(world: World):
    [bag] = await sealed(world)
    theirs = await announce(world, vehicle="冀AD88888")
    body = world.body("depart", bag, destination=STATION, trip=theirs["id"])
    problem(await world.post(body, by="carrier"), 403, "forbidden")
    recorded = await world.event("depart", bag, destination=STATION, trip=theirs["id"])
    assert "other-vehicle" in recorded["flags"], "vehicles break down: recorded and flagged"


# ---- lists and scope


async def listed(world: World, by: str = "province", **query) -> list[dict]:
    answer = await world.client(by).get(TRIPS, params={"limit": 200, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_list_says_what_the_trips_themselves_say(world: World):
    await catch_up(world.database, FOLLOWERS)
    rows = await listed(world)
    assert len(rows) > 20
    states = set()
    for row in rows:
        trip = await trip_of(world, row["id"])
        states.add(row["state"])
        assert row["state"] == trip["state"]
        assert {
            (leg["origin"]["code"], leg["destination"]["code"], leg["state"], leg["out_g"],
             leg["moving_g"], leg["difference_g"], leg["bags"])
            for leg in row["legs"]
        } == {
            (leg["origin"]["code"], leg["destination"]["code"], leg["state"], leg["out_g"],
             leg["moving_g"], leg["difference_g"], len(leg["bags"]))
            for leg in trip["legs"]
        }  # fmt: skip
    assert states >= {"open", "overdue", "delivered", "in_dispute"}
    for state in ("open", "under_way", "delivered", "in_dispute", "overdue"):
        own = [row["id"] for row in rows if row["state"] == state]
        assert [row["id"] for row in await listed(world, state=state)] == own


async def test_a_list_is_paged_filtered_and_in_order(world: World):
    await catch_up(world.database, FOLLOWERS)
    rows = await listed(world)
    assert [r["opened_at"] for r in rows] == sorted((r["opened_at"] for r in rows), reverse=True)
    client, seen, cursor = world.client("province"), [], None
    while True:
        params = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(TRIPS, params=params)).json()
        assert page["log"]["size"] > 0
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [row["id"] for row in rows]
    hazardous = await listed(world, site=HAZARDOUS)
    assert {leg["destination"]["code"] for r in hazardous for leg in r["legs"]} == {HAZARDOUS}
    assert all(r["carrier"]["credit_code"] == ref.STATION_OWNER
               for r in await listed(world, carrier=ref.STATION_OWNER))  # fmt: skip
    today = datetime.now(UTC) + timedelta(hours=8)
    assert {r["number"][2:10] for r in await listed(world, **{"from": f"{today:%Y-%m-%d}"})} == {
        f"{today:%Y%m%d}"
    }
    far = await listed(world, area="133100")
    assert far
    assert all(any(leg["origin"]["code"] == FAR_POINT for leg in r["legs"]) for r in far)


async def test_everyone_sees_their_own_legs_of_a_run_and_no_others(world: World):
    [one] = await sealed(world)
    [two] = await sealed(world, site=OTHER_POINT)
    [far] = await world.issue_labels(1, county=ref.ANXIN, site=None)
    await world.event("collect", far, site=FAR_POINT, mass_g=3_000)
    trip = (await world.event("depart", one, destination=STATION))["trip"]
    await world.event("depart", two, site=OTHER_POINT, destination=STATION, trip=trip)
    await world.event("depart", far, site=FAR_POINT, destination=PLANT, trip=trip)
    await catch_up(world.database, FOLLOWERS)
    origins = {
        "collector": {POINT}, "other_collector": {OTHER_POINT}, "far_collector": {FAR_POINT},
        "keeper": {POINT, OTHER_POINT}, "plant": {FAR_POINT},
        "township": {POINT, OTHER_POINT},  # the station stands there
        "other_township": {OTHER_POINT}, "county": {POINT, OTHER_POINT},
        "plant_county": {FAR_POINT}, "far_county": {FAR_POINT}, "city": {POINT, OTHER_POINT},
        "carrier": {POINT, OTHER_POINT, FAR_POINT}, "province": {POINT, OTHER_POINT, FAR_POINT},
        "auditor": {POINT, OTHER_POINT, FAR_POINT},
    }  # fmt: skip
    for by, expected in origins.items():
        shown = await trip_of(world, trip, by)
        assert {leg["origin"]["code"] for leg in shown["legs"]} == expected, by
        assert shown["other_legs"] == 3 - len(expected), by
        [row] = [row for row in await listed(world, by) if row["number"] == trip]
        assert {leg["origin"]["code"] for leg in row["legs"]} == expected, by
    for by in ("burner", "unlisted", "far_keeper"):
        assert (await world.client(by).get(f"{TRIPS}/{trip}")).status_code == 404
        assert trip not in [row["number"] for row in await listed(world, by)]


async def test_going_over_the_log_once_more_ends_where_it_was(world: World):
    await catch_up(world.database, FOLLOWERS)
    before = await listed(world)
    await restart(world.database, TRIP_LEGS)
    await catch_up(world.database, FOLLOWERS)
    assert await listed(world) == before


async def test_what_an_arrival_leaves_on_a_trip_is_noted_whatever_the_same_request_says_next(
    world: World,
):
    left, other = await sealed(world, 2)
    first = (await world.event("depart", left, destination=STATION))["trip"]
    second = (await world.event("depart", other, destination=STATION))["trip"]
    refusing = world.body(
        "arrive", other, site=STATION, trip=second,
        exceptions=[{"code": left, "outcome": "refused", "reason": "袋口破损"}],
    )  # fmt: skip
    taken_in = world.body("arrive", left, site=STATION, trip=first)
    items = await capture(world, "keeper", [refusing, taken_in])
    assert [item["outcome"] for item in items] == ["recorded", "recorded"]
    async with world.database.read() as session:
        noted = set(
            await session.scalars(
                select(Trip.number)
                .join(TripEvent, TripEvent.trip == Trip.id)
                .where(TripEvent.event_id == UUID(refusing["id"]))
            )
        )
    assert noted == {first, second}


async def test_a_correction_of_a_replacement_concerns_the_trip_of_what_came_first(world: World):
    """All of it in one request, and nothing moves mass: each is noted after the one before it."""
    left, other = await sealed(world, 2)
    first = (await world.event("depart", left, destination=STATION))["trip"]
    second = (await world.event("depart", other, destination=STATION))["trip"]
    body = world.body("arrive", other, site=STATION, trip=second)
    told = [body]
    for n, reason in enumerate(("袋口破损", "袋口开裂", "袋身破损")):
        said = body | {"exceptions": [{"code": left, "outcome": "refused", "reason": reason}]}
        if n == 0:
            told = [said]
            continue
        told.append(
            {
                "id": str(uuid7(world.rng, world.tick(minutes=1))), "kind": "correct",
                "reason": "incorrect_data", "corrects": told[-1]["id"],
                "replacement": {k: v for k, v in said.items() if k != "id"},
            }
        )  # fmt: skip
    items = await capture(world, "keeper", told)
    assert [item["outcome"] for item in items] == ["recorded"] * 3
    async with world.database.read() as session:
        query = select(TripEvent.event_id).join(Trip, Trip.id == TripEvent.trip)
        noted = set(await session.scalars(query.where(Trip.number == first)))
    assert noted >= {UUID(one["id"]) for one in told}


async def test_a_trip_is_listed_while_the_platform_runs(world: World):
    """What the lifespan starts keeps the list: no test's own catching up."""
    [bag] = await sealed(world)
    trip = (await world.event("depart", bag, destination=STATION))["trip"]
    async with world.app.router.lifespan_context(world.app):
        for _ in range(100):
            found = [row for row in await listed(world) if row["number"] == trip]
            if found:
                break
            await asyncio.sleep(0.1)
    assert [leg["state"] for leg in found[0]["legs"]] == ["overdue"]


@pytest.mark.parametrize(
    "trip",
    ["ZY202601011301100001", "01999999-0000-7000-8000-00000000dead", "x", "ZY1", "..%2Fbatches"],
)
async def test_a_trip_that_is_none_is_not_found(world: World, trip):
    for path in (f"{TRIPS}/{trip}", f"{TRIPS}/{trip}.pdf"):
        assert (await world.client("province").get(path)).status_code == 404


# ---- paper


@PRINTED
async def test_the_waybill_prints_everything_that_a_driver_must_show(world: World):
    good, bad = await sealed(world, 2)
    departed = await world.event(
        "depart", good, bad, destination=HAZARDOUS, manifest=MANIFEST, driver="李师傅"
    )
    trip = departed["trip"]
    await world.event(
        "arrive", good, site=HAZARDOUS, by="hazardous", trip=trip, mass_g=9_000, difference_reason="沥水",
        exceptions=[{"code": bad, "outcome": "refused", "reason": "混有玻璃"}],
    )  # fmt: skip
    answer = await world.client("collector").get(f"{TRIPS}/{trip}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = "\n".join(words_of(answer.content))
    for words in (
        "农药包装废弃物转运交接单", trip, VEHICLE, "李师傅", good, bad, "10.000", "9.000", "−1.000",
        "拒收", "混有玻璃", "沥水", "危险废物转移", MANIFEST, "国家危险废物信息管理系统", "发运方", "承运方",
        "接收方", "有异议", "待承运方确认",
    ):  # fmt: skip
        assert words in text, words
    assert "演示" not in text
    again = await world.client("collector").get(f"{TRIPS}/{trip}.pdf")
    assert again.content == answer.content, "nothing changed, so neither does the paper"

"""Corrections: what did not occur, what was wrong, and what later events rest on."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.events.record import record
from app.ids import uuid7
from app.ledger.sequence import sequence
from app.packaging.models import UnitWeight
from tests import reference as ref
from tests.custody import booked, custody, standing
from tests.recording import caller_of, make_wide_world
from tests.world import BOTTLES, BOTTLES_G, World

HERE, POINT = f"site/{ref.STATION}", f"site/{ref.POINT}"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


def correction(world: World, event: dict, reason: str = "incorrect_data", **changes) -> dict:
    """Return a correction's body: the event as it was sent, with some fields changed."""
    body = {
        "id": str(uuid7(world.rng, world.tick())),
        "kind": "correct",
        "occurred_at": world.clock.isoformat(),
        "corrects": event["id"],
        "reason": reason,
    }
    if reason == "incorrect_data":
        body["replacement"] = {**sent(event), **changes}
    return body


def sent(event: dict) -> dict:
    """Return an event as it was sent, without its id."""
    public = json.loads(event["leaf"])["event"]
    return {key: value for key, value in public.get("replacement", public).items() if key != "id"}


async def correct(world: World, body: dict, by: str) -> tuple[int, dict]:
    answer = await world.client(by).post("/api/v1/events", json=body)
    return answer.status_code, answer.json()


async def moved_bag(world: World) -> tuple[str, dict[str, dict]]:
    """Return a bag that was sealed, sent and received, and its events by kind."""
    [bag] = await world.issue_labels(1)
    events = {
        "hand_in": await world.event("hand_in", bag),
        "collect": await world.event("collect", bag, mass_g=5_000),
        "depart": await world.event("depart", bag, destination=ref.STATION),
        "arrive": await world.event("arrive", bag, site=ref.STATION, mass_g=4_900),
        "store": await world.event("store", bag, site=ref.STATION),
    }
    return bag, events


class TestIncorrectData:
    async def test_a_mistyped_weight_changes_only_the_next_difference(self, world: World):
        bag, events = await moved_bag(world)
        before = await booked(world, bag)
        assert before[HERE, "difference"] == 100
        body = correction(world, events["collect"], batches=[{"code": bag, "mass_g": 4_950}])
        status, answer = await correct(world, body, "collector")
        assert status == 201, answer
        after = await booked(world, bag)
        assert after[HERE, "difference"] == 50
        assert after["field", POINT] == 4_950
        assert (await standing(world, bag))["mass_g"] == 4_900
        steps = (await custody(world, bag))["steps"]
        assert [s["kind"] for s in steps] == ["hand_in", "collect", "depart", "arrive", "store"]
        assert (steps[1]["event"], steps[1]["corrects"]) == (answer["id"], events["collect"]["id"])

    async def test_the_past_stays_as_it_was_known(self, world: World):
        bag, events = await moved_bag(world)
        world_size = await _logged(world, events["store"]["id"])
        body = correction(world, events["collect"], batches=[{"code": bag, "mass_g": 4_950}])
        status, answer = await correct(world, body, "collector")
        assert status == 201, answer
        await _logged(world, answer["id"])
        then = await custody(world, bag, as_of=world_size)
        assert then["steps"][1]["mass_g"] == 5_000
        assert (await custody(world, bag))["steps"][1]["mass_g"] == 4_950

    async def test_sent_twice_it_is_one_correction(self, world: World):
        bag, events = await moved_bag(world)
        body = correction(world, events["collect"], batches=[{"code": bag, "mass_g": 4_950}])
        assert (await correct(world, body, "collector"))[0] == 201
        assert (await correct(world, body, "collector"))[0] == 200

    async def test_its_replacement_can_be_corrected_by_naming_that_id(self, world: World):
        bag, events = await moved_bag(world)
        first = correction(world, events["collect"], batches=[{"code": bag, "mass_g": 4_950}])
        _, answer = await correct(world, first, "collector")
        again = correction(world, answer, batches=[{"code": bag, "mass_g": 4_980}])
        assert (await correct(world, again, "collector"))[0] == 201
        assert (await booked(world, bag))[HERE, "difference"] == 80
        status, found = await correct(
            world, {**first, "id": str(uuid7(world.rng, world.tick()))}, "collector"
        )
        assert (status, found["type"]) == (409, "/problems/event-already-corrected")
        assert found["by"] == answer["id"]

    async def test_a_wrong_pallet_is_put_right_after_it_left(self, world: World):
        bags = await world.issue_labels(2, site=ref.STATION)
        for bag in bags:
            await world.event("collect", bag, site=ref.STATION, mass_g=5_000)
        left, stays = await world.issue_labels(2, site=ref.STATION, kind="container")
        wrong = await world.event("pack", bags[0], site=ref.STATION, container=stays)
        await world.event("pack", bags[1], site=ref.STATION, container=left)
        await world.event("depart", left, site=ref.STATION, destination=ref.PLANT)
        status, answer = await correct(world, correction(world, wrong, container=left), "keeper")
        assert status == 201, answer
        assert (await standing(world, bags[0]))["status"] == "in_transit"

    async def test_a_weight_moves_the_grams_of_a_mixture_and_not_its_origin(self, world: World):
        """Of 5 003 g 947 are of another scope, 946 once the weight before was another."""
        [bag, other, out] = await world.issue_labels(3, site=None)
        both = [BOTTLES, BOTTLES | {"scope": "veterinary", "pieces": 7}]
        await world.event("hand_in", bag, contents=both)
        sealed = await world.event("collect", bag, mass_g=5_000)
        await world.event("depart", bag, destination=ref.STATION)
        await world.event("arrive", bag, site=ref.STATION, mass_g=5_003)
        await world.event("collect", other, site=ref.STATION, mass_g=1_000)
        body = world.body("repack", site=ref.STATION, mode="mix")
        del body["batches"]
        body["inputs"] = [{"code": bag, "mass_g": 5_003}, {"code": other, "mass_g": 1_000}]
        body["outputs"] = [{"code": out, "mass_g": 6_003}]
        assert (await world.post(body)).status_code == 201
        origins = []
        for grams in (None, 5_011):
            if grams:
                fix = correction(world, sealed, batches=[{"code": bag, "mass_g": grams}])
                status, answer = await correct(world, fix, "collector")
                assert status == 201, answer
            origin = (await standing(world, out))["origin"]
            origins.append({part["scope"]: part["mass_g"] for part in origin})
        assert origins == [
            {"pesticide": 5_056, "veterinary": 947},
            {"pesticide": 5_057, "veterinary": 946},
        ]

    async def test_what_stands_as_it_was_is_not_counted_or_tared_anew(self, world: World):
        """Unit weights and a pallet's tare are others by the time that something else is put right."""
        [bag, other] = await world.issue_labels(2)
        [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
        await world.event("collect", other, site=ref.STATION, mass_g=5_000)
        tare = world.client("keeper").put
        await tare(f"/api/v1/labels/{box}/tare", json={"tare_g": 20_000})
        handed_in = await world.event("hand_in", bag)
        packed = await world.event(
            "pack", other, site=ref.STATION, container=box,
            weighed={"container": box, "gross_g": 24_000},
        )  # fmt: skip
        await tare(f"/api/v1/labels/{box}/tare", json={"tare_g": 22_000})
        async with world.database.write() as session:
            await session.execute(update(UnitWeight).values(weight_mg=UnitWeight.weight_mg * 2))
        for event, by, code, grams in (
            (handed_in, "collector", bag, BOTTLES_G),
            (packed, "keeper", other, 4_000),
        ):
            status, answer = await correct(world, correction(world, event, channel="paper"), by)
            assert status == 201, answer
            assert (await standing(world, code))["mass_g"] == grams
        for weighed, grams in (
            ({"gross_g": 25_000}, 5_000),
            ({"gross_g": 25_000, "tare_g": 21_000}, 4_000),
        ):
            more = correction(world, answer, weighed={"container": box, **weighed})
            status, answer = await correct(world, more, "keeper")
            assert status == 201, answer
            assert (await standing(world, other))["mass_g"] == grams

    async def test_kind_and_codes_stay(self, world: World):
        bag, events = await moved_bag(world)
        [other] = await world.issue_labels(1)
        for changes in (
            {"batches": [{"code": other, "mass_g": 4_950}]},
            {"kind": "store", "batches": [{"code": bag}]},
        ):
            status, found = await correct(
                world, correction(world, events["collect"], **changes), "collector"
            )
            assert (status, found["type"]) == (409, "/problems/replacement-differs")

    @pytest.mark.parametrize(("kind", "by", "changes", "status", "name", "pointer"), [
        ("collect", "collector", {"batches": [{"code": "?", "mass_g": 0}]}, 422, "invalid-body", "/batches/0/mass_g"),
        ("collect", "collector", {"contents": [BOTTLES | {"material": "wood"}]}, 422, "unknown-packaging", "/contents/0"),
        ("hand_in", "collector", {"contents": [BOTTLES | {"pieces": 1_000_000}]}, 422, "invalid-body", "/contents"),
        ("store", "keeper", {"occurred_at": "2030-01-01T00:00:00Z"}, 422, "time-out-of-range", "/occurred_at"),
        ("store", "keeper", {"site": ref.POINT}, 404, "not-found", "/site"),
        ("depart", "collector", {"destination": "130110-S9999"}, 404, "not-found", "/destination"),
        ("depart", "collector", {"trip": "ZY202501011301100099"}, 404, "trip-not-found", "/trip"),
        ("store", "keeper", {"weighed": {"container": "?", "gross_g": 9, "tare_g": 1}}, 409, "label-is-a-bag", "/weighed/container"),
    ])  # fmt: skip
    async def test_what_a_replacement_cannot_be_is_named_where_it_stands_in_it(
        self, world: World, kind, by, changes, status, name, pointer
    ):
        bag, events = await moved_bag(world)
        changes = json.loads(json.dumps(changes).replace("?", bag))
        found = await correct(world, correction(world, events[kind], **changes), by)
        assert (found[0], found[1]["type"]) == (status, f"/problems/{name}"), found
        places = [found[1].get("pointer"), *(e["pointer"] for e in found[1].get("errors", []))]
        assert f"/replacement{pointer}" in places, found

    async def test_another_trip_that_nobody_has_told_of_is_opened(self, world: World):
        [bag] = await world.issue_labels(1)
        await world.event("collect", bag, mass_g=5_000)
        departed = await world.event("depart", bag, destination=ref.STATION)
        trip = str(uuid7(world.rng, world.tick()))
        _, answer = await correct(world, correction(world, departed, trip=trip), "collector")
        assert answer["trip"] not in (None, departed["trip"])
        shown = await world.client("keeper").get(f"/api/v1/trips/{trip}")
        assert shown.json()["number"] == answer["trip"]

    async def test_what_was_thought_missing_was_there(self, world: World):
        bags = await world.issue_labels(3)
        for bag in bags:
            await world.event("collect", bag, mass_g=1_000)
        await world.event("depart", *bags, destination=ref.STATION)
        lost = {"code": bags[2], "outcome": "missing", "reason": "没有"}
        came = await world.event(
            "arrive", *bags[:2], site=ref.STATION, exceptions=[lost], group_mass_g=1_800
        )
        found = correction(
            world, came, batches=[{"code": bag} for bag in bags], group_mass_g=2_700
        )  # fmt: skip
        del found["replacement"]["exceptions"]
        assert (await correct(world, found, "keeper"))[0] == 201
        for bag in bags:
            shown = await standing(world, bag)
            assert (shown["status"], shown["mass_g"], shown["flags"]) == ("received", 900, [])

    async def test_a_repack_is_corrected_with_all_that_came_of_it(self, world: World):
        bag, _ = await moved_bag(world)
        [out] = await world.issue_labels(1, site=ref.STATION)
        body = world.body("repack", site=ref.STATION, mode="mix", reason="merge")
        del body["batches"]
        body |= {
            "inputs": [{"code": bag, "mass_g": 4_800}],
            "outputs": [{"code": out, "mass_g": 4_800}],
        }
        repacked = (await world.post(body)).json()
        await world.event("depart", out, site=ref.STATION, destination=ref.PLANT)
        await world.event("arrive", out, site=ref.PLANT, mass_g=4_700)
        status, answer = await correct(
            world,
            correction(
                world, repacked,
                inputs=[{"code": bag, "mass_g": 4_880}],
                outputs=[{"code": out, "mass_g": 4_880}],
            ),
            "keeper",
        )  # fmt: skip
        assert status == 201, answer
        assert (await booked(world, bag))[HERE, "repack"] == 4_880
        assert (await booked(world, out))[f"site/{ref.PLANT}", "difference"] == 180
        assert (await standing(world, out))["mass_g"] == 4_700


class TestDidNotOccur:
    async def test_the_newest_is_taken_back(self, world: World):
        bag, events = await moved_bag(world)
        status, answer = await correct(
            world, correction(world, events["store"], "did_not_occur"), "keeper"
        )
        assert status == 201, answer
        assert (await standing(world, bag))["status"] == "received"
        assert [s["kind"] for s in (await custody(world, bag))["steps"]][-1] == "arrive"

    @pytest.mark.parametrize(
        ("kind", "by", "rests"),
        [("collect", "collector", "depart"), ("depart", "collector", "arrive"), ("arrive", "keeper", "store")],
    )  # fmt: skip
    async def test_what_later_events_rest_on_stays(self, world: World, kind, by, rests):
        bag, events = await moved_bag(world)
        status, found = await correct(world, correction(world, events[kind], "did_not_occur"), by)
        assert (status, found["type"]) == (409, "/problems/later-events-rest-on-this")
        assert (found["batch"], found["in_the_way"]) == (bag, events[rests]["id"])

    async def test_undone_newest_first_a_bag_is_where_it_was(self, world: World):
        bag, events = await moved_bag(world)
        for kind, by in (("store", "keeper"), ("arrive", "keeper"), ("depart", "collector")):
            status, answer = await correct(
                world, correction(world, events[kind], "did_not_occur"), by
            )
            assert status == 201, answer
        assert (await standing(world, bag))["status"] == "collected"
        assert await booked(world, bag) == {("field", POINT): 5_000}

    @pytest.mark.parametrize("how", ["did_not_occur", "another container"])
    async def test_a_pack_whose_container_moved_on_with_the_bag_stays(self, world: World, how):
        """What moved the bag, or ended it, reached it through the container alone."""
        pair = await world.issue_labels(2)
        for bag in pair:
            await world.event("collect", bag, mass_g=5_000)
        box, other = await world.issue_labels(2, kind="container")
        packed = await world.event("pack", *pair, container=box)
        departed = await world.event("depart", box, destination=ref.PLANT)
        await world.event("arrive", box, site=ref.PLANT)
        await world.event("dispose", box, site=ref.PLANT, method="resource_use", certificate="证 7")
        body = (
            correction(world, packed, how)
            if how == "did_not_occur"
            else correction(world, packed, container=other)
        )
        status, found = await correct(world, body, "collector")
        assert (status, found["type"]) == (409, "/problems/later-events-rest-on-this")
        assert found["in_the_way"] == departed["id"]
        assert [(await standing(world, bag))["status"] for bag in pair] == ["disposed"] * 2

    async def test_a_repack_whose_output_moved_on_stays(self, world: World):
        bag, _ = await moved_bag(world)
        [out] = await world.issue_labels(1, site=ref.STATION)
        body = world.body("repack", site=ref.STATION, mode="mix", reason="merge")
        del body["batches"]
        body |= {
            "inputs": [{"code": bag, "mass_g": 4_800}],
            "outputs": [{"code": out, "mass_g": 4_800}],
        }
        repacked = (await world.post(body)).json()
        departed = await world.event("depart", out, site=ref.STATION, destination=ref.PLANT)
        status, found = await correct(world, correction(world, repacked, "did_not_occur"), "keeper")
        assert (status, found["in_the_way"]) == (409, departed["id"])
        await correct(world, correction(world, departed, "did_not_occur"), "keeper")
        status, answer = await correct(
            world, correction(world, repacked, "did_not_occur"), "keeper"
        )
        assert status == 201, answer
        assert (await standing(world, bag))["status"] == "stored"
        assert await booked(world, out) == {}
        found = (await custody(world, out))["batch"]
        assert (found["status"], found["mass_g"]) == ("unused", 0)

    async def test_the_origin_of_a_mixed_input_stays(self, world: World):
        pair = await world.issue_labels(2)
        hand_ins = []
        for bag in pair:
            hand_ins.append(await world.event("hand_in", bag))
            await world.event("collect", bag, mass_g=450)
        [out] = await world.issue_labels(1)
        body = world.body("repack", mode="mix", reason="merge")
        del body["batches"]
        body |= {
            "inputs": [{"code": bag, "mass_g": 450} for bag in pair],
            "outputs": [{"code": out, "mass_g": 900}],
        }
        mixed = (await world.post(body)).json()
        status, found = await correct(
            world,
            correction(world, hand_ins[0], contents=[{**BOTTLES, "scope": "veterinary"}]),
            "collector",
        )
        assert (status, found["type"]) == (409, "/problems/later-events-rest-on-this")
        assert found["in_the_way"] == mixed["id"]

    async def test_a_correction_is_not_corrected(self, world: World):
        _, events = await moved_bag(world)
        _, answer = await correct(
            world, correction(world, events["store"], "did_not_occur"), "keeper"
        )
        status, found = await correct(world, correction(world, answer, "did_not_occur"), "keeper")
        assert (status, found["type"]) == (409, "/problems/correction-of-a-correction")


class TestWho:
    async def test_the_author_within_a_day_then_the_county(self, world: World):
        old = await _old_event(world)
        late = correction(world, old, batches=[{"code": _code(old), "mass_g": 4_950}])
        status, found = await correct(world, late, "collector")
        assert (status, found["type"]) == (403, "/problems/correction-needs-the-county")
        assert (await correct(world, late, "far_county"))[0] == 404
        assert (await correct(world, late, "county"))[0] == 201

    async def test_a_township_corrects_what_it_counted_itself(self, world: World):
        bags = await world.issue_labels(2, site=ref.STATION)
        counted = [
            await world.event("stock_count", bag, site=ref.STATION, by=by, mass_g=5_000)
            for bag, by in zip(bags, ("township", "keeper"), strict=True)
        ]
        for event, who, status in (
            (counted[0], "other_township", 404),
            (counted[0], "township", 201),
            (counted[1], "township", 403),
        ):
            body = correction(world, event, batches=[{"code": _code(event), "mass_g": 4_950}])
            assert (await correct(world, body, who))[0] == status

    @pytest.mark.parametrize("changes", [
        {"vehicle": "冀AD12345"}, {"vehicle": "京A99999"}, {"trip": "?"},
    ])  # fmt: skip
    async def test_a_driver_does_not_correct_a_load_onto_what_is_another_carrier_s(
        self, world: World, changes
    ):
        bag, other = await world.issue_labels(2)
        for code in (bag, other):
            await world.event("collect", code, mass_g=5_000)
        theirs = await world.event("depart", other, destination=ref.STATION, vehicle="冀AD12345")
        changes = {key: value.replace("?", theirs["trip"]) for key, value in changes.items()}
        own = await world.event("depart", bag, destination=ref.STATION, by="carrier")
        status, found = await correct(world, correction(world, own, **changes), "carrier")
        assert (status, found["pointer"]) == (403, f"/replacement/{next(iter(changes))}")

    async def test_a_case_that_a_replacement_names_must_be_there(self, world: World):
        [bag] = await world.issue_labels(1, site=ref.STATION)
        counted = await world.event("stock_count", bag, site=ref.STATION, by="county", mass_g=5)
        body = correction(world, counted, case=counted["id"])
        status, found = await correct(world, body, "county")
        assert (status, found["pointer"]) == (404, "/replacement/case")

    async def test_another_site_s_event_looks_absent(self, world: World):
        bag, events = await moved_bag(world)
        body = correction(world, events["collect"], batches=[{"code": bag, "mass_g": 4_950}])
        status, found = await correct(world, body, "keeper")
        assert (status, found["type"], found["retry"]) == (404, "/problems/event-not-found", True)

    async def test_an_event_that_has_not_synced_may_come(self, world: World):
        [bag] = await world.issue_labels(1)
        body = world.body("collect", bag, mass_g=5_000)
        early = {
            "id": str(uuid7(world.rng, world.tick())), "kind": "correct",
            "occurred_at": world.clock.isoformat(), "corrects": body["id"],
            "reason": "did_not_occur",
        }  # fmt: skip
        status, found = await correct(world, early, "collector")
        assert (status, found["retry"]) == (404, True)
        await world.post(body)
        assert (await correct(world, early, "collector"))[0] == 201
        assert (await standing(world, bag))["status"] == "unused"


async def _logged(world: World, event: str) -> int:
    while await sequence(world.database):
        pass
    got = (await world.client("province").get(f"/api/v1/events/{event}")).json()
    return int(got["leaf_index"]) + 1


async def _old_event(world: World) -> dict:
    """Return an event that the collector recorded more than a day ago."""
    [bag] = await world.issue_labels(1)
    at = world.tick()
    assert at < datetime.now(UTC) - timedelta(days=2)
    [outcome] = await record(
        world.database, caller_of(world, "collector"),
        [world.body("collect", bag, at=at, mass_g=5_000)], now=at + timedelta(minutes=1),
    )  # fmt: skip
    assert outcome.event, outcome.error
    return outcome.event


def _code(event: dict) -> str:
    return event["batches"][0]["code"]

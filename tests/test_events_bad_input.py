"""Events that a rule refuses: the right 4xx, the field and the rule by name, nothing half-written."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from app.batches.codes import make_code
from app.ledger.models import EventPrivate
from tests import reference as ref
from tests.recording import (
    HAZARDOUS,
    OLD_BURNER,
    UNLISTED,
    capture,
    make_wide_world,
    odd_labels,
    refused_so_far,
    written,
)
from tests.world import BOTTLES, FAR_POINT, World

NEVER_ISSUED = make_code(ref.LUQUAN, 12_345)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


@pytest.fixture
async def bag(world: World):
    [code] = await odd_labels(world.database)
    return code


@pytest.fixture
async def sealed(world: World, bag: str):
    await world.event("collect", bag, mass_g=5_000)
    return bag


@pytest.fixture
async def treated(world: World, bag: str):
    await world.whole_life(bag)
    return bag


async def refused(world: World, body, status, name, pointer, *, by=None):
    """Send a body that must be refused both ways; return the problem of the single request."""
    before, kept = await written(world.database), await refused_so_far(world.database)
    who = by or "collector"
    answer = await world.post(body, by=who)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    problem = answer.json()
    assert problem["type"] == f"/problems/{name}"
    assert problem["status"] == status
    assert problem["instance"] == answer.headers["x-request-id"]
    places = [problem.get("pointer")] + [e["pointer"] for e in problem.get("errors", [])]
    assert pointer in places, problem
    assert not problem["title"].isascii()
    assert not problem["detail"].isascii()
    english = await world.client(who).post(
        "/api/v1/events", json=body, headers={"accept-language": "en-GB,zh;q=0.5"}
    )
    told = english.json()
    assert told["title"].isascii()
    plain = told["detail"].replace(ref.EVENT.hex, "")
    for name_ in (body.get("vehicle"), body.get("note")):
        plain = plain.replace(str(name_), "")
    assert plain.isascii(), plain
    [item] = await capture(world, who, [body])
    assert item["outcome"] == "refused"
    assert item["problem"]["type"] == problem["type"]
    assert await written(world.database) == before, "something was half-written"
    assert await refused_so_far(world.database) == kept + 1, "the body was not kept, once"
    page = (await world.client(who).get("/api/v1/refusals?limit=1")).json()
    assert page["items"][0]["body"] == body
    assert page["items"][0]["problem"]["type"] == problem["type"]
    return problem


class TestShape:
    @pytest.mark.parametrize(("spoiled", "pointer"), [
        ({"id": None}, "/id"),
        ({"id": "not-a-uuid"}, "/id"),
        ({"id": "{01234567-89ab-7def-8123-456789abcd}"}, "/id"),
        ({"id": "01234567-89ab-7def-8123-4567_9abcdef"}, "/id"),
        ({"occurred_at": "2025-06-01T08:00:00"}, "/occurred_at"),
        ({"occurred_at": "2025-06-01 08:00:00+08:00"}, "/occurred_at"),
        ({"occurred_at": "2025-06-31T08:00:00Z"}, "/occurred_at"),
        ({"occurred_at": "２０２６-06-01T08:00:00Z"}, "/occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+23:59"}, "/occurred_at"),
        ({"occurred_at": 1_780_000_000}, "/occurred_at"),
        ({"site": "130110"}, "/site"),
        ({"site": 130110}, "/site"),
        ({"batches": []}, "/batches"),
        ({"batches": {}}, "/batches"),
        ({"batches": [{"code": "a"}] * 501}, "/batches"),
        ({"batches": [{"mass_g": 1}]}, "/batches/0/code"),
        ({"colour": "red"}, "/colour"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"channel": "fax"}, "/channel"),
        ({"note": ""}, "/note"),
        ({"note": "长" * 501}, "/note"),
        ({"position": {"lat": 91, "lon": 0}}, "/position/lat"),
        ({"position": {"lat": True, "lon": 0}}, "/position"),
        ({"position": {"lat": "38", "lon": "114"}}, "/position"),
        ({"device": {"id": "p", "seq": -1}}, "/device/seq"),
        ({"device": {"id": "p", "prev": "ABC"}}, "/device/prev"),
        ({"contents": []}, "/contents"),
        ({"contents": [{**BOTTLES, "pieces": 0}]}, "/contents/0/pieces"),
        ({"contents": [{**BOTTLES, "pieces": 1.5}]}, "/contents/0/pieces"),
        ({"contents": [{**BOTTLES, "rinse": "maybe"}]}, "/contents/0/rinse"),
        ({"contents": [{**BOTTLES, "scope": "toys"}]}, "/contents/0/scope"),
        ({"contents": [{**BOTTLES, "pieces": 1_000_000}] * 3}, "/contents"),
        ({"giver": {"kind": "martian"}}, "/giver/kind"),
        ({"giver": {"kind": "farmer", "phone": "call me"}}, "/giver/phone"),
        ({"payment": {"fen": 1.5, "basis": "件"}}, "/payment/fen"),
        ({"kind": None}, "/kind"),
        ({"kind": ["collect"]}, "/kind"),
    ])  # fmt: skip
    async def test_a_field_that_cannot_be_is_named(self, world: World, bag, spoiled, pointer):
        body = world.body("hand_in", bag) | spoiled
        await refused(world, body, 422, "invalid-body", pointer)

    @pytest.mark.parametrize("mass", [
        0, -1, 1.5, 5_000.0, True, "5000", None, [5_000], 2_000_001, 10**15,
    ])  # fmt: skip
    async def test_a_mass_is_a_whole_number_of_grams_up_to_two_tonnes(self, world, bag, mass):
        body = world.body("collect", bag) | {"batches": [{"code": bag, "mass_g": mass}]}
        await refused(world, body, 422, "invalid-body", "/batches/0/mass_g")

    async def test_a_seal_carries_no_mass_over(self, world: World, bag):
        carried = {"code": bag, "mass_g": 5_000, "mass_source": "carried"}
        body = world.body("collect", bag) | {"batches": [carried]}
        await refused(world, body, 422, "invalid-body", "/batches/0/mass_g")

    async def test_what_is_handed_in_carries_no_mass_over_and_keeps_its_source(self, world, bag):
        ref_ = {"code": bag, "mass_g": 500, "mass_source": "carried"}
        body = world.body("hand_in", bag) | {"batches": [ref_]}
        await refused(world, body, 422, "invalid-body", "/batches/0/mass_source")
        ref_["mass_source"] = "declared"
        assert (await world.post(body)).status_code == 201
        shown = (await world.client("collector").get(f"/api/v1/batches/{bag}")).json()
        assert shown["mass_source"] == "declared"

    async def test_hand_ins_fill_no_bag_beyond_two_tonnes(self, world: World, bag):
        for _ in range(2):
            await world.event("hand_in", bag, mass_g=1_000_000)
        body = world.body("hand_in", bag, mass_g=1)
        await refused(world, body, 409, "bag-too-heavy", "/batches/0/code")

    @pytest.mark.parametrize("weights", [
        {"tare_g": 100}, {"mass_g": 5_000, "gross_g": 5_000, "tare_g": 1},
        {"gross_g": 100, "tare_g": 100}, {"mass_source": "weighed"},
    ])  # fmt: skip
    async def test_weights_must_agree(self, world: World, bag, weights):
        body = world.body("store", bag) | {"batches": [{"code": bag, **weights}]}
        await refused(world, body, 422, "invalid-body", "/batches/0")

    @pytest.mark.parametrize("kind", [
        "publish", "inspect", "", "COLLECT", "collect ", "PACK",
    ])  # fmt: skip
    async def test_a_kind_that_is_not_taken_is_refused_with_those_that_are(self, world, bag, kind):
        problem = await refused(world, world.body(kind, bag), 422, "invalid-body", "/kind")
        assert "hand_in" in problem["detail"]

    async def test_a_departure_needs_a_plate_and_another_place(self, world: World, bag):
        for spoiled, pointer in (
            ({"vehicle": "TRUCK 1"}, "/vehicle"),
            ({"destination": ref.POINT}, "/destination"),
            ({"trip": "ZY2025"}, "/trip"),
            ({"trip": "mine"}, "/trip"),
            ({"manifest": "123"}, "/manifest"),
        ):
            body = world.body("depart", bag, destination=ref.STATION) | spoiled
            await refused(world, body, 422, "invalid-body", pointer)

    async def test_one_bag_is_handed_into_at_a_time(self, world: World):
        two = await odd_labels(world.database, 2)
        await refused(world, world.body("hand_in", *two), 422, "invalid-body", "/batches")
        await refused(world, world.body("collect", *two, mass_g=1), 422, "invalid-body", "/batches")

    @pytest.mark.parametrize("how_many", [0, 501])
    async def test_a_queue_holds_one_to_five_hundred_events(self, world: World, bag, how_many):
        queue = {"device": {"id": "p"}, "events": [world.body("hand_in", bag)] * how_many}
        answer = await world.client("collector").post("/api/v1/capture", json=queue)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/events"

    async def test_a_queue_sent_at_no_time_or_by_no_device_is_422(self, world: World, bag):
        events = [world.body("hand_in", bag)]
        for spoiled, pointer in (
            ({"device": {"id": "p"}, "sent_at": "2025-06-01T08:00:00"}, "/sent_at"),
            ({}, "/device"),
            ({"device": {"id": "p"}, "sent": 1}, "/sent"),
        ):
            answer = await world.client("collector").post(
                "/api/v1/capture", json={"events": events, **spoiled}
            )
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == pointer


class TestCodes:
    @pytest.mark.parametrize("slip", [
        lambda c: c[:10] + ("1" if c[10] != "1" else "2") + c[11:],
        lambda c: c[:9] + c[10] + c[9] + c[11:] if c[9] != c[10] else c[:-1],
        lambda c: c[:15] + c[16:],
        lambda c: c[:-1] + str((int(c[-1]) + 1) % 10),
        lambda c: c.replace("-", "")[:-1],
        lambda c: "2" + c[1:],
    ])  # fmt: skip
    async def test_a_slip_is_told_and_the_label_meant_is_offered(self, world: World, bag, slip):
        problem = await refused(
            world, world.body("hand_in", slip(bag)), 422, "mistyped-code", "/batches/0/code"
        )
        assert problem["nearest"][0] == bag
        assert bag in problem["detail"]

    async def test_digits_that_do_not_check_are_said_to(self, world: World, bag):
        wrong = bag[:-2] + f"{(int(bag[-2:]) + 1) % 97:02}"
        problem = await refused(
            world, world.body("hand_in", wrong), 422, "mistyped-code", "/batches/0/code"
        )
        assert "校验位" in problem["detail"]

    async def test_labels_of_another_county_are_not_offered(self, world: World):
        [theirs] = await odd_labels(world.database, county=ref.ANXIN, site=FAR_POINT)
        wrong = theirs[:-1] + str((int(theirs[-1]) + 1) % 10)
        body = world.body("hand_in", wrong)
        problem = await refused(world, body, 422, "mistyped-code", "/batches/0/code")
        assert "nearest" not in problem
        assert theirs not in str(problem)

    async def test_a_code_nobody_issued_is_404(self, world: World):
        body = world.body("hand_in", NEVER_ISSUED)
        await refused(world, body, 404, "label-not-issued", "/batches/0/code")

    async def test_the_code_that_is_wrong_is_pointed_at(self, world: World, sealed):
        [good] = await odd_labels(world.database)
        body = world.body("store", good, NEVER_ISSUED)
        await refused(world, body, 404, "label-not-issued", "/batches/1/code")
        body = world.body("depart", good, sealed, destination=ref.STATION)
        await world.event("depart", sealed, destination=ref.STATION)
        await refused(world, body, 409, "batch-already-departed", "/batches/1/code")

    async def test_a_void_label_and_a_container_s_are_409(self, world: World):
        [void] = await odd_labels(world.database, voided_at=datetime.now(UTC))
        [cage] = await odd_labels(world.database, kind="container")
        body = world.body("hand_in", void)
        await refused(world, body, 409, "label-is-void", "/batches/0/code")
        body = world.body("collect", cage, mass_g=1)
        await refused(world, body, 409, "label-is-a-container", "/batches/0/code")

    async def test_a_code_twice_is_422_however_it_is_typed(self, world: World, bag):
        body = world.body("store", bag, bag.lower().replace("-", ""))
        await refused(world, body, 422, "batch-named-twice", "/batches/1/code")
        body = world.body(
            "arrive", bag, site=ref.STATION,
            exceptions=[{"code": bag, "outcome": "missing", "reason": "没到"}],
        )  # fmt: skip
        await refused(world, body, 422, "batch-named-twice", "/exceptions/0/code", by="keeper")


class TestRights:
    async def test_another_s_site_looks_absent(self, world: World, bag):
        for site in (ref.OTHER_POINT, FAR_POINT, "130110-P9999"):
            body = world.body("collect", bag, site=site, mass_g=1)
            await refused(world, body, 404, "not-found", "/site")

    @pytest.mark.parametrize(
        "who", ["county", "province", "auditor", "admin", "township", "carrier"]
    )
    async def test_who_has_no_right_to_a_kind_is_403(self, world: World, bag, who):
        answer = await world.post(world.body("collect", bag, mass_g=1), by=who)
        assert answer.status_code == 403
        assert answer.json()["type"] == "/problems/forbidden"

    async def test_a_driver_takes_only_the_own_company_s_vehicles(self, world: World, sealed):
        for plate in ("冀AD12345", "京A99999"):
            body = world.body("depart", sealed, destination=ref.STATION, vehicle=plate)
            answer = await world.post(body, by="carrier")
            assert answer.status_code == 403
        answer = await world.post(
            world.body("depart", sealed, destination=ref.STATION), by="carrier"
        )
        assert answer.status_code == 201, answer.text

    async def test_nobody_reads_another_s_refusals(self, world: World):
        secret = world.body("collect", NEVER_ISSUED, mass_g=1, note="邻居不该看到")
        await world.post(secret)
        for who, sees in (
            ("collector", True), ("county", True), ("province", True),
            ("other_collector", False), ("far_county", False), ("keeper", False),
        ):  # fmt: skip
            page = (await world.client(who).get("/api/v1/refusals?limit=500")).json()
            assert (secret["id"] in [i["event"] for i in page["items"]]) is sees, who


class TestTime:
    async def test_the_future_is_422_after_a_minute(self, world: World, bag):
        soon = datetime.now(UTC) + timedelta(seconds=50)
        assert (await world.post(world.body("hand_in", bag, at=soon))).status_code == 201
        late = datetime.now(UTC) + timedelta(seconds=70)
        body = world.body("hand_in", bag, at=late)
        await refused(world, body, 422, "time-out-of-range", "/occurred_at")

    @pytest.mark.parametrize("at", [
        "2020-09-30T23:59:59+08:00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
    ])  # fmt: skip
    async def test_no_time_is_before_the_rules_or_beyond_the_calendar(self, world, bag, at):
        body = world.body("hand_in", bag) | {"occurred_at": at}
        await refused(world, body, 422, "time-out-of-range", "/occurred_at")

    @pytest.mark.parametrize("sent_at", [
        datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC),
    ])  # fmt: skip
    @pytest.mark.parametrize("at", ["2020-10-01T00:00:00+08:00", "9999-12-31T23:59:59Z"])
    async def test_a_clock_centuries_off_is_no_5xx(self, world: World, bag, at, sent_at):
        body = world.body("hand_in", bag) | {"occurred_at": at}
        [item] = await capture(world, "collector", [body], sent_at)
        if item["outcome"] == "refused":
            assert item["problem"]["type"] == "/problems/time-out-of-range"
        else:
            assert item["event"]["effective_at"] >= "2025-01-01"
            assert "clock-skewed" in item["event"]["flags"]
        if at.startswith("2020"):
            assert item["outcome"] == ("refused" if sent_at.year < 2020 else "recorded")


class TestCustody:
    @pytest.mark.parametrize("kind", ["hand_in", "collect"])
    async def test_a_sealed_bag_takes_nothing_more(self, world: World, sealed, kind):
        body = world.body(kind, sealed, mass_g=100)
        problem = await refused(world, body, 409, "bag-is-sealed", "/batches/0/code")
        assert problem["batch"] == sealed
        UUID(problem["in_the_way"])
        assert "retry" not in problem

    async def test_nothing_follows_treatment(self, world: World, treated):
        for kind, site, who, fields in (
            ("hand_in", ref.POINT, "collector", {}),
            ("collect", ref.POINT, "collector", {"mass_g": 1}),
            ("store", ref.PLANT, "plant", {}),
            ("depart", ref.PLANT, "plant", {"destination": ref.STATION}),
            ("arrive", ref.STATION, "keeper", {}),
            ("dispose", ref.PLANT, "plant", {}),
        ):
            body = world.body(kind, treated, site=site, **fields)
            await refused(world, body, 409, "batch-already-disposed", "/batches/0/code", by=who)

    async def test_loading_twice_may_be_cured_by_an_arrival(self, world: World, sealed):
        await world.event("depart", sealed, destination=ref.STATION)
        body = world.body("depart", sealed, destination=ref.PLANT)
        problem = await refused(world, body, 409, "batch-already-departed", "/batches/0/code")
        assert problem["retry"] is True

    async def test_what_is_here_does_not_arrive_here(self, world: World, sealed):
        body = world.body("arrive", sealed)
        problem = await refused(world, body, 409, "batch-already-here", "/batches/0/code")
        assert problem["retry"] is True

    async def test_one_bad_bag_refuses_the_whole_load(self, world: World, sealed):
        [good] = await odd_labels(world.database)
        await world.event("collect", good, mass_g=1_000)
        await world.event("depart", sealed, destination=ref.STATION)
        body = world.body("depart", good, sealed, destination=ref.STATION)
        await refused(world, body, 409, "batch-already-departed", "/batches/1/code")

    async def test_a_trip_nobody_knows_is_404_and_may_come_yet(self, world: World, sealed):
        for fields in ({"kind": "depart", "destination": ref.STATION}, {"kind": "arrive"}):
            body = world.body(fields.pop("kind"), sealed, trip="ZY202506011301109999", **fields)
            problem = await refused(world, body, 404, "trip-not-found", "/trip")
            assert problem["retry"] is True

    async def test_a_place_nobody_knows_is_404(self, world: World, sealed):
        body = world.body("depart", sealed, destination="130110-S9999")
        await refused(world, body, 404, "not-found", "/destination")


class TestPlaces:
    async def test_a_step_happens_only_where_it_can(self, world: World, bag):
        body = world.body("hand_in", bag, site=ref.STATION)
        await refused(world, body, 403, "forbidden", None, by="keeper")
        body = world.body("dispose", bag, site=ref.PLANT, method="incinerate")
        await refused(world, body, 409, "kind-not-for-site", "/method", by="plant")
        body = world.body("collect", bag, site=ref.PLANT, mass_g=1)
        await refused(world, body, 403, "forbidden", None, by="plant")

    async def test_a_site_takes_nothing_before_it_opened(self, world: World, bag):
        body = world.body("collect", bag, at=datetime(2023, 12, 31, tzinfo=UTC), mass_g=1)
        # The label is younger than that, so the day counts from the label: not closed.
        answer = await world.post(body)
        assert answer.status_code == 201
        assert "before-label-issued" in answer.json()["flags"]
        [old] = await odd_labels(world.database, issued_at=datetime(2023, 1, 1, tzinfo=UTC))
        body = world.body("collect", old, at=datetime(2023, 12, 31, tzinfo=UTC), mass_g=1)
        await refused(world, body, 409, "site-closed", "/site")

    async def test_an_unlisted_unit_and_an_ended_permit_do_not_treat(self, world: World, sealed):
        body = world.body("dispose", sealed, site=UNLISTED)
        await refused(world, body, 409, "unit-not-listed", "/site", by="unlisted")
        body = world.body("dispose", sealed, site=OLD_BURNER, method="incinerate")
        problem = await refused(world, body, 409, "permit-not-in-force", "/site", by="old_burner")
        assert "排污许可证" in problem["detail"]
        body = world.body(
            "dispose", sealed, site=HAZARDOUS, method="hazardous", manifest="13018120260001"
        )
        await refused(world, body, 409, "permit-not-in-force", "/site", by="hazardous")
        del body["manifest"]
        await refused(world, body, 422, "invalid-body", "/manifest", by="hazardous")

    async def test_on_the_way_there_the_same_only_flags(self, world: World, sealed):
        left = await world.event("depart", sealed, destination=UNLISTED)
        assert "receiver-not-listed" in left["flags"]
        came = await world.event("arrive", sealed, site=UNLISTED, by="unlisted")
        assert "receiver-not-listed" in came["flags"]

    async def test_packaging_without_a_unit_weight_can_be_weighed_not_counted(self, world, bag):
        odd = {**BOTTLES, "material": "pe"}  # a word, with no weight in the version in force
        body = world.body("hand_in", bag, contents=[BOTTLES, odd])
        await refused(world, body, 422, "unknown-packaging", "/contents/1")
        unheard = {**BOTTLES, "material": "wood"}
        body = world.body("hand_in", bag, contents=[unheard], mass_g=500)
        await refused(world, body, 422, "unknown-packaging", "/contents/0")
        await world.event("hand_in", bag, contents=[odd], mass_g=500)


class TestReusedIds:
    async def test_an_id_stands_for_one_content(self, world: World, bag):
        body = world.body("hand_in", bag, note="一", giver={"kind": "farmer", "name": "王"})
        recorded = (await world.post(body)).json()
        for changed in (
            {"note": "二"}, {"giver": {"kind": "farmer", "name": "李"}},
            {"contents": [{**BOTTLES, "pieces": 31}]}, {"channel": "paper"},
            {"batches": [{"code": bag, "mass_g": 1}]},
            {"occurred_at": "2025-06-01T00:00:00Z"},
        ):  # fmt: skip
            problem = await refused(world, body | changed, 409, "event-id-reused", "/id")
            assert problem["event"] == body["id"]
        without = {k: v for k, v in body.items() if k not in {"note", "giver"}}
        await refused(world, without, 409, "event-id-reused", "/id")
        again = await world.post(body)
        assert (again.status_code, again.json()) == (200, recorded)

    async def test_a_note_added_later_is_other_content(self, world: World, bag):
        body = world.body("hand_in", bag)
        await world.post(body)
        await refused(world, body | {"note": "补一句"}, 409, "event-id-reused", "/id")

    async def test_a_forgotten_private_part_is_not_compared(self, world: World, bag):
        body = world.body("hand_in", bag, note="会被删掉")
        await world.post(body)
        async with world.database.write() as session:
            await session.execute(
                delete(EventPrivate).where(EventPrivate.event_id == UUID(body["id"]))
            )
        for note in ("会被删掉", "谁也不记得"):
            assert (await world.post(body | {"note": note})).status_code == 200
        del body["note"]
        await refused(world, body, 409, "event-id-reused", "/id")

    async def test_a_refused_id_is_decided_afresh(self, world: World, sealed):
        body = world.body("hand_in", sealed)
        assert (await world.post(body)).status_code == 409
        [fresh] = await odd_labels(world.database)
        body["batches"] = [{"code": fresh}]
        assert (await world.post(body)).status_code == 201

    async def test_reading_an_event_nobody_may_see_is_404(self, world: World, bag):
        body = world.body("hand_in", bag)
        await world.post(body)
        path = f"/api/v1/events/{body['id']}"
        assert (await world.client("collector").get(path)).status_code == 200
        for who in ("other_collector", "far_county", "far_collector"):
            assert (await world.client(who).get(path)).status_code == 404
        assert (await world.client("province").get(f"/api/v1/events/{uuid4()}")).status_code == 404

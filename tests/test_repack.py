"""Sorting, mixing and relabelling; opening stock and write-offs. model.md, Repack and Event kinds."""

import uuid
from datetime import timedelta

import pytest

from tests import reference as ref
from tests.custody import booked, custody, problem, refused, standing
from tests.recording import FAR_STATION, make_wide_world
from tests.world import BOTTLES, World

HERE = f"site/{ref.STATION}"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def sealed(world: World, *masses: int, site: str = ref.STATION) -> list[str]:
    bags = await world.issue_labels(len(masses), site=site)
    for bag, grams in zip(bags, masses, strict=True):
        await world.event("collect", bag, site=site, mass_g=grams)
    return bags


def repack(world: World, inputs: dict, outputs: dict, site: str = ref.STATION, **fields) -> dict:
    """Return a repack's body; inputs and outputs are grams by code."""
    body = world.body("repack", site=site, **{"mode": "mix", "reason": "merge", **fields})
    del body["batches"]
    body["inputs"] = [{"code": code, "mass_g": grams} for code, grams in inputs.items()]
    body["outputs"] = [{"code": code, "mass_g": grams} for code, grams in outputs.items()]
    return body


async def done(world: World, body: dict) -> dict:
    answer = await world.post(body)
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestRepack:
    async def test_inputs_end_and_outputs_begin(self, world: World):
        a, b = await sealed(world, 5_000, 7_000)
        [c, d] = await world.issue_labels(2, site=ref.STATION)
        await done(
            world,
            repack(
                world, {a: 4_990, b: 7_000}, {c: 6_000, d: 5_490},
                removed=[{"reason": "moisture", "mass_g": 500}],
            ),
        )  # fmt: skip
        for code, status, mass_g in (
            (a, "repacked", 4_990),
            (b, "repacked", 7_000),
            (c, "stored", 6_000),
            (d, "stored", 5_490),
        ):
            shown = await standing(world, code)
            assert (shown["status"], shown["mass_g"]) == (status, mass_g)
        # 500 g of moisture: 4 990 and 7 000 of 11 990 are 208.09 and 291.91
        assert await booked(world, a) == {
            ("field", HERE): 5_000,
            (HERE, "difference"): 10,
            (HERE, "removed/moisture"): 208,
            (HERE, "repack"): 4_782,
        }
        assert await booked(world, b) == {
            ("field", HERE): 7_000,
            (HERE, "removed/moisture"): 292,
            (HERE, "repack"): 6_708,
        }
        assert await booked(world, c) == {("repack", HERE): 6_000}
        assert (await custody(world, a))["balance"] == {
            "in_g": 5_000, "out_g": 4_782, "held_g": 0, "loss_g": 218,
        }  # fmt: skip
        assert (await custody(world, c))["balance"]["in_g"] == 6_000

    async def test_origins_keep_every_gram_through_a_mix(self, world: World):
        [near] = await sealed(world, 1_001)
        [far] = await world.issue_labels(1, county="130632", site=None)
        await world.event("collect", far, site=FAR_STATION, by="far_keeper", mass_g=2_002)
        depart = world.body("depart", far, site=FAR_STATION, destination=ref.STATION)
        assert (await world.post(depart, by="far_keeper")).status_code == 201
        await world.event("arrive", far, site=ref.STATION)
        out = await world.issue_labels(3, site=ref.STATION)
        await done(
            world,
            repack(
                world, {near: 1_001, far: 2_002}, dict(zip(out, (1_000, 1_000, 1_003), strict=True))
            ),
        )
        origins = [
            {part["county"]: part["mass_g"] for part in (await standing(world, c))["origin"]}
            for c in out
        ]
        assert sum(o["130110"] for o in origins) == 1_001
        assert sum(o["130632"] for o in origins) == 2_002
        assert [sum(o.values()) for o in origins] == [1_000, 1_000, 1_003]
        assert origins[0] == {"130110": 333, "130632": 667}

    async def test_a_torn_label_is_changed_one_to_one(self, world: World):
        [old] = await sealed(world, 5_000, site=ref.POINT)
        [new] = await world.issue_labels(1)
        await done(
            world, repack(world, {old: 5_000}, {new: 5_000}, site=ref.POINT, reason="relabel")
        )
        await world.event("depart", new, destination=ref.STATION)
        await world.event("arrive", new, site=ref.STATION, mass_g=4_950)
        assert (await booked(world, new))["claimed", "confirmed"] == 4_950

    async def test_what_another_party_weighed_as_an_input_is_not_confirmed_again(
        self, world: World
    ):
        """A gram that was taken back is confirmed once: as an input, or as what it went into."""
        [near] = await sealed(world, 1_000)
        [far] = await sealed(world, 3_000, site=ref.POINT)
        [old, first, second] = await world.issue_labels(3, site=ref.STATION)
        await world.event("stock_count", old, site=ref.STATION, mass_g=1_000)
        await world.event("depart", far, destination=ref.STATION)
        await world.event("arrive", far, site=ref.STATION)
        inputs = {near: 1_000, far: 3_000, old: 1_000}
        await done(world, repack(world, inputs, {first: 5_000}))
        await done(world, repack(world, {first: 5_000}, {second: 5_000}, reason="relabel"))
        await world.event("depart", second, site=ref.STATION, destination=ref.PLANT)
        await world.event("arrive", second, site=ref.PLANT, mass_g=4_000)
        confirmed = [
            (await booked(world, code)).get(("claimed", "confirmed"), 0)
            for code in (*inputs, first, second)
        ]
        # of 4 000 g a fifth is what the station collected itself
        assert confirmed == [0, 3_000, 0, 0, 800]

    async def test_an_output_whose_repack_comes_late_is_settled(self, world: World):
        [a] = await sealed(world, 5_000)
        [out] = await world.issue_labels(1, site=ref.STATION)
        late = repack(world, {a: 5_000}, {out: 5_000})
        await world.event("depart", out, site=ref.STATION, destination=ref.PLANT)
        await world.event("arrive", out, site=ref.PLANT, mass_g=4_900)
        assert (await standing(world, out))["flags"] == ["missing-collect"]
        await done(world, late)
        shown = await standing(world, out)
        assert (shown["status"], shown["mass_g"], shown["flags"]) == ("received", 4_900, [])
        assert not any("unexplained" in pair for pair in await booked(world, out))

    async def test_a_hand_in_that_comes_late_reaches_what_its_bag_went_into(self, world: World):
        """Until a hand-in is known the label's county and `pesticide` stand in."""
        [bag] = await world.issue_labels(1)
        at = world.tick()
        await world.event("arrive", bag, site=ref.STATION, mass_g=600, at=at + timedelta(hours=3))
        [out] = await world.issue_labels(1, site=ref.STATION)
        world.clock += timedelta(hours=4)
        await done(world, repack(world, {bag: 600}, {out: 600}))
        await world.event(
            "hand_in", bag, at=at,
            contents=[BOTTLES, {**BOTTLES, "scope": "veterinary"}],
        )  # fmt: skip
        origin = (await standing(world, out))["origin"]
        assert [(p["scope"], p["mass_g"]) for p in origin] == [
            ("pesticide", 300),
            ("veterinary", 300),
        ]

    async def test_sorting_keeps_materials_apart(self, world: World):
        [a] = await world.issue_labels(1)
        await world.event("hand_in", a, contents=[BOTTLES])
        await world.event("collect", a, mass_g=450)
        await world.event("depart", a, destination=ref.STATION)
        await world.event("arrive", a, site=ref.STATION)
        [b] = await sealed(world, 550)
        pet, rest = await world.issue_labels(2, site=ref.STATION)
        body = repack(world, {a: 450, b: 550}, {pet: 400, rest: 600}, mode="sort")
        body["outputs"][0]["material"] = "pet"
        await done(world, body)
        assert (await standing(world, pet))["mass_g"] == 400


class TestRefusals:
    async def test_more_out_than_in(self, world: World):
        [a] = await sealed(world, 5_000)
        [out] = await world.issue_labels(1, site=ref.STATION)
        found = await problem(world, repack(world, {a: 5_000}, {out: 5_001}))
        assert (found["status"], found["type"]) == (422, "/problems/repack-does-not-balance")
        assert (found["in_g"], found["out_g"]) == (5_000, 5_001)

    async def test_an_input_nobody_issued_and_one_nobody_used(self, world: World):
        [out, unused] = await world.issue_labels(2, site=ref.STATION)
        unknown = repack(world, {"130110-0000-0000-34": 5}, {out: 5})
        found = await problem(world, unknown)
        assert found["type"] in ("/problems/label-not-issued", "/problems/mistyped-code")
        answer = await done(world, repack(world, {unused: 5}, {out: 5}))
        assert answer["flags"] == ["missing-collect"]

    async def test_an_output_that_has_been_used(self, world: World):
        a, b = await sealed(world, 5_000, 5_000)
        assert await refused(world, repack(world, {a: 5_000}, {b: 5_000}), 409) == (
            "output-already-used"
        )

    async def test_cycles(self, world: World):
        [a] = await sealed(world, 5_000)
        assert await refused(world, repack(world, {a: 5_000}, {a: 5_000}), 422) == "repack-cycle"
        [b] = await world.issue_labels(1, site=ref.STATION)
        await done(world, repack(world, {a: 5_000}, {b: 5_000}))
        assert await refused(world, repack(world, {b: 5_000}, {a: 5_000}), 409) in (
            "output-already-used", "batch-already-repacked",
        )  # fmt: skip

    async def test_nothing_follows_a_repack_and_two_cannot_draw_on_one_bag(self, world: World):
        [a] = await sealed(world, 5_000)
        b, c = await world.issue_labels(2, site=ref.STATION)
        first = await done(world, repack(world, {a: 5_000}, {b: 5_000}))
        found = await problem(world, repack(world, {a: 5_000}, {c: 5_000}))
        assert found["type"] == "/problems/batch-already-repacked"
        assert (found["batch"], found["in_the_way"]) == (a, first["id"])

    async def test_a_packed_input(self, world: World):
        [a] = await sealed(world, 5_000)
        [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
        await world.event("pack", a, site=ref.STATION, container=box)
        [b] = await world.issue_labels(1, site=ref.STATION)
        assert await refused(world, repack(world, {a: 5_000}, {b: 5_000}), 409) == "bag-is-packed"

    async def test_relabelling_takes_one_bag_for_one(self, world: World):
        a, b = await sealed(world, 5_000, 5_000)
        [c] = await world.issue_labels(1, site=ref.STATION)
        body = repack(world, {a: 5_000, b: 5_000}, {c: 10_000}, reason="relabel")
        assert await refused(world, body, 422) == "invalid-body"


class TestStockCount:
    async def test_opening_stock_enters_by_a_count(self, world: World):
        [bag] = await world.issue_labels(1, site=ref.STATION)
        await world.event("stock_count", bag, site=ref.STATION, mass_g=8_000)
        assert (await standing(world, bag))["status"] == "stored"
        assert await booked(world, bag) == {("opening", HERE): 8_000}

    async def test_opening_stock_needs_a_mass(self, world: World):
        [bag] = await world.issue_labels(1, site=ref.STATION)
        body = world.body("stock_count", bag, site=ref.STATION)
        assert await refused(world, body, 409) == "opening-stock-needs-a-mass"

    @pytest.mark.parametrize("by", ["keeper", "county", "township"])
    async def test_an_inspecting_official_may_enter_it_too(self, world: World, by):
        bags = await world.issue_labels(2, site=ref.STATION)
        await world.event("stock_count", *bags, site=ref.STATION, by=by, group_mass_g=9)
        assert [(await standing(world, b))["mass_g"] for b in sorted(bags)] == [5, 4]
        assert await booked(world, min(bags)) == {("opening", HERE): 5}

    async def test_what_has_no_mass_of_its_own_is_no_opening_stock(self, world: World):
        [carried, shared], [held] = await world.issue_labels(2), await sealed(world, 500)
        body = world.body("stock_count", site=ref.STATION)
        body["batches"] = [{"code": carried, "mass_g": 5, "mass_source": "carried"}]
        assert await refused(world, body, 409) == "opening-stock-needs-a-mass"
        both = world.body("stock_count", shared, held, site=ref.STATION, group_mass_g=600)
        assert (await done(world, both))["flags"] == ["missing-collect"]
        assert [(await standing(world, c))["mass_g"] for c in (shared, held)] == [0, 600]

    async def test_a_count_weighs_and_changes_nothing_else(self, world: World):
        [bag] = await sealed(world, 5_000)
        await world.event("stock_count", bag, site=ref.STATION, mass_g=4_800, by="county")
        shown = await standing(world, bag)
        assert (shown["status"], shown["mass_g"]) == ("collected", 4_800)
        assert (await booked(world, bag))[HERE, "difference"] == 200

    async def test_an_open_bag_may_be_counted_and_stays_open(self, world: World):
        [bag] = await world.issue_labels(1)
        await world.event("hand_in", bag)
        await world.event("stock_count", bag, mass_g=440)
        assert (await standing(world, bag))["status"] == "open"
        await world.event("hand_in", bag)

    async def test_a_packed_bag_may_be_counted_by_itself(self, world: World):
        [bag] = await sealed(world, 5_000)
        [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
        await world.event("pack", bag, site=ref.STATION, container=box)
        await world.event("stock_count", bag, site=ref.STATION, mass_g=4_900)
        assert (await standing(world, bag))["container"] == box

    async def test_officials_count_in_their_own_area(self, world: World):
        [bag] = await sealed(world, 5_000)
        body = world.body("stock_count", bag, site=ref.STATION)
        assert await refused(world, body, 404, by="far_county") == "not-found"
        assert (await world.post(body, by="city")).status_code == 201


class TestWriteOff:
    async def test_the_county_takes_a_held_bag_off_the_books(self, world: World):
        [bag] = await sealed(world, 5_000)
        await world.event("write_off", bag, site=ref.STATION, by="county", reason="火灾")
        assert (await standing(world, bag))["status"] == "written_off"
        assert (await booked(world, bag))[HERE, "written_off"] == 5_000
        body = world.body("store", bag, site=ref.STATION)
        assert await refused(world, body, 409) == "batch-already-written-off"

    async def test_a_bag_that_is_lost_on_its_way(self, world: World):
        [bag] = await sealed(world, 5_000)
        await world.event("depart", bag, site=ref.STATION, destination=ref.PLANT)
        await world.event("write_off", bag, site=ref.STATION, by="county", reason="途中丢失")
        assert (await booked(world, bag))["transit", "written_off"] == 5_000

    async def test_a_county_that_a_load_has_nothing_to_do_with_is_flagged(self, world: World):
        bags = await sealed(world, 5_000, 5_000)
        await world.event("depart", *bags, site=ref.STATION, destination=ref.PLANT)
        for bag, site, by, flags in (
            (bags[0], ref.PLANT, "plant_county", []),
            (bags[1], FAR_STATION, "far_county", ["missing-arrive", "arrived-elsewhere"]),
        ):
            answer = await world.event("write_off", bag, site=site, by=by, reason="灭失")
            assert answer["flags"] == flags

    async def test_a_container_that_is_lost_on_its_way_takes_its_bags_along(self, world: World):
        bags = await sealed(world, 1_000, 2_000)
        [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
        await world.event("pack", *bags, site=ref.STATION, container=box)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        answer = await world.event("write_off", box, site=ref.STATION, by="county", reason="翻车")
        assert answer["flags"] == []
        for bag, grams in zip(bags, (1_000, 2_000), strict=True):
            assert (await booked(world, bag))["transit", "written_off"] == grams

    async def test_the_holder_may_not(self, world: World):
        [bag] = await sealed(world, 5_000)
        body = world.body("write_off", bag, site=ref.STATION, reason="丢了")
        assert await refused(world, body, 403) == "forbidden"
        assert await refused(world, body, 404, by="far_county") == "not-found"

    async def test_a_case_that_it_names_must_be_there(self, world: World):
        [bag] = await sealed(world, 5_000)
        body = world.body("write_off", bag, site=ref.STATION, reason="火灾", case=str(uuid.uuid4()))
        found = await problem(world, body, by="county")
        assert (found["status"], found["pointer"]) == (404, "/case")

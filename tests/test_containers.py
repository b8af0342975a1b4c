"""Containers: a place and not a mass; what is in them goes where they go. model.md, Containers."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.batches.models import Label
from tests import reference as ref
from tests.custody import booked, custody, problem, refused, standing
from tests.recording import make_wide_world
from tests.world import World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def sealed(world: World, *masses: int, site: str = ref.STATION) -> list[str]:
    """Return bags that were closed at a site, of these masses."""
    bags = await world.issue_labels(len(masses), site=site)
    for bag, grams in zip(bags, masses, strict=True):
        await world.event("collect", bag, site=site, mass_g=grams)
    return bags


async def pallet(world: World, tare_g: int | None = None) -> str:
    """Return a new container's code."""
    [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
    async with world.database.write() as session:
        await session.execute(update(Label).where(Label.code == box).values(tare_g=tare_g))
    return box


async def packed(world: World, *masses: int) -> tuple[str, list[str]]:
    """Return a container at STATION with bags in it."""
    bags, box = await sealed(world, *masses), await pallet(world)
    await world.event("pack", *bags, site=ref.STATION, container=box)
    return box, bags


HERE = f"site/{ref.STATION}"


class TestMembers:
    async def test_what_is_packed_goes_where_its_container_goes(self, world: World):
        box, bags = await packed(world, 5_000, 7_000)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        for bag in bags:
            shown = await standing(world, bag)
            assert (shown["status"], shown["container"]) == ("in_transit", box)
        await world.event("arrive", box, site=ref.PLANT)
        await world.event("dispose", box, site=ref.PLANT)
        for bag in bags:
            assert (await standing(world, bag))["status"] == "disposed"
            steps = (await custody(world, bag))["steps"]
            assert [(s["kind"], s["via"]) for s in steps] == [
                ("collect", None),
                ("pack", None),
                ("depart", box),
                ("arrive", box),
                ("dispose", box),
            ]
            assert await booked(world, bag) == {
                ("field", f"site/{ref.STATION}"): steps[0]["mass_g"],
                (f"site/{ref.STATION}", "transit"): steps[0]["mass_g"],
                ("transit", f"site/{ref.PLANT}"): steps[0]["mass_g"],
                (f"site/{ref.PLANT}", "treated/resource_use"): steps[0]["mass_g"],
            }

    async def test_an_empty_container_is_only_a_place(self, world: World):
        box = await pallet(world)
        answer = await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        assert answer["flags"] == ["missing-pack"], "nobody has told what it carries"
        shown = await standing(world, box)
        assert (shown["kind"], shown["status"], shown["mass_g"]) == ("container", "in_transit", 0)

    async def test_its_own_way_tells_how_many_bags_and_grams_it_held(self, world: World):
        box, (lost, *_) = await packed(world, 5_000, 4_000, 3_000)
        [more] = await sealed(world, 2_000)
        await world.event(
            "pack", more, site=ref.STATION, container=box,
            weighed={"container": box, "gross_g": 23_500, "tare_g": 10_000},
        )  # fmt: skip
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        missing = [{"code": lost, "outcome": "missing", "reason": "车上没有"}]
        await world.event("arrive", box, site=ref.PLANT, mass_g=8_000, exceptions=missing)
        await world.event("dispose", box, site=ref.PLANT)

        def told(steps):
            keys = ("kind", "bags", "short", "mass_g", "mass_source", "difference_g")
            return [tuple(step[key] for key in keys) for step in steps]

        whole = told((await custody(world, box))["steps"])
        assert whole == [
            ("pack", 3, 0, 0, None, 0),
            ("pack", 4, 0, 13_500, "weighed", -500),
            ("depart", 4, 0, 13_500, "carried", 0),
            ("arrive", 3, 1, 8_000, "weighed", -679),
            ("dispose", 3, 0, 8_000, "carried", 0),
        ]
        [again] = await sealed(world, 1_000)
        await world.event("pack", again, site=ref.STATION, container=box)
        *before, last = told((await custody(world, box))["steps"])
        assert (before, last) == (whole, ("pack", 1, 0, 0, None, 0))

    async def test_an_unpacked_bag_stays_where_it_is(self, world: World):
        box, [out, inside] = await packed(world, 5_000, 7_000)
        await world.event("unpack", out, site=ref.STATION, container=box)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        assert (await standing(world, out))["status"] == "collected"
        assert (await standing(world, inside))["status"] == "in_transit"

    async def test_a_container_can_be_used_again(self, world: World):
        box, first = await packed(world, 5_000)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        await world.event("arrive", box, site=ref.PLANT)
        await world.event("dispose", box, site=ref.PLANT)
        await world.event("depart", box, site=ref.PLANT, destination=ref.STATION)
        await world.event("arrive", box, site=ref.STATION)
        second = await sealed(world, 4_000)
        await world.event("pack", *second, site=ref.STATION, container=box)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        assert (await standing(world, *second))["status"] == "in_transit"
        assert len((await custody(world, *first))["steps"]) == 5


class TestLateNews:
    async def test_a_pack_that_comes_late_takes_the_bag_along(self, world: World):
        bags, box = await sealed(world, 5_000, 7_000), await pallet(world)
        start = world.tick()
        at = [start + timedelta(minutes=n) for n in range(4)]
        late = world.body("pack", bags[1], site=ref.STATION, container=box, at=at[0])
        await world.event("pack", bags[0], site=ref.STATION, container=box, at=at[1])
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT, at=at[2])
        await world.event("arrive", box, site=ref.PLANT, at=at[3])
        assert (await standing(world, bags[1]))["site"] == ref.STATION
        answer = await world.post(late)
        assert answer.status_code == 201, answer.text
        shown = await standing(world, bags[1])
        assert (shown["status"], shown["site"], shown["flags"]) == ("received", ref.PLANT, [])
        assert await custody(world, bags[1], by="plant_county")

    async def test_an_unpack_that_comes_late_leaves_the_bag_behind(self, world: World):
        box, [bag, other] = await packed(world, 5_000, 7_000)
        at = world.tick()
        await world.event(
            "depart", box, site=ref.STATION, destination=ref.PLANT, at=at + timedelta(hours=1)
        )
        await world.event("unpack", bag, site=ref.STATION, container=box, at=at)
        assert (await standing(world, bag))["status"] == "collected"
        assert (await standing(world, other))["status"] == "in_transit"
        assert await booked(world, bag) == {("field", f"site/{ref.STATION}"): 5_000}

    async def test_a_departure_that_comes_late_takes_those_that_were_inside_then(
        self, world: World
    ):
        box, [bag, other] = await packed(world, 5_000, 7_000)
        at = world.tick()
        await world.event("arrive", box, site=ref.PLANT, at=at + timedelta(hours=2))
        await world.event("unpack", bag, site=ref.PLANT, container=box, at=at + timedelta(hours=3))
        assert (await standing(world, bag))["flags"] == ["missing-depart"]
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT, at=at)
        for one in (bag, other):
            assert (await standing(world, one))["flags"] == []


class TestWeighing:
    async def test_a_pallet_on_the_scale_is_divided_among_its_bags(self, world: World):
        box, bags = await packed(world, 5_000, 7_000)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        await world.event(
            "arrive",
            box,
            site=ref.PLANT,
            weighed={"container": box, "gross_g": 31_990, "tare_g": 20_000},
        )
        # 11 990 × 5/12 = 4 995.83, × 7/12 = 6 994.17: the largest remainder takes the gram
        assert [(await standing(world, b))["mass_g"] for b in bags] == [4_996, 6_994]
        assert (await standing(world, bags[0]))["mass_source"] == "apportioned"
        assert (await booked(world, bags[0]))[f"site/{ref.PLANT}", "difference"] == 4
        assert (await booked(world, bags[0]))["claimed", "confirmed"] == 4_996

    async def test_the_label_s_tare_counts_where_none_is_sent(self, world: World):
        bags, box = await sealed(world, 5_000, 5_000), await pallet(world, tare_g=18_000)
        await world.event(
            "pack", *bags, site=ref.STATION, container=box,
            weighed={"container": box, "gross_g": 28_500},
        )  # fmt: skip
        assert [(await standing(world, b))["mass_g"] for b in bags] == [5_250, 5_250]

    async def test_a_container_of_unknown_tare_is_not_weighed(self, world: World):
        box, _ = await packed(world, 5_000)
        body = world.body(
            "store", box, site=ref.STATION, weighed={"container": box, "gross_g": 28_500}
        )
        found = await problem(world, body)
        assert (found["type"], found["pointer"]) == ("/problems/tare-unknown", "/weighed/tare_g")
        body |= {"batches": [{"code": box, "gross_g": 28_500}]}
        del body["weighed"]
        assert (await problem(world, body))["pointer"] == "/batches/0/tare_g"

    async def test_a_pack_weighs_what_was_in_before_too(self, world: World):
        box, [first] = await packed(world, 4_000)
        [second] = await sealed(world, 4_000)
        await world.event(
            "pack", second, site=ref.STATION, container=box,
            weighed={"container": box, "gross_g": 10_000, "tare_g": 2_002},
        )  # fmt: skip
        assert [(await standing(world, b))["mass_g"] for b in (first, second)] == [3_999, 3_999]

    async def test_forty_bags_on_one_scale(self, world: World):
        bags = await sealed(world, *range(1_000, 5_000, 100))
        total = sum(range(1_000, 5_000, 100))
        await world.event("store", *bags, site=ref.STATION, group_mass_g=total + 7)
        masses = [(await standing(world, b))["mass_g"] for b in bags]
        assert sum(masses) == total + 7
        assert all(
            0 <= m - was <= 1 for m, was in zip(masses, range(1_000, 5_000, 100), strict=True)
        )

    async def test_the_way_of_a_bag_shows_its_share_of_what_was_weighed_together(
        self, world: World
    ):
        bags = await sealed(world, 5_000, 7_000)
        await world.event("store", *bags, site=ref.STATION, group_mass_g=11_990)
        shown = await custody(world, bags[0])
        assert [step["mass_g"] for step in shown["steps"]] == [5_000, 4_996]
        assert shown["batch"]["mass_g"] == 4_996
        assert shown["balance"] == {"in_g": 5_000, "out_g": 0, "held_g": 4_996, "loss_g": 4}

    async def test_an_earlier_weight_that_comes_late_moves_the_shares(self, world: World):
        """The shares of a group weighing do not depend on the order of arrival."""
        bags = await sealed(world, 5_000, 5_000)
        at = world.tick()
        await world.event(
            "store", *bags, site=ref.STATION, group_mass_g=10_000, at=at + timedelta(hours=1)
        )
        assert [(await standing(world, b))["mass_g"] for b in bags] == [5_000, 5_000]
        await world.event("stock_count", bags[0], site=ref.STATION, mass_g=3_000, at=at)
        assert [(await standing(world, b))["mass_g"] for b in bags] == [3_750, 6_250]

    async def test_ties_go_by_code_and_where_nothing_is_known_all_get_the_same(self, world: World):
        equal = sorted(await sealed(world, 3, 3, 3, 3))
        unknown = sorted(await world.issue_labels(3, site=ref.STATION))
        for bags, grams, shares in (
            (equal, 14, [4, 4, 3, 3]),
            (equal, 1, [1, 0, 0, 0]),
            (equal[1:], 2, [1, 1, 0]),
            (unknown, 100, [34, 33, 33]),
        ):
            await world.event("store", *reversed(bags), site=ref.STATION, group_mass_g=grams)
            assert [(await standing(world, b))["mass_g"] for b in bags] == shares
        assert await booked(world, unknown[0]) == {("unexplained", HERE): 34}

    @pytest.mark.parametrize(
        ("on_the_box", "on_the_bag", "masses"),
        [
            ({"gross_g": 29_000, "tare_g": 20_000}, {}, [3_600, 5_400]),
            ({}, {"mass_g": 3_000}, [3_000, 6_000]),
            ({"mass_g": 9, "mass_source": "carried"}, {}, [4_000, 6_000]),
            ({"gross_g": 29_000, "tare_g": 20_000}, {"mass_g": 3_000}, None),
        ],
    )
    async def test_a_bag_counted_beside_its_container_is_weighed_once(
        self, world: World, on_the_box, on_the_bag, masses
    ):
        box, bags = await packed(world, 4_000, 6_000)
        body = world.body("stock_count", site=ref.STATION)
        body["batches"] = [{"code": box, **on_the_box}, {"code": bags[0], **on_the_bag}]
        if masses is None:
            found = await problem(world, body)
            assert (found["type"], found["batch"]) == ("/problems/bag-is-packed", bags[0])
        else:
            assert (await world.post(body)).status_code == 201
        found = [(await standing(world, b))["mass_g"] for b in bags]
        assert found == (masses or [4_000, 6_000])

    async def test_what_was_on_the_scale_is_not_lost_where_nobody_has_told_of_it(
        self, world: World
    ):
        """It waits for the pack, and is divided when that comes."""
        [bag], box = await sealed(world, 5_000), await pallet(world, tare_g=20_000)
        at = world.tick()
        weighed = {"weighed": {"container": box, "gross_g": 24_000}}
        later = at + timedelta(hours=1)
        answer = await world.event("store", box, site=ref.STATION, at=later, **weighed)
        assert answer["flags"] == ["missing-pack"]
        await world.event("pack", bag, site=ref.STATION, container=box, at=at)
        assert (await standing(world, bag))["mass_g"] == 4_000
        answer = await world.event("unpack", bag, site=ref.STATION, container=box, **weighed)
        assert answer["flags"] == ["missing-pack"]
        lost = {"code": bag, "outcome": "missing", "reason": "没有"}
        body = world.body("arrive", site=ref.PLANT, exceptions=[lost], group_mass_g=4_000)
        found = await problem(world, body)
        assert (found["status"], found["errors"][0]["pointer"]) == (422, "/group_mass_g")

    async def test_no_share_is_more_than_a_bag_holds(self, world: World):
        bags = await sealed(world, 5_000, 5_000)
        for count, grams, fits in ((1, 2_000_001, False), (2, 4_000_000, True)):
            body = world.body("store", *bags[:count], site=ref.STATION, group_mass_g=grams)
            answer = await world.post(body)
            assert answer.status_code == (201 if fits else 409), answer.text
            if not fits:
                assert answer.json()["type"] == "/problems/bag-too-heavy"

    async def test_many_weighed_together_excludes_single_weights(self, world: World):
        bags = await sealed(world, 5_000, 5_000)
        body = world.body("store", *bags, site=ref.STATION, mass_g=4_000, group_mass_g=8_000)
        assert await refused(world, body, 422) == "invalid-body"


class TestExceptions:
    async def test_a_bag_missing_from_a_pallet_stays_on_its_trip(self, world: World):
        box, [bag, other] = await packed(world, 5_000, 7_000)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        await world.event(
            "arrive", box, site=ref.PLANT,
            exceptions=[{"code": bag, "outcome": "missing", "reason": "托盘上没有"}],
        )  # fmt: skip
        shown = await standing(world, bag)
        assert (shown["status"], shown["container"]) == ("in_transit", None)
        assert (await standing(world, other))["status"] == "received"
        await world.event("arrive", bag, site=ref.STATION)
        assert (await standing(world, bag))["flags"] == [
            "missing-at-arrival",
            "returned-to-sender",
        ]

    async def test_a_refused_pallet_stays_on_its_trip_whole(self, world: World):
        box, bags = await packed(world, 5_000, 7_000)
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT)
        body = world.body(
            "arrive", site=ref.PLANT,
            exceptions=[{"code": box, "outcome": "refused", "reason": "雨淋"}],
        )  # fmt: skip
        assert (await world.post(body)).status_code == 201
        for bag in bags:
            shown = await standing(world, bag)
            assert (shown["status"], shown["container"]) == ("in_transit", box)
        await world.event("arrive", box, site=ref.STATION)
        assert (await standing(world, bags[0]))["site"] == ref.STATION


class TestRefusals:
    async def test_a_packed_bag_named_alone(self, world: World):
        box, [bag] = await packed(world, 5_000)
        body = world.body("depart", bag, site=ref.STATION, destination=ref.PLANT)
        found = await problem(world, body)
        assert (found["type"], found["retry"]) == ("/problems/bag-is-packed", True)
        assert found["batch"] == bag
        # Beside its container it is not alone, unless that is left behind.
        await world.event("depart", box, bag, site=ref.STATION, destination=ref.PLANT)
        wet = {"code": box, "outcome": "refused", "reason": "雨淋"}
        body = world.body("arrive", bag, site=ref.PLANT, exceptions=[wet])
        assert await refused(world, body, 409) == "bag-is-packed"

    async def test_a_bag_in_two_containers(self, world: World):
        _, [bag] = await packed(world, 5_000)
        body = world.body("pack", bag, site=ref.STATION, container=await pallet(world))
        assert await refused(world, body, 409) == "bag-is-packed"

    async def test_a_container_in_a_container(self, world: World):
        box, inner = await pallet(world), await pallet(world)
        body = world.body("pack", inner, site=ref.STATION, container=box)
        assert await refused(world, body, 409) == "container-in-container"
        body = world.body("pack", box, site=ref.STATION, container=box)
        assert await refused(world, body, 409) == "container-in-container"

    async def test_a_bag_that_holds_bags(self, world: World):
        [bag, other] = await sealed(world, 5_000, 5_000)
        body = world.body("pack", bag, site=ref.STATION, container=other)
        assert await refused(world, body, 409) == "label-is-a-bag"

    async def test_a_bag_that_is_not_in_the_container(self, world: World):
        box, _ = await packed(world, 5_000)
        [bag] = await sealed(world, 5_000)
        found = await problem(world, world.body("unpack", bag, site=ref.STATION, container=box))
        assert (found["type"], found["retry"]) == ("/problems/bag-not-in-container", True)

    async def test_all_members_must_fit_or_the_event_is_refused_naming_the_bag(self, world: World):
        box, [bag, other] = await packed(world, 5_000, 7_000)
        at = world.tick()
        await world.event("depart", box, site=ref.STATION, destination=ref.PLANT, at=at)
        body = world.body("depart", box, site=ref.STATION, destination=ref.PLANT)
        found = await problem(world, body)
        assert found["type"] == "/problems/batch-already-departed"
        assert found["batch"] in (bag, other)

    async def test_a_container_takes_no_hand_ins(self, world: World):
        [box] = await world.issue_labels(1, kind="container")
        assert await refused(world, world.body("hand_in", box), 409) == "label-is-a-container"

    async def test_a_moved_container_with_bags_at_another_site_is_flagged(self, world: World):
        box, [bag] = await packed(world, 5_000)
        [more] = await sealed(world, 4_000, site=ref.POINT)
        answer = await world.event("pack", more, site=ref.POINT, container=box)
        assert answer["flags"] == ["container-elsewhere"]
        assert (await standing(world, bag))["site"] == ref.STATION

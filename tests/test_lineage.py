"""Lineage through the API: back to every original bag, on to every treatment, as known then."""

from collections.abc import AsyncIterator
from datetime import timedelta
from fractions import Fraction

import pytest

from app.custody import lineage
from app.custody.destinations import destinations_of
from app.custody.nodes import _stored, nodes_of
from app.custody.sources import sources_of
from app.custody.walk import walk
from app.db import Database
from app.ledger.sequence import log_size as size_of_log
from app.ledger.sequence import sequence
from tests import reference as ref
from tests.custody import custody
from tests.lineages import collected, every, got, labels, posted, repack
from tests.world import BOTTLES, LUQUAN, OTHER_POINT, PLANT, POINT, STATION, World, make_world


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


async def log_size(world: World) -> int:
    while await sequence(world.database):
        pass
    async with world.database.read() as session:
        return await size_of_log(session)


async def to_plant(world: World, *codes: str, **fields) -> None:
    await world.event("depart", *codes, site=STATION, destination=PLANT)
    await world.event("arrive", *codes, site=PLANT, **fields)


async def treated(world: World, *codes: str, **fields) -> str:
    done = await world.event("dispose", *codes, site=PLANT, **fields)
    return done["id"]


def edges(chain):
    return {
        (e["input"], e["output"], e["material"]): (e["in_g"], e["total_in_g"], e["out_g"])
        for e in chain["lineage"]["edges"]
    }


def shares(items):
    return {one["code"]: (Fraction(one["fraction"]), one["mass_g"]) for one in items}


class TestMix:
    async def test_a_mix_is_seen_from_both_sides(self, world: World) -> None:
        a, b, x = await collected(world, 3_000, 1_000, 2_000)
        c, d = await labels(world, 2)
        mixed = await posted(world, repack(world, {a: 3_000, b: 1_000}, {c: 2_500, d: 1_500}))
        above = await custody(world, c)
        assert above["lineage"]["nodes"] == [c, *sorted((a, b))]
        assert edges(above) == {
            (a, c, None): (3_000, 4_000, 2_500), (b, c, None): (1_000, 4_000, 2_500),
        }  # fmt: skip
        [edge] = [e for e in above["lineage"]["edges"] if e["input"] == a]
        assert (edge["event"], edge["mode"], edge["share"]) == (mixed["id"], "mix", 0.75)
        below = await custody(world, a)
        assert below["lineage"]["nodes"] == [a, *sorted((c, d))]
        assert edges(below) == {
            (a, c, None): (3_000, 4_000, 2_500), (a, d, None): (3_000, 4_000, 1_500),
        }  # fmt: skip
        levels = {one["code"]: one["level"] for one in below["lineage"]["batches"]}
        assert levels == {a: 0, c: 1, d: 1}
        assert (await custody(world, x))["lineage"]["nodes"] == [x]

    async def test_sources_and_destinations_sum_to_the_gram(self, world: World) -> None:
        a, b, c = await collected(world, 1_001, 2_002, 500)
        m1, m2, final = await labels(world, 3)
        leak = [{"reason": "leak", "mass_g": 3}]
        await posted(
            world, repack(world, {a: 1_001, b: 2_002}, {m1: 1_400, m2: 1_600}, removed=leak)
        )
        await posted(world, repack(world, {m1: 1_400, c: 500}, {final: 1_900}))
        back = await every(world, f"/api/v1/batches/{final}/sources")
        assert shares(back) == {
            a: (Fraction(1_400, 1_900) * Fraction(1_001, 3_003), 467),
            b: (Fraction(1_400, 1_900) * Fraction(2_002, 3_003), 933),
            c: (Fraction(500, 1_900), 500),
        }  # fmt: skip
        assert sum(one["mass_g"] for one in back) == 1_900
        assert {one["kind"] for one in back} == {"collected"}
        assert {(one["site"], one["township"], one["county"]) for one in back} == {
            (STATION, "铜冶镇", LUQUAN)
        }
        await to_plant(world, final)
        lot = await treated(world, final)
        onward = await every(world, f"/api/v1/batches/{a}/destinations")
        told = {(one["kind"], one["batch"], one["reason"]): one["mass_g"] for one in onward}
        assert told == {
            ("treated", final, None): 467, ("held", m2, None): 533, ("removed", None, "leak"): 1,
        }  # fmt: skip
        [end] = [one for one in onward if one["kind"] == "treated"]
        assert (end["event"], end["method"], end["certificate"], end["site"]) == (
            lot, "resource_use", "处理证明 1 号", PLANT,
        )  # fmt: skip

    async def test_what_was_never_repacked_is_its_own_source_and_end(self, world: World) -> None:
        [bag] = await collected(world, 700)
        [source] = await every(world, f"/api/v1/batches/{bag}/sources")
        assert (source["code"], source["fraction"], source["mass_g"]) == (bag, "1", 700)
        [end] = await every(world, f"/api/v1/batches/{bag}/destinations")
        assert (end["kind"], end["share"], end["site"]) == ("held", 1.0, STATION)
        [unused] = await labels(world, 1)
        assert await every(world, f"/api/v1/batches/{unused}/sources") == []
        assert await every(world, f"/api/v1/batches/{unused}/destinations") == []

    async def test_opening_stock_and_written_off_are_told_as_such(self, world: World) -> None:
        [old] = await labels(world, 1)
        await world.event("stock_count", old, site=STATION, mass_g=4_000)
        [new] = await labels(world, 1)
        await posted(world, repack(world, {old: 4_000}, {new: 4_000}))
        [source] = await every(world, f"/api/v1/batches/{new}/sources")
        assert (source["kind"], source["site"], source["code"]) == ("opening", STATION, old)
        await world.event("write_off", new, site=STATION, by="county", reason="火灾")
        [end] = await every(world, f"/api/v1/batches/{old}/destinations")
        assert (end["kind"], end["batch"], end["mass_g"]) == ("written_off", new, 4_000)


class TestSort:
    async def test_each_material_goes_back_to_those_that_held_it(self, world: World) -> None:
        pet = [{**BOTTLES, "material": "pet", "pieces": 100}]
        both = [*pet, {**BOTTLES, "material": "pe", "pieces": 100}]
        [a] = await collected(world, 2_000, contents=pet)
        [b] = await collected(world, 2_000, contents=both)
        p, q = await labels(world, 2)
        body = repack(
            world, {a: 2_000, b: 2_000}, {p: 3_000, q: 1_000},
            mode="sort", materials={p: "pet", q: "pe"},
        )  # fmt: skip
        await posted(world, body)
        chain = await custody(world, q)
        assert chain["lineage"]["nodes"] == [q, *sorted((a, b))]
        assert list(edges(chain)) == [(b, q, "pe")]
        [source] = await every(world, f"/api/v1/batches/{q}/sources")
        assert (source["code"], source["materials"]) == (b, {"pe": 1_000})
        came = shares(await every(world, f"/api/v1/batches/{p}/sources"))
        assert sum(share for share, _ in came.values()) == 1
        assert came[a][1] + came[b][1] == 3_000
        assert came[a][0] > Fraction(1, 2)
        [end] = await every(world, f"/api/v1/batches/{a}/destinations")
        assert (end["batch"], end["mass_g"]) == (p, 2_000)


class TestAsOf:
    async def test_a_lineage_is_shown_as_the_log_knew_it(self, world: World) -> None:
        a, b = await collected(world, 600, 400)
        before = await log_size(world)
        [c] = await labels(world, 1)
        body = repack(world, {a: 600, b: 400}, {c: 1_000})
        mixed = await posted(world, body)
        then = await log_size(world)
        again = {k: v for k, v in body.items() if k != "id"}
        again["inputs"] = [{"code": a, "mass_g": 500}, {"code": b, "mass_g": 500}]
        fixed = world.body(
            "correct", corrects=mixed["id"], reason="incorrect_data", replacement=again
        )
        del fixed["batches"], fixed["site"]
        assert (await world.client("keeper").post("/api/v1/events", json=fixed)).status_code == 201
        now = await log_size(world)
        path = f"/api/v1/batches/{c}/sources"
        assert shares(await every(world, path)) == {
            a: (Fraction(1, 2), 500),
            b: (Fraction(1, 2), 500),
        }
        assert await every(world, path) == await every(world, path, as_of=now)
        assert shares(await every(world, path, as_of=then))[a] == (Fraction(3, 5), 600)
        assert await every(world, path, as_of=before) == []
        chain = await custody(world, a, as_of=before)
        assert chain["lineage"]["nodes"] == [a]
        assert (await custody(world, a, as_of=then))["lineage"]["nodes"] == [a, c]
        [told] = (await custody(world, c))["corrections"]
        assert (told["corrects"], told["event"], told["role"]) == (
            mixed["id"],
            fixed["id"],
            "keeper",
        )
        [told] = (await custody(world, a))["corrections"]
        assert {one["field"]: (one["was"], one["now"]) for one in told["changes"]} == {
            "mass_g": (600, 500)
        }
        assert (await custody(world, a, as_of=then))["corrections"] == []

    async def test_rows_stand_for_then_only_where_nothing_changed_them_since(
        self, world: World
    ) -> None:
        quiet, counted, late = await collected(world, 700, 700, 700)
        size = await log_size(world)
        await world.event("stock_count", counted, site=STATION, mass_g=650)
        early = world.clock - timedelta(minutes=30)
        await world.event("store", late, site=STATION, mass_g=600, at=early)
        codes = [quiet, counted, late]
        async with world.database.read() as session:
            rows = await _stored(session, codes, size)
            then = await nodes_of(session, codes, size)
            now = await nodes_of(session, codes, None)
        assert set(rows) == {quiet}
        assert {code: node.mass_g for code, node in then.items()} == dict.fromkeys(codes, 700)
        assert [now[code].mass_g for code in codes] == [700, 650, 600]
        size = await log_size(world)
        async with world.database.read() as session:
            assert await _stored(session, codes, size) == now

    async def test_beyond_the_log_there_is_nothing_to_know(self, world: World) -> None:
        [a] = await collected(world, 600)
        for path in ("custody", "sources", "destinations"):
            answer = await world.client("province").get(
                f"/api/v1/batches/{a}/{path}", params={"as_of": 10**9}
            )
            assert answer.status_code == 422


class TestLot:
    async def test_a_lot_goes_back_to_every_bag_point_township_and_hand_in(
        self, world: World
    ) -> None:
        near, far = await world.issue_labels(2, site=None)
        for _ in range(3):
            await world.event("hand_in", near)
        await world.event("collect", near, mass_g=3_000)
        await world.event("hand_in", far, site=OTHER_POINT)
        await world.event("collect", far, site=OTHER_POINT, mass_g=1_000)
        await world.event("depart", near, destination=STATION)
        await world.event("depart", far, site=OTHER_POINT, destination=STATION)
        await world.event("arrive", near, far, site=STATION)
        [box] = await world.issue_labels(1, site=None, kind="container")
        [mixed] = await labels(world, 1)
        await posted(world, repack(world, {near: 3_000, far: 1_000}, {mixed: 4_000}))
        [other] = await collected(world, 2_000)
        await world.event("pack", mixed, other, site=STATION, container=box)
        await to_plant(world, box)
        lot = await treated(world, box, mass_g=5_400)
        shown = await got(world, f"/api/v1/lots/{lot}", "plant")
        assert (shown["bags"], shown["mass_g"], shown["original_bags"]) == (2, 5_400, 3)
        assert (shown["method"], shown["plant"]["site"], shown["hand_ins"]) == (
            "resource_use",
            PLANT,
            4,
        )
        assert shown["partial"] is False
        path = f"/api/v1/lots/{lot}/sources"
        bags = {one["code"]: one["mass_g"] for one in await every(world, path, "plant")}
        assert bags == {near: 2_700, far: 900, other: 1_800}
        points = await every(world, path, "plant", group="point")
        assert {one["site"]: (one["bags"], one["mass_g"]) for one in points} == {
            POINT: (1, 2_700), OTHER_POINT: (1, 900), STATION: (1, 1_800),
        }  # fmt: skip
        townships = await every(world, path, group="township")
        assert {one["township"]: one["mass_g"] for one in townships} == {
            "铜冶镇": 4_500, "寺家庄镇": 900,
        }  # fmt: skip
        [county] = await every(world, path, group="county")
        assert (county["county"], county["fraction"], county["mass_g"]) == (LUQUAN, "1", 5_400)
        hand_ins = await every(world, path, group="hand_in")
        assert sorted((one["batch"], one["pieces"]) for one in hand_ins) == sorted(
            [(near, 30)] * 3 + [(far, 30)]
        )
        assert len({one["event"] for one in hand_ins}) == 4

    async def test_who_sees_one_bag_of_a_lot_is_told_of_that_one(self, world: World) -> None:
        near, far = await world.issue_labels(2, site=None)
        await world.event("collect", near, mass_g=3_000)
        await world.event("collect", far, site=OTHER_POINT, mass_g=1_000)
        await world.event("depart", near, destination=PLANT)
        await world.event("depart", far, site=OTHER_POINT, destination=PLANT)
        await world.event("arrive", near, far, site=PLANT)
        lot = await treated(world, near, far)
        mine = await got(world, f"/api/v1/lots/{lot}", "collector")
        assert (mine["bags"], mine["mass_g"], mine["partial"]) == (1, 3_000, True)
        [bag] = await every(world, f"/api/v1/lots/{lot}/sources", "collector")
        assert bag["code"] == near
        nobody = await world.client("far_collector").get(f"/api/v1/lots/{lot}")
        assert nobody.status_code == 404

    async def test_only_a_treatment_that_counts_is_a_lot(self, world: World) -> None:
        [bag] = await collected(world, 700)
        await to_plant(world, bag)
        first = await treated(world, bag)
        size = await log_size(world)
        whole = await got(world, f"/api/v1/events/{first}")
        fields = ("kind", "occurred_at", "site", "batches", "method")
        again = {key: whole[key] for key in fields} | {"certificate": "处理证明 2 号"}
        body = world.body("correct", corrects=first, reason="incorrect_data", replacement=again)
        del body["batches"], body["site"]
        assert (await world.client("plant").post("/api/v1/events", json=body)).status_code == 201
        shown = await got(world, f"/api/v1/lots/{first}")
        assert (shown["event"], shown["certificate"]) == (body["id"], "处理证明 2 号")
        then = await got(world, f"/api/v1/lots/{first}", as_of=size)
        assert (then["event"], then["certificate"], then["mass_g"]) == (first, "处理证明 1 号", 700)
        gone = world.body("correct", corrects=body["id"], reason="did_not_occur")
        del gone["batches"], gone["site"]
        assert (await world.client("plant").post("/api/v1/events", json=gone)).status_code == 201
        client = world.client("plant")
        assert (await client.get(f"/api/v1/lots/{first}")).status_code == 404
        [moved] = [s for s in (await custody(world, bag))["steps"] if s["kind"] == "arrive"]
        assert (await client.get(f"/api/v1/lots/{moved['event']}")).status_code == 404


class TestContainers:
    async def test_a_container_tells_where_it_was_and_what_is_in_it(self, world: World) -> None:
        [box] = await world.issue_labels(1, site=None, kind="container")
        a, b, c = await collected(world, 1_000, 2_000, 3_000)
        await world.event("pack", a, b, c, site=STATION, container=box)
        full = await log_size(world)
        await world.event("unpack", c, site=STATION, container=box)
        chain = await custody(world, box)
        assert [step["kind"] for step in chain["steps"]] == ["pack", "unpack"]
        members = chain["members"]
        assert (members["count"], members["mass_g"]) == (2, 3_000)
        then = (await custody(world, box, as_of=full))["members"]
        assert (then["count"], then["mass_g"]) == (3, 6_000)
        inside = await every(world, "/api/v1/batches", container=box)
        assert {one["code"] for one in inside} == {a, b}
        assert (await custody(world, a))["members"] is None

    async def test_a_bag_weighed_in_its_container_shows_its_share(self, world: World) -> None:
        [box] = await world.issue_labels(1, site=None, kind="container")
        a, b = await collected(world, 1_000, 3_000)
        weighed = {"container": box, "gross_g": 5_600, "tare_g": 2_000}
        await world.event("pack", a, b, site=STATION, container=box, weighed=weighed)
        await to_plant(world, box, mass_g=3_200)
        size = await log_size(world)
        for chain in (await custody(world, a), await custody(world, a, as_of=size)):
            assert [(s["mass_g"], s["mass_source"], s["via"]) for s in chain["steps"][1:]] == [
                (900, "apportioned", None), (900, "carried", box), (800, "apportioned", box),
            ]  # fmt: skip
            assert chain["batch"] == await got(world, f"/api/v1/batches/{a}")
            assert chain["balance"]["held_g"] == 800
            assert chain["balance"]["loss_g"] == 200


class TestScope:
    async def test_a_foreign_lineage_shows_codes_places_and_masses_alone(
        self, world: World
    ) -> None:
        [mine] = await world.issue_labels(1, site=None)
        await world.event("hand_in", mine, note="张三", giver={"kind": "farmer", "name": "李四"})
        await world.event("collect", mine, mass_g=5_000)
        await world.event("depart", mine, destination=PLANT)
        await world.event("arrive", mine, site=PLANT)
        [out] = await world.issue_labels(1, county=ref.XINJI, site=None)
        await posted(world, repack(world, {mine: 5_000}, {out: 5_000}, site=PLANT))
        chain = await custody(world, mine, "collector")
        assert chain["lineage"]["nodes"] == [mine, out]
        [other] = [one for one in chain["lineage"]["batches"] if one["code"] == out]
        assert (other["county"], other["stage"], other["mass_g"]) == (ref.XINJI, "store", 5_000)
        assert [step["role"] for step in chain["steps"]][-1] is None
        for who, path in (("plant", f"{out}/custody"), ("plant", f"{out}/sources")):
            text = (await world.client(who).get(f"/api/v1/batches/{path}")).text
            assert mine in text
            assert not any(name in text for name in ("张三", "李四", "collector"))
        for path in ("custody", "sources", "destinations"):
            answer = await world.client("far_county").get(f"/api/v1/batches/{out}/{path}")
            assert answer.status_code == 404


class TestBounds:
    async def test_what_lies_beyond_a_walk_is_said_to_be_not_followed(self, world: World) -> None:
        a, b, c = await collected(world, 500, 300, 200)
        [m, n] = await labels(world, 2)
        await posted(world, repack(world, {a: 500, b: 300}, {m: 800}))
        await posted(world, repack(world, {m: 800, c: 200}, {n: 1_000}))
        async with world.database.read() as session:
            found = await walk(session, [n], None, most=4)
            assert not found.whole
            sources = await sources_of(session, found, {n: Fraction(1_000)}, None)
            went = await destinations_of(session, await walk(session, [a], None, most=2), a)
        assert {one.code: (one.kind, one.mass_g) for one in sources.items} == {
            a: ("not_followed", 500), b: ("not_followed", 300), c: ("collected", 200),
        }  # fmt: skip
        assert not sources.complete
        assert [(one.kind, one.batch, one.share) for one in went] == [("not_followed", n, 1)]

    async def test_an_answer_that_would_be_too_long_tells_how_much_there_is(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lineage, "MOST_NODES", 3)
        a, b, c = await collected(world, 500, 300, 200)
        [out] = await labels(world, 1)
        await posted(world, repack(world, {a: 500, b: 300, c: 200}, {out: 1_000}))
        shown = (await custody(world, out))["lineage"]
        assert len(shown["nodes"]) == 3
        assert len(shown["edges"]) == 2
        assert (shown["node_count"], shown["edge_count"], shown["complete"]) == (4, 3, False)
        assert len(await every(world, shown["sources_url"])) == 3
        assert len(await every(world, shown["destinations_url"])) == 1


class TestQueries:
    async def test_queries_grow_with_depth_and_not_with_bags(self, world: World) -> None:
        few = await self._statements(world, 10)
        many = await self._statements(world, 200)
        assert few == many
        one, two, three = few["custody"]
        assert two - one == three - two == 2
        one, two, three = few["then"]
        assert two - one == three - two
        assert max(few["custody"] + few["sources"] + few["destinations"]) <= 25
        assert max(few["page"] + few["then"] + few["lot"]) <= 40

    async def _statements(self, world: World, bags: int) -> dict[str, list[int]]:
        """Mix and sort bags three times over; count the statements of each answer by depth."""
        kinds = ("custody", "sources", "destinations", "page", "then", "lot")
        found: dict[str, list[int]] = {kind: [] for kind in kinds}
        given = await labels(world, bags)
        for bag in given:
            await world.event("collect", bag, site=STATION, mass_g=100)
        inputs = dict.fromkeys(given, 100)
        for depth in range(3):
            half = bags * 50
            made = await labels(world, 2)
            body = repack(
                world, inputs, dict.fromkeys(made, half), mode=("mix", "sort", "mix")[depth]
            )
            await posted(world, body)
            inputs = dict.fromkeys(made, half)
            for path in ("custody", "sources"):
                found[path].append(await self._count(world, f"/api/v1/batches/{made[0]}/{path}"))
            path = f"/api/v1/batches/{given[0]}/destinations"
            found["destinations"].append(await self._count(world, path))
            size = await log_size(world)
            found["page"].append(await self._count(world, f"/batches/{made[0]}"))
            found["then"].append(await self._count(world, f"/batches/{made[0]}?as_of={size}"))
        await to_plant(world, *inputs)
        lot = await treated(world, *inputs)
        for path in ("", "/sources?limit=500", "/sources?group=hand_in", "/sources?group=township"):
            found["lot"].append(await self._count(world, f"/api/v1/lots/{lot}{path}"))
        for path in (f"/lots/{lot}", f"/lots/{lot}.pdf", f"/batches/{made[0]}/custody.pdf"):
            found["lot"].append(await self._count(world, path))
        return found

    async def _count(self, world: World, path: str) -> int:
        with world.count_queries() as seen:
            answer = await world.client("province").get(path)
        assert answer.status_code == 200
        return len(seen)

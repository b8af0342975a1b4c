"""Home pages and receipts tell of every kind of event, of containers, repacks and corrections."""

from collections.abc import AsyncIterator

import pytest

from app.areas.scope import Reach
from app.db import Database
from app.home.latest import latest_at, latest_changes
from tests.lineages import collected, labels, posted, repack
from tests.world import PLANT, STATION, World, make_world


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


async def latest(world: World, limit: int = 20):
    async with world.database.read() as session:
        return await latest_at(session, STATION, limit)


async def receipt(world: World, event: str, by: str = "keeper") -> str:
    answer = await world.client(by).get(f"/record/done/{event}")
    assert answer.status_code == 200, answer.text
    return answer.text


def correction(world: World, corrects: str, replacement: dict | None = None) -> dict:
    reason = "incorrect_data" if replacement else "did_not_occur"
    body = world.body("correct", corrects=corrects, reason=reason)
    del body["batches"], body["site"]
    return body | ({"replacement": replacement} if replacement else {})


async def correct(world: World, corrects: str, replacement: dict | None = None) -> str:
    body = correction(world, corrects, replacement)
    answer = await world.client("keeper").post("/api/v1/events", json=body)
    assert answer.status_code == 201, answer.text
    return body["id"]


async def test_a_repack_is_told_by_what_it_made(world: World) -> None:
    a, b = await collected(world, 600, 400)
    c, d = await labels(world, 2)
    done = await posted(world, repack(world, {a: 600, b: 400}, {c: 700, d: 300}))
    [told] = await latest(world, 1)
    assert (told.kind, told.code, told.more, told.mass_g) == ("repack", c, 1, 1_000)
    page = await receipt(world, done["id"])
    assert "2 袋" in page
    assert "1.00 kg" in page
    async with world.database.read() as session:
        [change] = await latest_changes(session, Reach(everything=True), 1)
    assert (change.kind, change.more, change.mass_g) == ("repack", 1, 1_000)


async def test_a_container_is_told_by_its_bags_and_its_weight(world: World) -> None:
    [box] = await world.issue_labels(1, site=None, kind="container")
    a, b = await collected(world, 600, 400)
    packed = await world.event("pack", a, b, site=STATION, container=box)
    [told] = await latest(world, 1)
    assert (told.kind, told.code, told.more) == ("pack", a, 1)
    await receipt(world, packed["id"])
    weighed = {"container": box, "gross_g": 2_000, "tare_g": 1_010}
    moved = await world.event("depart", box, site=STATION, destination=PLANT, weighed=weighed)
    [told] = await latest(world, 1)
    assert (told.kind, told.code, told.more, told.mass_g) == ("depart", box, 0, 990)
    assert "990 g" in await receipt(world, moved["id"])
    async with world.database.read() as session:
        [change] = await latest_changes(session, Reach(everything=True), 1)
    assert (change.kind, change.more, change.mass_g) == ("depart", 1, 990)


async def test_a_correction_stands_for_what_it_corrects(world: World) -> None:
    [bag] = await collected(world, 600)
    counted = await world.event("stock_count", bag, site=STATION, mass_g=500)
    right = {key: counted[key] for key in ("kind", "occurred_at", "site")}
    right["batches"] = [{"code": bag, "mass_g": 580}]
    fixed = await correct(world, counted["id"], right)
    told, before = await latest(world, 2)
    assert (told.kind, told.code, told.mass_g) == ("correct", bag, 580)
    assert before.kind == "collect"
    assert "580 g" in await receipt(world, fixed)
    undone = await correct(world, fixed)
    told, before = await latest(world, 2)
    assert (told.kind, told.code, told.mass_g) == ("correct", bag, None)
    assert before.kind == "collect"
    assert bag.split("-")[1] in await receipt(world, undone)
    home = await world.client("keeper").get("/")
    assert home.status_code == 200
    assert "更正" in home.text


async def test_a_foreign_repack_and_correction_show_the_bags_in_reach_alone(world: World) -> None:
    [mine] = await world.issue_labels(1, site=None)
    await world.event("collect", mine, mass_g=5_000)
    await world.event("depart", mine, destination=STATION)
    await world.event("arrive", mine, site=STATION)
    [other] = await collected(world, 600)
    [out] = await labels(world, 1)
    mixed = await posted(world, repack(world, {mine: 5_000, other: 600}, {out: 5_600}))
    shown = (await world.client("collector").get(f"/api/v1/events/{mixed['id']}")).json()
    assert [one["code"] for one in shown["inputs"]] == [mine]
    assert shown["outputs"] == []
    assert "leaf" not in shown
    [last] = await collected(world, 100)
    counted = await world.event("stock_count", last, site=STATION, mass_g=90)
    undone = await correct(world, counted["id"])
    assert (await world.client("collector").get(f"/api/v1/events/{undone}")).status_code == 404

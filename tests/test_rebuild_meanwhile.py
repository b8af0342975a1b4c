"""`rebuild` beside people who record: late, corrected and unsequenced events, and both at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.rebuild.difference import Found
from tests import reference as ref
from tests.rebuilding import Hands, checked, follow_all, rebuilt
from tests.recording import make_wide_world
from tests.world import World

PARTS = ("records", "log", "flows", "alerts")
"""All but what is declared: this world's reference rows were put straight into their tables."""


@pytest.fixture(scope="module")
async def world(database) -> AsyncIterator[World]:
    made = await make_wide_world(database)
    await live(made)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def owner(world: World, database_urls) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(database_urls["owner"])
    yield made
    await made.close()


async def correct(world: World, by: str, corrects: dict[str, Any], **replacement: Any) -> None:
    """Correct an event as somebody: with `replacement`, else it did not occur."""
    body = {
        "id": str(world.body("correct")["id"]), "kind": "correct", "corrects": corrects["id"],
        "reason": "incorrect_data" if replacement else "did_not_occur",
    } | ({"replacement": replacement} if replacement else {})  # fmt: skip
    answer = await world.client(by).post("/api/v1/events", json=body)
    assert answer.status_code == 201, answer.text


async def live(world: World) -> None:
    """Let something of every kind happen, some of it late and some of it corrected."""
    [treated] = await world.issue_labels(1)
    await world.whole_life(treated)
    bags = await world.issue_labels(4, site=ref.STATION)
    [box] = await world.issue_labels(1, site=ref.STATION, kind="container")
    for bag in bags[:3]:
        sealed = await world.event("collect", bag, site=ref.STATION, mass_g=5_000)
    await world.event("stock_count", bags[3], site=ref.STATION, mass_g=9_000)
    at = world.tick()
    weighed = {"container": box, "gross_g": 14_000, "tare_g": 4_010}
    await world.event(
        "pack", *bags[:2], site=ref.STATION, container=box, weighed=weighed, at=world.tick()
    )
    await world.event("stock_count", bags[0], site=ref.STATION, mass_g=4_000, at=at)
    out = await world.issue_labels(2, site=ref.STATION)
    body = world.body("repack", site=ref.STATION, mode="sort", reason="sort")
    del body["batches"]
    body |= {
        "inputs": [{"code": bag, "mass_g": 5_000} for bag in bags[2:]],
        "outputs": [{"code": code, "mass_g": 4_500} for code in out],
        "removed": [{"reason": "foreign", "mass_g": 1_000}],
    }
    assert (await world.post(body)).status_code == 201
    await world.event("depart", box, *out, site=ref.STATION, destination=ref.PLANT)
    await world.event("arrive", box, *out, site=ref.PLANT, group_mass_g=17_000)
    await world.event("dispose", box, site=ref.PLANT)
    await world.event("write_off", *out[:1], site=ref.PLANT, by="plant_county", reason="火灾")
    again = {"code": bags[2], "mass_g": 5_100}
    await correct(
        world, "keeper", sealed, kind="collect", site=ref.STATION, batches=[again],
        occurred_at=sealed["occurred_at"],
    )  # fmt: skip
    [mistaken, taken_back] = await world.issue_labels(2)
    await correct(world, "collector", await world.event("collect", taken_back, mass_g=7_000))
    at = world.tick()
    await world.event("arrive", mistaken, site=ref.STATION, mass_g=6_000)
    await world.event("collect", mistaken, mass_g=6_100, at=at)
    await follow_all(world.database)


async def differing(database_urls: dict[str, str]) -> dict[str, Found]:
    return {one.table: one for one in await checked(database_urls["owner"], *PARTS)}


async def test_late_and_corrected_events_are_gone_over_as_they_were_recorded(world, database_urls):
    assert await differing(database_urls) == {}


async def test_what_is_recorded_and_not_yet_sequenced_is_no_difference(world, database_urls):
    [bag, other] = await world.issue_labels(2)
    sealed = await world.event("collect", bag, mass_g=3_000)
    await world.event("collect", other, mass_g=3_000)
    await correct(world, "collector", sealed)
    assert await differing(database_urls) == {}


async def test_a_bag_is_put_right_before_its_events_have_a_place(world, database_urls, owner):
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=3_000)
    await owner.execute("UPDATE batch SET mass_g = 1 WHERE code = $1", bag)
    async with Hands(database_urls["owner"], "records") as hands:
        await hands.recompute()
        [one] = await hands.compare()
        assert (one.first.key, one.first.should) == (f"code={bag}", "3000")
        await follow_all(world.database)  # its event gets the place that it waited for
        await hands.repair()
        assert await hands.compare() == []


async def test_people_record_while_bags_are_put_right(world, database_urls, owner):
    bags = await world.issue_labels(12)
    for bag in bags:
        await world.event("collect", bag, mass_g=3_000)
    await owner.execute("UPDATE batch SET mass_g = mass_g + 1, seen_by = '{x}'")
    lost = bags[:3]
    await owner.execute("DELETE FROM batch WHERE code = ANY($1)", bags[-1:])

    async def go_on() -> list[int]:
        answers = []
        for _ in range(2):
            for bag in bags[:-1]:
                answer = await world.post(world.body("stock_count", bag, mass_g=3_000))
                answers.append(answer.status_code)
        return answers

    outcome, answers = await asyncio.gather(rebuilt(database_urls["owner"], *PARTS), go_on())
    assert set(answers) == {201}, lost
    assert outcome.remains == ()
    await follow_all(world.database)
    assert await differing(database_urls) == {}


async def test_what_was_recorded_on_a_changed_state_is_cured_by_a_correction(
    world, database_urls, owner
):
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=3_000)
    await owner.execute(
        "UPDATE batch SET state = jsonb_set(state, '{mass}', '[[\"130110/pesticide\", 2000]]')"
        " WHERE code = $1",
        bag,
    )
    sent = await world.event("depart", bag, destination=ref.STATION)
    await follow_all(world.database)
    outcome = await rebuilt(database_urls["owner"], *PARTS)
    assert {one.table for one in outcome.found} >= {"batch", "posting"}
    [left] = outcome.remains
    assert (left.table, left.first.key, left.beyond_repair) == (
        "posting", f"batch_code={bag}", True,
    )  # fmt: skip
    same = {
        k: sent[k] for k in ("kind", "occurred_at", "site", "destination", "vehicle", "batches")
    }
    await correct(world, "collector", sent, **same)
    await follow_all(world.database)
    assert await differing(database_urls) == {}

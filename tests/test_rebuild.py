"""`rebuild --check`: what stands beside the log is what its leaves say, and what is not is named."""

import asyncpg
import pytest

from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from app.rebuild.components import Components
from app.rebuild.recompute import Difference, compare
from tests import reference as ref
from tests.recording import make_wide_world
from tests.world import World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    await live(made)
    yield made
    await made.close()


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
    correction = {
        "id": str(world.body("correct")["id"]), "kind": "correct", "corrects": sealed["id"],
        "reason": "incorrect_data",
        "replacement": {
            "kind": "collect", "occurred_at": sealed["occurred_at"], "site": ref.STATION,
            "batches": [{"code": bags[2], "mass_g": 5_100}],
        },
    }  # fmt: skip
    answer = await world.client("keeper").post("/api/v1/events", json=correction)
    assert answer.status_code == 201, answer.text
    await catch_up(world.database, FOLLOWERS)


async def differs(world: World) -> Difference | None:
    told: list[str] = []
    found = await compare(
        world.database.engine,
        FOLLOWERS,
        lambda what, done, total: told.append(f"{what}{done}{total}"),
    )
    assert told
    return found


async def test_everything_is_as_the_leaves_say(world: World):
    assert await differs(world) is None


async def test_what_is_recorded_and_not_yet_sequenced_is_no_difference(world: World):
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=3_000)
    assert await differs(world) is None


@pytest.mark.parametrize(
    ("statement", "undo", "table"),
    [
        (
            "UPDATE batch SET mass_g = mass_g + 1 WHERE status = 'disposed'",
            "UPDATE batch SET mass_g = mass_g - 1 WHERE status = 'disposed'",
            "batch",
        ),
        (
            "UPDATE batch SET status = 'stored' WHERE status = 'written_off'",
            "UPDATE batch SET status = state->>'status' WHERE state->>'status' = 'written_off'",
            "batch",
        ),
        (
            "UPDATE site_flow SET in_g = in_g + 1",
            "UPDATE site_flow SET in_g = in_g - 1",
            "site_flow",
        ),
    ],
)  # fmt: skip
async def test_what_was_changed_by_hand_is_named(
    world: World, database_urls: dict[str, str], statement: str, undo: str, table: str
):
    owner = await asyncpg.connect(database_urls["owner"])
    try:
        await owner.execute(statement)
        found = await differs(world)
        await owner.execute(undo)
    finally:
        await owner.close()
    assert found is not None
    assert found.table == table
    assert await differs(world) is None


def test_bags_that_share_something_are_never_apart():
    ties = Components()
    ties.tie(["a", "b"])
    ties.tie(["c", "d"])
    ties.tie(["d", "a"])
    chunks = list(ties.chunks(["a", "b", "c", "d", "e", "f"], 2))
    assert sorted(chunks[0]) == ["a", "b", "c", "d"]
    assert chunks[1:] == [["e", "f"]]

"""How many statements a request costs: fixed, and the same for a hundred events as for one."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from app.batches.codes import make_code
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from tests import reference as ref
from tests.recording import capture, make_wide_world, odd_labels
from tests.world import World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def test_an_event_costs_a_fixed_number_of_statements(world: World):
    """Who is calling; locks and facts, a statement a table; writes, a statement a table."""
    [bag] = await world.issue_labels(1)
    plant = {"site": ref.PLANT}
    for kind, fields, recorded, duplicate in (
        ("hand_in", {}, 12, 7),
        ("hand_in", {"note": "有私人内容，多一张表"}, 13, 7),
        ("collect", {"mass_g": 500}, 10, 5),
        ("depart", {"destination": ref.STATION}, 16, 9),
        ("arrive", {"site": ref.STATION}, 11, 5),
        ("store", {"site": ref.STATION}, 9, 5),
        ("depart", {"site": ref.STATION, "destination": ref.PLANT}, 18, 11),
        ("arrive", plant, 13, 7),
        ("dispose", plant, 12, 7),
    ):
        body = world.body(kind, bag, **fields)
        for status, most in ((201, recorded), (200, duplicate)):
            with world.count_queries() as seen:
                assert (await world.post(body)).status_code == status
            assert len(seen) <= most, (kind, status, "\n".join(seen))


def queue_of(world: World, what: str, bags: list[str], at: datetime) -> list[dict]:
    then = at - timedelta(minutes=1) if what == "late" else at + timedelta(minutes=1)
    if what == "depart":
        return [world.body("depart", b, at=then, destination=ref.STATION) for b in bags]
    if what == "mistyped":
        return [world.body("hand_in", b[:-1], at=then) for b in bags]
    if what == "not issued":
        codes = (make_code(ref.LUQUAN, i) for i in range(len(bags)))
        return [world.body("hand_in", code, at=then) for code in codes]
    if what == "no shape":
        return [{"kind": "collect", "id": str(i)} for i in range(len(bags))]
    return [world.body("hand_in", b, note="x", at=then) for b in bags]


@pytest.mark.parametrize(
    "what", ["hand_in", "depart", "late", "mistyped", "not issued", "no shape"]
)
async def test_a_hundred_events_cost_what_one_costs(world: World, what):
    costs = []
    for many in (1, 100):
        bags = await odd_labels(world.database, many)
        at = world.tick()
        if what in {"depart", "late"}:
            await capture(world, "collector", [world.body("hand_in", b, at=at) for b in bags])
        queue = queue_of(world, what, bags, at)
        with world.count_queries() as seen:
            items = await capture(world, "collector", queue)
        expected = "recorded" if what in {"hand_in", "depart", "late"} else "refused"
        assert {item["outcome"] for item in items} == {expected}
        costs.append(len(seen))
    assert costs[0] == costs[1], costs
    assert costs[0] <= 17


async def test_more_codes_than_one_statement_has_parameters_are_still_answered(world: World):
    """PostgreSQL's protocol holds 32 767 parameters; a queue of full trucks names more bags."""
    codes = [make_code(ref.LUQUAN, i * 7_919) for i in range(33_000)]
    at = world.tick()
    queue = [world.body("store", *codes[i : i + 500], at=at) for i in range(0, len(codes), 500)]
    items = await capture(world, "collector", queue)
    assert {item["problem"]["type"] for item in items} == {"/problems/label-not-issued"}


async def test_reading_costs_a_fixed_number_of_statements(world: World):
    [bag] = await world.issue_labels(1)
    await world.whole_life(bag)
    left = await world.event("depart", *(await world.issue_labels(50)), destination=ref.STATION)
    for _ in range(30):
        await world.post(world.body("hand_in", bag))
    await catch_up(world.database, FOLLOWERS)
    days = "from=2025-01-01&to=2099-12-31"
    for who, path, most in (
        ("collector", f"/api/v1/events/{left['id']}", 4),
        ("province", f"/api/v1/events/{left['id']}", 4),
        ("city", f"/api/v1/events/{left['id']}", 5),
        ("collector", "/api/v1/refusals?limit=500", 2),
        ("city", "/api/v1/refusals?limit=500", 3),
        ("collector", f"/api/v1/balance?site={ref.POINT}&{days}", 6),
        ("county", f"/api/v1/balance?area={ref.LUQUAN}&{days}", 6),
        ("province", f"/api/v1/balance?area=130000&{days}", 6),
    ):
        with world.count_queries() as seen:
            answer = await world.client(who).get(path)
        assert answer.status_code == 200, answer.text
        assert len(seen) <= most, (who, path, "\n".join(seen))


async def test_a_long_late_queue_does_not_keep_others_waiting(world: World):
    [bag] = await odd_labels(world.database)
    await world.event("arrive", bag, site=ref.STATION, mass_g=5_000)
    queue = [
        world.body("hand_in", bag, at=world.clock - timedelta(minutes=i + 1)) for i in range(200)
    ]
    task = asyncio.create_task(capture(world, "collector", queue))
    longest = 0.0
    while not task.done():
        started = time.perf_counter()
        assert (await world.client("stranger").get("/healthz")).status_code == 200
        longest = max(longest, time.perf_counter() - started)
        await asyncio.sleep(0.01)
    assert {item["outcome"] for item in await task} == {"recorded"}
    assert longest < 0.5

"""Many at once: one is recorded, the others are told rightly, and no connection is lost."""

import asyncio
import json
import socket
from collections import Counter
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import httpx
import pytest
import uvicorn
from sqlalchemy import select
from structlog.testing import capture_logs

from app.batches.models import Batch
from app.config import Settings
from app.main import create_app
from app.trips.models import Trip
from tests import reference as ref
from tests.recording import caller_of, capture, make_wide_world, odd_labels, written
from tests.world import World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def doors(world: World, database_urls):
    """The same account at two processes' doors; asked in turn."""
    other = create_app(database_urls["app"], Settings(pool_size=5))
    mine = world.client("collector")
    theirs = httpx.AsyncClient(
        transport=httpx.ASGITransport(other, raise_app_exceptions=False),
        base_url="http://ny.test",
        headers=mine.headers,
    )
    yield [mine, theirs]
    await theirs.aclose()
    assert out_of(other) == 0
    await other.state.database.close()


def out_of(app) -> int:
    """Return how many connections are checked out."""
    return app.state.database.engine.pool.checkedout()


@pytest.fixture(autouse=True)
async def _every_connection_comes_back(world: World):
    yield
    for _ in range(100):
        if out_of(world.app) == 0:
            return
        await asyncio.sleep(0.02)
    assert out_of(world.app) == 0


async def post_all(doors, bodies):
    return await asyncio.gather(
        *(doors[i % len(doors)].post("/api/v1/events", json=b) for i, b in enumerate(bodies))
    )


@pytest.mark.parametrize("kind", ["collect", "hand_in then collect"])
async def test_thirty_two_clients_close_one_bag_and_one_does(world: World, doors, kind):
    [bag] = await odd_labels(world.database)
    if kind != "collect":
        await world.event("hand_in", bag)
    at = world.tick()
    before = await written(world.database)
    bodies = [world.body("collect", bag, at=at, mass_g=1_000 + i) for i in range(32)]
    answers = await post_all(doors, bodies)
    assert Counter(a.status_code for a in answers) == {201: 1, 409: 31}
    [won] = [a.json() for a in answers if a.status_code == 201]
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["type"] == "/problems/bag-is-sealed"
            assert problem["in_the_way"] == won["id"]
    after = await written(world.database)
    assert after["event"] == before["event"] + 1
    async with world.database.read() as session:
        stored = await session.get_one(Batch, bag)
    assert stored.mass_g == won["batches"][0]["mass_g"]


async def test_fifty_clients_send_one_event_and_all_hear_the_same(world: World, doors):
    [bag] = await odd_labels(world.database)
    body = world.body("hand_in", bag, note="同一条", giver={"kind": "farmer", "name": "王"})
    before = await written(world.database)
    answers = await post_all(doors, [body] * 50)
    assert Counter(a.status_code for a in answers) == {201: 1, 200: 49}
    assert len({a.json()["leaf"] for a in answers}) == 1
    assert len({a.text for a in answers}) == 1
    after = await written(world.database)
    assert {k: after[k] - before[k] for k in ("event", "posting", "batch", "event_private")} == {
        "event": 1, "posting": 1, "batch": 1, "event_private": 1,
    }  # fmt: skip


async def test_one_id_with_two_contents_is_recorded_once(world: World, doors):
    bags = await odd_labels(world.database, 20)
    body = world.body("hand_in", bags[0])
    answers = await post_all(doors, [body | {"batches": [{"code": b}]} for b in bags])
    assert Counter(a.status_code for a in answers) == {201: 1, 409: 19}
    assert {a.json().get("type") for a in answers if a.status_code == 409} == {
        "/problems/event-id-reused"
    }


async def test_hand_ins_at_once_are_all_in_the_bag(world: World, doors):
    [bag] = await odd_labels(world.database)
    bodies = [world.body("hand_in", bag, mass_g=100) for _ in range(30)]
    Random(1).shuffle(bodies)
    answers = await post_all(doors, bodies)
    assert Counter(a.status_code for a in answers) == {201: 30}
    async with world.database.read() as session:
        stored = await session.get_one(Batch, bag)
    assert (stored.mass_g, stored.state["hand_ins"]) == (3_000, 30)


async def test_queues_that_name_the_same_bags_crosswise_do_not_deadlock(world: World, doors):
    bags = await odd_labels(world.database, 12)
    await world.event("store", *bags[:6], site=ref.STATION)  # half of them exist already
    queues = []
    for seed in range(8):
        order = Random(seed).sample(bags, len(bags))
        pairs = [order[i : i + 2] for i in range(0, len(order), 2)]
        queues.append([world.body("store", *pair, mass_g=500 + seed) for pair in pairs])
    answers = await asyncio.gather(
        *(
            doors[i % 2].post("/api/v1/capture", json={"device": {"id": "p"}, "events": queue})
            for i, queue in enumerate(queues)
        )
    )
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert [item["outcome"] for item in answer.json()["items"]] == ["recorded"] * 6


async def test_the_same_queue_from_two_doors_is_recorded_once(world: World, doors):
    bags = await odd_labels(world.database, 10)
    queue = [world.body("hand_in", bag) for bag in bags]
    queue += [world.body("collect", bag, mass_g=900) for bag in bags]
    before = await written(world.database)
    answers = await asyncio.gather(
        *(
            door.post("/api/v1/capture", json={"device": {"id": "p"}, "events": queue})
            for door in doors * 3
        )
    )
    outcomes = [[item["outcome"] for item in a.json()["items"]] for a in answers]
    for said in zip(*outcomes, strict=True):
        assert Counter(said) == {"recorded": 1, "duplicate": 5}
    assert (await written(world.database))["event"] == before["event"] + 20


async def test_trips_of_one_county_and_day_are_numbered_without_gap_or_double(world, doors):
    bags = await odd_labels(world.database, 40)
    at = datetime(2025, 5, 5, 2, tzinfo=UTC)
    bodies = [world.body("depart", bag, at=at, destination=ref.STATION) for bag in bags]
    spoiled = [world.body("depart", "x", at=at, destination=ref.STATION) for _ in range(5)]
    answers = await post_all(doors, bodies + spoiled)
    assert Counter(a.status_code for a in answers) == {201: 40, 422: 5}
    numbers = sorted(a.json()["trip"] for a in answers if a.status_code == 201)
    assert numbers == [f"ZY20250505130110{n:04}" for n in range(1, 41)]


async def test_one_trip_opened_by_many_pick_ups_has_one_number(world: World, doors):
    bags = await odd_labels(world.database, 20)
    trip = str(uuid4())
    bodies = [world.body("depart", bag, destination=ref.STATION, trip=trip) for bag in bags]
    answers = await post_all(doors, bodies)
    assert Counter(a.status_code for a in answers) == {201: 20}
    assert len({a.json()["trip"] for a in answers}) == 1
    async with world.database.read() as session:
        [row] = await session.scalars(select(Trip).where(Trip.id == trip))
    assert row.number == answers[0].json()["trip"]


async def test_a_cancelled_request_leaves_no_connection_and_no_half_event(world: World):
    bags = await odd_labels(world.database, 60)
    before = await written(world.database)
    rng = Random(3)

    async def cancelled(bag: str) -> int:
        body = world.body("hand_in", bag, note="x")
        task = asyncio.create_task(world.post(body))
        await asyncio.sleep(rng.random() * 0.05)
        task.cancel()
        try:
            return (await task).status_code
        except asyncio.CancelledError:
            return 0

    statuses = await asyncio.gather(*(cancelled(bag) for bag in bags))
    assert 0 in statuses
    for _ in range(100):
        if out_of(world.app) == 0:
            break
        await asyncio.sleep(0.02)
    assert out_of(world.app) == 0
    after = await written(world.database)
    grown = {k: after[k] - before[k] for k in ("event", "event_batch", "batch", "event_private")}
    assert len(set(grown.values())) == 1, grown
    assert grown["event"] >= statuses.count(201)
    # Whoever was cut off sends again, and hears the truth.
    answers = await asyncio.gather(*(world.post(world.body("hand_in", bag)) for bag in bags[:20]))
    assert {a.status_code for a in answers} == {201}


@pytest.fixture
async def listening(world: World):
    """The application behind real sockets; yields its port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def test_phones_that_lose_their_signal_are_no_faults_and_leave_nothing(world, listening):
    bags = await odd_labels(world.database, 24)
    cookie = world.client("collector").headers["cookie"]

    async def cut(bag: str, share: float) -> None:
        body = json.dumps(world.body("hand_in", bag)).encode()
        _, writer = await asyncio.open_connection("127.0.0.1", listening)
        writer.write(
            b"POST /api/v1/events HTTP/1.1\r\nhost: ny.test\r\ncontent-type: application/json"
            b"\r\ncookie: %s\r\ncontent-length: %d\r\n\r\n%s"
            % (cookie.encode(), len(body), body[: int(len(body) * share)])
        )
        await writer.drain()
        await asyncio.sleep(0.005)
        writer.close()

    with capture_logs() as logs:
        await asyncio.gather(*(cut(bag, (i % 4) / 3) for i, bag in enumerate(bags)))
        for _ in range(100):
            if len([entry for entry in logs if entry["event"] == "request"]) == len(bags):
                break
            await asyncio.sleep(0.05)
    assert not [entry for entry in logs if entry["log_level"] == "error"]
    assert out_of(world.app) == 0


async def test_ten_megabytes_over_a_real_connection_are_413(world, listening):
    headers = {"cookie": world.client("collector").headers["cookie"]}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening}", headers=headers) as c:
        answer = await c.post(
            "/api/v1/events",
            content=b" " * 10_000_000,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 413
        assert (await c.get("/healthz")).status_code == 200


async def test_more_requests_than_connections_wait_their_turn(world: World):
    bags = await odd_labels(world.database, 30)
    at = world.tick()
    answers = await asyncio.gather(
        *(world.post(world.body("collect", bag, at=at, mass_g=1_000)) for bag in bags),
        *(world.client("county").get("/api/v1/refusals") for _ in range(10)),
    )
    assert Counter(a.status_code for a in answers) == {201: 30, 200: 10}


async def test_queues_of_two_accounts_do_not_mix(world: World):
    assert caller_of(world, "collector").id != caller_of(world, "keeper").id
    bags = await odd_labels(world.database, 6)
    mine = [world.body("collect", bag, mass_g=700) for bag in bags]
    theirs = [world.body("arrive", bag, site=ref.STATION, mass_g=690) for bag in bags]
    one, other = await asyncio.gather(
        capture(world, "collector", mine), capture(world, "keeper", theirs)
    )
    assert {item["outcome"] for item in one + other} == {"recorded"}
    async with world.database.read() as session:
        rows = await session.scalars(select(Batch).where(Batch.code.in_(bags)))
    assert {(b.status, b.mass_g) for b in rows} == {("received", 690)}

"""The log's order: contiguous, in commit order for a batch, soon; followers that begin again."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from app.balance.booked import transfer_of
from app.balance.flows import FLOWS
from app.balance.models import CountyFlow, Posting, SiteFlow
from app.balance.postings import total
from app.db import Database
from app.events.fold import Folded
from app.events.happening import happening_of
from app.events.record import record
from app.events.state import LabelFacts
from app.events.together import fold
from app.ledger import follow as following
from app.ledger.follow import Follow, catch_up, cursor_of, follow, keep_up, restart
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch, Follower, Leaf, Unsequenced
from app.ledger.sequence import log_size, sequence
from tests import reference as ref
from tests.recording import caller_of, make_wide_world, odd_labels
from tests.world import World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def rows_of(database: Database, *tables) -> list[list[tuple]]:
    async with database.read() as session:
        return [
            sorted(map(tuple, await session.execute(select(*table.__table__.columns))))
            for table in tables
        ]


async def write_some(world: World, bags: Sequence[str], rng: Random) -> None:
    """Hand into bags one by one, then seal and move them, as four people would."""
    who = caller_of(world, "collector")
    at = world.tick(minutes=1)
    for turn in range(3):
        bag = rng.choice(bags)
        bodies = [
            world.body("hand_in", bag, at=at + timedelta(seconds=turn)),
            world.body("store", rng.choice(bags), at=at + timedelta(seconds=turn, minutes=1)),
        ]
        await record(world.database, who, bodies, now=at + timedelta(hours=1))
        await asyncio.sleep(0)


async def test_indexes_have_no_gap_whoever_writes_and_whoever_sequences(world: World):
    bags = await odd_labels(world.database, 6)
    done = asyncio.Event()

    async def sequencing() -> int:
        given = 0
        while not done.is_set():
            given += await sequence(world.database)
            await asyncio.sleep(0.001)
        return given

    sequencers = [asyncio.create_task(sequencing()) for _ in range(3)]
    await asyncio.gather(*(write_some(world, bags, Random(i)) for i in range(8)))
    done.set()
    given = sum(await asyncio.gather(*sequencers))
    while more := await sequence(world.database):
        given += more
    async with world.database.read() as session:
        indexes = (await session.scalars(select(Leaf.leaf_index).order_by(Leaf.leaf_index))).all()
        events = await session.scalar(select(func.count()).select_from(Event))
        waiting = await session.scalar(select(func.count()).select_from(Unsequenced))
        assert await log_size(session) == len(indexes)
    assert list(indexes) == list(range(len(indexes)))
    assert len(indexes) == events == given
    assert waiting == 0


async def test_what_is_booked_at_any_log_size_is_what_was_known_then(world: World):
    """A late event is booked upon what stood before it, so that must have the lower index."""
    [bag] = await odd_labels(world.database)
    await world.event("collect", bag, mass_g=500)
    await world.event("arrive", bag, site=ref.STATION, mass_g=490)
    start, rng, stop = world.tick(hours=40), Random(5), asyncio.Event()

    async def sequencing():
        while not stop.is_set():
            await sequence(world.database)
            await asyncio.sleep(0)

    task = asyncio.create_task(sequencing())
    bodies = [
        world.body(
            "store", bag, site=ref.STATION, mass_g=rng.randrange(400, 600),
            at=start - timedelta(minutes=rng.randrange(1, 600)),
        )
        for _ in range(25)
    ]  # fmt: skip
    answers = await asyncio.gather(*(world.post(body) for body in bodies))
    stop.set()
    await task
    await catch_up(world.database, [])
    assert {a.status_code for a in answers} == {201}
    async with world.database.read() as session:
        leaves = await session.scalars(
            select(Event.leaf)
            .join(Leaf, Leaf.event_id == Event.id)
            .join(EventBatch, EventBatch.event_id == Event.id)
            .where(EventBatch.batch_code == bag)
            .order_by(Leaf.leaf_index)
        )
        parts = [read_leaf(leaf) for leaf in leaves]
        rows = (await session.scalars(select(Posting).where(Posting.batch_code == bag))).all()
    causes, steps = [], []
    for part in parts:
        steps.append(happening_of(part).step(bag))
        causes.append(part["event"]["id"])
        due = fold(LabelFacts(ref.LUQUAN), steps)
        assert isinstance(due, Folded)
        booked = total(transfer_of(row) for row in rows if str(row.cause) in causes)
        assert {k: g for k, g in booked.items() if g} == {
            k: g for k, g in total(due.transfers).items() if g
        }
    assert len(steps) == 27


async def test_a_leaf_has_its_place_within_a_second_while_the_platform_runs(world: World):
    [bag] = await odd_labels(world.database)
    task = asyncio.create_task(keep_up(world.database, [FLOWS]))
    try:
        for _ in range(3):
            answer = await world.event("hand_in", bag)
            async with asyncio.timeout(1):
                while True:
                    got = await world.client("county").get(f"/api/v1/events/{answer['id']}")
                    if got.json()["leaf_index"] is not None:
                        break
                    await asyncio.sleep(0.02)
    finally:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_follower_begun_again_ends_the_same(world: World):
    bags = await odd_labels(world.database, 3)
    for bag in bags:
        await world.whole_life(bag)
    late = await odd_labels(world.database, 1)
    await world.event("arrive", *late, site=ref.STATION, mass_g=700)
    await catch_up(world.database, [FLOWS])
    await world.event("collect", *late, at=world.clock - timedelta(days=1), mass_g=720)
    await catch_up(world.database, [FLOWS])
    stood = await rows_of(world.database, SiteFlow, CountyFlow, Follower)
    await restart(world.database, FLOWS)
    assert await rows_of(world.database, SiteFlow, CountyFlow) == [[], []]
    await catch_up(world.database, [FLOWS])
    again = await rows_of(world.database, SiteFlow, CountyFlow, Follower)
    assert [_without_zeros(t) for t in again] == [_without_zeros(t) for t in stood]


async def test_a_follower_ends_the_same_in_steps_of_any_size(world: World, monkeypatch):
    await catch_up(world.database, [FLOWS])
    stood = await rows_of(world.database, SiteFlow, CountyFlow)
    for size in (1, 7):
        monkeypatch.setattr(following, "MOST_AT_ONCE", size)
        await restart(world.database, FLOWS)
        await catch_up(world.database, [FLOWS])
        again = await rows_of(world.database, SiteFlow, CountyFlow)
        assert [_without_zeros(t) for t in again] == [_without_zeros(t) for t in stood]


def _without_zeros(rows: list[tuple]) -> list[tuple]:
    """Leave out flows that were booked and taken back again."""
    return [row for row in rows if any(value for value in row if isinstance(value, int))]


async def test_a_crash_between_leaves_cursor_and_effects_together(world: World):
    [bag] = await odd_labels(world.database)
    await catch_up(world.database, [FLOWS])
    stood = await rows_of(world.database, SiteFlow, CountyFlow, Follower)
    await world.event("hand_in", bag)
    await sequence(world.database)

    async def half(session, leaves):
        await FLOWS.apply(session, leaves)
        raise RuntimeError("the power went")

    crashing = Follow(FLOWS.name, half, FLOWS.tables, FLOWS.kinds)
    with pytest.raises(RuntimeError):
        await follow(world.database, crashing)
    assert await rows_of(world.database, SiteFlow, CountyFlow, Follower) == stood
    assert await follow(world.database, FLOWS) == 1
    moved = await rows_of(world.database, SiteFlow, CountyFlow, Follower)
    assert moved != stood


async def test_one_bad_turn_does_not_end_the_loop(world: World, monkeypatch):
    turns, went_on = [], asyncio.Event()

    async def failing(session, leaves):
        turns.append(len(leaves))
        if len(turns) == 1:
            raise RuntimeError("once")
        went_on.set()

    monkeypatch.setattr(following, "PAUSE_S", 0.01)
    monkeypatch.setattr(following, "AFTER_A_FAULT_S", 0.01)
    follower = Follow("sometimes", failing, ())
    with capture_logs() as logs:
        task = asyncio.create_task(keep_up(world.database, [follower]))
        async with asyncio.timeout(5):
            await went_on.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [entry["event"] for entry in logs] == ["follower failed"]


async def test_a_follower_is_not_begun_again_under_its_own_feet(world: World):
    """A turn under way when a follower is restarted must not move the cursor past what is gone."""
    await catch_up(world.database, [FLOWS])
    stood = await rows_of(world.database, SiteFlow, CountyFlow)
    [bag] = await odd_labels(world.database)
    await world.event("hand_in", bag)
    await sequence(world.database)
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slow(session, leaves):
        await FLOWS.apply(session, leaves)
        under_way.set()
        await go_on.wait()

    turn = asyncio.create_task(
        follow(world.database, Follow(FLOWS.name, slow, FLOWS.tables, FLOWS.kinds))
    )
    await under_way.wait()
    begun_again = asyncio.create_task(restart(world.database, FLOWS))
    await asyncio.sleep(0.1)
    go_on.set()
    await asyncio.gather(turn, begun_again)
    async with world.database.read() as session:
        assert await cursor_of(session, FLOWS.name) == 0
    assert await rows_of(world.database, SiteFlow, CountyFlow) == [[], []]
    await catch_up(world.database, [FLOWS])
    assert await rows_of(world.database, SiteFlow, CountyFlow) != stood


async def test_two_processes_follow_without_counting_twice(world: World):
    bags = await odd_labels(world.database, 4)
    await restart(world.database, FLOWS)
    tasks = [asyncio.create_task(catch_up(world.database, [FLOWS])) for _ in range(4)]
    await asyncio.gather(*(world.event("hand_in", bag) for bag in bags), *tasks)
    await catch_up(world.database, [FLOWS])
    together = await rows_of(world.database, SiteFlow, CountyFlow)
    await restart(world.database, FLOWS)
    await catch_up(world.database, [FLOWS])
    alone = await rows_of(world.database, SiteFlow, CountyFlow)
    assert [_without_zeros(t) for t in together] == [_without_zeros(t) for t in alone]


async def test_rows_that_are_nobody_s_stop_nothing(world: World):
    """A row that names no event, one whose event has its place, and one event twice."""
    [bag] = await odd_labels(world.database, 1)
    at = world.tick(minutes=1)
    body = world.body("hand_in", bag, at=at)
    await record(world.database, caller_of(world, "collector"), [body], now=at)
    async with world.database.write() as session:
        placed = await session.scalar(select(Leaf.event_id).where(Leaf.leaf_index == 0))
        session.add_all(
            Unsequenced(event_id=event) for event in (uuid4(), placed, UUID(body["id"]))
        )
    before = (await rows_of(world.database, Leaf))[0]
    await catch_up(world.database, [])
    after = (await rows_of(world.database, Leaf))[0]
    assert [row for row in after if row not in before] == [(len(before), UUID(body["id"]))]
    async with world.database.write() as session:
        await session.execute(delete(Unsequenced))


async def test_followers_go_on_together_so_that_one_snapshot_shows_one_log_size(world: World):
    """One of them begins again: it catches up alone, and then neither is ever seen without the other."""
    seen = []

    async def watch(_, leaves):
        seen.extend(leaf.leaf_index for leaf in leaves)

    watcher = Follow("watcher", watch, ())
    await catch_up(world.database, [FLOWS])
    flows = await rows_of(world.database, SiteFlow, CountyFlow)
    await catch_up(world.database, [FLOWS, watcher])
    size = await log_size_of(world)
    assert seen == list(range(size)), "the new one alone, from the first leaf on"
    assert await rows_of(world.database, SiteFlow, CountyFlow) == flows

    bags = await odd_labels(world.database, 3)
    done = asyncio.Event()

    async def look() -> list[tuple[int, int]]:
        pairs = []
        while not done.is_set():
            async with world.database.read() as session:
                pairs.append(
                    (await cursor_of(session, FLOWS.name), await cursor_of(session, "watcher"))
                )
        return pairs

    looking = asyncio.create_task(look())
    for bag in bags:
        await world.event("hand_in", bag)
        await catch_up(world.database, [FLOWS, watcher])
    done.set()
    pairs = await looking
    assert {flows - other for flows, other in pairs} == {0}
    assert pairs[-1][0] == size + 3


async def log_size_of(world: World) -> int:
    async with world.database.read() as session:
        return await log_size(session)

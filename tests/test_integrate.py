"""The tree follows the log: every leaf once, in order; what stands in it cannot be changed."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.db import Database
from app.events.record import record
from app.ledger.follow import catch_up
from app.ledger.leaf import leaf_hash
from app.ledger.models import Event, Leaf
from app.transparency import integrate as taking
from app.transparency.integrate import LogHasAGap, integrate, keep_growing, tree_size
from app.transparency.models import LogHead, LogTile
from app.transparency.tiles import tiles_of
from tests.recording import caller_of, make_wide_world, odd_labels
from tests.test_tree import naive_root

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def write(world, count: int) -> None:
    """Commit events and give them their places in the log."""
    who = caller_of(world, "collector")
    labels = await odd_labels(world.database, count)
    at = world.tick(minutes=1)
    bodies = [world.body("hand_in", label, at=at) for label in labels]
    await record(world.database, who, bodies, now=at)
    await catch_up(world.database, [])


async def leaves_of(database: Database) -> list[bytes]:
    async with database.read() as session:
        rows = await session.scalars(
            select(Event.leaf).join(Leaf, Leaf.event_id == Event.id).order_by(Leaf.leaf_index)
        )
        return [leaf_hash(leaf.encode()) for leaf in rows]


async def whole(database: Database) -> None:
    """Hold the stored tree against the leaves themselves."""
    leaves = await leaves_of(database)
    async with database.read() as session:
        heads = (await session.scalars(select(LogHead).order_by(LogHead.size))).all()
        tiles = (await session.scalars(select(LogTile))).all()
    assert heads[-1].size == len(leaves)
    for head in heads:
        assert head.root == naive_root(leaves[: head.size])
    found = {(tile.level, tile.index, len(tile.hashes) // 32) for tile in tiles}
    assert found == {(tile.level, tile.index, tile.width) for tile in tiles_of(len(leaves))}


async def test_every_leaf_is_taken_in_once_and_every_head_is_the_tree_s(world):
    for count in (3, 1, 260):
        await write(world, count)
        while await integrate(world.database):
            pass
        await whole(world.database)
    assert await integrate(world.database) == 0


async def test_many_leaves_are_taken_in_turns(world, monkeypatch):
    monkeypatch.setattr(taking, "MOST_AT_ONCE", 50)
    await write(world, 120)
    before = len(await leaves_of(world.database)) - 120
    taken = [await integrate(world.database) for _ in range(4)]
    assert sum(taken) == 120
    assert max(taken) == 50
    async with world.database.read() as session:
        assert await tree_size(session) == before + 120
    await whole(world.database)


async def test_several_who_take_in_take_each_leaf_once(world):
    await write(world, 300)
    for _ in range(3):
        await asyncio.gather(*(integrate(world.database) for _ in range(6)))
    await whole(world.database)


async def test_the_loop_takes_in_what_comes(world, monkeypatch):
    monkeypatch.setattr(taking, "PAUSE_S", 0.01)
    growing = asyncio.create_task(keep_growing(world.database))
    await write(world, 5)
    size = len(await leaves_of(world.database))
    for _ in range(500):
        await asyncio.sleep(0.01)
        async with world.database.read() as session:
            if await tree_size(session) == size:
                break
    growing.cancel()
    await whole(world.database)


@pytest.mark.parametrize("table", [LogTile, LogHead])
@pytest.mark.parametrize("change", ["update", "delete"])
async def test_the_platform_itself_cannot_change_the_tree(world, table, change):
    values = {"hashes": b"\0" * 32} if table is LogTile else {"root": b"\0" * 32}
    statement = update(table).values(**values) if change == "update" else delete(table)
    with pytest.raises(DBAPIError):
        async with world.database.write() as session:
            await session.execute(statement)
    await whole(world.database)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_tile SET hashes = substr(hashes, 1, 32) WHERE octet_length(hashes) > 32",
        "UPDATE log_tile SET level = level + 1",
        "UPDATE log_tile SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))",
        "DELETE FROM log_tile",
        "TRUNCATE log_tile",
        "UPDATE log_head SET size = size + 1",
        "DELETE FROM log_head",
        "TRUNCATE log_head CASCADE",
        "TRUNCATE log_checkpoint CASCADE",
        "TRUNCATE log_cosignature",
    ],
)
async def test_the_owner_is_refused_too(world, database_urls, statement):
    owner = await asyncpg.connect(database_urls["owner"])
    try:
        with pytest.raises(asyncpg.PostgresError, match="refused"):
            await owner.execute(statement)
    finally:
        await owner.close()
    await whole(world.database)


async def test_a_leaf_that_was_removed_is_noticed(world, database_urls):
    await write(world, 3)
    owner = await asyncpg.connect(database_urls["owner"])
    try:
        await owner.execute("ALTER TABLE leaf DISABLE TRIGGER USER")
        size = await owner.fetchval("SELECT max(size) FROM log_head")
        await owner.execute("DELETE FROM leaf WHERE leaf_index = $1", size + 1)
    finally:
        await owner.execute("ALTER TABLE leaf ENABLE ALWAYS TRIGGER append_only")
        await owner.close()
    with pytest.raises(LogHasAGap):
        await integrate(world.database)

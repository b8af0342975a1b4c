"""A phone whose platform went back to a backup: what the new log lacks is sent again by itself."""

import asyncpg
import pytest

from app.db import Database
from app.ops.log_keys import succeed
from app.transparency.signer import Signer
from tests.browsing import IN_A_BROWSER
from tests.conftest import in_database
from tests.phones import all_sent, hand_in, screen, stored
from tests.signing import NOW, begin_log, published
from tests.world import make_world

pytestmark = IN_A_BROWSER
BACKUP = "phone_backup"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture
async def backup(world, server, database_urls):
    """Return what copies the database, and what puts the copy in its place."""
    owner = await asyncpg.connect(server["owner"])
    name = database_urls["owner"].rsplit("/", 1)[1]
    made = []

    async def copy():
        await world.database.close()
        await world.app.state.database.close()
        await owner.execute(f"DROP DATABASE IF EXISTS {BACKUP} WITH (FORCE)")
        await owner.execute(f"CREATE DATABASE {BACKUP} TEMPLATE {name}")

    def put_back():
        made.append(
            (Database(in_database(database_urls["owner"], BACKUP)), world.app.state.database)
        )
        world.app.state.database = made[0][0]
        return made[0][0]

    yield copy, put_back
    for database, before in made:
        world.app.state.database = before
        await database.close()
    await owner.execute(f"DROP DATABASE IF EXISTS {BACKUP} WITH (FORCE)")
    await owner.close()


async def look_after(page):
    """Open the page again, as the next customer finds it, until it has looked after its receipts."""
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    await page.evaluate("dispatchEvent(new Event('online'))")


async def receipts_when(page, holds):
    for _ in range(100):
        rows = await stored(page, "receipts")
        if holds(rows):
            return rows
        await page.wait_for_timeout(100)
    raise AssertionError(rows)


async def test_what_a_restored_platform_lacks_is_sent_again_under_the_same_ids(
    chromium, world, platform, backup, tmp_path
):
    copy, put_back = backup
    places = await begin_log(world.database, tmp_path)
    signer = Signer(places.signer)
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        kept = await hand_in(page)
        await all_sent(page)
        await published(world.database, signer)
        await copy()
        lost = [await hand_in(page), await hand_in(page)]
        await all_sent(page)
        await published(world.database, signer, NOW)
        await look_after(page)
        before = await receipts_when(page, lambda rows: all(row["proven"] for row in rows))
        assert [row["id"] for row in before] == [kept, *lost]
        signer.close()

        restored = put_back()
        gone = await world.client("collector").get(f"/api/v1/events/{lost[0]}")
        assert gone.status_code == 404
        key = await succeed(restored, places.signer, origin=None, reason="硬盘损坏", now=NOW)
        successor = Signer(places.signer)
        await published(restored, successor)
        await look_after(page)
        await receipts_when(
            page, lambda rows: [row["proven"] is None for row in rows] == [False, True, True]
        )
        await published(restored, successor)
        await look_after(page)
        after = await receipts_when(
            page, lambda rows: len(rows) == 3 and all(row["proven"] for row in rows)
        )
        successor.close()
        assert [row["id"] for row in after] == [kept, *lost]
        assert [row["log"] for row in after] == [key.name] * 3
        assert after[0]["leaf_hash"] == before[0]["leaf_hash"]
        assert await stored(page, "refused") == []
    for id_ in lost:
        answer = await world.client("collector").get(f"/api/v1/events/{id_}")
        assert answer.json()["batches"] == [{"code": code}]
    bag = await world.client("collector").get(f"/api/v1/batches/{code}")
    assert bag.json()["mass_g"] == 450 + 3 * 150

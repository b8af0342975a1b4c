"""现场登记 in a real browser: recorded without a network, sent once each, in order, nothing lost."""

import pytest

from tests.browsing import IN_A_BROWSER
from tests.phones import SMALL, Platform, all_sent, hand_ins, open_capture, phone, sign_in, stored
from tests.world import make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def platform(world):
    made = Platform(world.app)
    await made.up()
    yield made
    await made.away()


async def test_fifty_hand_ins_without_a_network_are_recorded_once_each_in_order(
    world, platform, tmp_path
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with phone(tmp_path) as device:
        context = await device.start()
        page = await context.new_page()
        await page.set_viewport_size(SMALL)
        await sign_in(page, world, "collector", platform.address)
        await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await platform.away()
        made = await hand_ins(page, 20)
        await page.reload()
        await page.wait_for_selector("body[data-ready]")
        assert "待上传 20 条" in await page.inner_text("[data-waiting]")
        made += await hand_ins(page, 15)
        await device.die()
        context = await device.start()
        page = await context.new_page()
        await open_capture(page, platform.address)
        assert "待上传 35 条" in await page.inner_text("[data-waiting]")
        made += await hand_ins(page, 15)
        waits = await stored(page, "outbox")
        assert [row["id"] for row in waits] == made == sorted(made)
        assert [row["body"]["device"]["seq"] for row in waits] == list(range(1, 51))

        lost = []

        async def lose_two(route):
            answer = await route.fetch()
            if len(lost) < 2:
                lost.append(answer.status)
                await route.abort()
            else:
                await route.fulfill(response=answer)

        other = await context.new_page()
        await context.route("**/api/v1/capture", lose_two)
        await platform.up()
        # A killed browser may have forgotten who is signed in: the queue waits until somebody is.
        await sign_in(other, world, "collector", platform.address)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await all_sent(page)
        await all_sent(other)
        assert lost == [200, 200]
        receipts = await stored(page, "receipts")
        assert [row["id"] for row in receipts] == made
        assert all(row["as_sent"] for row in receipts)
        assert await stored(page, "refused") == []
    answer = await world.client("collector").get(f"/api/v1/batches/{code}")
    assert answer.json()["mass_g"] == 450 + 50 * 150
    custody = (await world.client("collector").get(f"/api/v1/batches/{code}/custody")).json()
    assert len([step for step in custody["steps"] if step["kind"] == "hand_in"]) == 51

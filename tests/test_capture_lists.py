"""现场登记 at a store with more bags than a thumb can scroll past, and than a phone takes along."""

import pytest
from playwright.async_api import expect

from tests.browsing import IN_A_BROWSER
from tests.phones import all_sent, press, screen
from tests.world import STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def test_a_long_list_is_shown_by_the_hundred_and_says_what_is_not_on_the_phone(
    chromium, world, platform, monkeypatch
):
    monkeypatch.setattr("app.capture.bags.MOST_BAGS", 150)
    codes = await world.issue_labels(160)
    for code in codes:
        await world.event("collect", code, mass_g=1_000)
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'depart'")
        lines = page.locator("[data-ticks] li")
        await expect(lines).to_have_count(100)
        await expect(page.locator("[data-cut]")).to_contain_text("手机里只有最近的")
        assert codes[-1] in await lines.first.inner_text(), "the newest come first"
        assert await page.evaluate("document.documentElement.scrollHeight") < 13_000
        await page.click("text=勾选下面列出的")
        assert "已选 100 / 150 袋" in await page.inner_text("[data-ticked]")
        await page.click("text=全部不选")
        # one that is not listed yet, one that the phone has not
        for code, total in ((codes[20], 150), (codes[2], 151)):
            await page.fill("[data-name=code]", code)
            await page.click("text=加上这一袋")
            assert f"/ {total} 袋" in await page.inner_text("[data-ticked]")
            assert code in await lines.first.inner_text()
        await page.click("text=再列 49 袋")
        await expect(lines).to_have_count(151)
        assert not await page.is_visible("[data-rest]")
        await page.select_option("[data-name=destination]", STATION)
        await page.fill("[data-name=vehicle]", VEHICLE)
        await press(page, "登记发运")
        await all_sent(page)
    for code in (codes[20], codes[2]):
        bag = (await world.client("keeper").get(f"/api/v1/batches/{code}")).json()
        assert bag["status"] == "in_transit"


async def test_a_full_lorry_is_received_whole_though_a_hundred_bags_are_listed(
    chromium, world, platform
):
    codes = await world.issue_labels(120)
    for code in codes:
        await world.event("collect", code, mass_g=1_000)
    await world.event("depart", *codes, destination=STATION)
    async with screen(chromium, platform, world, name="keeper") as page:
        await page.click(f"[data-coming] li:has-text('{len(codes)} 袋') a")
        assert "已选 120 / 120 袋" in await page.inner_text("[data-ticked]")
        await press(page, "登记签收")
        await all_sent(page)
    bag = (await world.client("keeper").get(f"/api/v1/batches/{codes[0]}")).json()
    assert bag["status"] == "received"

"""现场登记 without a network says what is wrong with a bag, as the platform would, and what comes first."""

import pytest
from playwright.async_api import expect

from tests.browsing import IN_A_BROWSER
from tests.phones import all_sent, press, screen, stored
from tests.world import POINT, STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def offline(page):
    await page.context.route("**/api/**", lambda route: route.abort())


async def online(page):
    await page.context.unroute("**/api/**")
    await page.evaluate("dispatchEvent(new Event('online'))")


async def add(page, code):
    await page.fill("[data-name=code]", code)
    await page.click("text=加上这一袋")


def doubt(page, code):
    return page.locator(f"[data-doubt='{code}']")


def ticked(page, words):
    return expect(page.locator("[data-ticked]")).to_contain_text(words)


async def test_a_load_takes_no_open_bag_and_no_unused_label_without_a_word(
    chromium, world, platform
):
    still_open, unused, away, sealed = await world.issue_labels(4)
    await world.event("hand_in", still_open)
    for code in (away, sealed):
        await world.event("collect", code, mass_g=4_000)
    async with screen(chromium, platform, world) as page:
        await offline(page)
        await page.evaluate("location.hash = 'depart'")
        await page.check(f"[value='{away}']")
        await page.select_option("[data-name=destination]", STATION)
        await page.fill("[data-name=vehicle]", VEHICLE)
        await press(page, "登记发运")
        await page.evaluate("location.hash = 'depart'")
        await page.wait_for_selector("[data-departing]")
        await ticked(page, "已选 0 /")
        await add(page, still_open)
        await expect(doubt(page, still_open)).to_contain_text("还没有封。先封袋")
        await add(page, unused)
        await expect(doubt(page, unused)).to_contain_text("还没有装过东西")
        await add(page, away)
        # the platform would refuse it, so there is no way to insist
        await expect(doubt(page, away)).to_contain_text("已经登记发运")
        assert await doubt(page, away).locator("button").count() == 0
        await ticked(page, "已选 0 /")
        await add(page, sealed)
        await ticked(page, "已选 1 /")
        # what the phone knows may be old: who has the bag before him may say so
        await doubt(page, still_open).locator("button").click()
        await ticked(page, "已选 2 /")
        assert await doubt(page, still_open).count() == 0
        await page.select_option("[data-name=destination]", STATION)
        await page.fill("[data-name=vehicle]", VEHICLE)
        made = await press(page, "登记发运")
        await online(page)
        await all_sent(page)
        assert await stored(page, "refused") == []
        [row] = [one for one in await stored(page, "receipts") if one["id"] == made]
        assert "missing-collect" in row["flags"]


async def test_a_sealed_bag_takes_nothing_more_and_is_not_sealed_again(chromium, world, platform):
    sealed, fresh = await world.issue_labels(2)
    await world.event("collect", sealed, mass_g=4_000)
    async with screen(chromium, platform, world) as page:
        await offline(page)
        for step, words in (("hand_in", "不能再装"), ("collect", "不用再封")):
            await page.evaluate("(to) => (location.hash = to)", f"{step}/{sealed}")
            await page.wait_for_selector(f"[data-says]:has-text('{words}')")
            assert await page.locator("form").count() == 0
            await page.evaluate("location.hash = 'queue'")
            await page.wait_for_selector("[data-list]", state="attached")
        # sealed on this phone a moment ago counts as well, and back leads to no second sealing
        await page.evaluate("(to) => (location.hash = to)", f"collect/{fresh}")
        await page.fill("[data-name=kg]", "3")
        await press(page, "封袋")
        await page.go_back()
        await page.wait_for_selector("[data-says]:has-text('不用再封')")
        await page.click("[data-steps] a:has-text('发运')")
        await ticked(page, "已选 1 /")
        assert len(await stored(page, "outbox")) == 1


async def test_a_driver_finds_the_sealed_bags_of_the_place_where_he_loads(
    chromium, world, platform
):
    first, second, still_open = await world.issue_labels(3)
    await world.event("hand_in", still_open)
    for code in (first, second):
        await world.event("collect", code, mass_g=4_000)
    async with screen(chromium, platform, world, name="carrier") as page:
        await offline(page)
        await page.evaluate("location.hash = 'depart'")
        await page.wait_for_selector("[data-departing]")
        assert await page.locator("[data-ticks] li").count() == 0
        # the first bag tells the place
        await add(page, first)
        assert await page.input_value("[data-name=place]") == POINT
        await ticked(page, "已选 1 /")
        await page.check(f"[value='{second}']")
        await page.select_option("[data-name=destination]", STATION)
        await page.fill("[data-name=vehicle]", VEHICLE)
        await press(page, "登记发运")
        # loaded is loaded, before the platform has heard of it
        await page.evaluate("location.hash = 'depart'")
        await page.wait_for_selector("[data-departing]")
        await page.select_option("[data-name=place]", POINT)
        assert await page.locator(f"[value='{first}']").count() == 0
        await online(page)
        await all_sent(page)
        assert await stored(page, "refused") == []
    bag = (await world.client("keeper").get(f"/api/v1/batches/{second}")).json()
    assert bag["status"] == "in_transit"


async def test_a_bag_that_is_here_is_not_received_again(chromium, world, platform):
    here, coming = await world.issue_labels(2)
    for code in (here, coming):
        await world.event("collect", code, mass_g=4_000)
    await world.event("arrive", here, site=STATION, by="keeper")
    async with screen(chromium, platform, world, name="keeper") as page:
        await offline(page)
        # a lorry that came before the point's phone had spoken: its bags are known all the same
        await page.evaluate("(to) => (location.hash = to)", f"arrive/{coming}")
        await expect(page.locator("[data-ticks] li")).to_contain_text("4.00 kg")
        await add(page, here)
        await expect(doubt(page, here)).to_contain_text("已经在本站点")
        assert await doubt(page, here).locator("button").count() == 0
        await ticked(page, "已选 1 / 1 袋")


async def test_a_receipt_that_is_not_on_the_phone_is_no_empty_box(chromium, world, platform):
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'receipt/0192f000-0000-7000-8000-000000000000'")
        await page.wait_for_selector("h1:has-text('没有这份凭据')")
        assert "拍照" not in await page.inner_text("main")

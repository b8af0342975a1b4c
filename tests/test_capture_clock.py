"""现场登记 on a phone whose clock was wrong and is put right: in the order of what was done, nothing lost."""

import pytest

from tests.browsing import IN_A_BROWSER
from tests.phones import all_sent, hand_in, press, screen, stored
from tests.world import make_world

pytestmark = IN_A_BROWSER

WRONG = """{
  const right = Date.now;
  Date.now = () => right() + Number(localStorage.getItem("ahead") ?? 0);
}"""
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def set_clock(page, ahead_ms):
    """Set the phone's clock, and open the page again."""
    await page.evaluate("(ms) => localStorage.setItem('ahead', ms)", ahead_ms)
    await page.reload()
    await page.wait_for_selector("body[data-ready]")


async def seal(page, code):
    await page.evaluate("(code) => (location.hash = `collect/${code}`)", code)
    await page.fill("[data-name=kg]", "1.5")
    return await press(page, "封袋")


@pytest.mark.parametrize("ahead_h", [2, -2, 24 * 400])
async def test_a_clock_put_right_changes_neither_the_order_nor_what_is_recorded(
    chromium, world, platform, ahead_h
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world, WRONG) as page:
        await page.route("**/api/**", lambda route: route.abort())
        await set_clock(page, ahead_h * HOUR_MS)
        made = [await hand_in(page), await hand_in(page)]
        await set_clock(page, 0)
        made += [await hand_in(page), await seal(page, code)]
        assert made == sorted(made), "ids of one phone sort as they were made"
        asked = []
        page.on(
            "request",
            lambda request: (
                asked.extend(event["device"]["seq"] for event in request.post_data_json["events"])
                if request.url.endswith("/api/v1/capture")
                else None
            ),
        )
        await page.unroute("**/api/**")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await all_sent(page)
        assert await stored(page, "refused") == []
        assert asked == [1, 2, 3, 4]
        receipts = await stored(page, "receipts")
        assert [row["id"] for row in receipts] == made
        # the platform knows which clock was off
        odd = [row["id"] for row in receipts if "clock-skewed" in row["flags"]]
        assert odd == (made[:2] if ahead_h > 0 else [])
    client = world.client("collector")
    custody = (await client.get(f"/api/v1/batches/{code}/custody")).json()
    kinds = [step["kind"] for step in custody["steps"]]
    assert (kinds.count("hand_in"), kinds[-1]) == (4, "collect")


async def test_a_phone_whose_clock_fell_back_by_years_is_heard(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world, WRONG) as page:
        await page.route("**/api/**", lambda route: route.abort())
        await page.reload()
        await page.wait_for_selector("body[data-ready]")
        made = await hand_in(page)
        await set_clock(page, -5 * 365 * 24 * HOUR_MS)
        await page.unroute("**/api/**")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "receipts")] == [made]


async def test_what_lies_ahead_of_the_platforms_clock_is_sent_again_by_itself(
    chromium, world, platform
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)

    async def with_another_clock(route):
        body = route.request.post_data_json
        body["events"][0]["occurred_at"] = "2099-01-01T00:00:00.000000Z"
        await route.continue_(post_data=body)

    async with screen(chromium, platform, world) as page:
        await page.route("**/api/v1/capture", lambda route: route.abort())
        made = await hand_in(page)
        await page.unroute("**/api/v1/capture")
        await page.route("**/api/v1/capture", with_another_clock)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_selector("[data-waiting]:has-text('待处理 1 条')")
        [row] = await stored(page, "refused")
        assert (row["id"], row["retry"]) == (made, True)
        await page.click("[data-waiting]")
        await page.wait_for_selector("[data-list=refused] :text('到了那个时间，手机会自己再试')")
        await page.unroute("**/api/v1/capture")
        await page.evaluate(
            "(ms) => { const now = Date.now; Date.now = () => now() + ms; }", 300_000
        )
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_selector("[data-waiting]:has-text('待处理')", state="detached")
        assert [row["id"] for row in await stored(page, "receipts")] == [made]

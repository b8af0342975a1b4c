"""A real browser: alerts at the site that they concern, and on small and wide screens."""

import pytest

from app.alerts.follow import ALERTS
from app.ledger.follow import catch_up
from tests.browsing import IN_A_BROWSER, follow, page_of
from tests.world import STATION, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def a_bag_that_lost_a_kilogram(world) -> str:
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    await world.event("depart", bag, destination=STATION)
    await world.event("arrive", bag, site=STATION, mass_g=4_000)
    await catch_up(world.database, (ALERTS,))
    return bag


async def test_a_keeper_sees_what_concerns_the_station_and_tells_of_it(chromium, address, world):
    await a_bag_that_lost_a_kilogram(world)
    off = {"java_script_enabled": False}
    async with page_of(chromium, address, world, "keeper", **off) as page:
        await follow(page, "text=去处理")
        await follow(page, ".alerts h2 a")
        buttons = await page.locator(".steps button").all_inner_texts()
        assert buttons == ["写处理情况"]
        await page.fill("#text", "秤昨天坏了，已换。")
        await follow(page, "text=写处理情况 >> nth=-1")
        assert "秤昨天坏了" in await page.inner_text(".history")


@pytest.mark.parametrize("width", [320, 1280])
async def test_no_page_of_alerts_is_wider_than_its_screen(chromium, address, world, width):
    await a_bag_that_lost_a_kilogram(world)
    alert = (await world.client("county").get("/api/v1/alerts")).json()["items"][0]["id"]
    note = {"note": "在查"}
    path = f"/api/v1/alerts/{alert}/acknowledge"
    case = (await world.client("county").post(path, json=note)).json()
    screen = {"viewport": {"width": width, "height": 700}}
    async with page_of(chromium, address, world, "county", **screen) as page:
        for path in ("/", "/alerts", "/alerts?state=all", f"/alerts/{alert}", "/cases", f"/cases/{case['id']}"):  # fmt: skip
            await page.goto(path)
            spare = await page.evaluate("innerWidth - document.documentElement.scrollWidth")
            assert spare >= 0, path

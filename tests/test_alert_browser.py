"""A real browser: an official opens an alert, reads it, adds a photo, and resolves it."""

import io

import pytest
from PIL import Image

from app.alerts.follow import ALERTS
from app.ledger.follow import catch_up
from tests.browsing import IN_A_BROWSER
from tests.test_browser import follow, page_of
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


def a_large_photo() -> dict:
    out = io.BytesIO()
    Image.effect_noise((2_400, 1_800), 60).convert("RGB").save(out, "JPEG", quality=95)
    return {"name": "秤.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


async def test_an_official_reads_an_alert_adds_a_photo_and_resolves_it(chromium, address, world):
    bag = await a_bag_that_lost_a_kilogram(world)
    async with page_of(chromium, address, world, "county", slips=1) as page:
        assert "未办结" in await page.inner_text("section:has(#alerts)")
        await follow(page, "text=去处理")
        await follow(page, ".alerts h2 a")
        said = (await page.inner_text("main")).replace("\u00a0", " ")
        assert "上次称重 5.00 kg，这次 4.00 kg，少了 1.00 kg（20.0 %）" in said
        assert "相差比例不超过 5 %" in said
        assert "还剩 5 个工作日" in said
        assert await page.get_attribute(".bag-links a", "href") == f"/batches/{bag}"
        await follow(page, "button:text-is('认领')")
        assert "经办" in await page.inner_text("#work")
        await follow(page, "button:text-is('办结')")
        assert "请写明处理结果" in await page.inner_text(".summary")
        await page.fill("#text", "到站复称，少的一公斤在另一袋里。")
        await page.set_input_files("#file", a_large_photo())
        await page.wait_for_selector("button:enabled:text-is('写处理情况')")
        await follow(page, "button:text-is('写处理情况')")
        photo = page.locator(".history img")
        assert await photo.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1_600
        await page.fill("#text", "已更正重量，办结。")
        await follow(page, "button:text-is('办结')")
        assert "已办结" in await page.inner_text(".head")
        steps = await page.locator(".history h3").all_inner_texts()
        assert [step.split()[0] for step in steps] == ["认领", "补充情况", "办结"]
        await page.goto("/alerts")
        assert bag not in await page.inner_text("main")
        await follow(page, "nav[aria-label='状态'] >> text=已办结")
        assert "两次称重相差过大" in await page.inner_text(".alerts")


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

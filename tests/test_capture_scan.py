"""The scanner on 现场登记: what a camera sees is recorded, without a network too; and without a camera."""

import io

import pytest
from PIL import Image
from playwright.async_api import async_playwright, expect

from tests.browsing import CHROMIUM, FLAGS, IN_A_BROWSER
from tests.filming import WITH_A_CAMERA, camera, clip, drawn, seen
from tests.phones import NARROW, Platform, all_sent, press, screen, sign_in, stored
from tests.world import STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER
REFUSED = [*FLAGS, "--use-fake-device-for-media-stream", "--deny-permission-prompts"]


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture
async def platform(world):
    made = Platform(world.app)
    await made.up()
    yield made
    if made.is_up:
        await made.away()


@pytest.fixture
async def browser(request):
    """Launch a browser as the test's `how` says: a folder in, flags out."""
    async with async_playwright() as playwright:
        running = []

        async def launch(**how):
            running.append(await playwright.chromium.launch(**how))
            return running[-1]

        yield launch
        for one in running:
            await one.close()


def says(page, words):
    return expect(page.locator(".scanner-says")).to_contain_text(words, timeout=20_000)


async def type_in(page, text):
    await page.fill("#scanner-code", text)
    await page.click(".scanner-typed .button:has-text('确定')")


@pytest.mark.parametrize("how", ["straight", "rotated", "small", "dirty", "dim"])
@pytest.mark.parametrize("_", [pytest.param(0, marks=WITH_A_CAMERA, id="")])
async def test_a_label_before_the_camera_is_read_and_recorded(
    _, how, world, platform, browser, tmp_path
):
    [code] = await world.issue_labels(1)
    chromium = await browser(**camera(clip(tmp_path, seen(code, how))))
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'other'")
        await page.click("[data-scan]")
        await page.wait_for_selector("[data-tiles]", timeout=20_000)
        assert code in await page.inner_text("main")
        await expect(page.locator("dialog")).to_have_count(0)
        await page.click("[data-tiles] li:first-child [data-add='10']")
        await press(page, "登记交回")
        await all_sent(page)
    bag = (await world.client("collector").get(f"/api/v1/batches/{code}")).json()
    assert (bag["status"], bag["mass_g"]) == ("open", 150)


@pytest.mark.parametrize("_", [pytest.param(0, marks=WITH_A_CAMERA, id="")])
async def test_the_camera_reads_without_a_network_too(_, world, platform, browser, tmp_path):
    [code] = await world.issue_labels(1)
    chromium = await browser(**camera(clip(tmp_path, seen(code, "straight"))))
    context = await chromium.new_context(viewport=NARROW)
    page = await context.new_page()
    decoder = page.wait_for_event("response", lambda answer: ".wasm" in answer.url)
    await sign_in(page, world, "collector", platform.address)
    await decoder  # it came by itself, before anybody asked for the camera
    await page.wait_for_timeout(500)
    await platform.away()
    await page.goto("about:blank")
    await page.goto(f"{platform.address}/capture#other")
    await page.click("[data-scan]")
    await page.wait_for_selector("[data-tiles]", timeout=20_000)
    await page.click("[data-tiles] li:first-child [data-add='1']")
    made = await press(page, "登记交回")
    [row] = await stored(page, "outbox")
    assert (row["id"], row["body"]["batches"]) == (made, [{"code": code}])
    await platform.up()
    await page.evaluate("dispatchEvent(new Event('online'))")
    await all_sent(page)
    await context.close()
    answer = await world.client("collector").get(f"/api/v1/events/{made}")
    assert answer.json()["batches"] == [{"code": code}]


@pytest.mark.parametrize("_", [pytest.param(0, marks=WITH_A_CAMERA, id="")])
async def test_many_are_scanned_in_a_row_and_none_twice(_, world, platform, browser, tmp_path):
    bags = await world.issue_labels(3)
    for bag in bags:
        await world.event("collect", bag, mass_g=5_000)
    chromium = await browser(**camera(clip(tmp_path, seen(bags[0], "straight"))))
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'depart'")
        await page.click("[data-scan]")
        await expect(page.locator(".scanner-list li")).to_have_text([bags[0]], timeout=20_000)
        await type_in(page, bags[1].lower().replace("-", ""))
        await says(page, bags[1])
        await type_in(page, bags[1])
        await says(page, "没有重复算")
        # what still lies before the camera is one bag
        await page.wait_for_timeout(2_500)
        await expect(page.locator(".scanner-count")).to_have_text("已扫 2 个")
        await page.click("dialog .button:has-text('完成')")
        # nor is it taken twice in another go
        await page.click("[data-scan]")
        await says(page, "没有重复算")
        await expect(page.locator(".scanner-count")).to_have_text("已扫 0 个")
        await page.click("dialog .button:has-text('完成')")
        await page.select_option("[data-name=destination]", STATION)
        await page.fill("[data-name=vehicle]", VEHICLE)
        await press(page, "登记发运")
        await all_sent(page)
        [row] = await stored(page, "receipts")
        assert sorted(one["code"] for one in row["body"]["batches"]) == sorted(bags[:2])


async def test_a_camera_that_is_refused_leaves_a_photo_and_typing(world, platform, browser):
    first, second = await world.issue_labels(2)
    chromium = await browser(executable_path=CHROMIUM, args=REFUSED)
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'other'")
        await page.click("[data-scan]")
        await says(page, "没有允许使用摄像头")
        await page.set_input_files("#scanner-photo", photo_of(drawn(first).rotate(90)))
        await page.wait_for_selector("[data-tiles]", timeout=20_000)
        await page.click("[data-tiles] li:first-child [data-add='1']")
        await press(page, "登记交回")
        await page.evaluate("location.hash = 'other'")
        await page.click("[data-scan]")
        await says(page, "没有允许使用摄像头")
        await type_in(page, second)
        await page.wait_for_selector("[data-tiles]")
        await page.click("[data-tiles] li:first-child [data-add='1']")
        await press(page, "登记交回")
        await all_sent(page)
        rows = await stored(page, "receipts")
        assert [row["body"]["batches"] for row in rows] == [[{"code": first}], [{"code": second}]]


async def test_what_is_no_label_is_explained_and_not_taken(world, platform, browser):
    [code] = await world.issue_labels(1)
    wrong = code[:-2] + f"{(int(code[-2:]) + 1) % 100:02}"
    chromium = await browser(executable_path=CHROMIUM, args=FLAGS)
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'other'")
        await page.click("[data-scan]")
        for text, words in (
            (f"HTTPS://NY.HEBEI.GOV.CN/B/{wrong}", "有一位不对"),
            ("https://u.wechat.com/EAbCdEf", "别的系统的码"),
            ("http://nyzs315.com/c/z.aspx?c=11722252247250743408010974953971", "PD20172225"),
        ):
            await type_in(page, text)
            await says(page, words)
        assert await stored(page, "outbox") == []


def photo_of(image: Image.Image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()}

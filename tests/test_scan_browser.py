"""The scanner in a real browser: a camera that sees labels well and badly, photos, typing."""

import io
import json
from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest
import qrcode
from PIL import Image
from playwright.async_api import async_playwright, expect

from app.batches.codes import nearest
from app.batches.scanned import recognise
from app.config import settings
from scripts.phone_load import COLD_MS, WARM_MS
from scripts.phone_load import measure as measure_load
from scripts.scan_figures import FLOOR
from scripts.scan_figures import measure as measure_reading
from tests.browsing import CHROMIUM, FLAGS, IN_A_BROWSER, address, chromium  # noqa: F401
from tests.filming import WITH_A_CAMERA, camera, clip, drawn, seen
from tests.people import PASSWORD
from tests.test_browser import page_of, press
from tests.test_scanned import VECTORS, odd_payloads, part_of
from tests.world import STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER
IN_A_BAG = "button.scan[aria-label*='装进哪一袋']"
BOTTLE = "http://nyzs315.com/c/z.aspx?m=c74&c=11722252247250743408010974953971"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@asynccontextmanager
async def browser_with(**how):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**how)
        try:
            yield browser
        finally:
            await browser.close()


def says(page, words):
    return expect(page.locator(".scanner-says")).to_contain_text(words, timeout=20_000)


def photo_of(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()}


def qr_of(text):
    symbol = qrcode.QRCode(box_size=6)
    symbol.add_data(text)
    return photo_of(symbol.make_image().get_image())


async def type_in(page, text):
    await page.fill("#scanner-code", text)
    await page.click(".scanner-typed .button:has-text('确定')")


# ---- the twins


async def test_the_phones_modules_say_what_the_server_says(chromium, address):  # noqa: F811
    page = await chromium.new_page(base_url=address)
    await page.goto("/sign-in")
    payloads = [vector["payload"] for vector in VECTORS["recognise"]]
    found = await page.evaluate(
        "async (all) => { const { recognise } = await import('/static/scan/codes.js');"
        " return all.map(recognise); }",
        payloads,
    )
    for vector, said in zip(VECTORS["recognise"], found, strict=True):
        assert part_of(vector["want"], said) == vector["want"], vector["name"]
        assert said == json.loads(json.dumps(asdict(recognise(vector["payload"])))), vector["name"]
    near = await page.evaluate(
        "async (all) => { const { nearest } = await import('/static/scan/codes.js');"
        " return all.map(({ typed, known }) => nearest(typed, known)); }",
        VECTORS["nearest"],
    )
    for vector, said in zip(VECTORS["nearest"], near, strict=True):
        assert said == vector["want"] == nearest(vector["typed"], vector["known"])
    await page.close()


async def test_the_phone_and_the_server_read_odd_payloads_alike(chromium, address):  # noqa: F811
    page = await chromium.new_page(base_url=address)
    await page.goto("/sign-in")
    payloads = odd_payloads(4_000)
    found = await page.evaluate(
        "async (all) => { const { recognise } = await import('/static/scan/codes.js');"
        " return all.map(recognise); }",
        payloads,
    )
    await page.close()
    for payload, said in zip(payloads, found, strict=True):
        assert said == json.loads(json.dumps(asdict(recognise(payload)))), ascii(payload)
    kinds = {said["kind"] for said in found}
    assert kinds == {"label", "site", "trip", "lot", "unit", "seed", "other", "nothing"}


@pytest.mark.parametrize(
    ("typed", "known", "state", "words"),
    [
        ("", [], "empty", ""),
        ("130110-9THM", [], "short", "还差 6 位"),
        ("13011A-9THM-KTWR-03", [], "wrong", "第 6 位的 A 应是数字。"),
        ("130110-9UHM-KTWR-03", [], "wrong", "第 8 位的 U 不会出现在编码里。"),
        ("130110-9THM-KTWR-03", [], "fits", "校验位相符"),
        ("130110-9THM-KTVR-03", [], "wrong", "第 13 位的 V 可能是 W"),
        ("130110-9THM-KTRW-03", [], "wrong", "第 13、14 位可能写反了"),
        ("130110-9THA-KTWR-03", ["130110-9THM-KTWR-03"], "wrong", "第 10 位的 A 可能是 M"),
        ("130110-9THM-KTWR-033", ["130110-9THM-KTWR-03"], "wrong", "是不是 130110-9THM-KTWR-03？"),
        ("标签", [], "wrong", "编码里只有数字和字母。"),
    ],
)
async def test_help_says_which_character_is_likely_wrong(
    typed, known, state, words, chromium, address  # noqa: F811
):  # fmt: skip
    page = await chromium.new_page(base_url=address)
    await page.goto("/sign-in")
    help_ = await page.evaluate(
        "async ([typed, known]) => (await import('/static/scan/codes.js')).helpWith(typed, known)",
        [typed, known],
    )
    await page.close()
    assert help_["state"] == state
    assert words in [help_["says"], *(one["why"] for one in help_["suggestions"])]


# ---- the camera


@pytest.mark.parametrize("how", ["straight", "rotated", "small", "dirty", "dim"])
@pytest.mark.parametrize("_", [pytest.param(0, marks=WITH_A_CAMERA, id="")])
async def test_the_camera_reads_a_label_and_the_form_records(_, how, world, address, tmp_path):  # noqa: F811
    [code] = await world.issue_labels(1)
    film = clip(tmp_path, seen(code, how))
    async with (
        browser_with(**camera(film)) as browser,
        page_of(browser, address, world, "collector") as page,
    ):
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await expect(page.locator("#code")).to_have_value(code, timeout=20_000)
        await expect(page.locator("dialog")).to_have_count(0)
        await page.click("[data-lines] li:first-child [data-add='10']")
        await press(page)
        assert code in (await page.inner_text(".receipt")).replace("\n", "")


@pytest.mark.parametrize("_", [pytest.param(0, marks=WITH_A_CAMERA, id="")])
async def test_many_are_scanned_in_a_row_and_none_twice(_, world, address, tmp_path):  # noqa: F811
    bags = await world.issue_labels(3)
    for bag in bags:
        await world.event("collect", bag, mass_g=5_000)
    film = clip(tmp_path, seen(bags[0], "straight"))
    async with (
        browser_with(**camera(film)) as browser,
        page_of(browser, address, world, "collector") as page,
    ):
        await page.goto("/record/depart")
        await page.click("summary:has-text('输入标签码')")
        await page.click("#codes + .scan")
        await expect(page.locator(".scanner-list li")).to_have_text([bags[0]], timeout=20_000)
        await type_in(page, bags[1].lower())
        await says(page, bags[1])
        await type_in(page, bags[1])
        await says(page, "没有重复算")
        # What still lies before the camera is one bag, and not said again and again.
        await page.wait_for_timeout(2_500)
        await expect(page.locator(".scanner-count")).to_have_text("已扫 2 个")
        await page.click("dialog .button:has-text('完成')")
        assert await page.input_value("#codes") == f"{bags[0]}\n{bags[1]}\n"
        await page.click("#codes + .scan")
        await says(page, "没有重复算")
        await page.click("dialog .button:has-text('完成')")
        await page.select_option("#destination", STATION)
        await page.fill("#vehicle", VEHICLE)
        await press(page)


async def test_a_camera_that_is_refused_leaves_photo_and_typing(world, address):  # noqa: F811
    [code] = await world.issue_labels(1)
    args = [*FLAGS, "--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    async with (
        browser_with(executable_path=CHROMIUM, args=args) as browser,
        page_of(browser, address, world, "collector") as page,
    ):
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await says(page, "没有允许使用摄像头")
        await expect(page.locator("dialog button:has-text('重试')")).to_be_visible()
        await page.set_input_files("#scanner-photo", photo_of(drawn(code)))
        await expect(page.locator("#code")).to_have_value(code, timeout=20_000)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotReadableError", "正被别的程序占着"),
        ("NotFoundError", "没有找到摄像头"),
        ("OddError", "摄像头打不开"),
    ],
)
async def test_a_camera_that_cannot_be_had_is_explained(
    error, words, chromium, world, address  # noqa: F811
):  # fmt: skip
    [code] = await world.issue_labels(1)
    async with page_of(chromium, address, world, "collector") as page:
        await page.add_init_script(
            "navigator.mediaDevices.getUserMedia ="
            f" () => Promise.reject(new DOMException('', '{error}'))"
        )
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await says(page, words)
        await type_in(page, code[:-1])
        await says(page, "看不出是什么码")
        await type_in(page, code)
        await expect(page.locator("#code")).to_have_value(code)


@pytest.mark.parametrize("_", [pytest.param(0, marks=WITH_A_CAMERA, id="")])
async def test_a_camera_that_is_taken_away_can_be_had_again(_, world, address, tmp_path):  # noqa: F811
    [code] = await world.issue_labels(1)
    film = clip(tmp_path, Image.new("L", (1280, 960), 150))
    async with (
        browser_with(**camera(film)) as browser,
        page_of(browser, address, world, "collector") as page,
    ):
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await says(page, "把二维码放进框里")
        await page.evaluate(
            "document.querySelector('dialog video').srcObject.getVideoTracks()[0]"
            ".dispatchEvent(new Event('ended'))"
        )
        await says(page, "被别的程序拿走了")
        await page.click("dialog button:has-text('重试')")
        await expect(page.locator(".scanner-stage")).to_be_visible()
        await type_in(page, code)
        await expect(page.locator("#code")).to_have_value(code)


async def test_without_encryption_the_reason_is_said_and_a_photo_is_read(world, address):  # noqa: F811
    [code] = await world.issue_labels(1)
    port = address.rsplit(":", 1)[1]
    args = [*FLAGS, "--host-resolver-rules=MAP phone.test 127.0.0.1"]
    async with (
        browser_with(executable_path=CHROMIUM, args=args) as browser,
        page_of(browser, f"http://phone.test:{port}", world, "collector") as page,
    ):
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await says(page, "没有加密")
        await says(page, "TLS")
        await expect(page.locator("dialog button:has-text('重试')")).to_be_hidden()
        await page.set_input_files("#scanner-photo", photo_of(drawn(code).rotate(90)))
        await expect(page.locator("#code")).to_have_value(code, timeout=20_000)


# ---- photos, and what else may stand on one


async def test_photos_that_hold_no_label_are_explained(chromium, world, address):  # noqa: F811
    [code] = await world.issue_labels(1)
    wrong = code[:-2] + f"{(int(code[-2:]) + 1) % 100:02}"
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/record/hand_in")
        offered = await page.input_value("#code")
        await page.click(IN_A_BAG)
        await says(page, "没有找到摄像头")
        for photo, words in (
            (
                {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no image"},
                "不是能打开的照片",
            ),
            (photo_of(Image.new("L", (64, 64), 200)), "照片里没有找到二维码"),
            (qr_of("https://u.wechat.com/EAbCdEf"), "别的系统的码（u.wechat.com）"),
            (qr_of(BOTTLE), "PD20172225"),
            (qr_of("郑单958\n某某种业\n13010000112345678901\nhttp://x.cn"), "种子标签"),
            (qr_of(f"HTTPS://NY.HEBEI.GOV.CN/B/{wrong}"), "标签码有一位不对"),
            (qr_of(f"HTTPS://NY.HEBEI.GOV.CN/B/{code[:11]}"), "标签码不完整"),
        ):
            await page.set_input_files("#scanner-photo", photo)
            await says(page, words)
        assert await page.input_value("#code") == offered


async def test_a_huge_photo_is_read(chromium, world, address):  # noqa: F811
    [code] = await world.issue_labels(1)
    scene = Image.new("L", (9_000, 7_000), 150)
    scene.paste(drawn(code, 40), (3_000, 2_000))
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await page.set_input_files("#scanner-photo", photo_of(scene))
        await expect(page.locator("#code")).to_have_value(code, timeout=60_000)


async def test_codes_of_bottles_go_with_the_hand_in(chromium, world, address):  # noqa: F811
    [code] = await world.issue_labels(1)
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/record/hand_in")
        await page.fill("#code", code)
        await page.click("[data-lines] li:first-child [data-add='10']")
        await page.click("summary:has-text('追溯码')")
        await page.click("#unit_codes + .scan")
        await says(page, "没有找到摄像头")
        await page.set_input_files("#scanner-photo", qr_of(BOTTLE))
        await says(page, "PD20172225，委托加工")
        await type_in(page, code)
        await says(page, "这里要农药包装上的码")
        await page.click("dialog .button:has-text('完成')")
        await press(page)
    events = (await world.client("collector").get(f"/api/v1/batches/{code}/custody")).json()
    assert events["steps"][0]["kind"] == "hand_in"


# ---- lists


async def test_a_scanned_bag_is_ticked_or_said_not_to_be_there(chromium, world, address):  # noqa: F811
    bags = await world.issue_labels(8)
    for bag in bags:
        await world.event("collect", bag, mass_g=5_000)
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/record/depart")
        await page.click("[data-find] + .scan")
        await type_in(page, f"HTTPS://NY.HEBEI.GOV.CN/B/{bags[3]}")
        await says(page, bags[3])
        [stranger] = await world.issue_labels(1)
        await type_in(page, stranger)
        await says(page, "不在这张列表里")
        await expect(page.locator(".scanner-list li")).to_have_text([bags[3]])
        await page.click("dialog .button:has-text('完成')")
        ticked = page.locator("[name=pick]:checked")
        await expect(ticked).to_have_count(1)
        assert await ticked.get_attribute("value") == bags[3]


async def test_finding_a_bag_goes_there_at_once(chromium, world, address):  # noqa: F811
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/batches")
        await page.click("#code + .scan")
        await type_in(page, bag)
        await page.wait_for_url(f"**/batches/{bag}")


# ---- what is fetched


async def test_nothing_of_the_scanner_is_fetched_before_it_is_opened(chromium, world, address):  # noqa: F811
    async with page_of(chromium, address, world, "collector") as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto("/record/hand_in", wait_until="networkidle")
        assert [url for url in asked if "/scan/" in url or "zxing" in url] == [
            url for url in asked if url.endswith("/scan/attach.js")
        ]
        await page.click(IN_A_BAG)
        await says(page, "没有找到摄像头")
        await page.set_input_files("#scanner-photo", photo_of(Image.new("L", (64, 64), 200)))
        await says(page, "照片里没有找到二维码")
        assert [url for url in asked if ".wasm" in url]
        kept = [url for url in asked if "/scan/" in url or "zxing" in url]
    for url in kept:
        answer = await world.client(None).get(url.removeprefix(address))
        assert "immutable" in answer.headers["cache-control"], url


async def test_a_decoder_that_does_not_come_leaves_typing(chromium, world, address):  # noqa: F811
    [code] = await world.issue_labels(1)
    context = await chromium.new_context(base_url=address)
    await context.route("**/*.wasm*", lambda route: route.abort())
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.evaluate(
        "() => { import('/static/scan/scanner.js').then(({ openScanner }) => openScanner())"
        ".then(([found]) => (document.title = found.code)); }"
    )
    await page.set_input_files("#scanner-photo", photo_of(drawn(code)))
    await says(page, "识别程序没有下载完")
    await type_in(page, code)
    await expect(page).to_have_title(code)
    await context.close()


async def test_wechats_scanner_is_offered_where_the_office_has_set_it_up(
    chromium, world, address, monkeypatch  # noqa: F811
):  # fmt: skip
    [code] = await world.issue_labels(1)
    wechat = "Mozilla/5.0 (Linux; Android 13) Chrome/116.0 Mobile MicroMessenger/8.0.48"
    adapter = (
        "export default async () => ({ scanQRCode({ success }) {"
        f" success({{ resultStr: 'HTTPS://NY.HEBEI.GOV.CN/B/{code}' }}); }} }});"
    )
    async with page_of(chromium, address, world, "collector", user_agent=wechat) as page:
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await says(page, "没有找到摄像头")
        await expect(page.locator("dialog button:has-text('用微信扫一扫')")).to_have_count(0)
        monkeypatch.setenv("PLATFORM_WECHAT_SCAN_MODULE", "/static/wx.js")
        settings.cache_clear()
        await page.route(
            "**/static/wx.js",
            lambda route: route.fulfill(body=adapter, content_type="text/javascript"),
        )
        await page.goto("/record/hand_in")
        await page.click(IN_A_BAG)
        await page.click("dialog button:has-text('用微信扫一扫')")
        await expect(page.locator("#code")).to_have_value(code)
    monkeypatch.undo()
    settings.cache_clear()


async def test_a_hard_set_of_labels_is_read_as_well_as_when_the_decoder_was_chosen():
    found = await measure_reading(10)
    assert sum(right for right, _ in found.values()) >= FLOOR * 10 * len(found)


async def test_the_form_is_there_in_time_on_a_narrow_line(world, address):  # noqa: F811
    username = world.accounts["collector"].username
    found = await measure_load(address, username, PASSWORD, "/record/hand_in", 3)
    assert min(ms for ms, _ in found["cold"]) < COLD_MS
    assert min(ms for ms, _ in found["warm"]) < WARM_MS
    assert max(size for _, size in found["cold"]) < 50_000

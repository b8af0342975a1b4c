"""The phone reckons as the platform does: the same vectors, a running sum on both forms, screens that fit."""

import pytest
from playwright.async_api import expect

from app.batches.scanned import recognise
from app.demo.handins import unit_code
from tests.browsing import IN_A_BROWSER, page_of, press
from tests.moneying import caught_up, sale, unit, with_tariffs
from tests.phones import all_sent, hand_in, open_capture, sign_in, stored
from tests.test_settlements import empty, paid_hand_in
from tests.test_tariff import VECTORS
from tests.world import make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    await with_tariffs(made)
    yield made
    await made.close()


REPLAY = """async (vectors) => {
  const { offer, ofGrams } = await import("/static/money/tariff.js");
  return {
    offers: vectors.offers.map((one) => offer(vectors.tariffs, one.on, one.contents, one.mass_g, one.basis)),
    grams: vectors.grams.map((one) => ofGrams(one.fen, one.per, one.mass_g)),
  };
}"""


async def test_the_phones_module_says_what_the_vectors_say(chromium, address, world):
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/")
        found = await page.evaluate(REPLAY, VECTORS)
    wanted = [
        {"fen": one["fen"], "basis": one["by"], "each": one["each"]} for one in VECTORS["offers"]
    ]
    assert found["offers"] == wanted
    assert [one + 0 for one in found["grams"]] == [one["worth"] for one in VECTORS["grams"]]


async def test_the_form_pays_by_the_tariff_once_somebody_says_so(chromium, address, world):
    one, other = await world.issue_labels(2)
    async with page_of(
        chromium, address, world, "collector", viewport={"width": 375, "height": 800}
    ) as page:
        await page.goto("/record/hand_in")
        await page.fill("#code", one)
        await page.click("[data-lines] li:first-child [data-add='10']")
        tick = page.locator("label.choice:has-text('按县里标准付给交回人 1.00 元')")
        assert await page.input_value("#payment_yuan") == "", "nobody has paid yet"
        await tick.click()
        await page.click("[data-lines] li:first-child [data-add='1']")
        assert await page.input_value("#payment_yuan") == "1.10"
        await press(page)
        assert "1.10" in await page.inner_text("main")
        await page.goto("/record/hand_in")
        await page.fill("#code", other)
        await page.click("[data-lines] li:first-child [data-add='10']")
        assert await page.input_value("#payment_yuan") == "1.00", "said once on this phone"
        await page.click("summary:has-text('付款与称重')")
        await page.fill("#payment_yuan", "0.8")
        await page.click("[data-lines] li:first-child [data-add='10']")
        assert await page.input_value("#payment_yuan") == "0.8", "what was typed stays"


async def test_the_form_says_which_deposits_can_be_handed_back(chromium, address, world):
    [bag] = await world.issue_labels(1)
    sold, gone, unknown = (unit(world) for _ in range(3))
    for code in (sold, gone):
        await sale(world, code, 150)
    await world.event("hand_in", bag, unit_codes=[gone])
    await caught_up(world)
    async with page_of(chromium, address, world, "collector") as page:
        await page.goto("/record/hand_in")
        await page.click("summary:has-text('瓶袋上的追溯码')")
        await page.fill("#unit_codes", f"{sold}\n{gone}\n{unknown}")
        says = page.locator("#unit_codes ~ p.hint")
        await expect(says).to_have_text(
            "退押金 1 件，共 1.50 元。1 件的押金已经退过，不再退。1 件没有收过押金。"
        )


async def test_the_phone_reckons_without_a_network_and_its_events_say_what_was_paid(
    chromium, address, world
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    context = await chromium.new_context(viewport={"width": 320, "height": 640})
    page = await context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await sign_in(page, world, "collector", address)
    await open_capture(page, address)
    await page.wait_for_selector("[data-tiles]")
    await page.click("[data-tiles] li:first-child [data-add='10']")
    await page.click(".bar label:has-text('按县里标准付给交回人 1.00 元')")
    await page.click(".bar button")
    await page.wait_for_selector(".receipt .state:has-text('✓')")
    assert "1.00 元" in await page.inner_text(".receipt")
    await page.click("text=再登记一次交回")
    await hand_in(page)
    await all_sent(page)
    sent = [row["id"] for row in await stored(page, "receipts")]
    await context.close()
    assert faults == []
    events = [await world.client("collector").get(f"/api/v1/events/{id_}") for id_ in sent]
    assert [event.json()["payment"] for event in events] == [{"fen": 100, "basis": "pieces"}] * 2


async def test_the_phone_takes_the_codes_on_bottles_and_says_their_deposits(
    chromium, address, world
):
    [bag] = await world.issue_labels(1)
    await world.event("hand_in", bag)
    sold, unknown = (recognise(unit_code(world.rng)).code for _ in range(2))
    await sale(world, sold, 150)
    await caught_up(world)
    context = await chromium.new_context(viewport={"width": 320, "height": 640})
    page = await context.new_page()
    await sign_in(page, world, "collector", address)
    await open_capture(page, address)
    await page.click("[data-tiles] li:first-child [data-add='10']")
    await page.click("summary:has-text('扫瓶上的码')")
    await page.click("[data-scan-units]")
    for typed, answer in (
        (sold, "农药包装上的码"),
        (sold, "没有重复算"),
        (bag, "这里要农药包装上的码"),
    ):
        await page.fill(".scanner-typed input", typed)
        await page.press(".scanner-typed input", "Enter")
        await expect(page.locator("dialog")).to_contain_text(answer)
    await page.click("dialog .button:has-text('完成')")
    area = page.locator("[data-name=units]")
    await expect(area).to_have_value(f"{sold}\n")
    await area.press_sequentially(f"{unknown}\n{bag}")
    await expect(page.locator("[data-units] p.hint")).to_have_text(
        "退押金 1 件，共 1.50 元。1 件没有收过押金。"
    )
    await page.click(".bar button")
    await expect(page.locator("[data-error]")).to_contain_text("第 3 行不是农药包装上的码")
    await area.fill(f"{sold}\n{unknown}")
    await page.click(".bar button")
    await page.wait_for_selector(".receipt .state:has-text('✓')")
    assert "退押金 1 件，共 1.50 元" in await page.inner_text(".receipt")
    await all_sent(page)
    [row] = await stored(page, "receipts")
    await context.close()
    answer = await world.client("collector").get(f"/api/v1/events/{row['id']}")
    assert answer.json()["unit_codes"] == [sold, unknown]


@pytest.mark.parametrize("width", [320, 1280])
async def test_pages_of_money_fit_their_screens(chromium, address, world, width, tmp_path):
    await empty(world)
    await paid_hand_in(world, 250)
    await caught_up(world)
    async with page_of(
        chromium, address, world, "county", viewport={"width": width, "height": 800}
    ) as page:
        for path in ("/money", "/money/tariffs", "/money/tariffs/new"):
            await page.goto(path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
            await page.screenshot(path=f"{tmp_path}/{path.replace('/', '_')}.png", full_page=True)
        await page.goto("/money")
        await page.click("text=编制 >> nth=-1")
        await page.wait_for_selector("text=审核通过")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.screenshot(path=f"{tmp_path}/settlement.png", full_page=True)

"""A real browser: one bag's whole life by five people in their forms, then the report."""

import pytest

from app.balance.flows import FLOWS
from app.ledger.follow import catch_up
from app.supply.follow import SUPPLY
from tests.browsing import IN_A_BROWSER, follow, page_of, press
from tests.world import ANXIN, LUQUAN, PLANT, POINT, STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def fill_and_seal(page, code):
    await follow(page, "text=登记交回")
    await page.fill("#code", code.lower().replace("-", ""))
    await page.click("[data-lines] li:first-child [data-add='10']")
    await page.click("[data-lines] li:first-child [data-add='1']")
    assert "11 件" in await page.inner_text("[data-total]")
    await press(page)
    await follow(page, "text=装满了，封袋")
    await page.fill("#mass_kg", "6.25")
    await press(page)
    await page.goto("/")
    assert "6.25 kg" in await page.inner_text("main")


async def load(page, code):
    await follow(page, "text=登记发运")
    await page.fill("#site", POINT)
    await page.select_option("#destination", STATION)
    await page.fill("#vehicle", VEHICLE)
    await page.fill("#codes", code)
    await press(page)


async def take_in_and_send_on(page, code):
    await follow(page, "text=签收这一车")
    await page.click(f"li[data-code='{code.replace('-', '')}'] summary")
    await page.fill(f"[id='mass_kg-{code}']", "6.2")
    await press(page)
    await follow(page, "text=入库")
    await page.check(f"[value='{code}']")
    await press(page)
    await follow(page, "text=发运")
    await page.select_option("#destination", PLANT)
    await page.fill("#vehicle", VEHICLE)
    await page.check(f"[value='{code}']")
    await press(page)


async def take_in_and_treat(page, code):
    await follow(page, "text=签收这一车")
    await press(page)
    await follow(page, "text=登记处理")
    await page.check(f"[value='{code}']")
    await page.fill("#certificate", "证 2026-1")
    await press(page)


async def read_its_way(page, code):
    await follow(page, "text=批次")
    await page.fill("#code", code)
    await follow(page, "text=追溯")
    steps = await page.locator(".timeline h3").all_inner_texts()
    words = "交回 封袋 发运 签收 入库 发运 签收 处理"
    assert [step.split()[0] for step in steps] == words.split()
    assert "比上一次少 50 g" in await page.inner_text(".timeline")


async def test_five_people_take_a_bag_from_the_village_to_its_treatment(chromium, address, world):
    [code] = await world.issue_labels(1)
    for name, does in (
        ("collector", fill_and_seal),
        ("carrier", load),
        ("keeper", take_in_and_send_on),
        ("plant", take_in_and_treat),
        ("county", read_its_way),
    ):
        async with page_of(chromium, address, world, name) as page:
            await does(page, code)
    async with page_of(chromium, address, world) as page:
        await page.goto(f"/B/{code}")
        assert "已处理" in await page.inner_text("main")


async def test_the_report_draws_its_table_as_a_chart(chromium, address, world, database):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    for who, county in (("county", LUQUAN), ("far_county", ANXIN)):
        sold = {"id": f"chart-{county}", "county": county, "on": world.clock.date().isoformat()}
        sold |= {"units": 1_000, "unit_weight_g": 20, "method": "A"}
        answer = await world.client(who).post("/api/v1/supply", json={"rows": [sold]})
        assert answer.status_code == 201, answer.text
    await catch_up(database, [FLOWS, SUPPLY])
    wide = {"viewport": {"width": 1280, "height": 800}}
    async with page_of(chromium, address, world, "province", **wide) as page:
        await page.goto(f"/reports/recovery?period={world.clock.year}&by=county")
        assert "方法 A" in await page.inner_text("main")
        row = page.locator("#recovery tbody tr", has_text="鹿泉区")
        rate = float(await row.get_attribute("data-rate"))
        assert rate > 0
        drawn = page.locator("[data-chart] svg")
        await drawn.wait_for()
        assert "鹿泉区" in await drawn.text_content()
        told = await page.locator("[data-chart] [aria-label]").first.get_attribute("aria-label")
        assert "回收率" in told


async def test_a_hand_in_is_recorded_with_scripts_switched_off(chromium, address, world):
    [code] = await world.issue_labels(1)
    off = {"java_script_enabled": False}
    async with page_of(chromium, address, world, "collector", **off) as page:
        await page.goto("/record/hand_in")
        await page.fill("#code", code)
        await page.fill("#line-0-pieces", "12")
        await follow(page, "form.form .actions button:not([type=button])")
        assert "12 件" in await page.inner_text(".receipt")


async def test_a_hand_in_by_weight_alone_is_recorded_with_scripts_switched_off(
    chromium, address, world
):
    [code] = await world.issue_labels(1)
    off = {"java_script_enabled": False}
    async with page_of(chromium, address, world, "collector", slips=1, **off) as page:
        await page.goto("/record/hand_in")
        await page.fill("#code", code)
        await page.click("summary:has-text('只称重，没有点件数')")
        await page.check("[name=line-0-uncounted]")
        await follow(page, "form.form .actions button:not([type=button])")
        assert "只称重的，请填这次交回的净重" in await page.inner_text(".field.wrong")
        assert await page.is_checked("[name=line-0-uncounted]")
        await page.fill("#mass_kg", "2.5")
        await follow(page, "form.form .actions button:not([type=button])")
        assert "2.50 kg" in await page.inner_text(".receipt")
    found = await world.client("collector").get(f"/api/v1/batches/{code}/custody")
    [step] = [one for one in found.json()["steps"] if one["kind"] == "hand_in"]
    event = await world.client("collector").get(f"/api/v1/events/{step['event']}")
    assert [line["pieces"] for line in event.json()["contents"]] == [0]


async def test_an_official_keeps_a_list_and_a_target_of_the_plan(chromium, address, world):
    """On a phone: a slip is told at its field, what was right stays; a stranger then finds it."""
    async with page_of(chromium, address, world, "province", slips=1) as page:
        await page.goto("/plan/registers/green-control-zones/new")
        await page.fill("#name", "铜冶苹果全程绿色防控示范区")
        await page.select_option("#county", LUQUAN)
        await page.fill("#operator", "铜冶植保服务合作社")
        await page.fill("#valid_from", "2026-01-01")
        await follow(page, "form.form .actions button:not([type=button])")
        assert "缺少这一项" in await page.inner_text(".field.wrong")
        assert await page.input_value("#operator") == "铜冶植保服务合作社"
        await page.fill("#crop", "苹果")
        await follow(page, "form.form .actions button:not([type=button])")
        assert "铜冶苹果" in await page.inner_text("h1")
        for year, amount in (("2020", "52000"), ("2025", "50500")):
            await page.goto("/plan/targets/pesticide-use")
            await page.select_option("#year", year)
            await page.fill("#value", amount)
            await page.fill("#source", "统计年鉴")
            await follow(page, "form.form .actions button:not([type=button])")
        await page.goto("/plan/progress")
        assert "已达到" in await page.inner_text(".card:has-text('农药使用量')")
    async with page_of(chromium, address, world) as page:
        await page.goto("/plan")
        await page.fill("#plan-q", "铜冶苹果")
        async with page.expect_navigation():
            await page.press("#plan-q", "Enter")
        await follow(page, "main >> text=示范区")
        assert "有效" in await page.inner_text("main")
        assert await page.locator("text=修改").count() == 0


@pytest.mark.parametrize("width", [320, 1280])
async def test_no_page_is_wider_than_its_screen(chromium, address, world, width):
    [code] = await world.issue_labels(1)
    await world.whole_life(code)
    screen = {"viewport": {"width": width, "height": 700}}
    paths = {
        "collector": ("/", "/record/hand_in", "/record/collect", "/record/depart"),
        "keeper": ("/", "/record/arrive", "/record/store"),
        "plant": ("/", "/record/dispose"),
        "province": (
            "/", "/batches", f"/batches/{code}", "/sites", f"/sites/{STATION}", "/labels",
            "/reports/recovery?by=county", f"/b/{code}", "/problems/bag-is-sealed",
            "/plan", "/plan/progress", "/plan/departments", "/plan/departments/agriculture",
            "/plan/responsibilities", "/plan/measures", "/plan/industries", "/plan/registers",
            "/plan/registers/straw-counties", "/plan/registers/straw-counties/new",
            "/plan/registers/straw-counties/import", "/plan/targets/pesticide-use",
            "/plan/search?q=%E7%BB%BF%E8%89%B2", "/plan/amendments",
        ),
    }  # fmt: skip
    for name, own in paths.items():
        async with page_of(chromium, address, world, name, **screen) as page:
            for path in own:
                await page.goto(path)
                spare = await page.evaluate("innerWidth - document.documentElement.scrollWidth")
                assert spare >= 0, (name, path)

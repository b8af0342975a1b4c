"""A real browser: forty bags on a pallet, received short; a weight that was mistyped, put right."""

import pytest

from tests.browsing import IN_A_BROWSER
from tests.test_browser import follow, page_of, press
from tests.world import PLANT, STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def pack(page, box, codes):
    """Scan the pallet, find one bag by scanning, tick all others, weigh it."""
    await follow(page, "text=装箱")
    await page.fill("#container", box.lower())
    assert "现在是空的" in await page.inner_text("[data-container-says]")
    assert await page.input_value("#tare_kg") == "15"
    await page.fill("[data-find]", f"HTTPS://NY.TEST/B/{codes[7]}")
    await page.press("[data-find]", "Enter")
    assert "已勾选 1 / 40 袋" in await page.inner_text("[data-ticked]")
    assert await page.input_value("[data-find]") == ""
    await page.click("[data-all]")
    assert "已勾选 40 / 40 袋，共 280.00 kg" in await page.inner_text("[data-ticked]")
    await page.fill("#gross_kg", "294")
    assert "279.00 kg" in await page.inner_text("[data-net]")
    await press(page)
    assert "40 袋" in await page.inner_text(".receipt")
    assert "279.00 kg" in await page.inner_text(".receipt")


async def dispatch(page, box):
    await follow(page, "text=发运")
    row = page.locator(f"[id='bag-{box}']")
    assert "容器，内有 40 袋，279.00 kg" in await row.inner_text()
    await page.check(f"[value='{box}']")
    assert "已勾选 40 / 40 袋" in await page.inner_text("[data-ticked]")
    await page.select_option("#destination", PLANT)
    await page.fill("#vehicle", VEHICLE)
    await press(page)
    assert "内有 40 袋，都一起登记了" in await page.inner_text(".receipt")


async def receive(page, box):
    """The plant types the pallet's code with what it weighs net."""
    await page.goto("/record/arrive")
    opened = page.locator("details.more", has=page.locator("#codes"))
    if await opened.count() and not await opened.get_attribute("open"):
        await opened.locator("summary").click()
    await page.fill("#codes", f"{box} 268.5")
    await press(page)
    assert "268.50 kg" in await page.inner_text(".receipt")


async def masses(world, codes):
    """Return what the chain of each bag says it weighed at each step."""
    found = {}
    for code in codes:
        answer = await world.client("province").get(f"/api/v1/batches/{code}/custody")
        found[code] = [
            (step["kind"], step["mass_g"], step["difference_g"]) for step in answer.json()["steps"]
        ]
    return found


async def test_a_pallet_is_packed_weighed_sent_received_short_and_put_right(
    chromium, address, world
):
    codes = await world.issue_labels(40, site=STATION)
    sealed = [await world.event("collect", code, site=STATION, mass_g=7_000) for code in codes]
    [box] = await world.issue_labels(1, site=STATION, kind="container")
    answer = await world.client("keeper").put(f"/api/v1/labels/{box}/tare", json={"tare_g": 15_000})
    assert answer.status_code == 200, answer.text
    async with page_of(chromium, address, world, "keeper") as page:
        await pack(page, box, codes)
        await page.goto("/")
        await dispatch(page, box)
    async with page_of(chromium, address, world, "plant") as page:
        await receive(page, box)
        await page.goto(f"/batches/{box}")
        assert "40 袋" in await page.inner_text("main")
    before = await masses(world, codes)
    for steps in before.values():
        assert [kind for kind, *_ in steps] == ["collect", "pack", "depart", "arrive"]
    assert sum(steps[-1][1] for steps in before.values()) == 268_500
    # What the county puts right after the bag has moved on: it weighed 6.5 kg when it was sealed.
    async with page_of(chromium, address, world, "county") as page:
        await page.goto(f"/batches/{codes[0]}")
        await follow(page, f"[href='/record/correct/{sealed[0]['id']}']")
        assert await page.input_value(f"[id='mass_kg-{codes[0]}']") == "7"
        await page.fill(f"[id='mass_kg-{codes[0]}']", "6.5")
        await page.fill("#note", "磅单写的是 6.5 千克")
        await follow(page, "form.form .actions button")
        assert "已更正：封袋" in await page.inner_text("main")
        assert "6.50 kg" in await page.inner_text("main")
    after = await masses(world, codes)
    assert after[codes[0]][0][:2] == ("collect", 6_500)
    # The pallet was weighed as one: its net stands, and only how it was divided has changed.
    for step in (1, 3):
        assert sum(steps[step][1] for steps in after.values()) == sum(
            steps[step][1] for steps in before.values()
        )
    assert {steps[0][1] for code, steps in after.items() if code != codes[0]} == {7_000}


async def test_a_correction_changes_the_next_difference_and_nothing_after_it(
    chromium, address, world
):
    [code] = await world.issue_labels(1, site=STATION)
    first = await world.event("collect", code, site=STATION, mass_g=26_000)
    await world.event("store", code, site=STATION, mass_g=6_100)
    await world.event("depart", code, site=STATION, destination=PLANT)
    await world.event("arrive", code, site=PLANT, mass_g=6_000)
    [before] = (await masses(world, [code])).values()
    async with page_of(chromium, address, world, "county") as page:
        await page.goto(f"/events/{first['id']}")
        await follow(page, "text=更正")
        await page.fill(f"[id='mass_kg-{code}']", "6.2")
        await follow(page, "form.form .actions button")
    [after] = (await masses(world, [code])).values()
    assert before == [
        ("collect", 26_000, 0), ("store", 6_100, -19_900), ("depart", 6_100, 0),
        ("arrive", 6_000, -100),
    ]  # fmt: skip
    assert after == [
        ("collect", 6_200, 0), ("store", 6_100, -100), ("depart", 6_100, 0),
        ("arrive", 6_000, -100),
    ]  # fmt: skip


async def test_sorting_says_what_is_missing_while_it_is_typed(chromium, address, world):
    [code] = await world.issue_labels(1, site=STATION)
    pet, rest = await world.issue_labels(2, site=STATION)
    await world.event("collect", code, site=STATION, mass_g=9_000)
    async with page_of(chromium, address, world, "keeper") as page:
        await page.goto(f"/record/repack?as=sort&code={code}")
        await page.fill("#out-0-code", pet)
        await page.fill("#out-0-kg", "5.4")
        assert "还有 3600 克没有着落" in await page.inner_text("#sum")
        await page.fill("#out-1-code", rest)
        await page.fill("#out-1-kg", "3.7")
        assert "多出 100 克" in await page.inner_text("#sum")
        await page.fill("#out-1-kg", "3.5")
        await page.fill("#removed_kg-moisture", "0.1")
        assert "正好" in await page.inner_text("#sum")
        await press(page)
        assert "已登记分拣" in await page.inner_text(".receipt")


async def test_packing_works_with_scripts_switched_off(chromium, address, world):
    codes = await world.issue_labels(3, site=STATION)
    for code in codes:
        await world.event("collect", code, site=STATION, mass_g=7_000)
    [box] = await world.issue_labels(1, site=STATION, kind="container")
    off = {"java_script_enabled": False}
    async with page_of(chromium, address, world, "keeper", **off) as page:
        await page.goto(f"/record/pack?code={box}")
        for code in codes:
            await page.check(f"[value='{code}']")
        await follow(page, "form.form .actions button")
        assert "3 袋" in await page.inner_text(".receipt")

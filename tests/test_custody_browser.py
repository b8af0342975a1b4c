"""A real browser: what the forms of a store say while they are filled in, and without scripts."""

import pytest

from tests.browsing import IN_A_BROWSER, follow, page_of, press
from tests.world import STATION, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


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

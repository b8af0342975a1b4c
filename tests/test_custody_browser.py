"""A real browser: what the forms of a store say while they are filled in, and without scripts."""

import pytest

from tests.browsing import IN_A_BROWSER, follow, page_of, press
from tests.lineages import collected, labels, posted, repack
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


async def deep(world):
    """Merge a bag with a new one, ten times over; return the last."""
    held, grams = (await collected(world, 2_000))[0], 2_000
    for new in await labels(world, 10):
        [other] = await collected(world, 1_000)
        await posted(world, repack(world, {held: grams, other: 1_000}, {new: grams + 1_000}))
        held, grams = new, grams + 1_000
    return held


@pytest.mark.parametrize("width", [320, 1280])
async def test_a_wide_lineage_is_as_large_as_can_be_read_and_is_moved(
    chromium, address, world, width
):
    last = await deep(world)
    screen = {"viewport": {"width": width, "height": 740}}
    async with page_of(chromium, address, world, "county", **screen) as page:
        await page.goto(f"/batches/{last}")
        drawn = page.locator("svg.lineage")
        scale = "one => one.getBoundingClientRect().width / one.getAttribute('width')"
        assert await drawn.evaluate(scale) == 1
        smallest = "one => Math.min(...[...one.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize)))"
        assert await drawn.evaluate(smallest) >= 15
        assert await page.evaluate("innerWidth - document.documentElement.scrollWidth") >= 0
        scroller = page.locator(".lineage-scroll")
        at = await scroller.evaluate("one => one.scrollLeft")
        assert at > 1_000, "it begins at the bag that the page is about, the last of all"
        await scroller.focus()
        await page.keyboard.press("ArrowLeft")
        await page.wait_for_function(
            f"() => document.querySelector('.lineage-scroll').scrollLeft < {at}"
        )
        await page.keyboard.press("Tab")
        focused = "() => document.activeElement.closest('svg')?.classList.value"
        assert await page.evaluate(focused) == "lineage", "its bags are reached by the keyboard"


async def test_a_lineage_is_told_in_words_with_scripts_switched_off(chromium, address, world):
    last = await deep(world)
    off = {"java_script_enabled": False, "viewport": {"width": 320, "height": 740}}
    async with page_of(chromium, address, world, "county", **off) as page:
        await page.goto(f"/batches/{last}")
        await page.click("text=用文字看")
        said = await page.inner_text(".lineage-words")
        assert said.count("合并 20") == 10
        assert said.count("产出 1 项") == 10
        await follow(page, ".lineage-words dd a >> nth=0")
        assert "全程记录" in await page.inner_text("main")

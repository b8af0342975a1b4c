"""The main job for those who see no screen, use no finger, or whose browser runs no scripts."""

import pytest

from tests.browsing import IN_A_BROWSER, follow, page_of, press
from tests.people import PASSWORD
from tests.phones import open_capture, sign_in
from tests.test_looks import NARROW, look
from tests.world import PLANT, STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER

WIDE = {"viewport": {"width": 1280, "height": 800}}
FARTHEST = 60
WHERE = """() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  // Past the last there is the browser's own, then the first again.
  const shown = one === document.body || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
  return { shown, what: one.outerHTML.slice(0, 120) };
}"""
HERE = "one => one === document.activeElement"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


class Keys:
    """Somebody with a keyboard, who hears what everything is called."""

    def __init__(self, page):
        self.page = page

    async def to(self, role, name, **more):
        """Go on with the tab key to what is called so; wherever one stands can be seen."""
        target = self.page.get_by_role(role, name=name, **more)
        for _ in range(FARTHEST):
            await self.page.keyboard.press("Tab")
            where = await self.page.evaluate(WHERE)
            assert where["shown"], f"the focus cannot be seen on {where['what']}"
            if await target.count() and await target.first.evaluate(HERE):
                return
        raise AssertionError(f"{role} «{name}» is not reached")

    async def enter(self, role, name, **more):
        """Go there and press Enter; wait for the page it leads to."""
        await self.to(role, name, **more)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def type(self, text):
        await self.page.keyboard.type(text)

    async def stands_in(self, selector):
        """Tell whether the focus is on the one thing that a selector names."""
        return await self.page.locator(selector).evaluate(HERE)

    async def hears_where_it_is(self, title):
        """A reader finds its way: one heading, a name for the page, and parts to jump to."""
        page = self.page
        assert title in await page.title()
        assert await page.get_by_role("heading", level=1).count() == 1
        for part in ("banner", "main", "contentinfo"):
            assert await page.get_by_role(part).count() == 1, part
        assert await page.locator("html").get_attribute("lang") == "zh-CN"


async def test_a_hand_in_and_a_seal_need_only_a_keyboard_and_an_ear(chromium, address, world):
    [code] = await world.issue_labels(1)
    async with page_of(chromium, address, world, slips=1, **WIDE) as page:
        keys = Keys(page)
        await page.goto("/")
        await keys.hears_where_it_is("登录")
        assert await keys.stands_in("#username")
        await keys.type(world.accounts["collector"].username)
        await keys.to("textbox", "密码")
        await keys.type(PASSWORD)
        await keys.enter("button", "登录")

        await keys.hears_where_it_is("首页")
        await keys.to("link", "跳到正文")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.locator("main :focus").count() == 1, "the way past the menu leads nowhere"
        assert await page.get_by_role("navigation", name="主菜单").count() == 1
        await keys.enter("link", "登记交回")

        await keys.hears_where_it_is("登记交回")
        await keys.enter("button", "登记交回")
        assert await keys.stands_in("[role=alert]"), "what is wrong is not read out"
        told = await page.locator("[role=alert] a[href='#code']").inner_text()
        await keys.to("link", told)
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        if not await keys.stands_in("#code"):
            await page.keyboard.press("Shift+Tab")
        assert await keys.stands_in("#code")
        assert await page.locator("#code").get_attribute("aria-invalid") == "true"
        await keys.type(code)
        await keys.to("button", "+10 件，", exact=False)
        await page.keyboard.press("Space")
        await page.keyboard.press("Space")
        assert "20 件" in await page.inner_text("[aria-live=polite][data-total]")
        await keys.enter("button", "登记交回")

        await keys.hears_where_it_is("已登记交回")
        assert "20 件" in await page.get_by_role("main").inner_text()
        await keys.enter("link", "装满了，封袋")
        await keys.to("textbox", "净重")
        await keys.type("6.25")
        await keys.enter("button", "登记封袋")
        await keys.hears_where_it_is("已登记封袋")
        assert "6.25 kg" in await page.get_by_role("main").inner_text()


async def test_the_phones_page_needs_only_a_keyboard_and_can_be_read_and_tapped(
    chromium, address, world
):
    sealed, filled = await world.issue_labels(2)
    await world.event("collect", sealed, mass_g=4_000)
    await world.event("hand_in", filled)
    async with await chromium.new_context(viewport=NARROW) as context:
        page = await context.new_page()
        keys = Keys(page)
        await sign_in(page, world, "collector", address)
        await open_capture(page, address, f"#hand_in/{filled}")
        await page.wait_for_selector("[data-tiles] li")
        await keys.to("button", "加 10", exact=False)
        await page.keyboard.press("Space")
        assert "10 件" in await page.inner_text("[aria-live=polite][data-sum]")
        await keys.to("button", "登记交回")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[aria-live=polite][data-state]:has-text('✓')")
        await open_capture(page, address, f"#collect/{filled}")
        await page.wait_for_selector("[data-name=kg]")
        await keys.to("textbox", "秤上净重", exact=False)
        await keys.type("6.25")
        await keys.to("button", "封袋")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[aria-live=polite][data-state]:has-text('✓')")
        wrong = []
        for view in ("home", "other", "depart", "queue", f"step/{sealed}", "hand_in"):
            await page.evaluate("(view) => (location.hash = view)", view)
            await page.wait_for_timeout(200)
            wrong += [f"{view}: {line}" for line in await look(page)]
        assert not wrong, "\n".join(wrong)


async def test_a_bag_goes_its_whole_way_with_scripts_switched_off(chromium, address, world):
    [code] = await world.issue_labels(1)

    async def hand_in_seal_and_send(page):
        await page.goto("/record/hand_in")
        await page.fill("#code", code)
        await page.fill("#line-0-pieces", "12")
        await press(page)
        await follow(page, "text=装满了，封袋")
        await page.fill("#mass_kg", "6.25")
        await press(page)
        await send_on(page, STATION)

    async def send_on(page, destination):
        await page.goto("/record/depart")
        await page.select_option("#destination", destination)
        await page.fill("#vehicle", VEHICLE)
        await page.check(f"[value='{code}']")
        await press(page)

    async def take_in_store_and_send(page):
        await follow(page, "text=签收这一车")
        await press(page)
        await page.goto("/record/store")
        await page.check(f"[value='{code}']")
        await press(page)
        await send_on(page, PLANT)

    async def take_in_and_treat(page):
        await follow(page, "text=签收这一车")
        await press(page)
        await page.goto("/record/dispose")
        await page.check(f"[value='{code}']")
        await page.fill("#certificate", "证 2026-1")
        await press(page)

    for name, does in (
        ("collector", hand_in_seal_and_send),
        ("keeper", take_in_store_and_send),
        ("plant", take_in_and_treat),
    ):
        async with page_of(chromium, address, world, name, java_script_enabled=False) as page:
            await does(page)
    custody = await world.client("admin").get(f"/api/v1/batches/{code}/custody")
    kinds = [step["kind"] for step in custody.json()["steps"]]
    assert kinds == [
        "hand_in",
        "collect",
        "depart",
        "arrive",
        "store",
        "depart",
        "arrive",
        "dispose",
    ]

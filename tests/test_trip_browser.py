"""A load of four hundred bags in a real browser: exceptions are marked, the rest comes in at once."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import reference as ref
from tests.browsing import IN_A_BROWSER
from tests.people import PASSWORD
from tests.recording import capture
from tests.world import make_world

pytestmark = IN_A_BROWSER
MANY = 400


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture
async def page(chromium, address):
    opened = await chromium.new_page(viewport={"width": 390, "height": 844})
    yield opened
    await opened.close()


async def sign_in(page, address, username):
    await page.goto(f"{address}/sign-in")
    await page.fill("[name=username]", username)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button")
    await page.wait_for_load_state()


async def loaded(world, many: int) -> tuple[str, list[str]]:
    """Seal bags at the point and put them on one vehicle, a moment ago."""
    bags = sorted(await world.issue_labels(many, site=None))
    at = datetime.now(UTC)
    before = at - timedelta(minutes=5)
    sealed = [world.body("collect", bag, at=before, mass_g=7_000) for bag in bags]
    await capture(world, "collector", sealed)
    departed = await world.event("depart", *bags, destination=ref.STATION, at=at)
    return departed["trip"], bags


async def test_a_keeper_receives_four_hundred_bags_by_naming_what_is_wrong(world, page, address):
    trip, bags = await loaded(world, MANY)
    missing, torn = bags[17], bags[250]
    await sign_in(page, address, "keeper")
    await page.click("text=签收这一车")
    await page.wait_for_selector("[data-tally]:has-text('正常 400 袋')")
    assert await page.text_content("[data-submit]") == "签收全部 400 袋"

    for code, outcome, reason in ((missing, "missing", "车上没有"), (torn, "damaged", "袋口裂开")):
        await page.fill("#find-bag", code[-7:].lower())
        await page.press("#find-bag", "Enter")
        await page.select_option(f"[id='outcome-{code}']", outcome)
        await page.fill(f"[id='reason-{code}']", reason)
    await page.fill("#find-bag", "")
    await page.wait_for_selector("[data-tally]:has-text('正常 398 袋 · 破损 1 袋 · 缺失 1 袋')")
    assert await page.text_content("[data-submit]") == "其余 398 袋全部签收"

    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    await page.click("[data-submit]")
    await page.wait_for_selector("h1:has-text('已登记签收')")
    assert len(sent) == 1

    await page.click(f"a[href='/trips/{trip}']")
    await page.wait_for_selector("h1:has-text('有异议')")
    words = await page.inner_text("main")
    for said in ("缺失 1 袋。", "破损 1 袋。", "400 袋", "还在路上", "待承运方确认"):
        assert said in words
    shown = (await world.client("keeper").get(f"/api/v1/trips/{trip}")).json()
    states = {bag["code"]: (bag["state"], bag["outcome"]) for bag in shown["legs"][0]["bags"]}
    assert states.pop(missing) == ("moving", "missing")
    assert states.pop(torn) == ("arrived", "damaged")
    assert set(states.values()) == {("arrived", None)}


async def test_only_a_part_came_and_the_rest_stays_on_its_way(world, page, address):
    trip, bags = await loaded(world, 8)
    await sign_in(page, address, "keeper")
    await page.goto(f"{address}/trips/{trip}")
    await page.click("text=签收这一车")
    await page.click("[data-all-later]")
    await page.wait_for_selector("[data-tally]:has-text('还没到 8 袋')")
    await page.click(f"[data-code='{bags[0].replace('-', '')}'] summary")
    await page.select_option(f"[id='outcome-{bags[0]}']", "arrived")
    await page.click("[data-submit]")
    await page.wait_for_selector("h1:has-text('已登记签收')")
    shown = (await world.client("keeper").get(f"/api/v1/trips/{trip}")).json()
    assert [b["code"] for b in shown["legs"][0]["bags"] if b["state"] == "arrived"] == [bags[0]]
    assert shown["state"] == "under_way"


async def test_the_driver_confirms_what_the_site_recorded(world, page, address):
    trip, _ = await loaded(world, 2)
    await sign_in(page, address, "carrier")
    await page.goto(f"{address}/trips/{trip}")
    await page.click("text=确认交接")
    await page.wait_for_selector("dd:has-text('双方已确认')")
    assert await page.query_selector("text=待您确认") is None


async def test_a_whole_load_is_weighed_at_once_and_not_bag_by_bag_too(world, page, address):
    trip, bags = await loaded(world, 3)
    await sign_in(page, address, "keeper")
    await page.goto(f"{address}/trips/{trip}")
    await page.click("text=签收这一车")
    await page.fill("#group_kg", "20.5")
    await page.click(f"[data-code='{bags[0].replace('-', '')}'] summary")
    await page.fill(f"[id='mass_kg-{bags[0]}']", "7")
    await page.click("[data-submit]")
    await page.wait_for_selector("#group_kg-error:has-text('整车重量就不要再填')")
    assert await page.input_value("#group_kg") == "20.5", "what was typed is still there"

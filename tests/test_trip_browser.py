"""A load of four hundred bags in a real browser: exceptions are marked, the rest comes in at once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.ids import uuid7
from app.parties.models import Site
from tests import reference as ref
from tests.browsing import IN_A_BROWSER
from tests.people import PASSWORD, make_account, signed_in
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


async def a_milk_run(world, many: int, points: int) -> tuple[str, list[str]]:
    """Load bags at many points onto one vehicle, as its driver's phone tells it when it has signal."""
    at = datetime.now(UTC) - timedelta(hours=3)
    trip = str(uuid7(world.rng, at))
    codes = [f"130110-P1{n:03}" for n in range(points)]
    async with world.database.write() as session:
        session.add_all(
            Site(code=code, kind="P", name=f"第{n + 1}村农资店", county=code[:6], township="铜冶镇",
                 lat=38.0, lon=114.5, operator=ref.SHOP, opened_on=date(2024, 1, 1))
            for n, code in enumerate(codes)
        )  # fmt: skip
    bags = sorted(await world.issue_labels(many, site=None))
    told = []
    for n, code in enumerate(codes):
        some = bags[n::points]
        account = await make_account(world.database, "collector", site=code)
        client = await signed_in(world.app, account)
        sealed = [world.body("collect", bag, site=code, at=at, mass_g=7_000) for bag in some]
        queue = {"device": {"id": f"phone-{n}"}, "events": sealed}
        answer = await client.post("/api/v1/capture", json=queue)
        assert {item["outcome"] for item in answer.json()["items"]} == {"recorded"}
        await client.aclose()
        left = at + timedelta(minutes=3 * (n + 1))
        told.append(
            world.body("depart", *some, site=code, destination=ref.STATION, at=left, trip=trip)
        )
    items = await capture(world, "carrier", told)
    assert {item["outcome"] for item in items} == {"recorded"}
    return trip, bags


class Counted:
    """A page whose taps and fields filled in are counted, as a person's time goes by them."""

    def __init__(self, page):
        self.page, self.taps, self.fields = page, 0, 0

    async def tap(self, what: str) -> None:
        self.taps += 1
        await self.page.click(what)

    async def fill(self, what: str, text: str) -> None:
        self.fields += 1
        await self.page.fill(what, text)

    async def choose(self, what: str, value: str) -> None:
        self.taps += 2
        await self.page.select_option(what, value)


async def test_a_keeper_receives_four_hundred_bags_of_thirty_points_by_naming_what_is_wrong(
    world, page, address
):
    trip, bags = await a_milk_run(world, MANY, 30)
    wrong = dict(zip(bags[17::57], ["missing", "damaged", "refused"] * 3, strict=False))
    assert len(wrong) == 7
    await sign_in(page, address, "keeper")
    hand = Counted(page)
    await hand.tap("text=签收这一车")
    await page.wait_for_selector("[data-tally]:has-text('正常 400 袋')")
    assert "等 30 处" in await page.inner_text("main")
    assert await page.text_content("[data-submit]") == "签收全部 400 袋"
    for code, outcome in wrong.items():
        await hand.fill("#find-bag", code[-7:].lower())
        await page.press("#find-bag", "Enter")
        await hand.choose(f"[id='outcome-{code}']", outcome)
        await hand.fill(f"[id='reason-{code}']", "车上没有" if outcome == "missing" else "袋口裂开")
    await hand.fill("#find-bag", "")
    await page.wait_for_selector("[data-tally]:has-text('正常 393 袋')")
    assert await page.text_content("[data-submit]") == "其余 393 袋全部签收"
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    await hand.tap("[data-submit]")
    await page.wait_for_selector("h1:has-text('已登记签收')")
    assert len(sent) == 1
    assert hand.taps + hand.fields <= 2 + 4 * len(wrong) + 1, "the rest asks for nothing"

    await page.goto(f"{address}/trips/{trip}")
    await page.wait_for_selector("h1:has-text('有异议')")
    words = await page.inner_text("main")
    for said in ("拒收", "缺失", "破损", "还在路上", "待发运站点确认"):
        assert said in words
    shown = (await world.client("keeper").get(f"/api/v1/trips/{trip}")).json()
    assert len(shown["legs"]) == 30
    states = {b["code"]: (b["state"], b["outcome"]) for leg in shown["legs"] for b in leg["bags"]}
    for code, outcome in wrong.items():
        there = "arrived" if outcome == "damaged" else "moving"
        assert states.pop(code) == (there, outcome)
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


async def test_a_run_of_three_stops_is_announced_with_a_few_taps(world, page, address):
    await sign_in(page, address, "keeper")
    await page.click("text=发车登记")
    await page.select_option("#from-0", ref.POINT)
    await page.click("text=再加一处装货")
    assert await page.input_value("#to-1") == ref.STATION, "it goes where the one before goes"
    await page.select_option("#from-1", ref.OTHER_POINT)
    await page.click("text=再加一处装货")
    await page.select_option("#from-2", ref.STATION)
    await page.select_option("#to-2", ref.PLANT)
    await page.fill("#at-2", "23:10")
    await page.fill("#by-2", "03:00")
    # The second is taken out again: what follows it is renumbered, in names and labels.
    await page.click("[data-stop]:nth-child(2) [data-drop]")
    assert await page.input_value("#from-1") == ref.STATION
    assert await page.text_content("[data-stop]:nth-child(2) [data-n]") == "2"
    assert await page.get_attribute("[name=rows]", "value") == "2"
    await page.fill("[name=vehicle]", "冀a·12345")
    await page.press("[name=vehicle]", "Enter")  # sends the form; it does not add a row
    await page.wait_for_selector("text=已登记这一趟")
    words = await page.inner_text("main")
    assert "冀A12345" in words
    assert "23:10" in words
    assert words.count("还没有装车") == 2

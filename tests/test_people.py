"""Several people on one phone: named by the site's first account, told apart by a PIN offline."""

import json
from itertools import product

import pytest

from app.auth.people import pin_check
from tests.browsing import IN_A_BROWSER
from tests.people import browser, make_account, signed_in
from tests.phones import Platform, all_sent, hand_in, sign_in, stored
from tests.world import POINT, make_world

SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def add(world, name, pin, by="collector"):
    return await world.client(by).post("/people", data={"name": name, "pin": pin}, headers=SAME)


async def people(world, by="collector"):
    return (await world.client(by).get("/api/v1/capture/pack")).json()["people"]


async def test_the_first_account_names_people_and_the_pack_has_them_without_their_pin(world):
    assert (await add(world, "王秀英", "4711")).status_code == 303
    [person] = await people(world)
    assert person["name"] == "王秀英"
    assert person["pin"] == pin_check(POINT, "王秀英", "4711")
    assert "4711" not in json.dumps(person)
    assert await people(world, "keeper") == []


async def test_what_the_pack_has_leaves_dozens_of_pins_in_question(world):
    await add(world, "王有", "0852")
    check = next(one["pin"] for one in await people(world) if one["name"] == "王有")
    every = ["".join(digits) for digits in product("0123456789", repeat=4)]
    fitting = [pin for pin in every if pin_check(POINT, "王有", pin) == check]
    assert "0852" in fitting
    assert len(fitting) > 20


async def test_a_name_is_given_once(world):
    assert (await add(world, "钱一", "1111")).status_code == 303
    assert (await add(world, " 钱一 ", "2222")).status_code == 422


async def test_another_account_of_the_site_may_not(world):
    second = await make_account(world.database, "collector", site=POINT)
    client = await signed_in(world.app, second)
    assert (await client.get("/people")).status_code == 403
    answer = await client.post("/people", data={"name": "甲", "pin": "1234"}, headers=SAME)
    assert answer.status_code == 403
    await client.aclose()
    stranger = browser(world.app)
    assert (await stranger.post("/people", data={}, headers=SAME)).status_code == 401
    await stranger.aclose()


@pytest.mark.parametrize(
    ("name", "pin", "said"),
    [
        ("", "1234", "姓名要写"),
        ("字" * 21, "1234", "姓名要写"),
        ("甲", "123", "PIN 是"),
        ("甲", "１２３", "PIN 是"),
        ("甲", "一二三四", "PIN 是"),
    ],
)
async def test_what_does_not_fit_is_said_at_its_field(world, name, pin, said):
    answer = await add(world, name, pin)
    assert answer.status_code == 422
    assert said in answer.text
    assert pin not in ("１２３", "一二三四") or pin not in answer.text


async def test_a_pin_in_full_width_digits_is_the_same_pin(world):
    assert (await add(world, "孙四", " １２３４ ")).status_code == 303
    person = next(one for one in await people(world) if one["name"] == "孙四")
    assert person["pin"] == pin_check(POINT, "孙四", "1234")


async def test_who_is_removed_is_forgotten_but_the_event_stands(world):
    await add(world, "李福", "998877")
    person = next(one for one in await people(world) if one["name"] == "李福")
    [code] = await world.issue_labels(1)
    event = await world.event("hand_in", code, author=person["id"])
    assert event["author"] == person["id"]
    assert "李福" not in event["leaf"]
    done = f"/record/done/{event['id']}"
    assert "李福" in (await world.client("collector").get(done)).text
    removed = await world.client("collector").post(f"/people/{person['id']}/remove", headers=SAME)
    assert removed.status_code == 303
    assert "李福" not in (await world.client("collector").get(done)).text
    other = await world.client("keeper").post(f"/people/{person['id']}/remove", headers=SAME)
    assert other.status_code == 404


async def test_a_name_of_another_site_is_not_told(world):
    await add(world, "站里的人", "1357", by="keeper")
    person = next(one for one in await people(world, "keeper") if one["name"] == "站里的人")
    [code] = await world.issue_labels(1)
    event = await world.event("hand_in", code, author=person["id"])
    shown = await world.client("collector").get(f"/record/done/{event['id']}")
    assert "站里的人" not in shown.text


@pytest.mark.browser
@IN_A_BROWSER[1]
async def test_a_pin_says_who_holds_the_phone_and_anyone_of_the_site_may_send(chromium, world):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    await add(world, "赵梅", "2580")
    person = next(one for one in await people(world) if one["name"] == "赵梅")
    platform = Platform(world.app)
    await platform.up()
    context = await chromium.new_context(viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(page, world, "collector", platform.address)
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await platform.away()
    await page.check(f"[value='{person['id']}']")
    every = (f"{pin:04}" for pin in range(10_000))
    wrong = [pin for pin in every if pin_check(POINT, "赵梅", pin) != person["pin"]][:5]
    for pin in wrong:
        await page.fill("[data-name=pin]", pin)
        await page.click("text=是我")
        await page.wait_for_selector("[data-error]:has-text('PIN 不对')")
        await page.evaluate("document.querySelector('[data-error]').hidden = true")
    await page.fill("[data-name=pin]", "2580")
    await page.click("text=是我")
    await page.wait_for_selector("[data-error]:has-text('请等')")
    await page.evaluate("(ms) => { const now = Date.now; Date.now = () => now() + ms; }", 60_000)
    await page.fill("[data-name=pin]", "2580")
    await page.click("text=是我")
    made = await hand_in(page)
    [row] = await stored(page, "outbox")
    assert (row["id"], row["body"]["author"], row["person"]) == (made, person["id"], "赵梅")
    await page.click("[data-waiting]")
    await page.wait_for_selector("[data-list=outbox] :text('赵梅')")
    await platform.up()
    second = await make_account(world.database, "collector", site=POINT)
    await context.clear_cookies()
    world.accounts["second"] = second
    await sign_in(page, world, "second", platform.address)
    await all_sent(page)
    event = (await world.client("collector").get(f"/api/v1/events/{made}")).json()
    assert event["author"] == person["id"]
    assert json.loads(event["leaf"])["stamps"]["actor"] == str(second.id)
    await context.close()
    await platform.away()

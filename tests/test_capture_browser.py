"""现场登记 in a real browser: recorded without a network, sent once each, in order, nothing lost."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import RFC_4122, UUID

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.alerts.follow import ALERTS, tick
from app.alerts.models import Finding
from app.ledger.follow import catch_up
from app.transparency.signer import Signer
from tests import test_next_step as vectors
from tests.browsing import IN_A_BROWSER
from tests.phones import (
    SMALL,
    all_sent,
    hand_in,
    hand_ins,
    open_capture,
    phone,
    press,
    screen,
    sign_in,
    stored,
)
from tests.signing import begin_log, published
from tests.world import POINT, STATION, VEHICLE, make_world

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def test_fifty_hand_ins_without_a_network_are_recorded_once_each_in_order(
    world, platform, tmp_path
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with phone(tmp_path) as device:
        context = await device.start()
        page = await context.new_page()
        await page.set_viewport_size(SMALL)
        await sign_in(page, world, "collector", platform.address)
        await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await platform.away()
        made = await hand_ins(page, 20)
        await page.reload()
        await page.wait_for_selector("body[data-ready]")
        assert "待上传 20 条" in await page.inner_text("[data-waiting]")
        made += await hand_ins(page, 15)
        await device.die()
        context = await device.start()
        page = await context.new_page()
        await open_capture(page, platform.address)
        assert "待上传 35 条" in await page.inner_text("[data-waiting]")
        made += await hand_ins(page, 15)
        waits = await stored(page, "outbox")
        assert [row["id"] for row in waits] == made == sorted(made)
        assert [row["body"]["device"]["seq"] for row in waits] == list(range(1, 51))

        lost = []

        async def lose_two(route):
            answer = await route.fetch()
            if len(lost) < 2:
                lost.append(answer.status)
                await route.abort()
            else:
                await route.fulfill(response=answer)

        other = await context.new_page()
        await context.route("**/api/v1/capture", lose_two)
        await platform.up()
        # A killed browser may have forgotten who is signed in: the queue waits until somebody is.
        await sign_in(other, world, "collector", platform.address)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await all_sent(page)
        await all_sent(other)
        assert lost == [200, 200]
        receipts = await stored(page, "receipts")
        assert [row["id"] for row in receipts] == made
        assert all(row["as_sent"] for row in receipts)
        assert await stored(page, "refused") == []
    answer = await world.client("collector").get(f"/api/v1/batches/{code}")
    assert answer.json()["mass_g"] == 450 + 50 * 150
    custody = (await world.client("collector").get(f"/api/v1/batches/{code}/custody")).json()
    assert len([step for step in custody["steps"] if step["kind"] == "hand_in"]) == 51


NO_WORKER = "delete Navigator.prototype.serviceWorker;"
NO_UUID = "delete Crypto.prototype.randomUUID; delete Crypto.prototype.subtle;"
NO_STORAGE = "delete Navigator.prototype.storage;"
NO_LASTING = "StorageManager.prototype.persist = () => Promise.resolve(false);"
NO_LOCKS = "delete Navigator.prototype.locks; delete globalThis.BroadcastChannel;"


@pytest.mark.parametrize("script", [NO_WORKER, NO_UUID, NO_LASTING, NO_STORAGE, NO_LOCKS])
async def test_a_browser_that_lacks_something_records_all_the_same(
    chromium, world, platform, script
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world, script) as page:
        made = await hand_in(page)
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "receipts")] == [made]
        if script == NO_WORKER:
            assert "不能离线打开" in await page.inner_text("[data-notices]")
        if script in (NO_LASTING, NO_STORAGE):
            await page.click("[data-waiting]")
            await expect(page.locator("[data-caution]")).to_contain_text("不保证长期保存")


async def test_a_form_is_six_taps_at_most_and_fits_a_small_screen(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        await page.evaluate(
            "addEventListener('click', () => (globalThis.taps = (globalThis.taps ?? 0) + 1), true)"
        )
        await page.click("[data-tiles] li:first-child [data-add='10']")
        for _ in range(2):
            await page.click("[data-tiles] li:first-child [data-add='1']")
        assert "12 件" in await page.inner_text("[data-sum]")
        await page.click(".bar button")
        await page.wait_for_selector(".receipt")
        assert await page.evaluate("taps") == 4
        for view in ("home", "other", f"collect/{code}", "depart", "queue", f"step/{code}"):
            await page.evaluate("(view) => (location.hash = view)", view)
            await page.wait_for_timeout(300)
            narrow = await page.evaluate("innerWidth - document.documentElement.scrollWidth")
            small = await page.evaluate(
                """[...document.querySelectorAll('a, button, input, select, summary, label.check')]
                .filter((one) => one.checkVisibility() && !one.matches('[type=checkbox], [type=radio]'))
                .filter((one) => one.getBoundingClientRect().height < 48).map((one) => one.outerHTML)"""
            )
            tiny = await page.evaluate(
                """[...document.querySelectorAll('body *')].filter((one) => one.checkVisibility())
                .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 18).map((one) => one.outerHTML)"""
            )
            assert (narrow >= 0, small, tiny) == (True, [], []), view


async def test_a_hand_in_is_recorded_by_weight_alone(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        await page.evaluate(
            "addEventListener('pointerdown', () => (globalThis.taps = (globalThis.taps ?? 0) + 1), true)"
        )
        await page.click("label:has-text('只称重')")
        await page.click(".bar button")
        await page.wait_for_selector("[data-error]:has-text('净重')")
        await page.evaluate("globalThis.taps = 1")
        await page.click("[data-name=only-kg]")
        await page.fill("[data-name=only-kg]", "2.35")
        await page.click("[data-tiles] li:first-child [data-has]")
        assert "1 种，2.35 kg" in await page.inner_text("[data-sum]")
        made = await press(page, "登记交回")
        assert await page.evaluate("taps") <= 6
        receipt = await page.inner_text(".receipt")
        assert "2.35 kg" in receipt
        assert "件" not in receipt
        await all_sent(page)
        await page.evaluate("(code) => (location.hash = `collect/${code}`)", code)
        await page.wait_for_selector("[data-mass]:has-text('2.80 kg')")
    event = (await world.client("collector").get(f"/api/v1/events/{made}")).json()
    assert event["batches"][0]["mass_g"] == 2_350
    assert [line["pieces"] for line in event["contents"]] == [0]


async def test_a_sign_in_that_ended_offline_leaves_the_queue_waiting(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        await page.context.clear_cookies()
        made = await hand_in(page)
        await page.wait_for_selector("[data-notices] >> text=登录已过期")
        assert [row["id"] for row in await stored(page, "outbox")] == [made]
        await sign_in(page, world, "collector", platform.address)
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "receipts")] == [made]


async def test_a_refusal_says_what_to_do_and_goes_when_it_is_done(chromium, world, platform):
    [sealed] = await world.issue_labels(1)
    await world.event("hand_in", sealed)
    async with screen(chromium, platform, world) as page:
        await page.wait_for_selector("[data-tiles]")
        # somebody else seals it meanwhile
        await world.event("collect", sealed, mass_g=5_000)
        await page.route("**/api/v1/capture", lambda route: route.abort())
        made = await hand_in(page)
        await page.unroute("**/api/v1/capture")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_selector("[data-waiting]:has-text('待处理 1 条')")
        await page.click("[data-waiting]")
        said = await page.inner_text("[data-list=refused] li")
        assert "封" in said
        assert "已处理，删去" in said
        assert [row["id"] for row in await stored(page, "refused")] == [made]
        await page.click("[data-list=refused] button")
        await page.click("[data-list=refused] button")
        await page.wait_for_selector("[data-waiting]:has-text('待处理')", state="detached")
        assert await stored(page, "refused") == []


async def test_a_refusal_that_a_missing_event_cures_is_sent_again_by_itself(
    chromium, world, platform
):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    await world.event("depart", code, destination=STATION)
    async with screen(chromium, platform, world) as page:
        await page.evaluate("location.hash = 'depart'")
        await page.select_option("[data-name=destination]", STATION)
        await page.fill("[data-name=vehicle]", VEHICLE)
        await page.fill("[data-name=code]", code)
        await page.click("text=加上这一袋")
        made = await press(page, "登记发运")
        await page.wait_for_selector("[data-waiting]:has-text('待处理 1 条')")
        await page.click("[data-waiting]")
        said = page.locator("[data-list=refused]")
        await said.locator(":text('手机会自己再试，不用管')").wait_for()
        # there is nothing to decide, so there is no button to throw it away
        assert await said.locator("button").count() == 0
        [row] = await stored(page, "refused")
        assert (row["id"], row["retry"], row["body"]["batches"]) == (made, True, [{"code": code}])
        # the load had come back, which another phone tells only now
        await world.event("arrive", code, site=POINT, by="collector")
        await page.evaluate(
            "(ms) => { const now = Date.now; Date.now = () => now() + ms; }", 300_000
        )
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_selector("[data-waiting]:has-text('待处理')", state="detached")
        assert [row["id"] for row in await stored(page, "receipts")] == [made]
        assert await stored(page, "refused") == []


async def test_an_edited_and_a_dropped_item_of_the_queue_are_flagged(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        await page.route("**/api/v1/capture", lambda route: route.abort())
        made = await hand_ins(page, 5)
        await page.evaluate(
            """([edited, dropped]) => new Promise((resolve, reject) => {
              const asked = indexedDB.open("capture");
              asked.onsuccess = () => {
                const t = asked.result.transaction("outbox", "readwrite");
                const outbox = t.objectStore("outbox");
                outbox.delete(dropped);
                outbox.get(edited).onsuccess = ({ target: { result } }) => {
                  result.body.contents[0].pieces = 900;
                  outbox.put(result);
                };
                t.oncomplete = () => { asked.result.close(); resolve(); };
                t.onabort = () => reject(t.error);
              };
            })""",
            [made[1], made[3]],
        )
        [first, *_] = await stored(page, "outbox")
        await page.unroute("**/api/v1/capture")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "receipts")] == [
            made[0],
            made[1],
            made[2],
            made[4],
        ]
    device = first["body"]["device"]["id"]
    await catch_up(world.database, (ALERTS,))
    assert await tick(world.database, datetime.now(UTC) + timedelta(days=2))
    async with world.database.read() as session:
        rows = await session.scalars(select(Finding).where(Finding.subject == device))
        found = {row.rule: [str(event) for event in row.events] for row in rows}
    assert found == {"device-chain-broken": [made[2]], "device-sequence-skipped": [made[4]]}


async def test_every_module_that_the_page_begins_with_is_fetched_side_by_side(
    chromium, world, platform
):
    async with screen(chromium, platform, world) as page:
        asked, told = await page.evaluate(
            """() => [
              performance.getEntriesByType("resource")
                .filter(({ startTime }) => startTime < performance.getEntriesByName("usable")[0].startTime)
                .map(({ name }) => name).filter((name) => name.endsWith(".js")),
              [...document.querySelectorAll("link[rel=modulepreload], script[src]")].map((one) => one.href ?? one.src),
            ]"""
        )
    assert set(asked) == set(told), "no more, and none that is found out about late"


async def test_the_next_step_is_that_of_the_platform(chromium, world, platform):
    cases = next(mark.args[1] for mark in vectors.test_the_step_that_fits_is_offered.pytestmark)
    async with screen(chromium, platform, world) as page:
        for role, status, more, holds, step in cases:
            bag = vectors.current(status, **more)
            here = vectors.caller(role).site
            told = {
                "kind": bag.kind,
                "status": status,
                "site": bag.site,
                "container": bag.container,
            }
            found = await page.evaluate(
                """async ([who, bag, holds]) =>
                (await import('/static/capture/next_step.js')).nextStep(who, bag, holds)""",
                [{"role": role, "site": here}, told, holds],
            )
            assert found == step, (role, status, more)


async def test_hashes_and_ids_are_made_as_the_platform_makes_them(chromium, world, platform):
    texts = ["", "abc", "农药" * 40, *("x" * n for n in (55, 56, 63, 64, 119, 1_000))]
    async with screen(chromium, platform, world, NO_UUID) as page:
        hashes, ids = await page.evaluate(
            """async (texts) => {
              const { sha256OfText } = await import('/static/capture/sha256.js');
              const { uuid7 } = await import('/static/capture/uuid7.js');
              const ids = Array.from({ length: 6000 }, () => uuid7(1_780_000_000_000));
              return [texts.map(sha256OfText), ids];
            }""",
            texts,
        )
    assert hashes == [sha256(text.encode()).hexdigest() for text in texts]
    assert ids == sorted(set(ids))
    assert {(UUID(one).version, UUID(one).variant) for one in ids} == {(7, RFC_4122)}


async def test_a_bag_goes_from_the_point_into_the_store_with_no_network_at_either_end(
    chromium, world, platform
):
    first, second, unknown = await world.issue_labels(3)
    for code in (first, second):
        await world.event("hand_in", code)
    async with (
        screen(chromium, platform, world) as point,
        screen(chromium, platform, world, name="keeper") as station,
    ):
        for page in (point, station):
            await page.context.route("**/api/**", lambda route: route.abort())
        for code in (first, second):
            await point.evaluate("(code) => (location.hash = `step/${code}`)", code)
            await point.click("text=装满了，封袋")
            await point.fill("[data-name=kg]", "0.6")
            assert "多 0.15 kg" in await point.inner_text("[data-difference]")
            await press(point, "封袋")
        # a label that this phone has never heard of: the person says what it is
        await station.fill("#code", unknown.lower().replace("-", ""))
        await station.click("text=下一步")
        await station.click("main a:has-text('签收')")
        await station.fill("[data-name=code]", second)
        await station.click("text=加上这一袋")
        await press(station, "登记签收")
        await point.evaluate("location.hash = 'depart'")
        await point.select_option("[data-name=destination]", STATION)
        await point.fill("[data-name=vehicle]", f" {VEHICLE.lower()} ")
        for code in (first, second):
            await point.check(f"[value='{code}']")
        await press(point, "登记发运")
        # the station's phone is the first to find a network
        for page in (station, point):
            await page.context.unroute("**/api/**")
            await page.evaluate("dispatchEvent(new Event('online'))")
            await all_sent(page)
        assert await stored(point, "refused") == []
        await station.evaluate("location.hash = 'store'")
        await station.click("text=全部勾选")
        await press(station, "登记入库")
        await all_sent(station)
    statuses = {}
    for code in (first, second, unknown):
        bag = (await world.client("keeper").get(f"/api/v1/batches/{code}")).json()
        statuses[code] = bag["status"]
    assert statuses == {first: "in_transit", second: "stored", unknown: "stored"}


async def test_a_full_phone_says_that_nothing_was_kept(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    context = await chromium.new_context(viewport=SMALL)
    page, beside = await context.new_page(), await context.new_page()
    try:
        await beside.goto(f"{platform.address}/healthz")
        room = await context.new_cdp_session(beside)
        full = {"origin": platform.address, "quotaSize": 1}
        await room.send("Storage.overrideQuotaForOrigin", full)
        await sign_in(page, world, "collector", platform.address)
        await page.wait_for_selector("[data-notices]:has-text('资料没有存下')")
        await page.click("[data-tiles] li:first-child [data-add='10']")
        await page.click(".bar button")
        await page.wait_for_selector("[data-error]:has-text('存储空间满了，这一条没有存下')")
        assert (await stored(page, "outbox"), await stored(page, "receipts")) == ([], [])
        await room.send("Storage.overrideQuotaForOrigin", {"origin": platform.address})
        assert "10 件" in await page.inner_text("[data-sum]")
        await page.click(".bar button")
        await page.wait_for_selector(".receipt")
        await all_sent(page)
        [row] = await stored(page, "receipts")
    finally:
        await context.close()
    event = (await world.client("collector").get(f"/api/v1/events/{row['id']}")).json()
    # what was not kept took no number of the phone's chain
    assert json.loads(event["leaf"])["event"]["device"]["seq"] == 1


async def head_seen(page):
    """Wait until the phone keeps a head of the log beside its pack, and return that."""
    for _ in range(100):
        for fact in await stored(page, "facts"):
            if isinstance(fact, dict) and fact.get("head"):
                return fact["head"]
        await page.wait_for_timeout(100)
    raise AssertionError("no head was seen")


async def test_a_receipt_is_kept_until_its_inclusion_is_proven_here_and_for_thirty_days(
    chromium, world, platform, tmp_path
):
    places = await begin_log(world.database, tmp_path)
    signer = Signer(places.signer)
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        made = await hand_in(page)
        await all_sent(page)
        [row] = [one for one in await stored(page, "receipts") if one["id"] == made]
        assert row["proven"] is None
        await published(world.database, signer)
        look = "async (days) => (await import('/static/capture/receipts.js')).lookAfter(null, Date.now() + days * 864e5)"
        await page.evaluate(look, 0)
        [row] = await stored(page, "receipts")
        assert row["proven"]
        # what it saw of the log stands in what it records from now on
        await page.reload()
        await page.wait_for_selector("body[data-ready]")
        head = await head_seen(page)
        again = await hand_in(page)
        await all_sent(page)
        event = (await world.client("collector").get(f"/api/v1/events/{again}")).json()
        assert event["device"]["not_before"] == {name: head[name] for name in ("size", "root")}
        assert head["size"] > 0
        await page.evaluate(
            "(id) => import('/static/capture/store.js').then(({ remove }) => remove('receipts', id))",
            again,
        )
        await page.evaluate(look, 29)
        assert len(await stored(page, "receipts")) == 1
        await page.evaluate(look, 31)
        assert await stored(page, "receipts") == []
    signer.close()


async def test_plain_http_says_why_tls_is_needed_and_records_all_the_same(
    world, platform, tmp_path
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with phone(tmp_path, "--host-resolver-rules=MAP phone.test 127.0.0.1") as device:
        page = await (await device.start()).new_page()
        address = f"http://phone.test:{platform.port}"
        await sign_in(page, world, "collector", address)
        assert not await page.evaluate(
            "isSecureContext || 'subtle' in crypto || 'randomUUID' in crypto"
        )
        assert "https" in await page.inner_text("[data-notices]")
        made = await hand_in(page)
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "receipts")] == [made]

"""现场登记 behind a captive portal, a proxy or a firewall: what is not the platform's word settles nothing."""

import json

import pytest
from playwright.async_api import expect

from tests.browsing import IN_A_BROWSER
from tests.phones import all_sent, hand_in, hand_ins, screen, stored
from tests.world import make_world

pytestmark = IN_A_BROWSER

PAGE = ("text/html", "<h1>请先登录本网络</h1>")
FOREIGN = [
    *((status, *PAGE) for status in (200, 400, 401, 403, 404, 405, 413, 422, 451, 503)),
    (404, "application/json", "{}"),
    (422, "application/problem+json", '{"title": "t"}'),
    (422, "application/problem+json", '{"type": "https://proxy.test/errors/bad"}'),
    (422, "application/json", '{"type": "/problems/invalid-body"}'),
]
TRY = "dispatchEvent(new Event('online'))"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def test_nothing_leaves_the_queue_for_an_answer_that_is_not_the_platforms(
    chromium, world, platform
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    answer = {}
    asked = []

    async def foreign(route):
        asked.append(len(json.loads(route.request.post_data)["events"]))
        status, kind, body = answer["now"]
        await route.fulfill(status=status, content_type=kind, body=body)

    async with screen(chromium, platform, world) as page:
        await page.route("**/api/v1/capture", foreign)
        answer["now"] = FOREIGN[0]
        made = await hand_ins(page, 2)
        await page.click("[data-waiting]")
        state = page.locator("[data-state]")
        for answer["now"] in FOREIGN:
            asked.clear()
            await page.evaluate(TRY)
            await expect(state).to_contain_text("过一会儿自动再试")
            for _ in range(100):
                if asked:
                    break
                await page.wait_for_timeout(50)
            await page.wait_for_timeout(100)
            assert asked, answer
            waits = [row["id"] for row in await stored(page, "outbox")]
            assert (waits, await stored(page, "refused")) == (made, []), answer
            assert "平台不让" not in await state.inner_text(), answer
        await page.unroute("**/api/v1/capture")
        await page.evaluate(TRY)
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "receipts")] == made
        await expect(state).to_have_text("都已上传。")


async def test_what_a_portal_answers_is_taken_neither_for_the_pack_nor_for_a_proof(
    chromium, world, platform
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        await hand_in(page)
        await all_sent(page)
        answer = {}

        async def portal(route):
            await route.fulfill(status=answer["status"], content_type=PAGE[0], body=PAGE[1])

        await page.route("**/api/v1/**", portal)
        for answer["status"] in (200, 401, 403, 404):
            status = answer["status"]
            await page.reload()
            await page.wait_for_selector("body[data-ready]")
            await page.evaluate(
                "import('/static/capture/receipts.js').then((it) => it.lookAfter())"
            )
            assert await page.inner_text("[data-who]"), status
            assert await page.locator("[data-tiles]").count() == 1, status
            [receipt] = await stored(page, "receipts")
            assert (receipt.get("denied"), await stored(page, "outbox")) == (None, []), status


async def test_a_refusal_of_the_platform_settles_the_one_event_that_it_is_about(
    chromium, world, platform
):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    spoiled = {}
    ours = json.dumps({"type": "/problems/body-too-large", "title": "太大", "detail": "内容太大。"})

    async def too_large(route):
        events = json.loads(route.request.post_data)["events"]
        if any(event["id"] == spoiled.get("id") for event in events):
            await route.fulfill(status=413, content_type="application/problem+json", body=ours)
        else:
            await route.continue_()

    async with screen(chromium, platform, world) as page:
        await page.context.set_offline(True)
        made = await hand_ins(page, 5)
        spoiled["id"] = made[2]
        await page.route("**/api/v1/capture", too_large)
        await page.context.set_offline(False)
        await page.evaluate(TRY)
        await all_sent(page)
        assert [row["id"] for row in await stored(page, "refused")] == [made[2]]
        assert len(await stored(page, "receipts")) == 4
        await page.click("[data-waiting]")
        await expect(page.locator("[data-state]")).to_contain_text("待处理")
        assert "都已上传" not in await page.inner_text("[data-state]")
        assert "内容太大。" in await page.inner_text("[data-list=refused]")


async def test_what_a_proxy_once_emptied_into_the_refused_is_sent_again(chromium, world, platform):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    async with screen(chromium, platform, world) as page:
        await page.route("**/api/v1/capture", lambda route: route.abort())
        made = await hand_in(page)
        # as the page kept it before it knew whose word it was
        await page.evaluate(
            """async () => {
              const { all, put, remove } = await import("/static/capture/store.js");
              const [row] = await all("outbox");
              await put("refused", { ...row, tries: 1, retry: false, again: null, problem: "<h1>404</h1>" });
              await remove("outbox", row.id);
            }"""
        )
        await page.evaluate("location.hash = 'queue'")
        said = page.locator("[data-list=refused]")
        await expect(said).to_contain_text("路上的网络拦下的")
        assert await said.locator("button").count() == 0
        await page.unroute("**/api/v1/capture")
        await page.evaluate(TRY)
        await expect(page.locator("[data-count=receipts]")).to_have_text("1 条")
        assert [row["id"] for row in await stored(page, "receipts")] == [made]
        assert await stored(page, "refused") == []

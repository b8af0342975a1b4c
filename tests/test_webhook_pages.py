"""Pages of webhooks and of rules: the secret once, what came of messages, bounds that are dated."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.alerts.follow import ALERTS
from app.alerts.models import Threshold
from app.ledger.follow import catch_up
from app.webhooks.models import WebhookEndpoint
from tests.test_webhooks import Receiver, an_alert, send_due, serving
from tests.world import LUQUAN, XINJI, make_world

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    made.app.state.settings = made.app.state.settings.model_copy(
        update={"webhook_allow_private": True}
    )
    await catch_up(database, (ALERTS,))
    yield made
    await made.close()


@pytest.fixture
async def receiver():
    made = Receiver()
    async with serving(made):
        yield made


async def page(world, who, path, **params):
    answer = await world.client(who).get(path, params=params, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


def typed(url: str, **more) -> dict:
    return {"id": str(uuid4()), "url": url, "area": LUQUAN, **more}


async def test_a_secret_is_shown_once_and_a_form_sent_twice_registers_once(world, receiver):
    form = typed(receiver.url, rules=["weight-difference"])
    county = world.client("county")
    made = await county.post("/webhooks", data=form, headers=HTML)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    secret = re.search(r"<code>([^<]+)</code>", made.text)[1]
    again = await county.post("/webhooks", data=form, headers=HTML)
    assert (again.status_code, again.headers["location"]) == (303, f"/webhooks/{form['id']}")
    for path in ("/webhooks", f"/webhooks/{form['id']}", "/alerts"):
        assert secret not in await page(world, "county", path)
    assert "两次称重相差过大" in await page(world, "county", f"/webhooks/{form['id']}")


async def test_what_became_of_messages_is_told_in_words(world, database, receiver):
    form = typed(receiver.url, rules=["weight-difference"])
    county, at = world.client("county"), f"/webhooks/{form['id']}"
    await county.post("/webhooks", data=form)
    assert "还没有发过消息" in await page(world, "county", at)
    receiver.answers = [503]
    tried = await county.post(at, data={"act": "test"})
    assert (tried.status_code, tried.headers["location"]) == (303, f"{at}?done=test")
    text = await page(world, "county", at, done="test")
    assert "测试消息已发出" in text
    assert "没有送到" in text
    assert "HTTP 503" in text
    assert "badge standing-failing" in text
    await an_alert(world)
    assert await send_due(database, datetime.now(UTC)) >= 1
    listed = await page(world, "county", "/webhooks")
    assert "badge standing-in_use" in listed
    assert "两次称重相差过大" in await page(world, "county", at, state="sent")
    assert "没有这样的消息" in await page(world, "county", at, state="waiting")
    await county.post(at, data={"act": "pause"})
    assert "恢复推送" in await page(world, "county", at)
    assert "badge standing-paused" in await page(world, "county", "/webhooks")
    ended = await county.post(at, data={"act": "end"})
    assert ended.status_code == 303
    assert 'name="act"' not in await page(world, "county", at)
    refused = await county.post(at, data={"act": "test"}, headers=HTML)
    assert refused.status_code == 409
    assert "已经停用" in refused.text


async def test_a_form_that_does_not_fit_says_where_and_keeps_what_was_typed(world):
    county = world.client("county")
    for form, status, said in (
        (typed(""), 422, "至少 1 个字"),
        (typed("ftp://example.org/x"), 422, "https://"),
        (typed("https://example.org/x", area=XINJI), 404, "不在您的管辖范围内"),
        (typed("https://example.org/x", rules=["no-such"]), 422, "应为以下规则"),
        (typed("https://example.org/x") | {"id": "x"}, 422, "刷新页面"),
    ):
        answer = await county.post("/webhooks", data=form, headers=HTML)
        assert answer.status_code == status, answer.text
        assert said in answer.text
        assert f'value="{form["url"]}"' in answer.text
    lost = await world.client(None).post("/webhooks", data=typed("https://example.org/x"))
    assert lost.status_code == 401
    assert "https://example.org/x" in lost.text
    assert (await county.post(f"/webhooks/{uuid4()}", data={"act": "test"})).status_code == 404
    assert (await county.post(f"/webhooks/{uuid4()}", data={"act": "no"})).status_code == 404


async def test_addresses_are_for_those_who_manage_them_in_their_own_area(world, database, receiver):
    form = typed(receiver.url)
    await world.client("county").post("/webhooks", data=form)
    assert receiver.url in await page(world, "province", "/webhooks")
    assert receiver.url in await page(world, "admin", "/webhooks")
    assert receiver.url not in await page(world, "plant_county", "/webhooks")
    far = await world.client("plant_county").get(f"/webhooks/{form['id']}", headers=HTML)
    assert far.status_code == 404
    for who in ("keeper", "township", "auditor"):
        assert (await world.client(who).get("/webhooks", headers=HTML)).status_code == 403
        assert 'href="/webhooks"' not in await page(world, who, "/alerts")
    assert 'href="/webhooks"' in await page(world, "county", "/alerts")
    async with database.read() as session:
        rows = await session.scalars(select(WebhookEndpoint.url))
        assert receiver.url in list(rows)


# rules


async def test_rules_show_what_holds_today_and_lead_to_each(world):
    text = await page(world, "keeper", "/alerts/rules")
    assert "两次称重相差过大" in text
    assert "4–10 月" in text
    assert "20.00 kg" in text
    one = await page(world, "county", "/alerts/rules/over-long-storage")
    assert "固体废物污染环境防治法" in one
    assert "<form class" not in one, "a county reads, the province enters"
    missing = await world.client("county").get("/alerts/rules/no-such", headers=HTML)
    assert missing.status_code == 404


async def test_the_province_enters_a_dated_bound_and_the_old_one_stays_readable(world, database):
    province, at = world.client("province"), "/alerts/rules/weight-difference"
    form = {
        "key": "percent", "value": "8", "area": LUQUAN, "season": ["7", "8", "9"],
        "valid_from": "2026-01-01", "valid_to": "", "source": "冀农发〔2026〕1号",
    }  # fmt: skip
    answer = await province.post(at, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{at}?saved=percent#bounds")
    text = await page(world, "province", at, saved="percent")
    assert "已登记：相差比例不超过" in text
    assert re.search(r"鹿泉区，7–9 月</small>.*?8 %.*?冀农发〔2026〕1号.*?现行", text, re.DOTALL)
    assert re.search(r"全省，全年</small>.*?5 %.*?现行", text, re.DOTALL), (
        "elsewhere the old one holds"
    )
    for value, since in (("9", "2026-01-01"), ("7", "2099-01-01")):
        assert (
            await province.post(at, data=form | {"value": value, "valid_from": since})
        ).status_code == 303
    text = await page(world, "county", at)
    assert re.search(r"9 %.*?现行.*?7 %.*?尚未开始.*?8 %.*?已被替代", text, re.DOTALL)
    assert "预警" in await page(world, "county", "/alerts/rules")
    async with database.read() as session:
        query = select(Threshold).where(Threshold.area == LUQUAN)
        assert {row.value for row in await session.scalars(query)} == {7, 8, 9}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": ""}, "应为整数"),
        ({"value": "5.5"}, "应为整数"),
        ({"value": "-1"}, "应为整数"),
        ({"value": "999999999"}, "不得大于"),
        ({"value": "9" * 5_000}, "应为整数"),
        ({"valid_from": ""}, "日期"),
        ({"valid_from": "2026-02-30"}, "日期"),
        ({"valid_to": "2025-01-01"}, "早于"),
        ({"source": ""}, "至少 1 个字"),
        ({"area": "139999"}, "没有这个地区"),
        ({"season": ["13"]}, "月份"),
        ({"key": "no-such"}, "界限有"),
    ],
)
async def test_a_bound_that_does_not_fit_is_not_entered_and_the_form_keeps_it(world, change, said):
    form = {
        "key": "percent", "value": "8", "area": "", "valid_from": "2026-01-01", "valid_to": "",
        "source": "某文件", **change,
    }  # fmt: skip
    at = "/alerts/rules/weight-difference"
    answer = await world.client("province").post(at, data=form, headers=HTML)
    assert answer.status_code in (404, 422)
    assert said in answer.text
    assert "某文件" in answer.text or "source" in change
    none = await world.client("county").post(at, data=form, headers=HTML)
    assert none.status_code == 403

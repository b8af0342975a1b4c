"""Pages of money: a county's way from what is due to a voucher, a shop's own, tariffs as people type them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.ids import uuid7
from tests.moneying import caught_up, with_tariffs
from tests.test_settlements import TODAY, correct, empty, paid_hand_in
from tests.world import LUQUAN, POINT, World, make_world

TOMORROW = (TODAY + timedelta(days=1)).isoformat()
FORM = {
    "county": LUQUAN, "what": "buyback/shop/piece", "form": "bottle", "size": "lt200ml", "material": "",
    "yuan": "0.2", "valid_from": TOMORROW, "valid_to": "", "document": "鹿农〔2026〕3号",
}  # fmt: skip


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    await with_tariffs(made)
    yield made
    await made.close()


async def page(world: World, path: str, by: str = "county", status: int = 200) -> str:
    answer = await world.client(by).get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return answer.text


async def post(world: World, path: str, by: str = "county", **fields: str):
    return await world.client(by).post(path, data=fields, headers={"accept": "text/html"})


async def test_a_county_goes_from_what_is_due_to_the_voucher(world: World):
    await empty(world)
    await paid_hand_in(world, 250)
    await caught_up(world)
    listed = await page(world, "/money")
    assert "还没有结算的" in listed
    assert "2.50" in listed
    made = await post(
        world, "/money/settlements", county=LUQUAN, until=TODAY.isoformat(), payee_kind="shop"
    )
    assert made.status_code == 303
    one = made.headers["location"]
    shown = await page(world, one)
    for words in ("草稿", "审核通过", "有偿回收", "30 件", "2.59", POINT):
        assert words in shown, words
    twice = await post(world, "/money/settlements", county=LUQUAN, until=TODAY.isoformat())
    assert twice.status_code == 409
    assert "都已经在结算单里了" in twice.text
    assert (await post(world, f"{one}/approve")).status_code == 303
    wrong = await post(world, f"{one}/pay", paid_on=TODAY.isoformat(), voucher="")
    assert wrong.status_code == 422
    assert 'id="voucher-error"' in wrong.text
    paid = await post(world, f"{one}/pay", paid_on=TODAY.isoformat(), voucher="记-7")
    assert paid.status_code == 303
    shown = await page(world, one)
    assert "已支付" in shown
    assert "凭证 记-7" in shown
    assert "登记支付" not in shown
    again = await post(world, f"{one}/approve")
    assert again.status_code == 409
    own = await page(world, "/money", "collector")
    assert one in own
    assert "编制" not in own
    assert "审核通过" not in await page(world, one, "collector")
    assert "没有找到" in await page(world, one, "other_collector", 404)  # fmt: skip


async def test_a_draft_that_was_overtaken_says_what_to_do_and_an_approved_one_what_happens(
    world: World,
):
    await empty(world)
    _, event = await paid_hand_in(world, 900)
    await caught_up(world)
    made = await post(world, "/money/settlements", county=LUQUAN, until=TODAY.isoformat())
    one = made.headers["location"]
    await correct(world, event, payment={"fen": 800, "basis": "pieces"})
    shown = await page(world, one)
    assert "付了 9.00，按标准 3.00" in shown, "as it was drafted; the tariff caps both"
    assert "审核通过" in shown
    [latest] = re.findall(r"/events/([0-9a-f-]{36})", await page(world, one))[:1]
    assert latest == event["id"]


async def test_what_was_corrected_since_is_not_approved_on_the_page_either(world: World):
    await empty(world)
    _, event = await paid_hand_in(world, 300)
    await caught_up(world)
    made = await post(world, "/money/settlements", county=LUQUAN, until=TODAY.isoformat())
    one = made.headers["location"]
    await correct(world, event, payment={"fen": 100, "basis": "pieces"})
    assert "1 笔的登记被更正" in await page(world, one)
    refused = await post(world, f"{one}/approve")
    assert refused.status_code == 409
    assert "重新编制" in refused.text
    assert (await post(world, f"{one}/discard", reason="")).status_code == 422
    assert (await post(world, f"{one}/discard", reason="登记更正过")).status_code == 303
    assert "已作废" in await page(world, one)
    assert "1.00" in await page(world, "/money")


# ---- tariffs


async def test_a_tariff_is_declared_once_however_often_it_is_sent(world: World):
    form = FORM | {"id": str(uuid7(world.rng, datetime.now(UTC)))}
    for _ in range(2):
        answer = await post(world, "/money/tariffs/new", **form)
        assert answer.status_code == 303, answer.text
    shown = await page(world, f"/money/tariffs?county={LUQUAN}&done=true")
    assert "0.20 元/件" in shown
    assert "鹿农〔2026〕3号" in shown
    rows = (
        await world.client("collector").get("/api/v1/tariffs", params={"county": LUQUAN})
    ).json()
    [row] = [one for one in rows["items"] if one["standing"] == "to_come"]
    assert (row["fen"], row["form"], row["size"], row["event_id"]) == (
        20,
        "bottle",
        "lt200ml",
        form["id"],
    )
    for by in ("collector", "carrier", "township", "auditor", "province"):
        assert (
            "0.10 元/件" in await page(world, f"/money/tariffs?county={LUQUAN}", by)
            or by == "carrier"
        )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"what": ""}, "请选择哪一种"),
        ({"yuan": ""}, "最多两位小数"),
        ({"yuan": "0.125"}, "最多两位小数"),
        ({"yuan": "一块"}, "最多两位小数"),
        ({"valid_from": ""}, "请填从哪一天起"),
        ({"valid_from": TODAY.isoformat()}, "最早从明天起施行"),
        ({"valid_to": "2026-01-01"}, "截止日期早于开始日期"),
        ({"document": ""}, "请填文号"),
        ({"county": "130632"}, "130632"),
        ({"form": "barrel"}, "不在包装分类里"),
    ],
)
async def test_a_tariff_that_does_not_fit_says_so_at_its_field_and_keeps_what_was_typed(
    world: World, changed, sentence
):
    form = FORM | {"id": str(uuid7(world.rng, datetime.now(UTC)))} | changed
    answer = await post(world, "/money/tariffs/new", **form)
    assert answer.status_code in (404, 422)
    assert sentence in answer.text
    assert form["id"] in answer.text


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ({"scheme": "deposit", "per": "kg"}, "/rows/0/per"),
        ({"scheme": "subsidy", "payee": "hauler", "per": "piece"}, "/rows/0/per"),
        ({"scheme": "buyback", "payee": "plant", "per": "piece"}, "/rows/0/payee"),
        ({"scheme": "buyback", "per": "kg", "form": "bottle"}, "/rows/0/material"),
        ({"scheme": "buyback", "per": "piece", "fen": -1}, "/rows/0/fen"),
        ({"scheme": "buyback", "per": "piece", "fen": 0.5}, "/rows/0/fen"),
    ],
)
async def test_what_does_not_go_together_is_refused(world: World, row, pointer):
    now = datetime.now(UTC)
    body = {
        "id": str(uuid7(world.rng, now)), "kind": "declare", "occurred_at": now.isoformat(),
        "subject": "tariffs",
        "rows": [{"county": LUQUAN, "valid_from": TOMORROW, "document": "鹿农", "fen": 1, **row}],
    }  # fmt: skip
    answer = await world.client("county").post("/api/v1/events", json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]

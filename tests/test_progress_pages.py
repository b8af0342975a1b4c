"""方案进展 as pages: every target on one screen, and the form that keeps what was typed."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from app.areas.read import today
from tests.people import browser, make_account, signed_in
from tests.world import World, make_world

MANURE, PESTICIDE, UPGRADED = (
    "/plan/targets/manure-resource-use", "/plan/targets/pesticide-use",
    "/plan/targets/key-industries-upgraded",
)  # fmt: skip
VALUE = {"year": "2024", "unit": "%", "value": "83.5", "source": "2024 年统计公报"}


@pytest.fixture(scope="module")
async def world(database) -> AsyncIterator[World]:
    made = await make_world(database)
    account = await make_account(database, "province", area="130000", department="ecology")
    made.clients["ecology"] = await signed_in(made.app, account)
    yield made
    await made.close()


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of the page's form, as a browser sends them."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


async def send(world: World, address: str, by: str = "province", **fields: str) -> httpx.Response:
    return await world.client(by).post(address, data=fields)


async def test_anyone_sees_every_target_with_its_paragraph_list_and_department(world: World):
    page = await world.client(None).get("/plan/progress")
    assert page.status_code == 200
    targets = (await world.client(None).get("/api/v1/plan/targets")).json()["items"]
    for target in targets:
        assert f'href="/plan/targets/{target["code"]}"' in page.text
        assert f'href="{target["paragraph"]["page"]}"' in page.text
        for one in (target["responsibility"] or {"departments": []})["departments"]:
            assert f'href="/plan/departments/{one["code"]}"' in page.text
        if target["register"]:
            assert f'href="/plan/registers/{target["register"]["code"]}"' in page.text
    assert "style=" not in page.text
    assert "为未公布的实时数字，请登录后查看" in page.text
    assert page.text.index("农药包装废弃物回收率") < page.text.index("没有数值的目标")


async def test_the_targets_of_one_department_can_be_seen_alone(world: World):
    client = world.client(None)
    page = await client.get("/plan/progress", params={"department": "housing"})
    found = re.findall(r'<article class="card target" id="([\w-]+)"', page.text)
    assert found == ["urban-green-building-share", "low-energy-building-area"]
    none = await client.get("/plan/progress", params={"department": "water"})
    assert "这个部门没有目标" in none.text
    early = await world.client(None).get("/plan/progress?on=2020-01-01")
    assert "2020-01-01 文件还没有印发" in early.text
    assert (await client.get("/plan/progress", params={"on": "2021-01-01"})).status_code == 200


async def test_every_target_has_its_page_for_everyone(world: World):
    targets = (await world.client(None).get("/api/v1/plan/targets")).json()["items"]
    for target in targets:
        for who in (None, "province", "county"):
            page = await world.client(who).get(f"/plan/targets/{target['code']}")
            assert page.status_code == 200, page.text
            assert f"<mark>{target['quote']}</mark>" in page.text
            mine = "agriculture" in str(target["responsibility"]) and target["source"] == "entries"
            assert ('id="enter"' in page.text) == (who == "province" and mine)
    missing = await browser(world.app, accept="text/html").get("/plan/targets/no-such")
    assert missing.status_code == 404


async def test_a_value_is_entered_through_the_form(world: World):
    page = await world.client("province").get(MANURE)
    answer = await send(world, MANURE, **{**hidden(page), **VALUE})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{MANURE}?saved=2024#entries"
    shown = await world.client("province").get(f"{MANURE}?saved=2024")
    assert "2024 年的内容已登记" in shown.text
    assert "83.5 %" in shown.text
    assert "2024 年统计公报" in shown.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"year": ""}, "请填四位年份，如 2025"),
        ({"value": ""}, "请填数值"),
        ({"value": "1200 吨、2 万吨"}, "单位"),
        ({"value": "100.5"}, "占比不会超过 100%"),
        ({"value": "-3"}, "不得小于 0"),
        ({"source": " "}, "请写明出处"),
        ({"url": "example"}, "应为网址"),
        ({"year": str(today().year + 1)}, "年份应在 2000 至"),
        ({"unit": "吨"}, "单位应为%"),
    ],
)
async def test_what_does_not_fit_is_said_at_its_field_and_what_was_typed_stays(
    world: World, fields, said
):
    typed = {"year": "2019", "unit": "%", "value": "70.25", "source": "某公报", "note": "<快报>"}
    answer = await send(world, MANURE, **{**typed, **fields})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'class="field wrong"' in answer.text
    assert "&lt;快报&gt;" in answer.text
    kept = {**typed, **fields}
    if kept["value"]:
        assert f'value="{kept["value"]}"' in answer.text


async def test_a_year_that_has_a_value_is_shown_before_it_is_corrected(world: World):
    first = {**VALUE, "year": "2021"}
    assert (await send(world, MANURE, **first)).status_code == 303
    other = {**first, "value": "84"}
    told = await send(world, MANURE, **other)
    assert told.status_code == 409
    assert "2021 年已经有数据" in told.text
    assert 'value="84"' in told.text
    assert hidden(told) | {"number": "1", "seen_year": "2021"} == hidden(told)
    elsewhere = await send(world, MANURE, **{**hidden(told), **other, "year": "2024"})
    assert elsewhere.status_code == 409, "what was seen of one year says nothing of another"
    assert (await send(world, MANURE, **{**hidden(told), **other})).status_code == 303
    page = await world.client("province").get(f"{MANURE}?year=2021")
    assert "更正 2021 年（现为第 2 次登记）" in page.text
    assert 'value="84"' in page.text


async def test_a_value_is_withdrawn_through_the_form(world: World):
    first = {**VALUE, "year": "2018"}
    await send(world, MANURE, **first)
    page = await world.client("province").get(f"{MANURE}?year=2018")
    gone = {**hidden(page), **first, "withdraw": "1"}
    assert (await send(world, MANURE, **gone)).status_code == 422
    assert (await send(world, MANURE, **gone, note="重复统计")).status_code == 303
    shown = (await world.client(None).get(MANURE)).text
    assert "已撤回" in shown
    assert "重复统计" in shown


async def test_a_statement_is_entered_where_there_is_no_number(world: World):
    page = await world.client("ecology").get(UPGRADED)
    assert 'name="value"' not in page.text
    told = {"year": "2024", "note": "十五个行业完成", "source": "冀环办〔2024〕1号"}
    answer = await send(world, UPGRADED, by="ecology", **{**hidden(page), **told})
    assert answer.status_code == 303
    assert "十五个行业完成" in (await world.client(None).get("/plan/progress")).text


async def test_the_reduction_says_that_its_baseline_is_missing(world: World):
    page = await world.client(None).get(PESTICIDE)
    assert "2020 年基数缺少，待省农业农村厅填报并注明出处" in page.text


async def test_who_does_not_answer_for_a_target_cannot_send_its_form(world: World):
    for by in ("ecology", "county", "admin"):
        answer = await world.client(by).post(MANURE, data=VALUE, headers={"accept": "text/html"})
        assert answer.status_code == 403
    elsewhere = await world.client("province").post(
        MANURE, data=VALUE, headers={"origin": "https://evil.example"}
    )
    assert elsewhere.status_code == 403


async def test_a_form_sent_after_the_session_ended_comes_back_as_it_was(world: World):
    page = await browser(world.app, accept="text/html").post(MANURE, data=VALUE)
    assert page.status_code == 401
    assert 'name="kept-value" value="83.5"' in page.text
    back = await send(world, MANURE, **{**VALUE, "year": "2017", "value": "66.6"}, resumed="1")
    assert back.status_code == 200
    assert 'value="66.6"' in back.text
    entries = (await world.client(None).get(f"/api/v1{MANURE}")).json()["entries"]
    assert 2017 not in [one["year"] for one in entries]

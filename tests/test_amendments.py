"""Amendments of the plan: what they supersede by date, what is refused, the doors, the race."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.amendments.changed import changed
from app.amendments.check import amended
from app.amendments.filled import FIELDS, fill
from app.amendments.schemas import AmendedTarget, AmendmentRow, document_number, in_leaf
from app.areas.read import today
from app.errors import InvalidBody
from app.events.models import Refusal
from app.ids import SYSTEM, uuid7
from app.ledger.models import Event
from app.plan.load import load_plan
from app.plan.models import NUMBER, PlanWording
from app.plan.read import plan_on
from app.plan.tables import PlanTarget
from app.web import validate
from tests import people
from tests.world import make_world

TITLE = "关于调整有关目标的通知"
RECOVERY = "pesticide-packaging-recovery"
PLAN_DAY = date(2021, 12, 22)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def browser_of(world, **fields):
    account = await people.make_account(world.database, **fields)
    return await people.signed_in(world.app, account)


@pytest.fixture(scope="module")
async def commission(world):
    """省发展改革委 at its browser."""
    client = await browser_of(
        world, role="province", area="130000", department="development_reform"
    )
    yield client
    await client.aclose()


numbers = iter(range(100, 1_000))


def amendment(**fields):
    """Return a row whose document has a number of its own."""
    return {
        "number": f"冀发改环资〔2026〕{next(numbers)}号",
        "title": TITLE,
        "issued_on": "2026-01-05",
        "effective_on": "2026-02-01",
        **fields,
    }


def words(address, text):
    return {"paragraphs": [{"address": address, "text": text}]}


def figures(code, **fields):
    return {"targets": [{"code": code, **fields}]}


async def post(client, row):
    return await client.post("/api/v1/plan/amendments", json=row)


async def amends(client, **fields):
    row = amendment(**fields)
    answer = await post(client, row)
    assert answer.status_code == 201, answer.text
    return row, answer.json()


async def paragraph(world, address, on=None):
    day = f"?on={on}" if on else ""
    return (await world.client(None).get(f"/api/v1/plan/paragraphs/{address}{day}")).json()


async def targets_on(database, on):
    async with database.read() as session:
        return {one.code: one for one in (await plan_on(session, on)).targets}


def refused_at(answer):
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["detail"] for error in answer.json()["errors"]}


# what an amendment does


async def test_a_paragraph_has_new_words_from_a_day_on_and_the_old_ones_stay(world, commission):
    old = (await paragraph(world, "item-7-p1"))["text"]
    row, answer = await amends(commission, **words("item-7-p1", "减少农药、化肥、农膜的投入。"))
    assert (await paragraph(world, "item-7-p1", "2026-01-31"))["text"] == old
    now = await paragraph(world, "item-7-p1", "2026-02-01")
    assert (now["text"], now["document"]) == ("减少农药、化肥、农膜的投入。", row["number"])
    assert [(w["valid_from"], w["valid_to"]) for w in now["wordings"]] == [
        ("2021-12-22", "2026-01-31"), ("2026-02-01", None),
    ]  # fmt: skip
    [told] = answer["paragraphs"]
    assert told["before"]["text"] == old
    assert told["after"] == {
        "text": "减少农药、化肥、农膜的投入。", "document": row["number"],
        "valid_from": "2026-02-01", "valid_to": None,
    }  # fmt: skip
    assert answer["amends"] == NUMBER


async def test_what_is_amended_is_found_by_its_new_words_and_not_by_the_old(world, commission):
    await amends(commission, **words("box-6-p1", "培育建设一批琉璃珍珠中心。"))
    for query, expected in (("琉璃珍珠", ["box-6-p1"]), ("产业技术研究院", [])):
        found = await world.client(None).get(
            "/api/v1/plan/search", params={"q": query, "kind": "paragraph"}
        )
        assert [hit["code"] for hit in found.json()["items"]] == expected


async def test_a_target_has_new_figures_and_keeps_what_is_not_named(world, commission, database):
    row, answer = await amends(
        commission,
        paragraphs=[{"address": "item-5-p1", "text": "到2030年非化石能源占能源消费比重提高到20.5%。"}],
        targets=[
            {
                "code": "non-fossil-energy-share", "value": 20.5, "unit": "%",
                "target_year": 2030, "quote": "非化石能源占能源消费比重提高到20.5%",
            }
        ],
    )  # fmt: skip
    before = (await targets_on(database, date(2026, 1, 31)))["non-fossil-energy-share"]
    after = (await targets_on(database, date(2026, 2, 1)))["non-fossil-energy-share"]
    assert (before.value, before.target_year, before.valid_to) == (11, 2025, date(2026, 1, 31))
    assert (float(after.value), after.target_year, after.document) == (20.5, 2030, row["number"])
    same = ("comparator", "meaning", "unit", "scope", "measure", "source", "position", "indicator")
    assert all(getattr(before, name) == getattr(after, name) for name in same)
    [told] = answer["targets"]
    assert (told["before"]["value"], told["after"]["value"]) == (11, 20.5)


async def test_a_quote_left_out_stays_or_becomes_the_paragraph_s_words(commission, database):
    await amends(commission, **figures("green-factories", value=300, unit="家"))
    old = (await targets_on(database, PLAN_DAY))["green-factories"]
    kept = (await targets_on(database, date(2026, 2, 1)))["green-factories"]
    assert kept.quote == old.quote
    await amends(
        commission,
        effective_on="2026-03-01",
        **words("box-2-p1", "开发80项绿色设计产品。"),
        **figures("green-design-products", value=80, unit="项"),
    )
    fresh = (await targets_on(database, date(2026, 3, 1)))["green-design-products"]
    assert (fresh.value, fresh.quote) == (80, "开发80项绿色设计产品。")


async def test_a_range_can_become_a_number_and_a_goal_without_one_can_get_one(commission, database):
    await amends(
        commission,
        targets=[
            {"code": "benchmark-enterprises", "comparator": "至少", "value": 5, "unit": "家"},
            {"code": "pilot-parks", "low": 15, "high": 30, "unit": "个"},
            {"code": "service-demonstrations", "comparator": "达到", "value": 50, "unit": "家"},
            {"code": "systems", "target_year": 2027},
        ],
    )
    found = await targets_on(database, date(2026, 2, 1))
    assert (found["benchmark-enterprises"].meaning, found["benchmark-enterprises"].low) == (
        "at_least", None,
    )  # fmt: skip
    parks = found["pilot-parks"]
    assert (parks.meaning, parks.value, parks.low, parks.high) == ("range", None, 15, 30)
    assert (found["service-demonstrations"].meaning, found["service-demonstrations"].unit) == (
        "reach", "家",
    )  # fmt: skip
    assert (found["systems"].meaning, found["systems"].target_year) == (None, 2027)


async def test_a_later_amendment_supersedes_an_earlier_one_even_one_still_to_come(
    world, commission
):
    far = today() + timedelta(days=1_000)
    for day, text in ((date(2026, 4, 1), "一。"), (far, "二。"), (far + timedelta(1), "三。")):
        await amends(commission, effective_on=day.isoformat(), **words("item-8-p1", text))
    for day, text in ((date(2026, 4, 1), "一。"), (far, "二。"), (far + timedelta(9), "三。")):
        assert (await paragraph(world, "item-8-p1", day))["text"] == text
    assert (await paragraph(world, "item-8-p1"))["text"] == "一。"


async def test_the_rest_of_a_document_can_be_declared_later(world, commission):
    row, first = await amends(commission, **words("item-10-p1", "推进建筑业清洁生产。"))
    again = {k: v for k, v in row.items() if k != "paragraphs"} | words(
        "item-11-p1", "推进服务业。"
    )
    # The brackets of a number are written in many ways.
    again["number"] = row["number"].replace("〔", "[").replace("〕", "]")
    answer = await post(commission, again)
    assert answer.status_code == 201, answer.text
    assert [one["address"] for one in answer.json()["paragraphs"]] == ["item-10-p1", "item-11-p1"]
    assert answer.json()["event"] != first["event"]
    for change, pointer in (
        ({"title": "另一个标题"}, "/title"),
        ({"issued_on": "2026-01-06"}, "/issued_on"),
        ({"effective_on": "2026-02-02"}, "/effective_on"),
    ):
        other = {**row, **words("item-12-p1", "推动交通运输。"), **change}
        assert list(refused_at(await post(commission, other))) == [pointer]


async def test_an_amendment_stands_in_the_log_with_its_figures_as_decimals(world, commission):
    row = amendment(**figures("fertiliser-use", value=2.5, unit="万吨"))
    now = datetime.now(UTC)
    body = {
        "id": str(uuid7(SYSTEM, now)), "kind": "declare", "occurred_at": now.isoformat(),
        "subject": "plan", "rows": [row],
    }  # fmt: skip
    answer = await commission.post("/api/v1/events", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["rows"][0]["targets"] == [
        {"code": "fertiliser-use", "value": "2.5", "unit": "万吨"}
    ]
    assert (await commission.post("/api/v1/events", json=body)).status_code == 200
    listed = (await world.client(None).get("/api/v1/plan/amendments")).json()["items"]
    [mine] = [one for one in listed if one["number"] == row["number"]]
    assert mine["event"] == body["id"]
    assert mine["targets"][0]["after"]["meaning"] == "reduce_by"


async def test_one_id_declares_once(world, commission, database):
    row = amendment(
        **words("item-13-p1", "强化科技创新。"), id=str(uuid7(SYSTEM, datetime.now(UTC)))
    )
    first, second = await post(commission, row), await post(commission, row)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await post(commission, {**row, "title": "另一个标题"})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/event-id-reused")
    async with database.read() as session:
        assert await session.get(Event, row["id"])


async def test_the_list_is_open_to_anyone_and_comes_in_pages(world, commission):
    await amends(commission, effective_on="2026-05-01", **words("item-14-p1", "推进转化。"))
    await amends(commission, effective_on="2026-05-02", **words("item-14-p1", "加快转化。"))
    stranger = world.client(None)
    seen, cursor = [], ""
    while cursor is not None:
        answer = await stranger.get(
            f"/api/v1/plan/amendments?limit=1{cursor and '&cursor=' + cursor}"
        )
        assert answer.status_code == 200
        seen += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    days = [one["effective_on"] for one in seen]
    assert days == sorted(days, reverse=True)
    assert len(days) >= 2


async def test_a_paragraph_has_room_for_20_000_characters(world, commission):
    await amends(commission, **words("item-21-p1", "字" * 20_000))
    assert len((await paragraph(world, "item-21-p1", "2026-02-01"))["text"]) == 20_000
    rare = amendment(effective_on="2026-02-02", **words("item-21-p1", "𬭎" * 20_000))
    assert (await post(commission, rare)).json()["type"] == "/problems/leaf-too-large"


async def test_the_next_start_leaves_amendments_as_they_are(world, commission, database):
    async def state():
        async with database.read() as session:
            wordings = await session.execute(select(*PlanWording.__table__.columns))
            targets = await session.execute(select(*PlanTarget.__table__.columns))
            return set(wordings.all()), {tuple(map(str, row)) for row in targets}

    await amends(
        commission,
        **words("preamble", "序。"),
        **figures("fertiliser-use-efficiency", value=45, unit="%"),
    )
    before = await state()
    await load_plan(database)
    assert await state() == before


# what is refused

GOOD = words("item-15-p1", "完善社会化服务体系。")
SHARE = "manure-resource-use"


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"issued_on": "2021-12-21"}, "/issued_on", "早于方案"),
        ({"issued_on": "2126-01-05", "effective_on": "2126-02-01"}, "/issued_on", "还没有到"),
        ({"issued_on": "2026-01-05", "effective_on": "2026-01-04"}, "/effective_on", "2026-01-05"),
        ({"issued_on": "2026-02-30"}, "/issued_on", "日期"),
        ({"effective_on": "明天"}, "/effective_on", "日期"),
        ({"effective_on": "2126-02-01"}, "/effective_on", "5 年"),
        ({"issued_on": "2021-12-22", "effective_on": "2021-12-22"}, "/paragraphs/0/address", NUMBER),
        ({"number": NUMBER}, "/number", "方案本身"),
        ({"number": "冀发改环资(2021)1793号"}, "/number", "方案本身"),
        ({"number": " "}, "/number", "至少 1"),
        ({"title": ""}, "/title", "至少 1"),
        ({"paragraphs": []}, "/paragraphs", "至少写一个"),
        (words("item-99-p1", "新。"), "/paragraphs/0/address", "item-99-p1"),
        (words("letterhead-1", "新。"), "/paragraphs/0/address", "不能修订"),
        (words("signature-1", "新。"), "/paragraphs/0/address", "不能修订"),
        (words("number", "新。"), "/paragraphs/0/address", "不能修订"),
        (words("date", "新。"), "/paragraphs/0/address", "不能修订"),
        (words("item-15-p1", " \n"), "/paragraphs/0/text", "至少 1"),
        (words("item-15-p1", "字" * 20_001), "/paragraphs/0/text", "20000"),
        ({"paragraphs": [*GOOD["paragraphs"], *GOOD["paragraphs"]]}, "/paragraphs/1/address", "两次"),
        (figures("no-such", value=1, unit="%"), "/targets/0/code", "no-such"),
        (figures(SHARE, value=90, unit="吨"), "/targets/0/unit", "单位是 %"),
        (figures(SHARE, value=90, unit="%、吨"), "/targets/0/unit", "单位是 %"),
        (figures(SHARE, value=90), "/targets/0/unit", "单位"),
        (figures(SHARE, value=101, unit="%"), "/targets/0/value", "100"),
        (figures(SHARE, value=-1, unit="%"), "/targets/0/value", "零"),
        (figures(SHARE, value="90", unit="%"), "/targets/0/value", "数字"),
        (figures(SHARE, low=95, high=90, unit="%"), "/targets/0/low", "颠倒"),
        (figures(SHARE, low=95, unit="%"), "/targets/0/high", "上限"),
        (figures(SHARE, high=95, unit="%"), "/targets/0/low", "下限"),
        (figures(SHARE, value=92, low=90, high=95, unit="%"), "/targets/0/value", "只能写一种"),
        (figures(SHARE, target_year=2030), "/targets/0/value", "新的数值"),
        (figures(SHARE, unit="%"), "/targets/0/value", "没有数值"),
        (figures(SHARE, value=85, unit="%"), "/targets/0/code", "相同"),
        (figures(SHARE, value=90, unit="%", target_year=1999), "/targets/0/target_year", "2021"),
        (figures(SHARE, value=90, unit="%", quote="没有这句话"), "/targets/0/quote", "item-2-p3"),
        (figures(SHARE, value=90, unit="%", paragraph="item-99-p1"), "/targets/0/paragraph", "item-99"),
        (figures("pesticide-use", low=1, high=2, unit="吨"), "/targets/0/low", "范围"),
        ({"pages": 3}, "/pages", "没有这个字段"),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_refused_where_it_stands(
    world, commission, database, change, pointer, says
):
    async with database.read() as session:
        before = len((await session.scalars(select(PlanWording))).all())
    found = refused_at(await post(commission, amendment(**{**GOOD, **change})))
    assert says in found[pointer]
    async with database.read() as session:
        assert len((await session.scalars(select(PlanWording))).all()) == before
        kept = await session.scalars(select(Refusal.body))
        assert any(f'"{TITLE}"' in body.encode().decode("unicode_escape") for body in kept)


async def test_every_fault_of_a_row_is_named_at_once(commission):
    row = amendment(
        issued_on="2021-01-01", effective_on="2021-01-02",
        **words("item-99-p1", "新。"), **figures("no-such", value=1, unit="%"),
    )  # fmt: skip
    assert set(refused_at(await post(commission, row))) == {
        "/issued_on", "/paragraphs/0/address", "/targets/0/code",
    }  # fmt: skip


async def test_the_same_words_again_and_the_same_day_again_are_refused(world, commission):
    same = (await paragraph(world, "item-16-p1"))["text"]
    assert (
        "相同"
        in refused_at(await post(commission, amendment(**words("item-16-p1", same))))[
            "/paragraphs/0/text"
        ]
    )
    row, _ = await amends(commission, **words("item-16-p1", "创新。"))
    for day in ("2026-02-01", "2026-01-31"):
        another = amendment(effective_on=day, **words("item-16-p1", "再创新。"))
        assert row["number"] in refused_at(await post(commission, another))["/paragraphs/0/address"]


@pytest.mark.parametrize("body", [[], "修订", 1])
async def test_a_body_that_is_no_object_is_refused(commission, body):
    assert (await post(commission, body)).status_code == 422


async def test_only_the_province_s_commission_declares(world):
    row = amendment(**words("item-17-p1", "协同推进。"))
    for name in ("province", "county", "admin", "auditor"):
        assert (await post(world.client(name), row)).status_code == 403
    for role, area in (("city", "130100"), ("county", "130110")):
        client = await browser_of(world, role=role, area=area, department="development_reform")
        assert (await post(client, row)).status_code == 403
        assert (await client.get("/plan/amend")).status_code == 403
        await client.aclose()
    assert (await post(world.client(None), row)).status_code == 401


async def test_of_two_amendments_at_once_each_has_its_days(commission, database):
    rows = [
        amendment(effective_on=day, **words("item-18-p1", f"自{day}起。"))
        for day in ("2026-06-01", "2026-06-01", "2026-07-01", "2026-08-01")
    ]
    answers = await asyncio.gather(*(post(commission, row) for row in rows))
    assert {answer.status_code for answer in answers} == {201, 422}
    async with database.read() as session:
        versions = (
            await session.scalars(
                select(PlanWording)
                .where(PlanWording.address == "item-18-p1")
                .order_by(PlanWording.valid_from)
            )
        ).all()
    assert len(versions) == 1 + sum(answer.status_code == 201 for answer in answers)
    ends = [one.valid_to for one in versions]
    assert ends == [*(one.valid_from - timedelta(days=1) for one in versions[1:]), None]


# pages


def form_of(**fields):
    row = amendment()
    head = {name: row[name] for name in ("number", "title", "issued_on", "effective_on")}
    return {**head, **fields}


async def test_the_page_shows_old_and_new_side_by_side_to_anyone(world, commission):
    old = (await paragraph(world, "item-19-p1"))["text"]
    row, _ = await amends(
        commission,
        **words("item-19-p1", old.replace("地方标准", "<b>地方</b>规范")),
        **figures("unified-control-coverage", comparator="以上", value=55, unit="%"),
    )
    page = await world.client(None).get("/plan/amendments")
    assert page.status_code == 200
    assert row["number"] in page.text
    assert "<del>" in page.text
    assert "&lt;b&gt;" in page.text
    assert "50%以上" in page.text
    assert '/plan/amend"' not in page.text
    assert '/plan/amend"' in (await commission.get("/plan/amendments")).text


async def test_the_form_declares_once_and_leads_to_the_list(world, commission):
    page = await commission.get("/plan/amend")
    [event] = re.findall(r'name="id" value="([^"]+)"', page.text)
    sent = form_of(
        id=event, address="item-20-p1", text="加强政策\r\n引导。", code="green-control-coverage",
        value="６５", unit="％", target_year="2027",
    )  # fmt: skip
    for _ in range(2):
        answer = await commission.post("/plan/amend", data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, "/plan/amendments")
    now = await paragraph(world, "item-20-p1", "2026-02-01")
    assert now["text"] == "加强政策引导。"
    assert len(now["wordings"]) == 2


async def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(commission):
    sent = form_of(address="item-3-p1", code=SHARE, value="九十", low="1", unit="吨", title="")
    page = await commission.post("/plan/amend", data=sent)
    assert page.status_code == 422
    for sentence in ("请填写修订文件的标题", "请填写这一段的新文字", "请填数字"):
        assert sentence in page.text
    assert 'value="九十"' in page.text
    sent |= {"title": TITLE, "value": "90", "low": "", "text": "强化支撑。"}
    page = await commission.post("/plan/amend", data=sent)
    assert page.status_code == 422
    assert 'id="unit-error">这个目标的单位是 %' in page.text
    assert "强化支撑。</textarea>" in page.text
    empty = await commission.post("/plan/amend", data=form_of())
    assert "请选择修订的段落" in empty.text


async def test_the_form_fetches_what_is_in_force_and_leaves_what_was_typed(world, commission):
    sent = form_of(address="item-22-p1", code="low-energy-building-area", fetch="1")
    page = await commission.post("/plan/amend", data=sent)
    assert page.status_code == 200
    assert (await paragraph(world, "item-22-p1"))["text"] in page.text
    assert 'value="1340"' in page.text
    page = await commission.post("/plan/amend", data={**sent, "text": "我写的。", "value": "1500"})
    assert "我写的。</textarea>" in page.text
    assert 'value="1340"' not in page.text


async def test_the_form_takes_no_post_of_another_site(commission):
    refused = await commission.post(
        "/plan/amend", data=form_of(), headers={"origin": "https://elsewhere.test"}
    )
    assert refused.status_code == 403


# pure


@given(st.text("甲乙12", max_size=12), st.text("甲乙12", max_size=12))
def test_the_pieces_of_a_change_join_to_both_wordings(before, after):
    parts = changed(before, after)
    assert parts.begin + parts.old + parts.end == before
    assert parts.begin + parts.new + parts.end == after


def test_of_a_number_that_changed_all_digits_are_marked():
    assert changed("到2025年达到85%", "到2027年达到85%") == ("到", "2025", "2027", "年达到85%")


@pytest.mark.parametrize(
    "given_number",
    [
        "冀发改环资〔2026〕88号",
        "冀发改环资(2026)88号",
        " 冀发改环资［２０２６］ 88 号 ",
        "冀发改环资【2026】８８号",
    ],
)
def test_a_document_number_is_written_in_one_way(given_number):
    assert document_number(given_number) == "冀发改环资〔2026〕88号"


def test_a_figure_is_the_same_however_it_is_written():
    rows = [
        validate(
            AmendmentRow, amendment(number="甲〔2026〕1号", **figures("a", value=v, unit="吨"))
        )
        for v in (100, 100.0, 1e2)
    ]
    assert {in_leaf(row)["targets"][0]["value"] for row in rows} == {"100"}


@pytest.mark.parametrize("value", [True, 1e13, 0.1234567, float("nan"), float("inf")])
def test_a_figure_that_cannot_be_is_refused(value):
    with pytest.raises(InvalidBody):
        validate(AmendedTarget, {"code": "a", "value": value, "unit": "吨"})


@pytest.mark.parametrize(
    ("was", "comparator", "meaning"),
    [
        ("reach", "以上", "at_least"),
        ("at_least", "达到", "reach"),
        ("at_least", None, "at_least"),
        ("reduce_by", "达到", "reduce_by"),
        ("range", None, "reach"),
        (None, None, "reach"),
    ],
)
def test_a_comparator_says_what_a_number_means(was, comparator, meaning):
    latest = PlanTarget(comparator="", meaning=was, quote="", paragraph="p")
    change = AmendedTarget(code="a", value=1, unit="吨", comparator=comparator)
    assert amended(change, latest, "")["meaning"] == meaning


def test_an_empty_form_names_each_field_that_it_misses():
    assert set(fill(dict.fromkeys(FIELDS, "")).errors) == {
        "number", "title", "issued_on", "effective_on", "address",
    }  # fmt: skip

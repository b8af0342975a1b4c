"""The registers as lists: counts, what is missing, filters, pages; and what is personal in them."""

import csv
import io
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import select, text

from app.areas.read import today
from app.plan.tables import PlanSearchText
from app.registers.models import RegisterEntry, RegisterPersonal, RegisterVersion
from tests.offices import REGISTERS, credit_code, enter, factory, make_offices, send, sheet, xlsx
from tests.world import World

EXPERTS = f"{REGISTERS}/experts"
NAME, PHONE, TITLE = "欧阳建国", "13912345678", "三级教授"
PROBLEM = "application/problem+json"
SECRETS = (NAME, PHONE, TITLE)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_offices(database)
    for number, fields in enumerate(
        (
            {"county": "鹿泉区", "industry": "造纸"},
            {"county": "安新县", "industry": "造纸"},
            {"county": "辛集市"},
            {},
        )
    ):
        await enter(made, "green-factories", factory(number, values=fields), "industry")
    past = factory(4, valid_from="2020-01-01", valid_to="2023-12-31", backfill=True)
    await enter(made, "green-factories", past, "industry")
    soon = factory(5, valid_from=(today() + timedelta(days=1)).isoformat())
    await enter(made, "green-factories", soon, "industry")
    yield made
    await made.close()


def expert(**values: str) -> dict:
    usual = {
        "organisation": "河北某大学", "category": "清洁生产", "speciality": "电镀废水",
        "title": TITLE, "phone": PHONE,
    }  # fmt: skip
    return {"name": NAME, "valid_from": "2024-01-01", "values": {**usual, **values}}


async def names(world: World, slug: str = "green-factories", **query) -> list[str]:
    answer = await world.client(None).get(f"{REGISTERS}/{slug}", params=query)
    assert answer.status_code == 200, answer.text
    return [entry["name"] for entry in answer.json()["items"]]


def factories(*numbers: int) -> list[str]:
    return [f"第{number}工厂" for number in numbers]


async def test_a_list_is_what_is_in_force_on_a_day(world: World):
    assert await names(world) == factories(0, 1, 2, 3)
    assert await names(world, on="2023-06-01") == factories(4)
    assert await names(world, on="2019-01-01") == []
    assert await names(world, all=True) == factories(0, 1, 2, 3, 4, 5)


async def test_a_list_is_filtered(world: World):
    assert await names(world, county="130110") == factories(0)
    assert await names(world, area="130100") == factories(0)
    assert await names(world, area="133100") == factories(1)
    assert await names(world, area="130600", on="2017-01-01", all=True) == factories(1)
    assert await names(world, q="第2") == factories(2)
    assert await names(world, q="省级 130632") == factories(1)
    assert await names(world, q="%") == []
    [industry] = {
        entry["industry"]
        for entry in (await world.client(None).get(f"{REGISTERS}/green-factories")).json()["items"]
        if entry["industry"]
    }
    assert await names(world, industry=industry) == factories(0, 1)
    assert await names(world, industry="no-such") == []


async def test_a_list_is_read_page_by_page(world: World):
    seen, cursor = [], None
    while True:
        query = {"limit": 3, "all": True, **({"cursor": cursor} if cursor else {})}
        page = (await world.client(None).get(f"{REGISTERS}/green-factories", params=query)).json()
        seen += [entry["name"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == factories(0, 1, 2, 3, 4, 5)
    for wrong in ("x", "WyJhIiwiYiJd", "WzEsMl0"):
        for slug in ("green-factories", "pesticide-packaging-pilots"):
            answer = await world.client(None).get(f"{REGISTERS}/{slug}?cursor={wrong}")
            assert answer.status_code in ({200, 422} if slug.startswith("p") else {422})
    assert (await world.client(None).get(f"{REGISTERS}/green-factories?on=x")).status_code == 422


async def test_every_register_says_who_keeps_it_and_where_it_is_ordered(world: World):
    listed = (await world.client(None).get(REGISTERS)).json()
    assert listed["next_cursor"] is None
    assert len(listed["items"]) == 49
    for register in listed["items"]:
        assert register["departments"], register["slug"]
        paragraph = await world.client(None).get(register["paragraph"]["href"])
        assert register["quote"] in paragraph.json()["text"], register["slug"]
        assert register["slug"] in {one["code"] for one in paragraph.json()["registers"]}
    found = {register["slug"]: register for register in listed["items"]}
    factories_shown = found["green-factories"]
    assert factories_shown["count"] == 4
    assert [one["printed"] for one in factories_shown["departments"]] == ["省工业和信息化厅"]
    assert factories_shown["box"]["code"] == "box-2"
    assert [one["name"] for one in factories_shown["targets"]]
    assert found["pesticide-packaging-pilots"]["count"] == 1
    assert found["resource-use-units"]["count"] == 1
    then = (await world.client(None).get(REGISTERS, params={"on": "2023-06-01"})).json()["items"]
    counts = {register["slug"]: register["count"] for register in then}
    assert counts["green-factories"] == 1
    assert counts["pesticide-packaging-pilots"] == 2
    assert counts["resource-use-units"] == 0


async def test_an_industry_that_lacks_enterprises_is_told(world: World):
    before = (await world.client(None).get(f"{REGISTERS}/benchmark-enterprises")).json()["register"]
    assert [one["missing"] for one in before["by_industry"]] == [3] * 14
    assert before["missing"] == 42
    printed = before["by_industry"][8]["printed"]
    for number in range(4):
        values = {"credit_code": credit_code(100 + number), "industry": printed}
        body = {"name": f"标杆 {number}", "valid_from": "2024-01-01", "values": values}
        await enter(world, "benchmark-enterprises", body, "ecology")
        now = (await world.client(None).get(f"{REGISTERS}/benchmark-enterprises")).json()[
            "register"
        ]
        told = {one["printed"]: (one["count"], one["missing"]) for one in now["by_industry"]}
        assert told[printed] == (number + 1, max(0, 2 - number))
        assert now["count"] == number + 1


async def test_every_printed_industry_can_be_written_as_printed(world: World):
    register = (await world.client(None).get(f"{REGISTERS}/benchmark-enterprises")).json()[
        "register"
    ]
    rows = [
        [f"企业{i}", credit_code(200 + i), one["printed"], "2024-01-01"]
        for i, one in enumerate(register["by_industry"])
        if len(one["industries"]) == 1
    ]
    head = ["企业名称", "统一社会信用代码", "所属行业", "有效期起"]
    answer = await send(world, "benchmark-enterprises", xlsx(head, *rows), "ecology")
    assert answer.status_code == 201, answer.text


async def test_a_list_is_downloaded_with_its_filters(world: World):
    answer = await world.client(None).get(f"{REGISTERS}/green-factories.csv?county=130110")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\ufeff".encode())
    heading, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    told = dict(zip(heading, row, strict=True))
    assert told["工厂名称"] == "第0工厂"
    assert told["所在县（市、区）"] == "鹿泉区"
    assert told["有效期起"] == "2024-01-01"
    assert "备注" not in told


@pytest.mark.parametrize("query", ["county=%00", "industry=%00", "area=%00", "q=%00"])
async def test_what_cannot_be_asked_is_refused_before_the_first_line_of_a_csv(
    world: World, query: str
):
    client = world.client(None)
    listed = await client.get(f"{REGISTERS}/green-factories?{query}")
    sent = await client.get(f"{REGISTERS}/green-factories.csv?{query}")
    assert sent.status_code == listed.status_code
    assert sent.headers["content-type"] == listed.headers["content-type"]
    assert sent.headers["content-type"].startswith(PROBLEM)


async def test_an_empty_list_is_downloaded_with_its_headings(world: World):
    answer = await world.client(None).get(f"{REGISTERS}/green-factories.csv?county=000000")
    assert len(list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))) == 1


@pytest.mark.parametrize(("as_of", "status"), [("9999-12-31", 200), ("0001-01-01", 404)])
async def test_the_first_and_the_last_day_of_all_can_be_asked_for(
    world: World, as_of: str, status: int
):
    client = world.client(None)
    [entry, *_] = (await client.get(f"{REGISTERS}/green-factories")).json()["items"]
    assert (await client.get(entry["href"], params={"as_of": as_of})).status_code == status


async def test_experts_are_for_officials_and_their_data_for_who_keeps_them(world: World, database):
    with structlog.testing.capture_logs() as logged:
        entered = await enter(world, "experts", expert(), "development_reform")
        assert entered["personal"] == {"name": NAME, "phone": PHONE, "title": TITLE}
        for who, status in (
            (None, 401),
            ("keeper", 403),
            ("county", 200),
            ("science", 200),
            ("ecology", 200),
        ):
            for path in (EXPERTS, f"{EXPERTS}.csv", f"{EXPERTS}?q={PHONE}", entered["href"]):
                answer = await world.client(who).get(path)
                assert answer.status_code == status, (who, path)
                if who == "ecology" and path == entered["href"]:
                    assert answer.json()["personal"]["name"] == NAME
                else:
                    assert not [secret for secret in SECRETS if secret in answer.text], (who, path)
        listed = (await world.client("county").get(EXPERTS)).json()["items"]
        assert [entry["name"] for entry in listed] == ["欧＊＊"]
        found = await world.client("county").get("/api/v1/plan/search", params={"q": "欧阳"})
        assert found.json()["items"] == []
        found = await world.client(None).get("/api/v1/plan/search", params={"q": "电镀废水"})
        assert found.json()["items"] == []
    assert not [secret for secret in SECRETS if secret in str(logged)]
    looks = [line for line in logged if line["event"] == "personal data read"]
    assert [(line["account"], line["register"], line["entry"]) for line in looks] == [
        (str(world.accounts[who].id), "experts", entered["id"])
        for who in ("development_reform", "ecology")
    ]
    async with database.read() as session:
        for table in (RegisterEntry, RegisterVersion, PlanSearchText):
            rows = await session.execute(
                select(text("t::text")).select_from(text(f"{table.__tablename__} t"))
            )
            said = "".join(row[0] for row in rows)
            assert not [secret for secret in SECRETS if secret in said], table


async def test_the_same_expert_stands_once_and_is_named_masked(world: World):
    body = expert(organisation="另一大学")
    await enter(world, "experts", body, "industry")
    answer = await world.client("ecology").post(f"{EXPERTS}/entries", json=body)
    assert answer.status_code == 409
    assert "欧＊＊" in answer.json()["detail"]
    assert NAME not in answer.text


async def test_personal_data_is_erased_for_good(world: World, database):
    body = expert(organisation="第三大学")
    entered = await enter(world, "experts", body, "ecology")
    change = {**body, "version": 1, "values": {**body["values"], "phone": "13700000000"}}
    assert (await world.client("ecology").put(entered["href"], json=change)).status_code == 200
    assert (await world.client("science").delete(f"{entered['href']}/personal")).status_code == 403
    head = ["专家姓名", "工作单位", "专家类别", "专业特长", "联系电话", "有效期起"]
    content = xlsx(head, [NAME, "第四大学", "没有这一类", "x", PHONE, "2024-01-01"])
    refused = await send(world, "experts", content, "ecology")
    assert not [secret for secret in SECRETS if secret in refused.text]
    error_file = refused.json()["error_file"]
    assert sheet((await world.client("ecology").get(error_file)).content)[1][0] == NAME
    assert (await world.client("science").get(error_file)).status_code == 403

    answer = await world.client("ecology").delete(f"{entered['href']}/personal")
    assert answer.status_code == 204
    async with database.read() as session:
        left = select(RegisterPersonal).where(RegisterPersonal.entry == entered["id"])
        assert (await session.scalars(left)).all() == []
    seen = (await world.client("ecology").get(entered["href"])).json()
    assert seen["personal"] is None
    assert seen["name"] == "欧＊＊"
    assert [version["note"] for version in seen["history"]] == ["删除个人信息", None, None]
    assert (await world.client("ecology").get(error_file)).status_code == 404
    await enter(world, "experts", body, "ecology")


async def test_a_withdrawn_expert_s_data_stays_with_who_keeps_it(world: World):
    entered = await enter(world, "experts", expert(organisation="第五大学"), "ecology")
    answer = await world.client("ecology").post(
        f"{entered['href']}/withdraw", json={"version": 1, "note": "本人要求"}
    )
    assert answer.json()["personal"]["name"] == NAME
    seen = await world.client("county").get(entered["href"])
    assert "本人要求" not in seen.text
    assert (await world.client("ecology").delete(f"{entered['href']}/personal")).status_code == 204
    assert (await world.client("ecology").get(entered["href"])).json()["withdrawn"] is True


async def test_experts_are_imported_with_their_data_apart(world: World, database):
    head = ["专家姓名", "工作单位", "专家类别", "专业特长", "联系电话", "有效期起"]
    rows = [[f"诸葛{i}", "某院", "行业", "焦化", "13600000000", "2024-01-01"] for i in "甲乙"]
    answer = await send(world, "experts", xlsx(head, *rows), "industry")
    assert answer.status_code == 201, answer.text
    listed = (await world.client("industry").get(EXPERTS, params={"q": "焦化"})).json()["items"]
    assert [entry["name"] for entry in listed] == ["诸＊＊", "诸＊＊"]
    seen = (await world.client("industry").get(listed[0]["href"])).json()
    assert seen["personal"]["name"] in {"诸葛甲", "诸葛乙"}

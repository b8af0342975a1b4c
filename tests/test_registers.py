"""Entries of the registers through the door: who may write, what is refused, what is remembered."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import select, text

from app.areas.read import today
from app.auth.permissions import DEPARTMENT_NAMES
from app.plan.models import PlanResponsibility
from app.plan.tables import PlanRegister
from app.registers.models import RegisterVersion
from tests.offices import REGISTERS, credit_code, enter, factory, faults, make_offices
from tests.world import World

FACTORIES = f"{REGISTERS}/green-factories"
PLAN = {"year": 2024, "issuer": "省生态环境厅"}
YESTERDAY = today() - timedelta(days=1)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_offices(database)
    yield made
    await made.close()


async def test_an_entry_is_entered_and_read_by_anyone(world: World):
    body = factory(
        1,
        document="冀工信〔2024〕1号",
        values={"county": "鹿泉区", "industry": "造纸", "year": "2024年"},
    )
    entered = await enter(world, "green-factories", body, "industry")
    answer = await world.client(None).get(entered["href"])
    assert answer.status_code == 200
    seen = answer.json()
    assert seen["name"] == "第1工厂"
    assert seen["county"] == seen["values"]["county"] == "130110"
    assert seen["shown"]["county"] == "鹿泉区"
    assert seen["values"]["year"] == 2024
    assert (seen["version"], seen["in_force"], seen["valid_to"]) == (1, True, None)
    [first] = seen["history"]
    assert first["department"]["name"] == "省工业和信息化厅"
    assert "by" not in first
    assert "李四" not in answer.text
    official = (await world.client("county").get(entered["href"])).json()
    assert official["history"][0]["by"] == "李四"
    assert "personal" not in official


async def test_only_the_printed_departments_write(world: World, database):
    async with database.read() as session:
        rows = await session.execute(
            select(PlanRegister.slug, PlanRegister.section).where(PlanRegister.live.is_(None))
        )
        sections = {row.slug: row.section for row in rows}
        printed = {
            (one.section, one.department)
            for one in await session.scalars(select(PlanResponsibility))
        }
    for department in DEPARTMENT_NAMES:
        for slug, section in sections.items():
            answer = await world.client(department).post(f"{REGISTERS}/{slug}/entries", json={})
            responsible = (section, department) in printed
            assert answer.status_code == (422 if responsible else 403), (slug, department)
            if not responsible:
                assert answer.json()["type"] == "/problems/register-not-yours"
                assert "负责" in answer.json()["detail"]


async def test_a_refusal_names_who_is_responsible(world: World):
    answer = await world.client("finance").post(f"{FACTORIES}/entries", json=factory(2))
    assert answer.status_code == 403
    assert "本名单由省工业和信息化厅负责" in answer.json()["detail"]
    for role in ("county", "city", "keeper", "admin", "auditor"):
        answer = await world.client(role).post(f"{FACTORIES}/entries", json=factory(2))
        assert answer.status_code == 403, role
    answer = await world.client(None).post(f"{FACTORIES}/entries", json=factory(2))
    assert answer.status_code == 401


async def test_another_department_cannot_be_named(world: World):
    body = {**factory(3), "department": "finance"}
    answer = await world.client("industry").post(f"{FACTORIES}/entries", json=body)
    assert "省工业和信息化厅" in faults(answer)["/department"]
    body = {"name": "x", "valid_from": "2024-01-01", "values": {}, "department": "ecology"}
    answer = await world.client("development_reform").post(
        f"{REGISTERS}/benchmark-enterprises/entries", json=body
    )
    assert answer.status_code == 403
    await enter(world, "green-factories", {**factory(3), "department": "industry"}, "industry")


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"name": None}, "/name", "缺少这一项"),
        ({"name": "  "}, "/name", "缺少这一项"),
        ({"name": "长" * 201}, "/name", "至多 200 个字"),
        ({"valid_from": None}, "/valid_from", "缺少这一项"),
        ({"valid_from": "2024-02-30"}, "/valid_from", "没有这一天"),
        ({"valid_from": "1948-12-31"}, "/valid_from", "1949"),
        ({"valid_from": "2200-01-01"}, "/valid_from", "2199"),
        ({"valid_to": "2023-12-31"}, "/valid_to", "早于"),
        ({"valid_to": "2024-12-31"}, "/valid_to", "有效期已于 2024-12-31 届满"),
        ({"values": {"credit_code": None}}, "/values/credit_code", "缺少这一项"),
        ({"values": {"credit_code": "91130100M00000001X"}}, "/values/credit_code", "校验位"),
        ({"values": {"level": "县级"}}, "/values/level", "国家级、省级"),
        ({"values": {"county": "没有县"}}, "/values/county", "没有这个县"),
        ({"values": {"colour": "绿"}}, "/values/colour", "没有这个字段"),
        ({"values": {"a/b~c": "绿"}}, "/values/a~1b~0c", "没有这个字段"),
        ({"values": {"year": ["2024"]}}, "/values/year", "应为一个值"),
    ],
)
async def test_what_does_not_fit_is_named_at_its_place(world: World, change, pointer, words):
    body = factory(4)
    body = {**body, **change, "values": {**body["values"], **change.get("values", {})}}
    answer = await world.client("industry").post(f"{FACTORIES}/entries", json=body)
    found = faults(answer)
    assert list(found) == [pointer]
    assert words in found[pointer]


async def test_everything_that_is_wrong_is_said_at_once(world: World):
    body = {"values": {"level": "乡级"}, "valid_to": "昨天"}
    answer = await world.client("industry").post(f"{FACTORIES}/entries", json=body)
    assert set(faults(answer)) == {
        "/name", "/valid_from", "/valid_to", "/values/credit_code", "/values/level",
    }  # fmt: skip
    english = await world.client("industry").post(
        f"{FACTORIES}/entries", json=body, headers={"accept-language": "en"}
    )
    assert {"pointer": "/name", "detail": "is missing"} in english.json()["errors"]


async def test_a_quantity_has_one_number_and_one_unit(world: World):
    url = f"{REGISTERS}/low-energy-buildings/entries"
    body = {
        "name": "某小区", "valid_from": "2024-01-01",
        "values": {"kind": "超低能耗建筑", "county": "130110", "developer": "某公司", "stage": "在建"},
    }  # fmt: skip
    for given in ("1200 吨、2 万吨", "12 万平方米、3 万平方米", "1340 平方米", "很大", "-1", "1-2"):
        body["values"]["floor_area"] = given
        answer = await world.client("housing").post(url, json=body)
        assert "万平方米" in faults(answer)["/values/floor_area"] or given == "-1"
    body["values"]["floor_area"] = "1,340.50 万平方米"
    entered = await enter(world, "low-energy-buildings", body, "housing")
    assert entered["values"]["floor_area"] == 1340.5
    assert entered["shown"]["floor_area"] == "1340.5 万平方米"


async def test_a_past_entry_is_entered_as_history_only(world: World):
    body = factory(5, valid_to=YESTERDAY.isoformat())
    answer = await world.client("industry").post(f"{FACTORIES}/entries", json=body)
    assert "届满" in faults(answer)["/valid_to"]
    entered = await enter(world, "green-factories", {**body, "backfill": True}, "industry")
    assert entered["in_force"] is False
    last_day = factory(6, valid_to=today().isoformat())
    assert (await enter(world, "green-factories", last_day, "industry"))["in_force"]


async def test_a_credit_code_stands_once(world: World):
    standing = await enter(world, "green-factories", factory(7), "industry")
    again = {**factory(7), "name": "换了名称"}
    again["values"]["credit_code"] = credit_code(7).lower()
    answer = await world.client("industry").post(f"{FACTORIES}/entries", json=again)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "/problems/register-entry-duplicate"
    assert problem["entry"] == standing["id"]
    assert "第7工厂" in problem["detail"]
    assert "统一社会信用代码" in problem["detail"]
    other = {**factory(7), "values": {**factory(7)["values"], "year": 2024}}
    await enter(world, "green-design-enterprises", other, "industry")


async def test_of_two_at_once_one_is_entered(world: World, database):
    answers = await asyncio.gather(
        *(
            world.client("industry").post(f"{FACTORIES}/entries", json=factory(8, name=f"{i} 号"))
            for i in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    entered = next(a.json() for a in answers if a.status_code == 201)
    assert {a.json()["entry"] for a in answers if a.status_code == 409} == {entered["id"]}
    async with database.read() as session:
        versions = select(RegisterVersion.name).where(RegisterVersion.name.endswith(" 号"))
        assert len((await session.scalars(versions)).all()) == 1


async def test_a_change_is_a_new_version_and_the_old_one_stays(world: World, database):
    entered = await enter(world, "green-factories", factory(9), "industry")
    body = {**factory(9, name="第九工厂", note="改名"), "version": 1}
    answer = await world.client("industry").put(entered["href"], json=body)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert (changed["name"], changed["version"]) == ("第九工厂", 2)
    assert [(v["version"], v["name"], v["note"]) for v in changed["history"]] == [
        (2, "第九工厂", "改名"),
        (1, "第9工厂", None),
    ]
    stale = await world.client("industry").put(entered["href"], json=body)
    assert stale.status_code == 409
    assert stale.json()["type"] == "/problems/register-entry-changed"
    assert stale.json()["standing"] == 2
    for statement in (
        "UPDATE register_version SET name = 'x'",
        "DELETE FROM register_version",
        "DELETE FROM register_entry",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with database.write() as session:
                await session.execute(text(statement))


async def test_a_change_cannot_take_another_s_identity(world: World):
    await enter(world, "green-factories", factory(10), "industry")
    entered = await enter(world, "green-factories", factory(11), "industry")
    body = {**factory(10), "version": 1}
    answer = await world.client("industry").put(entered["href"], json=body)
    assert answer.status_code == 409
    assert answer.json()["standing"] == "第10工厂"
    seen = await world.client(None).get(entered["href"])
    assert (seen.json()["name"], seen.json()["version"]) == ("第11工厂", 1)


async def test_an_entry_can_be_ended_but_not_upside_down(world: World):
    entered = await enter(world, "green-factories", factory(12), "industry")
    body = {**factory(12, valid_to=YESTERDAY.isoformat()), "version": 1}
    answer = await world.client("industry").put(entered["href"], json=body)
    assert answer.status_code == 200
    assert answer.json()["in_force"] is False
    body = {**factory(12, valid_to="2023-12-31"), "version": 2}
    assert (
        "早于"
        in faults(await world.client("industry").put(entered["href"], json=body))["/valid_to"]
    )


async def test_a_withdrawn_entry_stays_readable_and_frees_its_identity(world: World):
    entered = await enter(world, "green-factories", factory(13), "industry")
    url = f"{entered['href']}/withdraw"
    assert "/note" in faults(await world.client("industry").post(url, json={"version": 1}))
    withdrawal = {"version": 1, "note": "环境违法"}
    assert (await world.client("market").post(url, json=withdrawal)).status_code == 403
    answer = await world.client("industry").post(url, json=withdrawal)
    assert answer.status_code == 200, answer.text
    seen = (await world.client(None).get(entered["href"])).json()
    assert seen["withdrawn"] is True
    assert seen["in_force"] is False
    assert seen["history"][0]["note"] == "环境违法"
    again = await world.client("industry").post(url, json={"version": 2, "note": "再来"})
    assert again.json()["type"] == "/problems/register-entry-withdrawn"
    assert (await enter(world, "green-factories", factory(13), "industry"))["id"] != seen["id"]
    listed = (await world.client(None).get(FACTORIES, params={"all": True, "limit": 500})).json()
    assert seen["id"] not in {entry["id"] for entry in listed["items"]}


async def test_an_expired_or_withdrawn_unit_is_not_referred_to(world: World):
    plan = {"name": "2024 年审核计划", "valid_from": "2024-01-01", "values": PLAN}
    made = await enter(world, "mandatory-audit-plans", plan, "ecology")
    firm = {"credit_code": credit_code(20), "listed_on": "2023-01-01"}
    over = {
        "name": "过期机构",
        "valid_from": "2022-01-01",
        "valid_to": "2023-12-31",
        "values": firm,
    }
    await enter(world, "audit-consultancies", {**over, "backfill": True}, "ecology")
    gone = {
        "name": "撤销机构",
        "valid_from": "2022-01-01",
        "values": {**firm, "credit_code": credit_code(21)},
    }
    gone = await enter(world, "audit-consultancies", gone, "ecology")
    await world.client("ecology").post(f"{gone['href']}/withdraw", json={"version": 1, "note": "x"})
    body = {
        "name": "某企业", "valid_from": "2024-03-01",
        "values": {
            "plan": plan["name"], "credit_code": credit_code(22), "category": "双超",
            "industry": "造纸", "county": "130110",
        },
    }  # fmt: skip
    url = f"{REGISTERS}/mandatory-audits/entries"
    for consultancy, words in (
        ("过期机构", "届满"),
        ("撤销机构", "移出名单"),
        (gone["id"], "移出名单"),
        ("没有的机构", "没有这个条目"),
    ):
        body["values"]["consultancy"] = consultancy
        answer = await world.client("ecology").post(url, json=body)
        assert words in faults(answer)["/values/consultancy"], consultancy
    del body["values"]["consultancy"]
    entered = await enter(world, "mandatory-audits", body, "ecology")
    assert entered["values"]["plan"] == made["id"]
    assert entered["shown"]["plan"] == plan["name"]
    [referring] = (await world.client(None).get(made["href"])).json()["referred_by"]
    assert referring["count"] == 1
    items = (await world.client(None).get(referring["href"])).json()["items"]
    assert [item["id"] for item in items] == [entered["id"]]


async def test_lists_kept_elsewhere_are_read_here_and_not_written(world: World):
    for slug, name in (
        ("pesticide-packaging-pilots", "鹿泉区"),
        ("resource-use-units", "130181-R0001"),
    ):
        listed = (await world.client(None).get(f"{REGISTERS}/{slug}")).json()
        assert [item["name"] for item in listed["items"]] == [name]
        assert listed["register"]["count"] == 1
        seen = (await world.client(None).get(listed["items"][0]["href"])).json()
        assert seen["name"] == name
        assert seen["history"] == []
        body = {"name": "x", "valid_from": "2024-01-01"}
        answer = await world.client("agriculture").post(f"{REGISTERS}/{slug}/entries", json=body)
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/register-is-live"
        table = await world.client(None).get(f"{REGISTERS}/{slug}.csv")
        assert name in table.text
    then = await world.client(None).get(
        f"{REGISTERS}/pesticide-packaging-pilots", params={"on": "2023-01-01"}
    )
    assert {item["name"] for item in then.json()["items"]} == {"鹿泉区", "辛集市"}
    assert then.json()["register"]["count"] == 2


async def test_what_is_entered_is_found_by_search(world: World):
    body = factory(30, name="冀南再制造工厂", values={"county": "鹿泉区"})
    entered = await enter(world, "green-factories", body, "industry")
    found = (await world.client(None).get("/api/v1/plan/search", params={"q": "再制造"})).json()
    assert [hit["page"] for hit in found["items"]] == [entered["page"]]
    await world.client("industry").post(
        f"{entered['href']}/withdraw", json={"version": 1, "note": "x"}
    )
    found = (await world.client(None).get("/api/v1/plan/search", params={"q": "再制造"})).json()
    assert found["items"] == []


async def test_what_is_not_there_is_not_found(world: World):
    entered = await enter(world, "green-factories", factory(31), "industry")
    for path in (
        f"{REGISTERS}/no-such",
        f"{REGISTERS}/no-such.csv",
        f"{REGISTERS}/no-such/template.xlsx",
        f"{FACTORIES}/entries/nothing",
        f"{FACTORIES}/entries/{'0' * 8}-0000-7000-8000-{'0' * 12}",
        f"{REGISTERS}/standards/entries/{entered['id']}",
        f"{REGISTERS}/pesticide-packaging-pilots/entries/x",
    ):
        assert (await world.client(None).get(path)).status_code == 404, path
    answer = await world.client("industry").put(
        f"{REGISTERS}/innovation-platforms/entries/{entered['id']}", json={"version": 1}
    )
    assert answer.status_code == 404


async def test_an_entry_is_read_as_it_stood(world: World, database_urls):
    entered = await enter(world, "green-factories", factory(32), "industry")
    body = {**factory(32, name="改过的"), "version": 1}
    assert (await world.client("industry").put(entered["href"], json=body)).status_code == 200
    then = await world.client(None).get(entered["href"], params={"as_of": today().isoformat()})
    assert then.json()["name"] == "改过的"
    before = await world.client(None).get(entered["href"], params={"as_of": YESTERDAY.isoformat()})
    assert before.status_code == 404
    # What was recorded cannot be dated back, so the test's owner of the database does it.
    owner = await asyncpg.connect(database_urls["owner"])
    await owner.execute(
        "UPDATE register_version SET recorded_at = now() - interval '2 days'"
        " WHERE entry = $1 AND number = 1",
        entered["id"],
    )
    await owner.close()
    before = await world.client(None).get(entered["href"], params={"as_of": YESTERDAY.isoformat()})
    assert (before.json()["name"], before.json()["version"]) == ("第32工厂", 1)
    past = await world.client(None).get(entered["href"], params={"on": "2023-01-01"})
    assert past.json()["in_force"] is False


@pytest.mark.parametrize(
    "raw",
    ["{", "[]", '{"values": 1}', '{"name": 1}', '{"backfill": "ja"}', '{"x": 1}', "null"],
)
async def test_a_body_of_another_shape_is_refused(world: World, raw):
    answer = await world.client("industry").post(
        f"{FACTORIES}/entries", content=raw, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert json.loads(answer.text)["errors"]

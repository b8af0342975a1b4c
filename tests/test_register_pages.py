"""The lists as pages: read by anyone, kept by the printed departments, kind about what is wrong."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from sqlalchemy import select

from app.registers.models import RegisterEntry, RegisterVersion
from tests.offices import XLSX, credit_code, enter, factory, make_offices, sheet, xlsx
from tests.people import PASSWORD
from tests.world import LUQUAN, PLANT, World

LISTS = "/plan/registers"
FACTORIES = f"{LISTS}/green-factories"
BENCHMARKS = f"{LISTS}/benchmark-enterprises"
EXPERTS = f"{LISTS}/experts"
NAME, PHONE = "诸葛亮亮", "0311-87654321"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def world(database):
    made = await make_offices(database)
    yield made
    await made.close()


def filled(number: int, **fields: str) -> dict[str, str]:
    """Return what a person fills in for a green factory."""
    return {
        "name": f"第{number}页厂", "credit_code": credit_code(number), "level": "省级",
        "county": LUQUAN, "valid_from": "2024-01-01", **fields,
    }  # fmt: skip


def expert(**fields: str) -> dict[str, str]:
    return {
        "name": NAME, "organisation": "某大学", "category": "行业", "speciality": "焦化",
        "phone": PHONE, "valid_from": "2024-01-01", **fields,
    }  # fmt: skip


async def see(world: World, who: str | None, path: str, status: int = 200) -> str:
    """Return a page's text, without the mark-up of links."""
    answer = await world.client(who).get(path, headers=HTML)
    assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text}"
    return answer.text


async def post(world: World, who: str | None, path: str, form: dict[str, str]) -> httpx.Response:
    return await world.client(who).post(path, data=form, headers=HTML)


async def entered(world: World, path: str, form: dict[str, str], who: str = "industry") -> str:
    """Send a form that must be accepted; return the page of its entry."""
    answer = await post(world, who, f"{path}/new", form)
    assert answer.status_code == 303, answer.text
    return str(urlsplit(answer.headers["location"]).path)


def inputs(page: str) -> dict[str, str]:
    """Return what a form's inputs hold: texts, areas and what is chosen."""
    found = dict(re.findall(r'<input id="[^"]+" name="([^"]+)" type="\w+" value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>([^<]*)<', page))
    for name, options in re.findall(
        r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {name: unescape(value) for name, value in (found | hidden).items()}


async def test_all_lists_are_shown_with_their_departments_and_what_is_missing(world: World):
    page = await see(world, None, LISTS)
    assert len(re.findall(r'<tr id="[a-z-]+">', page)) == 49
    for part in ("二、突出抓好工业领域清洁生产", "三、积极推行农业清洁生产", "七、保障措施"):
        assert part in page
    assert "14 个行业各至少 3 家" in page
    assert "还差 42 家" in page
    assert "还差 60 项" in page
    assert "10–20 个" in page
    assert "负责的名单" not in page


async def test_lists_are_narrowed_to_a_department(world: World):
    page = await see(world, None, f"{LISTS}?department=housing")
    assert "装配式建筑产业基地" in page
    assert "清洁生产标杆企业" not in page
    assert "没有由这个部门负责的名单" in await see(world, None, f"{LISTS}?department=nobody")


async def test_an_official_finds_the_lists_of_the_own_department_first(world: World):
    page = await see(world, "industry", LISTS)
    own, _, rest = page.partition('id="part-')
    assert "我部门负责的名单" in own
    assert 'id="green-factories"' in own
    assert 'id="green-factories"' not in rest
    assert "农业农村系统负责的名单" in await see(world, "county", LISTS)


async def test_a_list_tells_what_orders_it_and_who_fills_it(world: World):
    page = await see(world, None, f"{LISTS}/green-certifiers")
    assert "看原文" in page
    assert 'href="/plan#item-19-p1"' in page
    assert "还没有登记绿色产品认证机构" in page
    assert re.search(r"由省[^。]+登记。", page)
    assert "新增一条" not in page


async def test_an_entry_is_made_by_form_and_stands_for_all(world: World):
    form = filled(1, document="冀工信〔2024〕7号", industry="steel", note="首批")
    page = await entered(world, FACTORIES, form)
    told = await see(world, None, page)
    for words in (
        "第1页厂",
        "鹿泉区",
        "钢铁",
        "冀工信〔2024〕7号",
        "有效",
        "省工业和信息化厅",
        "首批",
    ):
        assert words in told
    assert "李四" not in told
    assert "/edit" not in told
    assert "已登记。" in await see(world, "industry", f"{page}?done=added")
    listed = await see(world, None, FACTORIES)
    assert f'href="{page}"' in listed
    assert "还差 199 家" in listed
    assert f'href="{page}"' in await see(world, None, "/plan/search?q=第1页厂")


async def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong_where(world: World):
    form = filled(
        2, name="", credit_code="913", note="第一行\r\n第二行", valid_to="明年", year="二〇二四"
    )
    answer = await post(world, "industry", f"{FACTORIES}/new", form)
    assert answer.status_code == 422
    page = answer.text
    for part in ("name", "credit_code", "year", "valid_to"):
        assert f'<a href="#{part}">' in page
        assert f'id="{part}-error"' in page
    kept = inputs(page)
    assert kept["credit_code"] == "913"
    assert kept["county"] == LUQUAN
    assert kept["level"] == "省级"
    assert kept["note"] == "第一行\n第二行"
    assert kept["valid_to"] == "明年"
    assert "第2页厂" not in await see(world, None, FACTORIES)


async def test_a_past_list_is_entered_where_it_is_said_to_be_one(world: World):
    past = filled(3, valid_to="2024-12-31")
    answer = await post(world, "industry", f"{FACTORIES}/new", past)
    assert answer.status_code == 422
    assert "补录历史名单请注明是补录" in answer.text
    page = await entered(world, FACTORIES, {**past, "backfill": "1"})
    assert "已于 2024-12-31 届满" in await see(world, None, page)
    assert "第3页厂" not in await see(world, None, FACTORIES)
    assert "第3页厂" in await see(world, None, f"{FACTORIES}?all=true")
    assert "第3页厂" in await see(world, None, f"{FACTORIES}?on=2024-06-01")
    assert "尚未生效" in await see(
        world, None, await entered(world, FACTORIES, filled(33, valid_from="2099-01-01"))
    )


async def test_a_form_sent_twice_enters_once_and_leads_to_the_entry(world: World, database):
    page = await entered(world, FACTORIES, filled(4))
    answer = await post(world, "industry", f"{FACTORIES}/new", filled(4, name="改了名"))
    assert answer.status_code == 409
    assert "名单里已有这一条" in answer.text
    assert f'href="{page}"' in answer.text
    assert inputs(answer.text)["name"] == "改了名"
    async with database.read() as session:
        rows = await session.scalars(select(RegisterEntry).where(RegisterEntry.name == "第4页厂"))
        assert len(rows.all()) == 1


async def test_a_change_is_shown_from_what_to_what(world: World):
    page = await entered(world, FACTORIES, filled(5))
    form = inputs(await see(world, "industry", f"{page}/edit"))
    assert form["version"] == "1"
    assert form["credit_code"] == credit_code(5)
    assert form["valid_from"] == "2024-01-01"
    answer = await post(
        world, "industry", f"{page}/edit", {**form, "level": "国家级", "note": "升级"}
    )
    assert answer.headers["location"] == f"{page}?done=changed"
    told = await see(world, None, page)
    assert re.search(r"<del>省级</del>.*<ins>国家级</ins>", told)
    assert "升级" in told


async def test_who_changes_what_has_changed_is_told_and_loses_nothing(world: World):
    page = await entered(world, FACTORIES, filled(6))
    form = inputs(await see(world, "industry", f"{page}/edit"))
    first = await post(world, "industry", f"{page}/edit", {**form, "name": "甲改的"})
    assert first.status_code == 303
    answer = await post(world, "industry", f"{page}/edit", {**form, "name": "乙改的"})
    assert answer.status_code == 409
    assert "这一条已被更改" in answer.text
    assert f'href="{page}"' in answer.text
    kept = inputs(answer.text)
    assert (kept["name"], kept["version"]) == ("乙改的", "2")
    assert "甲改的" in await see(world, None, page)
    # Having read it, the second may save over it.
    assert (await post(world, "industry", f"{page}/edit", kept)).status_code == 303
    assert "乙改的" in await see(world, None, page)


async def test_an_entry_is_seen_as_it_stood_on_a_day(world: World):
    page = await entered(world, FACTORIES, filled(7))
    assert "还没有登记这一条" in await see(world, None, f"{page}?on=2020-01-01")
    assert "当天终了时的内容" in await see(world, None, f"{page}?on=2099-01-01")
    assert "应为日期" in await see(world, None, f"{page}?on=某日", 422)


async def test_an_entry_is_taken_off_with_a_reason_and_its_history_stays(world: World):
    page = await entered(world, FACTORIES, filled(8))
    form = inputs(await see(world, "industry", f"{page}/withdraw"))
    answer = await post(world, "industry", f"{page}/withdraw", {**form, "note": " "})
    assert answer.status_code == 422
    assert "请写明原因" in answer.text
    answer = await post(world, "industry", f"{page}/withdraw", {**form, "note": "称号被撤销"})
    assert answer.headers["location"] == f"{page}?done=withdrawn"
    told = await see(world, "industry", page)
    for words in ("已移出", "称号被撤销", "移出名单"):
        assert words in told
    assert "/edit" not in told
    assert "第8页厂" not in await see(world, None, f"{FACTORIES}?all=true")
    assert (await world.client("industry").get(f"{page}/edit")).headers["location"] == page
    again = await post(world, "industry", f"{page}/withdraw", {"version": "2", "note": "再移"})
    assert again.status_code == 409


async def test_other_departments_see_no_buttons_and_their_forms_are_refused(world: World, database):
    page = await entered(world, FACTORIES, filled(9))
    for who in ("agriculture", "county", "auditor", "collector", None):
        for path in (FACTORIES, page):
            told = await see(world, who, path)
            for button in ("/new", "/edit", "/withdraw", "/import"):
                assert f'{button}"' not in told, (who, path, button)
    for path in (f"{FACTORIES}/new", f"{page}/edit", f"{page}/withdraw", f"{FACTORIES}/import"):
        assert "省工业和信息化厅" in await see(world, "agriculture", path, 403)
        form = {**filled(90), "version": "1"}
        assert (await post(world, "agriculture", path, form)).status_code == 403
        assert (await post(world, "county", path, form)).status_code == 403
    async with database.read() as session:
        versions = select(RegisterVersion).where(RegisterVersion.name.in_(["第9页厂", "第90页厂"]))
        assert len((await session.scalars(versions)).all()) == 1


async def test_a_form_from_another_site_is_refused(world: World):
    answer = await world.client("industry").post(
        f"{FACTORIES}/new", data=filled(10), headers={**HTML, "origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "第10页厂" not in await see(world, None, FACTORIES)


async def test_a_form_outlives_its_session(world: World):
    answer = await post(world, None, f"{FACTORIES}/new", filled(11))
    assert answer.status_code == 401
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    kept |= {"username": world.accounts["industry"].username, "password": PASSWORD}
    signed_in = await post(world, None, "/sign-in", kept)
    assert signed_in.status_code == 200, signed_in.text
    back = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', signed_in.text))
    world.client(None).cookies.clear()
    again = await post(world, "industry", f"{FACTORIES}/new", back)
    assert again.status_code == 200
    assert inputs(again.text)["name"] == "第11页厂"
    assert "第11页厂" not in await see(world, None, FACTORIES)


async def test_people_are_masked_for_all_but_the_responsible_departments(world: World):
    page = await entered(world, EXPERTS, expert(), "ecology")
    for who in ("ecology", "development_reform", "industry"):
        told = await see(world, who, page)
        assert NAME in told
        assert PHONE in told
    for who in ("agriculture", "county", "auditor"):
        for path in (page, EXPERTS):
            told = await see(world, who, path)
            assert "诸＊＊" in told
            assert NAME not in told
            assert PHONE not in told
    for path in (page, EXPERTS):
        answer = await world.client(None).get(path, headers=HTML)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=")
        await see(world, "collector", path, 403)


async def test_the_data_of_a_person_are_erased_by_form(world: World):
    page = await entered(world, EXPERTS, expert(name="司马光光", organisation="某院"), "ecology")
    assert inputs(await see(world, "ecology", f"{page}/edit"))["phone"] == PHONE
    assert "不能恢复" in await see(world, "ecology", f"{page}/erase")
    answer = await post(world, "ecology", f"{page}/erase", {})
    assert answer.headers["location"] == f"{page}?done=erased"
    told = await see(world, "ecology", page)
    assert "司马光光" not in told
    assert PHONE not in told
    assert "/erase" not in told
    form = inputs(await see(world, "ecology", f"{page}/edit"))
    assert (form["name"], form["phone"]) == ("", "")


async def test_lists_kept_elsewhere_say_so_and_lead_to_the_sites(world: World):
    told = await see(world, None, f"{LISTS}/resource-use-units")
    assert "取自平台正在使用的资源化利用单位名单" in told
    assert "/sites" not in told
    assert "/new" not in await see(world, "agriculture", f"{LISTS}/resource-use-units")
    assert f'href="/sites/{PLANT}"' in await see(world, "province", f"{LISTS}/resource-use-units")
    assert f'href="/sites?county={LUQUAN}"' in await see(
        world, "county", f"{LISTS}/pesticide-packaging-pilots"
    )
    await see(world, "agriculture", f"{LISTS}/resource-use-units/new", 409)


async def test_what_an_entry_refers_to_leads_both_ways(world: World):
    plan = await entered(
        world, f"{LISTS}/mandatory-audit-plans",
        {"name": "2026 年计划", "year": "2026", "issuer": "省生态环境厅", "valid_from": "2026-01-01"},
        "ecology",
    )  # fmt: skip
    form = {
        "name": "某焦化公司", "plan": plan.rpartition("/")[2], "credit_code": credit_code(500),
        "category": "双有", "industry": "coking", "county": LUQUAN, "valid_from": "2026-01-01",
    }  # fmt: skip
    assert "2026 年计划" in await see(world, "ecology", f"{LISTS}/mandatory-audits/new")
    audit = await entered(world, f"{LISTS}/mandatory-audits", form, "ecology")
    assert "2026 年计划" in await see(world, None, audit)
    [back] = re.findall(r'href="([^"]*refers=[^"]*)"', await see(world, None, plan))
    assert "某焦化公司" in await see(world, None, unescape(back))


async def test_industries_show_what_they_have_and_what_they_lack(world: World):
    for number, industry in ((21, "steel"), (22, "metallurgy"), (23, "steel")):
        body = {
            "name": f"第{number}标杆", "valid_from": "2024-01-01",
            "values": {"credit_code": credit_code(number), "industry": industry, "county": LUQUAN},
        }  # fmt: skip
        await enter(world, "benchmark-enterprises", body, "ecology")
    told = await see(world, None, BENCHMARKS)
    row = re.search(r">冶金</a></th>(.*?)</tr>", told, re.DOTALL)
    assert row
    assert "已达到" in row.group(1)
    assert "1 个行业达到，还差 39 家" in told
    assert "第22标杆" in await see(world, None, f"{BENCHMARKS}?industry=metallurgy")
    assert "第22标杆" not in await see(world, None, f"{BENCHMARKS}?industry=steel")


async def test_a_list_is_narrowed_and_goes_on_to_the_next_page(world: World):
    for number in range(100, 155):
        body = factory(number, values={"county": LUQUAN})
        await enter(world, "green-factories", body, "industry")
    path, seen, pages = f"{FACTORIES}?q=第1&area=130100", set(), 0
    while path:
        told = await see(world, None, path)
        seen |= set(re.findall(r">(第1\d\d工厂)</a>", told))
        onward = re.search(r'href="([^"]+)" rel="next"', told)
        path = urljoin(FACTORIES, unescape(onward.group(1))) if onward else ""
        pages += 1
    assert (len(seen), pages) == (55, 2)
    assert "没有符合条件的条目" in await see(world, None, f"{FACTORIES}?q=第1&area=133100")
    assert "没有这一天" in await see(world, None, f"{FACTORIES}?on=2024-13-01", 422)


HEAD = ["工厂名称", "统一社会信用代码", "绿色工厂级别", "有效期起"]


async def upload(
    world: World, content: bytes, who: str = "industry", **data: str
) -> httpx.Response:
    files = {"file": ("名单.xlsx", content, XLSX)}
    return await world.client(who).post(f"{FACTORIES}/import", files=files, data=data, headers=HTML)


async def test_the_import_explains_its_columns_and_takes_a_workbook(world: World):
    told = await see(world, "industry", f"{FACTORIES}/import")
    for words in ("统一社会信用代码", "必填", "选填", "国家级、省级", "template.xlsx"):
        assert words in told
    rows = [[f"第{n}表厂", credit_code(n), "省级", "2024-05-01"] for n in (300, 301)]
    answer = await upload(world, xlsx(HEAD, *rows))
    assert answer.status_code == 303, answer.text
    told = await see(world, None, answer.headers["location"])
    assert "已导入 2 条" in told
    assert "第301表厂" in await see(world, None, f"{FACTORIES}?q=表厂")


async def test_a_refused_file_tells_row_and_column_and_gives_itself_back(world: World):
    good = ["第310表厂", credit_code(310), "省级", "2024-05-01"]
    bad = ["第311表厂", "9130", "市级", "2024-05-01"]
    answer = await upload(world, xlsx(HEAD, good, bad))
    assert answer.status_code == 422
    told = answer.text
    assert "一行也没有导入" in told
    assert told.count("第 3 行</th>") == 2
    assert "应为以下之一：国家级、省级" in told
    [errors] = re.findall(r'href="([^"]+errors\.xlsx)"', told)
    returned = await world.client("industry").get(errors)
    assert "应为以下之一" in sheet(returned.content)[2][-1]
    assert "第310表厂" not in await see(world, None, f"{FACTORIES}?q=表厂")
    unreadable = await upload(world, b"PK\x03\x04 no workbook")
    assert unreadable.status_code == 422
    assert "文件没有导入" in unreadable.text
    nothing = await post(world, "industry", f"{FACTORIES}/import", {"backfill": "1"})
    assert nothing.status_code == 422
    assert "请选好要导入的文件" in nothing.text


async def test_every_register_has_its_form(world: World):
    listed = await see(world, None, LISTS)
    slugs = re.findall(r'<tr id="([a-z-]+)">', listed)
    assert len(slugs) == 49
    reached = set()
    for department in ("development_reform", "industry", "agriculture", "housing", "commerce",
                       "ecology", "science", "market", "finance"):  # fmt: skip
        for slug in set(slugs) - reached:
            told = await see(world, department, f"{LISTS}/{slug}")
            if "/new" in told:
                form = await see(world, department, f"{LISTS}/{slug}/new")
                assert 'name="valid_from"' in form
                await see(world, department, f"{LISTS}/{slug}/import")
                reached.add(slug)
    assert set(slugs) - reached == {"resource-use-units", "pesticide-packaging-pilots"}


async def test_every_link_leads_somewhere(world: World):
    page = await entered(world, FACTORIES, filled(12))
    person = await entered(world, EXPERTS, expert(organisation="别的大学"), "ecology")
    units = f"{LISTS}/resource-use-units"
    [unit] = set(re.findall(rf'href="({units}/[^"]+@[^"]+)"', await see(world, None, units)))
    walks = {
        None: [LISTS, FACTORIES, BENCHMARKS, units, page, f"{LISTS}/green-certifiers"],
        "industry": [LISTS, FACTORIES, page, person, EXPERTS, f"{FACTORIES}/new",
                     f"{page}/edit", f"{page}/withdraw", f"{person}/erase", f"{FACTORIES}/import"],
        "province": [LISTS, units, unit, f"{LISTS}/straw-counties"],
        "collector": [LISTS, units, page],
    }  # fmt: skip
    for who, paths in walks.items():
        fragments: dict[str, set[str]] = {}
        for path in paths:
            _, _, told = (await see(world, who, path)).partition("<main")
            told, _, _ = told.partition("</main>")
            for href in re.findall(r'href="([^"]+)"', told):
                address, _, fragment = urljoin(path, unescape(href)).partition("#")
                fragments.setdefault(address, set()).add(fragment)
        for address, named in fragments.items():
            answer = await world.client(who).get(address, headers=HTML)
            assert answer.status_code == 200, f"{who}: {address}"
            if named - {""}:
                ids = set(re.findall(r'id="([^"]+)"', answer.text))
                assert named - {""} <= ids, f"{who}: {address}"


async def test_what_is_typed_outlives_the_back_button_except_about_people(world: World):
    assert 'autocomplete="off"' not in await see(world, "industry", f"{FACTORIES}/new")
    assert 'autocomplete="off"' in await see(world, "industry", f"{EXPERTS}/new")


async def test_a_change_of_nothing_says_so(world: World):
    page = await entered(world, FACTORIES, filled(95))
    answer = await post(world, "industry", f"{page}/edit", {**filled(95), "version": "1"})
    assert answer.status_code == 303
    assert (await see(world, None, page)).count("内容没有变动") == 1


async def test_an_address_that_cannot_be_is_told_in_words(world: World):
    lost = await see(world, "industry", f"{FACTORIES}/abc/edit", 404)
    assert "UUID" not in lost
    wrong = await see(world, None, "/plan?on=abc", 422)
    assert wrong.count("on 应为日期") == 1
    assert "/query/" not in wrong

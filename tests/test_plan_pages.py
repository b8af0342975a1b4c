"""The pages of the plan through the door a reader uses: whole, linked, open to anyone."""

import re
from collections import Counter
from datetime import date
from html.parser import HTMLParser

import httpx
import pytest
from sqlalchemy import update

from app.config import Settings
from app.main import create_app
from app.plan.load import rows_of
from app.plan.marked import marked
from app.plan.models import NUMBER, PlanDocument, PlanWording
from app.plan.printed import blocks
from app.plan.read import plan_on
from app.plan.search import words_of

ON = date(2026, 1, 1)
BEFORE = date(2025, 12, 31)
AMENDED = "item-9-p1"
AMENDMENT = "冀发改环资〔2025〕999号"
NEW_WORDS = "（九）加强农业废弃物资源化。全面回收农药包装废弃物。"
VOID = {"input", "meta", "link", "img", "br", "rect", "wbr"}
TABLES = ["measures", "industries", "technologies", "instruments", "areas", "citations"]
PAGES = [
    "/plan", "/plan/departments", "/plan/responsibilities", "/plan/search",
    "/plan/search?q=清洁", *(f"/plan/{table}" for table in TABLES),
]  # fmt: skip
UPPER_FLOORS = {
    "/plan/registers": ("/plan/registers", "/api/v1/plan/registers"),
    "/plan/progress": ("/plan/progress", "/plan/targets", "/api/v1/plan/targets"),
}
"""Pages of upper floors, by their index, and what they answer for."""


class Page(HTMLParser):
    """What a page holds: the text of each element with an id, ids, links, marked words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.texts: dict[str, str] = {}
        self.links: list[str] = []
        self.marks: list[str] = []
        self.words: list[str] = []
        self._open: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("id")
        if name:
            self.ids.append(name)
            self.texts[name] = ""
            if given.get("class") == "words":
                self.words.append(name)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "mark":
            self.marks.append("")
        if tag not in VOID:
            self._open.append((tag, name))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self.texts[name] += data
        if self._open and self._open[-1][0] == "mark":
            self.marks[-1] += data


@pytest.fixture(scope="module")
async def reader(database):
    url = database.engine.url.render_as_string(hide_password=False)
    app = create_app(url, Settings(pool_size=5))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await app.state.database.close()


async def see(reader, path, status=200):
    answer = await reader.get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return answer.text


async def find(reader, q, **more):
    answer = await reader.get("/plan/search", params={"q": q, **more})
    assert answer.status_code == 200
    return answer.text


def paragraphs():
    return {row["address"]: row["text"] for row in rows_of("paragraphs")}


# the document


async def test_the_page_holds_every_paragraph_exactly_once_in_printed_order(reader):
    page = Page(await see(reader, "/plan"))
    loaded = paragraphs()
    assert page.words == list(loaded)
    assert {address: page.texts[address] for address in loaded} == loaded


async def test_every_paragraph_links_to_itself(reader):
    page = Page(await see(reader, "/plan"))
    links = Counter(page.links)
    assert all(links[f"#{address}"] for address in paragraphs())


async def test_the_first_two_items_show_no_department(reader):
    page = Page(await see(reader, "/plan"))
    for item in ("item-1", "item-2"):
        assert page.texts[item]
        assert "责任部门" not in page.texts[item]
    assert "责任部门" in page.texts["item-3"]
    assert "责任单位" in page.texts["item-13"]


async def test_the_departments_of_an_item_are_linked_where_they_are_printed(reader):
    html = await see(reader, "/plan")
    assert '<a href="/plan/departments/agriculture">省农业农村厅</a>）' in html


async def test_a_fault_of_the_source_is_annotated_and_not_mended(reader):
    page = Page(await see(reader, "/plan"))
    assert "羟基硫" in page.texts["box-3-p1"]
    assert "羰基硫" not in page.texts["box-3-p1"]
    assert "羰基硫" in "".join(page.texts.values())


async def test_the_pieces_of_a_passage_joined_are_its_words(database):
    async with database.read() as session:
        plan = await plan_on(session, ON)
    passages = [one for block in blocks(plan) for one in block.passages]
    assert ["".join(p.text for p in one.pieces) for one in passages] == [
        one.text for one in plan.paragraphs
    ]
    leads = [p.text for one in passages for p in one.pieces if p.style == "lead"]
    assert len(leads) == len(plan.sections) - 7 + sum(one.name is not None for one in plan.projects)


async def test_a_day_before_the_document_has_no_words_and_says_when_it_was_issued(reader):
    page = await see(reader, "/plan?on=2021-12-21")
    assert "还没有印发" in page
    assert 'href="/plan?on=2021-12-22"' in page
    await see(reader, "/plan?on=yesterday", 422)


# tables


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_the_plan_names_each_place_once(reader, path):
    page = Page(await see(reader, path))
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    assert "plan-q" in page.ids


async def test_every_link_of_the_plan_leads_somewhere(reader):
    absent = [
        prefix
        for index, prefixes in UPPER_FLOORS.items()
        for prefix in prefixes
        if (await reader.get(index)).status_code == 404
    ]
    waiting, seen, ids, wanted = ["/plan"], set(), {}, set()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.startswith(("/plan", "/api/v1/plan")):
            continue
        if path.startswith(tuple(absent)):
            continue
        seen.add(path)
        answer = await reader.get(path)
        if path == "/plan/registers/experts":  # for officials alone
            assert answer.status_code == 401
            continue
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = Page(answer.text)
        ids[path] = set(page.ids)
        for link in page.links:
            to, _, anchor = link.partition("#")
            waiting.append(to or path)
            wanted.add((to or path, anchor))
    assert len(seen) > 40
    assert {(to, at) for to, at in wanted if at and to in ids and at not in ids[to]} == set()


async def test_search_leads_to_places_that_are_there(reader):
    for table in TABLES:
        page = Page(await see(reader, f"/plan/{table}"))
        rows = (await reader.get(f"/api/v1/plan/{table}?limit=500")).json()["items"]
        assert {row["code"] for row in rows} <= set(page.ids)


async def test_the_matrix_shows_each_pair_at_its_printed_place(reader):
    html = await see(reader, "/plan/responsibilities")
    cells = re.findall(
        r'<td><a href="/plan#(item-\d+)-departments" title="[^"]*" id="\1-\d+">(\d+)</a>', html
    )
    printed = [(row["section"], row["position"]) for row in rows_of("responsibilities")]
    assert sorted(cells) == sorted(printed)
    assert html.count("<td>") == 20 * 13


async def test_a_department_shows_what_it_is_printed_under_and_as(reader):
    html = await see(reader, "/plan/departments/housing")
    for words in ("省住房和城乡建设厅", "印作“省住房城乡建设厅”", "印发部门，排第 6", "（十）"):
        assert words in html
    water = await see(reader, "/plan/departments/water")
    assert "不是印发部门" in water
    assert "第 8 位，共 11 个" in water
    assert "责任单位" in await see(reader, "/plan/departments/science")
    await see(reader, "/plan/departments/education", 404)


async def test_measures_narrow_by_department_and_item(reader):
    rows = (await reader.get("/api/v1/plan/measures?limit=500")).json()["items"]
    own = [row["code"] for row in rows if row["section"]["code"] == "item-9"]
    page = Page(await see(reader, "/plan/measures?item=item-9"))
    assert [name for name in page.ids if name.startswith("m-")] == own
    both = Page(await see(reader, "/plan/measures?item=item-9&department=water"))
    assert "没有符合条件的任务" in both.texts["main"]


async def test_each_printed_list_of_industries_stands_as_printed(reader):
    page = Page(await see(reader, "/plan/industries"))
    sizes = {"item-2": 15, "item-6": 14, "box-1": 14, "box-7": 14, "box-3": 3, "item-11": 6,
             "box-5": 5, "item-17": 5}  # fmt: skip
    for code, size in sizes.items():
        assert f"（{size} 个）" in page.texts[f"list-{code}"]
    assert "印刷包装" in page.texts["list-item-2"]
    assert "包装印刷" in page.texts["list-item-17"]


# search


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("回收率", "农药包装废弃物"),
        ("焦化", "焦化"),
        ("粪", "畜禽粪污"),
        ("８５％以上", "农药包装废弃物"),
        ("农药　２０２５年", "1200吨"),
    ],
)
async def test_a_search_finds_and_marks_the_words(reader, q, found):
    html = await find(reader, q)
    page = Page(html)
    assert found in page.texts["main"]
    assert page.marks
    assert {mark for mark in page.marks if mark not in words_of(q)} == set()
    assert "文件原文" in html


@pytest.mark.parametrize("q", ["<script>alert(1)</script>", "'\"><b>", "%_\\", "\x00\x07"])
async def test_what_cannot_be_found_is_said_and_never_run(reader, q):
    html = await find(reader, q)
    assert q == "\x00\x07" or "没有找到" in html
    assert "<script>alert" not in html
    assert "<b>" not in html.split('id="main"')[1]


async def test_a_long_text_is_searched_by_its_beginning(reader):
    html = await find(reader, paragraphs()["item-9-p1"])
    assert "只按前 100 个字" in html
    assert "/plan#item-9-p1" in html


async def test_a_kind_with_many_hits_has_a_page_of_its_own_and_a_next_one(reader):
    html = await find(reader, "清洁生产")
    assert "更多任务" in html
    seen, path = [], "/plan/search?q=清洁&kind=measure"
    while path:
        html = await see(reader, path)
        seen += re.findall(r'href="(/plan/measures#[^"]*)"', html)
        onward = re.search(r'href="([^"]*)" rel="next"', html)
        path = onward.group(1).replace("&amp;", "&") if onward else None
    assert len(seen) == len(set(seen)) > 50
    assert (await reader.get("/plan/search?q=清洁&kind=gossip")).status_code == 422


async def test_a_hit_whose_text_is_its_title_says_it_once(reader):
    page = await see(reader, "/plan/search?q=秸秆直接还田&kind=measure")
    assert page.count("</mark>质量") == page.count('href="/plan/measures#') == 2


def test_marks_fall_on_whole_words_whatever_their_width():
    assert marked("达到８５％以上", ["85%"]) == [("达到", False), ("８５％", True), ("以上", False)]
    assert marked("<b>", ["b"]) == [("<", False), ("b", True), (">", False)]
    assert marked("农药农药", ["农药"]) == [("农药农药", True)]
    assert marked("", ["a"]) == []


# an amendment


@pytest.fixture
async def amended(database):
    async with database.write() as session:
        session.add(
            PlanDocument(number=AMENDMENT, title="修改通知", issued_on=BEFORE, effective_on=ON, amends=NUMBER)
        )  # fmt: skip
        await session.flush()
        await session.execute(
            update(PlanWording).where(PlanWording.address == AMENDED).values(valid_to=BEFORE)
        )
        session.add(PlanWording(address=AMENDED, valid_from=ON, document=AMENDMENT, text=NEW_WORDS))


async def test_an_amended_paragraph_says_by_what_and_folds_its_old_words(reader, amended):
    html = await see(reader, f"/plan?on={ON}")
    page = Page(html)
    assert page.texts[AMENDED] == NEW_WORDS
    assert f"自 {ON} 起按 {AMENDMENT} 修改" in html
    assert f'<p class="was">{paragraphs()[AMENDED]}</p>' in html
    assert "修改通知" in page.texts["amendments"]
    old = await see(reader, f"/plan?on={BEFORE}")
    assert Page(old).texts[AMENDED] == paragraphs()[AMENDED]
    assert "尚未生效" in old

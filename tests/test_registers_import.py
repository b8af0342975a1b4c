"""Files that offices send: all rows or none, every fault at its row and column, bounded memory."""

import asyncio
import io
import tracemalloc
import zipfile
from datetime import date, datetime
from urllib.parse import quote

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from app.registers.models import RegisterEntry, RegisterImport, RegisterVersion
from app.registers.sheet import MOST_ROWS, MOST_UNPACKED
from tests.offices import (
    REGISTERS,
    credit_code,
    enter,
    factory,
    make_offices,
    saved,
    send,
    sheet,
    xlsx,
)
from tests.world import World

SLUG = "green-factories"
HEAD = ["工厂名称", "统一社会信用代码", "绿色工厂级别", "有效期起"]


@pytest.fixture(scope="module")
async def world(database):
    made = await make_offices(database)
    yield made
    await made.close()


def row(number: int, **cells) -> list:
    usual = {
        "name": f"第{number}厂",
        "code": credit_code(number),
        "level": "省级",
        "since": "2024-01-01",
    }
    return list({**usual, **cells}.values())


def csv_of(*rows: list, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(map(str, cells)) for cells in rows).encode(encoding)


async def standing(world: World) -> int:
    async with world.database.read() as session:
        query = select(func.count()).where(RegisterEntry.register == SLUG)
        return await session.scalar(query) or 0


def told(answer) -> list[tuple[int, str, str]]:
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["type"] == "/problems/register-import-refused"
    assert all(error["pointer"].startswith("/rows/") for error in problem["errors"])
    return [(error["row"], error["column"], error["detail"]) for error in problem["errors"]]


async def refused(world: World, content: bytes) -> list[tuple[int, str, str]]:
    before = await standing(world)
    found = told(await send(world, SLUG, content, "industry"))
    assert await standing(world) == before
    return found


async def test_a_formula_that_was_never_worked_out_is_refused_not_read_as_empty(world: World):
    content = xlsx([*HEAD, "第三方评价机构"], [*row(900), '="评价"&"公司"'])
    answer = await send(world, SLUG, content, "industry")
    assert answer.status_code == 422
    assert "公式" in answer.json()["detail"]


async def test_a_sheet_is_imported_whatever_the_order_of_its_columns(world: World):
    book = Workbook()
    page = book.active
    page.append(
        [
            "有效期起",
            "绿色工厂级别",
            "统一社会信用代码",
            "工厂名称",
            "所在县（市、区）",
            "认定年度",
            "备注",
        ]
    )
    page.append([datetime(2024, 3, 1), "国家级", credit_code(1), "=1+1 化工厂", 130110, 2024, None])
    page.append([])
    page.append(
        ["2024年3月1日", " 省级 ", credit_code(2).lower(), "@第二", "辛集市", "2024年", "-备注"]
    )
    page["D2"].data_type = "s"
    answer = await send(world, SLUG, saved(book), "industry")
    assert answer.status_code == 201, answer.text
    assert answer.json()["imported"] == 2
    listed = (await world.client(None).get(f"{REGISTERS}/{SLUG}", params={"q": "化工厂"})).json()
    [entry] = listed["items"]
    assert entry["name"] == "=1+1 化工厂"
    assert entry["valid_from"] == "2024-03-01"
    assert (entry["county"], entry["values"]["year"]) == ("130110", 2024)
    seen = (await world.client("county").get(entry["href"])).json()
    assert seen["history"][0]["import"] == answer.json()["import"]
    table = (await world.client(None).get(f"{REGISTERS}/{SLUG}.csv")).content.decode()
    assert table.startswith("\ufeff编号,工厂名称,")
    assert ",'=1+1 化工厂," in table
    assert ",'@第二," in table


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_a_csv_is_imported_in_the_encodings_of_excel(world: World, encoding):
    number = 10 + len(encoding)
    content = csv_of(HEAD, row(number, since="2024/1/1"), encoding=encoding)
    answer = await send(world, SLUG, content, "industry")
    assert answer.status_code == 201, answer.text


async def test_a_form_brings_the_file_by_name(world: World):
    file = ("名单.xlsx", xlsx(HEAD, row(30)))
    answer = await world.client("industry").post(f"{REGISTERS}/{SLUG}/import", files={"file": file})
    assert answer.status_code == 201, answer.text
    async with world.database.read() as session:
        kept = await session.get_one(RegisterImport, answer.json()["import"])
        assert (kept.file_name, kept.rows, kept.accepted, kept.cells) == (
            "名单.xlsx",
            1,
            True,
            None,
        )
    answer = await world.client("industry").post(
        f"{REGISTERS}/{SLUG}/import", files={"other": file}
    )
    assert answer.json()["errors"][0]["pointer"] == "/file"


async def test_one_wrong_row_refuses_the_file_and_every_fault_is_told(world: World):
    content = xlsx(
        HEAD,
        row(40),
        [],
        row(41, code="91130100M00000001X", level="县级"),
        row(42, name=None, since="2024-02-30"),
        row(40, name="同一家"),
    )
    assert await refused(world, content) == [
        (4, "统一社会信用代码", "统一社会信用代码的校验位不符"),
        (4, "绿色工厂级别", "应为以下之一：国家级、省级"),
        (5, "工厂名称", "缺少这一项"),
        (5, "有效期起", "没有这一天"),
        (6, "统一社会信用代码", "与第 2 行重复"),
    ]


async def test_the_error_file_gives_the_rows_back_and_can_be_sent_again(world: World):
    content = csv_of([*HEAD, "备注"], row(50), row(51, level="无"), row(52, name="=cmd"))
    answer = await send(world, SLUG, content, "industry")
    url = answer.json()["error_file"]
    for who, status in ((None, 401), ("county", 403), ("ecology", 403), ("industry", 200)):
        assert (await world.client(who).get(url)).status_code == status, who
    given_back = (await world.client("industry").get(url)).content
    rows = sheet(given_back)
    assert rows[0] == [*HEAD, "备注", "错误"]
    assert rows[1][:4] == row(50)
    assert rows[1][-1] is None
    assert rows[2][-1] == "绿色工厂级别：应为以下之一：国家级、省级"
    book = load_workbook(io.BytesIO(given_back))
    assert (book.active["A4"].value, book.active["A4"].data_type) == ("=cmd", "s")
    book.active["C3"] = "省级"
    answer = await send(world, SLUG, saved(book), "industry")
    assert answer.status_code == 201, answer.text
    again = csv_of(HEAD, row(53, code="123"))
    answer = await send(world, SLUG, again, "industry")
    file = await world.client("industry").get(answer.json()["error_file"])
    assert sheet(file.content)[1][-1] == "统一社会信用代码应为 18 位数字或大写字母"
    assert quote("标了错误的表格.xlsx") in file.headers["content-disposition"]
    missing = "/api/v1/plan/imports/00000000-0000-7000-8000-000000000000/errors.xlsx"
    assert (await world.client("industry").get(missing)).status_code == 404


async def test_the_same_file_again_doubles_nothing(world: World):
    content = xlsx(HEAD, row(60), row(61))
    assert (await send(world, SLUG, content, "industry")).status_code == 201
    found = await refused(world, content)
    assert found == [
        (2, "统一社会信用代码", "名单里已有这一条：第60厂"),
        (3, "统一社会信用代码", "名单里已有这一条：第61厂"),
    ]


async def test_of_two_imports_at_once_one_is_accepted(world: World):
    files = [xlsx(HEAD, row(71), row(70)), xlsx(HEAD, row(70), row(71)), xlsx(HEAD, row(70))]
    answers = await asyncio.gather(*(send(world, SLUG, file, "industry") for file in files))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]


@pytest.mark.parametrize(
    ("headings", "faults"),
    [
        (HEAD[:3], [(1, "有效期起", "缺少这一列")]),
        ([*HEAD, "颜色"], [(1, "颜色", "不认识这一列")]),
        ([*HEAD, "工厂名称"], [(1, "工厂名称", "这一列有两个")]),
        ([*HEAD, "长" * 100], [(1, "长" * 60, "不认识这一列")]),
    ],
)
async def test_headings_that_do_not_fit_are_named(world: World, headings, faults):
    assert await refused(world, xlsx(headings, row(80))) == faults
    assert await refused(world, csv_of(headings, row(80))) == faults


async def test_a_value_under_no_heading_is_not_left_out_in_silence(world: World):
    assert await refused(world, xlsx(HEAD, [*row(81), "另有说明"])) == [(2, None, "有一格没有标题")]


async def test_past_rows_are_imported_as_history_only(world: World):
    content = xlsx([*HEAD, "有效期止"], [*row(82), date(2024, 12, 31)])
    [(line, column, words)] = await refused(world, content)
    assert (line, column) == (2, "有效期止")
    assert "届满" in words
    answer = await send(world, SLUG, content, "industry", backfill=True)
    assert answer.status_code == 201


async def test_who_is_not_responsible_imports_nothing(world: World):
    content = xlsx(HEAD, row(83))
    for who, status in ((None, 401), ("county", 403), ("science", 403), ("admin", 403)):
        assert (await send(world, SLUG, content, who)).status_code == status, who
    answer = await send(world, "pesticide-packaging-pilots", content, "agriculture")
    assert answer.status_code == 409


async def test_other_types_are_told_so(world: World):
    answer = await world.client("industry").post(
        f"{REGISTERS}/{SLUG}/import", content=b"{}", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 415


def bomb() -> bytes:
    return rezipped({"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * (MOST_UNPACKED + 1)})


def rezipped(parts: dict[str, bytes], *, without: str = "") -> bytes:
    """Return a small workbook with parts put in the place of its own."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(HEAD, row(90)))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name != without:
                new.writestr(name, parts.get(name) or old.read(name))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return out.getvalue()


def sheet_xml(rows: str, head: str = "") -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return f'<?xml version="1.0"?>{head}<worksheet {space}>{rows}</worksheet>'.encode()


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
CELL = '<c r="A{0}" t="inlineStr"><is><t>&b;</t></is></c>'
SHEET1 = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b"\r\n,,\r\n", "空的"),
        (b"\xff\xfe\x00", "应为 .xlsx 或 .csv"),
        (b"a\x00b", "应为 .xlsx 或 .csv"),
        (b'a,"b', "不是有效的 .csv"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "另存为 .xlsx"),
        (b"PK\x03\x04" + b"x" * 100, "文件损坏"),
        (xlsx(HEAD, row(90))[:-200], "文件损坏"),
        (rezipped({}, without=SHEET1), "文件损坏"),
        (rezipped({SHEET1: b"<worksheet"}), "文件损坏"),
        (rezipped({SHEET1: sheet_xml(f"<sheetData><row>{CELL}</row></sheetData>", LAUGHS)}), "XML"),
        (rezipped({"xl/media/image1.png": LAUGHS.encode() + b"<x/>"}), "XML"),
        (bomb(), "解压后过大"),
        (rezipped({f"x/{i}": b"x" for i in range(600)}), "解压后过大"),
        (rezipped({SHEET1: sheet_xml('<sheetData><row r="99999999999"/></sheetData>')}), "行号"),
        (csv_of(*[[f"列{i}" for i in range(61)]]), "至多 60 列"),
        (csv_of(HEAD, *(row(i) for i in range(MOST_ROWS + 1))), "至多 5000 行"),
        (xlsx(*[["长" * 2_000] * 60] * 50), "文字过多"),
    ],
    ids=range(18),
)
async def test_what_is_no_sheet_or_too_much_is_refused(world: World, content, words):
    answer = await send(world, SLUG, content, "industry")
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert words in problem["errors"][0]["detail"]
    assert "error_file" not in problem


async def test_a_sheet_that_claims_a_million_rows_costs_no_memory(world: World):
    cells = "".join(
        f'<c r="{"ABCD"[i]}1" t="inlineStr"><is><t>{text}</t></is></c>'
        for i, text in enumerate(HEAD)
    )
    last = "".join(
        f'<c r="{"ABCD"[i]}1048576" t="inlineStr"><is><t>{text}</t></is></c>'
        for i, text in enumerate(row(91, level="无"))
    )
    rows = f'<dimension ref="A1:XFD1048576"/><sheetData><row r="1">{cells}</row><row r="1048576">{last}</row></sheetData>'
    content = rezipped({SHEET1: sheet_xml(rows)})
    tracemalloc.start()
    found = await refused(world, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [(1_048_576, "绿色工厂级别", "应为以下之一：国家级、省级")]
    assert peak < 20_000_000


async def test_five_thousand_rows_cost_the_statements_of_one(world: World):
    costs = []
    for start, many in ((100, 1), (1_000, MOST_ROWS)):
        content = csv_of(HEAD, *(row(start + i) for i in range(many)))
        with world.count_queries() as seen:
            answer = await send(world, SLUG, content, "industry")
        assert answer.status_code == 201, answer.text
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 20, costs
    async with world.database.read() as session:
        query = select(func.count()).where(RegisterVersion.name.like("第1___厂"))
        assert await session.scalar(query) == 1_000


async def test_reading_costs_a_fixed_number_of_statements(world: World):
    await enter(world, SLUG, factory(9_000), "industry")
    one = (await world.client(None).get(f"{REGISTERS}/{SLUG}", params={"limit": 1})).json()
    for path, most in (
        (REGISTERS, 33),
        (f"{REGISTERS}/{SLUG}?limit=1", 38),
        (f"{REGISTERS}/{SLUG}?limit=500&industry=papermaking&area=130100", 40),
        (one["items"][0]["href"], 12),
    ):
        with world.count_queries() as seen:
            assert (await world.client(None).get(path)).status_code == 200
        assert len(seen) <= most, (path, len(seen))


async def test_the_template_has_the_headings_and_explains_them(world: World):
    answer = await world.client(None).get(f"{REGISTERS}/{SLUG}/template.xlsx")
    assert answer.status_code == 200
    [headings] = sheet(answer.content)
    assert headings[:3] == HEAD[:3]
    assert headings[-4:] == ["公布文号", "有效期起", "有效期止", "备注"]
    explained = {line[0]: line[1:] for line in sheet(answer.content, 1)[1:]}
    assert list(explained) == headings
    assert explained["绿色工厂级别"] == ["必填", "从可填的值里选一个", "国家级、省级"]
    assert explained["认定年度"][0] == "选填"
    filled = load_workbook(io.BytesIO(answer.content))
    filled.worksheets[0].append(
        [
            {
                "工厂名称": "模板厂",
                "统一社会信用代码": credit_code(95),
                "绿色工厂级别": "省级",
                "有效期起": "2024-01-01",
            }.get(label)
            for label in headings
        ]
    )
    answer = await send(world, SLUG, saved(filled), "industry")
    assert answer.status_code == 201, answer.text


async def test_every_register_has_a_template(world: World):
    listed = (await world.client(None).get(REGISTERS)).json()["items"]
    assert len(listed) == 49
    for register in listed:
        if register["template"]:
            answer = await world.client(None).get(register["template"])
            explained = sheet(answer.content, 1)
            assert [line[0] for line in explained[1:]] == sheet(answer.content)[0]
            assert all(line[2] for line in explained), register["slug"]

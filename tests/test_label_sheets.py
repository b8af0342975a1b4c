"""Labels on paper: every one that is drawn is read back by an independent decoder, in order."""

import csv
import io
import re
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import pytest
import zxingcpp
from PIL import Image, ImageFilter
from qrcode.constants import ERROR_CORRECT_H
from qrcode.util import MODE_ALPHA_NUM, QRData

from app.auth.sessions import caller_from
from app.batches.changes import Chosen, void_labels
from app.batches.codes import make_code, parse_code
from app.batches.qr import MASK, payload, symbol_of
from app.batches.sheet_pdf import LAYOUTS, Printed, draw_labels
from app.config import Settings
from app.db import Database
from app.paper.symbol import SymbolsAlike, symbol
from tests.printed import PRINTED, fonts_of, pictures_of, words_of
from tests.world import ANXIN, LUQUAN, OTHER_POINT, POINT, STATION, World, make_world

HOSTS = ("NY.HEBEI.GOV.CN", "NYBZ.AGRI.HEBEI.GOV.")
SIZES = {"a4-3x8": 24, "50x30": 1}
"""How many labels stand on a page."""


def some(count: int, seed: int = 1, **said) -> list[Printed]:
    bits = Random(seed)
    codes = sorted(make_code(LUQUAN, bits.getrandbits(40)) for _ in range(count))
    about = {"kind": "bag", "county_name": "鹿泉区", **said}
    return [Printed(code, number, count, **about) for number, code in enumerate(codes, 1)]


def drawn(labels: list[Printed], layout: str, host: str = HOSTS[0], *, demo: bool = False) -> bytes:
    file = io.BytesIO()
    draw_labels(file, labels, layout, host=host, title="标签", demo=demo)
    return file.getvalue()


def read_in_order(page: Image.Image) -> list[str]:
    """Return what the symbols on a page say, row by row."""
    found = zxingcpp.read_barcodes(page)
    rows = LAYOUTS["a4-3x8"].rows if page.height > page.width else 1

    def place(one: zxingcpp.Barcode) -> tuple[int, int]:
        corner = one.position.top_left
        return corner.y * rows // page.height, corner.x

    return [one.text for one in sorted(found, key=place)]


def payloads(labels: list[Printed], host: str) -> list[str]:
    return [f"HTTPS://{host}/B/{one.code}" for one in labels]


@PRINTED
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("demo", [False, True])
@pytest.mark.parametrize(("layout", "count"), [("a4-3x8", 31), ("50x30", 12)])
def test_every_label_is_read_back_in_order(tmp_path, layout, count, demo, dpi):
    host = HOSTS[demo]
    labels = some(count, seed=dpi)
    pages = pictures_of(drawn(labels, layout, host, demo=demo), tmp_path, dpi)
    a_page = SIZES[layout]
    assert len(pages) == -(-count // a_page)
    read = [read_in_order(page) for page in pages]
    wanted = payloads(labels, host)
    assert read == [wanted[start : start + a_page] for start in range(0, count, a_page)]


@PRINTED
def test_a_demonstration_is_read_off_a_head_that_knows_no_grey(tmp_path):
    labels = some(12, seed=3)
    pages = pictures_of(drawn(labels, "50x30", demo=True), tmp_path, dpi=203)
    # Dots of black alone, scattered where the tint was; a camera does not tell one from the next.
    blur = ImageFilter.GaussianBlur(0.8)
    dithered = [page.convert("L").convert("1").convert("L").filter(blur) for page in pages]
    read = [read_in_order(page) for page in dithered]
    assert read == [[one] for one in payloads(labels, HOSTS[0])]


@PRINTED
def test_a_module_is_five_whole_dots_with_four_modules_of_white_around(tmp_path):
    labels = some(4)
    for page in pictures_of(drawn(labels, "50x30"), tmp_path, dpi=203):
        assert page.size == (400, 240)
        grey = page.convert("L")
        left, top = LAYOUTS["50x30"].symbol
        side, quiet = 41 * 5, 4 * 5
        dark = grey.crop((left, top, left + side, top + side)).point(lambda v: 255 * (v < 128))
        assert dark.getbbox() == (quiet, quiet, side - quiet, side - quiet)
        # The top left finder: a frame of one module around white around a block of three.
        row = [grey.getpixel((left + x, top + quiet + 17)) < 128 for x in range(quiet, quiet + 35)]
        assert row == [True] * 5 + [False] * 5 + [True] * 15 + [False] * 5 + [True] * 5


@PRINTED
def test_a_label_says_what_it_is_in_words():
    [page] = words_of(drawn(some(2), "a4-3x8"))
    first = some(2)[0]
    for words in ("农药包装废弃物", "鹿泉区", "回收袋 1/2", "回收袋 2/2"):
        assert words in page
    assert first.code in page.replace("\n", "")
    assert "演示" not in page
    [page] = words_of(drawn(some(1, kind="container", tare_g=15_500), "50x30", demo=True))
    for words in ("容器", "皮重 15.5 kg", "箱、笼、托盘 1/1", "演示标签，无效"):
        assert words in page


@PRINTED
@pytest.mark.parametrize("layout", LAYOUTS)
def test_words_stay_on_their_label_and_out_of_the_quiet_zone(tmp_path, layout):
    widest = some(1, kind="container", county_name="围场满族蒙古族自治县", tare_g=1_234_567)
    wide = [
        Printed(
            **{**vars(widest[0]), "code": "130828-WWWW-WWWW-88", "number": 4_999, "count": 5_000}
        )
    ]
    page = pictures_of(drawn(wide, layout, demo=True), tmp_path, dpi=203)[0].convert("L")
    place = LAYOUTS[layout]
    words = page.crop((place.symbol[0] + 205, place.above, *place.label))
    left, top, right, bottom = words.point(lambda v: 255 * (v < 200)).getbbox()
    assert left + place.symbol[0] + 205 >= place.words[0] - 4
    assert right + place.symbol[0] + 205 <= place.words[1] + 4
    assert top > 8
    assert bottom < place.label[1] - 8


@PRINTED
def test_every_glyph_of_a_label_is_embedded(tmp_path):
    used = fonts_of(drawn(some(3), "a4-3x8"), tmp_path)
    assert {row[0].split("+")[1] for row in used} == {"NotoSansSC-Bold", "NotoSansSC-Regular"}
    assert {row[3] for row in used} == {"yes"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_symbol_is_one_path_of_merged_rectangles(layout):
    labels = some(3)
    text = content_of(drawn(labels, layout))
    paths = re.findall(r"((?:\d+ \d+ \d+ 1 re ){50,})f\b", text)
    assert len(paths) == 3
    for path in paths:
        runs = [tuple(map(int, run)) for run in re.findall(r"(\d+) (\d+) (\d+) 1 re", path)]
        ends = {(x + length, y) for x, y, length in runs}
        assert not ends & {(x, y) for x, y, _ in runs}, "two runs that touch could be one"


def content_of(pdf: bytes) -> str:
    """Return the drawing operators of all pages."""
    streams = re.findall(rb"stream\r?\n(\x78.*?)endstream", pdf, re.DOTALL)
    return "\n".join(zlib.decompressobj().decompress(one).decode("latin-1") for one in streams)


@pytest.mark.parametrize("host", [*HOSTS, "A.CN", "10.0.0.1:80"])
def test_a_symbol_made_of_what_bits_turn_over_is_the_one_that_is_drawn_whole(host):
    bits = Random(18004)
    for _ in range(20):
        code = make_code(LUQUAN, bits.getrandbits(40))
        whole = QRData(payload(host, code), mode=MODE_ALPHA_NUM)
        runs, side, _ = symbol(whole, ERROR_CORRECT_H, MASK)
        assert symbol_of(host, code) == (runs, side)


def test_a_symbol_of_another_length_is_refused():
    with pytest.raises(ValueError, match="not 9 characters"):
        SymbolsAlike(9, ERROR_CORRECT_H, MASK).runs("HTTPS://A.CN")


def test_the_same_labels_give_the_same_bytes():
    assert drawn(some(30), "a4-3x8", demo=True) == drawn(some(30), "a4-3x8", demo=True)


# ---- through the door


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


async def issued(world: World, count: int, who: str = "county", **changed) -> tuple[str, list[str]]:
    body = {"county": LUQUAN, "kind": "bag", "count": count, **changed}
    answer = await world.client(who).post("/api/v1/labels", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["sheet"], answer.json()["codes"]


async def change(world: World, act: str, who: str = "county", **body):
    body = {"reason": "整卷遗失", **body} if act == "void" else body
    return await world.client(who).post(f"/api/v1/labels/{act}", json=body)


async def csv_of(world: World, sheet: str, who: str = "county", **params) -> list[dict[str, str]]:
    answer = await world.client(who).get(f"/api/v1/label-sheets/{sheet}.csv", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def prints(world: World, sheet: str) -> int:
    listed = (await world.client("county").get("/api/v1/label-sheets?limit=500")).json()["items"]
    return next(one["prints"] for one in listed if one["sheet"] == sheet)


@PRINTED
@pytest.mark.parametrize("layout", LAYOUTS)
async def test_a_sheet_is_printed_in_the_order_of_its_codes(world: World, tmp_path, layout):
    sheet, codes = await issued(world, 30, site=POINT)
    path = f"/api/v1/label-sheets/{sheet}.pdf"
    answer = await world.client("collector").get(path, params={"layout": layout})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    pages = pictures_of(answer.content, tmp_path, dpi=203)
    read = [parse_code(text) for page in pages for text in read_in_order(page)]
    assert read == codes


@PRINTED
async def test_a_part_is_printed_with_the_numbers_of_the_whole(world: World):
    sheet, codes = await issued(world, 240)
    answer = await world.client("county").get(
        f"/api/v1/label-sheets/{sheet}.pdf", params={"layout": "50x30", "first": 17, "last": 18}
    )
    pages = words_of(answer.content)
    assert ["17/240" in pages[0], "18/240" in pages[1], len(pages)] == [True, True, 2]
    assert codes[16] in pages[0].replace("\n", "")


async def test_every_print_is_counted_and_repeats_the_codes(world: World):
    sheet, codes = await issued(world, 3)
    assert await prints(world, sheet) == 0
    first = await csv_of(world, sheet)
    assert await csv_of(world, sheet) == first
    assert [line["标签码"] for line in first] == codes
    answer = await world.client("county").get(f"/api/v1/label-sheets/{sheet}.pdf?layout=a4-3x8")
    assert answer.status_code == 200
    assert await prints(world, sheet) == 3
    refused = await world.client("county").get(
        f"/api/v1/label-sheets/{sheet}.pdf?layout=a4-3x8&first=9"
    )
    assert refused.status_code == 422
    assert await prints(world, sheet) == 3


async def test_the_list_for_printers_of_bags_has_what_stands_in_the_symbol(world: World):
    sheet, codes = await issued(world, 3, kind="container", site=STATION, tare_g=15_500)
    lines = await csv_of(world, sheet, who="keeper", first=2)
    host = world.app.state.settings.qr_host
    assert lines == [
        {
            "序号": str(number),
            "总数": "3",
            "标签码": codes[number - 1],
            "二维码内容": f"HTTPS://{host}/B/{codes[number - 1]}",
            "用在哪里": "箱、笼、托盘",
            "县（市、区）": "鹿泉区",
            "县代码": LUQUAN,
            "发给": STATION,
            "皮重（克）": "15500",
        }
        for number in (2, 3)
    ]


@PRINTED
async def test_a_demonstration_says_so_in_every_line_and_on_every_label(world: World):
    sheet, _ = await issued(world, 2)
    real: Settings = world.app.state.settings
    world.app.state.settings = real.model_copy(update={"demo": True})
    try:
        lines = await csv_of(world, sheet)
        pdf = await world.client("county").get(f"/api/v1/label-sheets/{sheet}.pdf?layout=50x30")
    finally:
        world.app.state.settings = real
    assert [line["演示"] for line in lines] == ["演示标签，无效"] * 2
    assert all("演示标签，无效" in page for page in words_of(pdf.content))
    assert "演示" not in (await csv_of(world, sheet))[0]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("layout=a5", "invalid-query"),
        ("", "invalid-query"),
        ("layout=50x30&first=0", "invalid-query"),
        ("layout=50x30&first=x", "invalid-query"),
        ("layout=50x30&last=99999", "invalid-query"),
        ("layout=50x30&first=3", "label-not-in-sheet"),
        ("layout=50x30&last=3", "label-not-in-sheet"),
        ("layout=50x30&first=2&last=1", "label-not-in-sheet"),
    ],
)
async def test_a_print_that_cannot_be_is_refused_by_name(world: World, query, problem):
    sheet, _ = await issued(world, 2)
    answer = await world.client("county").get(f"/api/v1/label-sheets/{sheet}.pdf?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"] == f"/problems/{problem}"


async def test_void_labels_are_not_printed_and_record_nothing(world: World):
    sheet, codes = await issued(world, 4, site=POINT)
    answer = await change(world, "void", sheet=sheet, first=2, last=3)
    assert answer.json() == {"changed": 2, "used": 0, "void": 0}
    assert [line["序号"] for line in await csv_of(world, sheet)] == ["1", "4"]
    listed = await world.client("collector").get(
        "/api/v1/labels", params={"sheet": sheet, "unused": "true"}
    )
    assert [one["code"] for one in listed.json()["items"]] == [codes[0], codes[3]]
    refused = await world.post(world.body("collect", codes[1], mass_g=4_000))
    assert refused.json()["type"] == "/problems/label-is-void"
    again = await change(world, "void", sheet=sheet)
    assert again.json() == {"changed": 2, "used": 0, "void": 2}
    nothing = await world.client("county").get(f"/api/v1/label-sheets/{sheet}.pdf?layout=50x30")
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/nothing-to-print")


async def test_a_used_label_cannot_be_voided_or_given_away(world: World):
    sheet, codes = await issued(world, 3, site=POINT)
    await world.event("collect", codes[1], mass_g=4_000)
    for act, more in (("void", {}), ("assign", {"site": OTHER_POINT})):
        answer = await change(world, act, sheet=sheet, **more)
        told = answer.json()
        assert (answer.status_code, told["type"]) == (409, "/problems/labels-used")
        assert (told["batch"], told["count"]) == (codes[1], 1)
        one = await change(world, act, codes=[codes[1]], **more)
        assert one.json()["type"] == "/problems/labels-used"
    left = await change(world, "assign", sheet=sheet, site=OTHER_POINT, leave_used=True)
    assert left.json() == {"changed": 2, "used": 1, "void": 0}
    left = await change(world, "void", sheet=sheet, leave_used=True)
    assert left.json() == {"changed": 2, "used": 1, "void": 0}
    await world.event("depart", codes[1], destination=STATION)


async def test_labels_are_voided_by_their_codes_however_typed(world: World):
    _, codes = await issued(world, 3)
    _, others = await issued(world, 2)
    typed = [codes[0].lower(), others[1].replace("-", "")]
    assert (await change(world, "void", codes=typed)).json()["changed"] == 2
    listed = await world.client("county").get(
        "/api/v1/labels", params={"county": LUQUAN, "limit": 500}
    )
    void = {one["code"] for one in listed.json()["items"] if one["void"]}
    assert {codes[0], others[1]} <= void
    assert not void & {codes[1], codes[2], others[0]}


@pytest.mark.parametrize(
    ("body", "status", "problem", "pointer"),
    [
        ({"codes": []}, 422, "invalid-body", "/codes"),
        ({"codes": ["hello"]}, 422, "mistyped-code", "/codes/0"),
        ({"codes": [make_code(LUQUAN, 12_345)]}, 404, "not-found", "/codes/0"),
        ({"sheet": str(uuid4())}, 404, "not-found", None),
        ({"sheet": "x"}, 422, "invalid-body", "/sheet"),
        ({}, 422, "invalid-body", "/codes"),
        ({"codes": [make_code(LUQUAN, 1)], "first": 1}, 422, "invalid-body", "/first"),
        ({"codes": [make_code(LUQUAN, 1)] * 501}, 422, "invalid-body", "/codes"),
        ({"sheet": str(uuid4()), "first": 0}, 422, "invalid-body", "/first"),
        ({"sheet": str(uuid4()), "reason": ""}, 422, "invalid-body", "/reason"),
        ({"sheet": str(uuid4()), "reason": None}, 422, "invalid-body", "/reason"),
    ],
)
async def test_a_wrong_order_to_void_is_refused(world: World, body, status, problem, pointer):
    answer = await change(world, "void", **body)
    told = answer.json()
    assert (answer.status_code, told["type"]) == (status, f"/problems/{problem}"), answer.text
    assert pointer in {told.get("pointer"), *(one["pointer"] for one in told.get("errors", []))}


async def test_labels_go_to_a_site_later_in_parts(world: World):
    sheet, codes = await issued(world, 6)
    seen = "/api/v1/labels", {"sheet": sheet}
    assert (await world.client("collector").get(seen[0], params=seen[1])).json()["items"] == []
    answer = await change(world, "assign", sheet=sheet, first=1, last=4, site=POINT)
    assert answer.json() == {"changed": 4, "used": 0, "void": 0}
    await change(world, "assign", sheet=sheet, first=4, site=OTHER_POINT)

    async def at(who: str) -> list[str]:
        answer = await world.client(who).get(seen[0], params=seen[1])
        return [one["code"] for one in answer.json()["items"]]

    assert await at("collector") == codes[:3]
    assert await at("other_collector") == codes[3:]
    for who in ("collector", "other_collector"):
        listed = (await world.client(who).get("/api/v1/label-sheets?limit=500")).json()["items"]
        assert sheet in {one["sheet"] for one in listed}
    numbers = [line["序号"] for line in await csv_of(world, sheet, who="other_collector")]
    assert numbers == ["4", "5", "6"]
    assert (await change(world, "assign", sheet=sheet, last=2, site=None)).json()["changed"] == 2
    assert await at("collector") == codes[2:3]
    await world.event("collect", codes[2], mass_g=4_000)


async def test_a_number_out_of_sight_is_absent(world: World):
    sheet, _ = await issued(world, 4)
    await change(world, "assign", sheet=sheet, first=2, last=2, site=OTHER_POINT)
    for who, last in (("township", 4), ("township", 2)):
        answer = await change(world, "void", who, sheet=sheet, first=1, last=last)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
        assert "第 2 张" in answer.json()["detail"]
    assert (await change(world, "void", "township", sheet=sheet)).json()["changed"] == 3
    assert (await change(world, "void", sheet=sheet)).json() == {"changed": 1, "used": 0, "void": 3}


@pytest.mark.parametrize(
    ("site", "kind", "status", "problem"),
    [
        ("130110-P9999", "bag", 404, "not-found"),
        ("133100-P0001", "bag", 404, "not-found"),
        ("nowhere", "bag", 422, "invalid-body"),
    ],
)
async def test_labels_do_not_go_to_a_site_that_cannot_have_them(world, site, kind, status, problem):
    sheet, _ = await issued(world, 1, kind=kind)
    answer = await change(world, "assign", sheet=sheet, site=site)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")


async def test_labels_stay_in_their_county(world: World):
    sheet, _ = await issued(world, 1, who="province", county=ANXIN)
    answer = await change(world, "assign", "province", sheet=sheet, site=POINT)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/site-not-for-labels")


async def test_a_bag_recorded_while_its_label_is_voided_stays_a_bag(world: World):
    sheet, [code] = await issued(world, 1, site=POINT)
    by = caller_from(world.accounts["county"])
    async with world.database.write() as session:
        done = await void_labels(
            session, by, Chosen(codes=[code]), reason="遗失", now=datetime.now(UTC)
        )
        assert done.changed == 1
        # Not committed yet: to whoever records, the label is a good one.
        await world.event("collect", code, mass_g=4_000)
    listed = await world.client("collector").get("/api/v1/labels", params={"sheet": sheet})
    [shown] = listed.json()["items"]
    assert (shown["used"], shown["void"]) == (True, False)
    await world.event("depart", code, destination=STATION)


# ---- the page


async def page_of(world: World, who: str, sheet: str, status: int = 200) -> str:
    answer = await world.client(who).get(f"/labels/{sheet}", headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return answer.text.replace("<wbr>", "")


async def sent(world: World, who: str, path: str, **form: str):
    return await world.client(who).post(path, data=form, headers={"accept": "text/html"})


async def test_the_page_prints_counts_and_says_what_was_done(world: World):
    sheet, codes = await issued(world, 130)
    page = await page_of(world, "county", sheet)
    assert "袋标签 130 张" in page
    assert "做过什么" not in page
    assert codes[23] in page
    assert codes[24] not in page
    onward = re.search(r'href="(\?cursor=[^"#]+)', page)[1]
    assert codes[47] in await page_of(world, "county", sheet + onward)
    answer = await world.client("county").get(f"/labels/{sheet}/print?layout=a4-3x8&first=３&last=")
    assert answer.headers["content-type"] == "application/pdf"
    page = await page_of(world, "county", sheet)
    assert "已打印 1 次" in page
    assert "3 至 130" in page


async def test_the_page_gives_labels_to_a_site_and_voids_them(world: World):
    sheet, codes = await issued(world, 6)
    path = f"/labels/{sheet}"
    done = await sent(world, "county", f"{path}/assign", site=POINT.lower(), first="1", last="4")
    assert (done.status_code, done.headers["location"]) == (303, f"{path}#changes")
    await world.event("collect", codes[0], mass_g=4_000)
    refused = await sent(world, "county", f"{path}/void", first="1", last="2", reason="整卷遗失")
    assert refused.status_code == 409
    assert "用过的标签不能作废" in refused.text
    assert 'value="整卷遗失"' in refused.text
    done = await sent(
        world, "county", f"{path}/void", first="1", last="2", reason="整卷遗失", leave_used="1"
    )
    assert done.status_code == 303
    page = await page_of(world, "county", sheet)
    assert ">作废</b>" in page
    assert "整卷遗失" in page
    assert 'action="/labels' in await page_of(world, "collector", sheet)
    assert "/void" not in await page_of(world, "collector", sheet)
    assert (await sent(world, "collector", f"{path}/void", first="3")).status_code == 403
    assert (
        await sent(world, "far_county", f"{path}/void", first="3", last="3", reason="x")
    ).status_code == 404


@pytest.mark.parametrize(
    ("act", "form", "sentence"),
    [
        ("void", {"reason": "遗失"}, "请填整数"),
        ("void", {"first": "1", "reason": "遗失"}, "请填整数"),
        ("void", {"first": "一", "last": "2", "reason": "遗失"}, "请填整数"),
        ("void", {"first": "1", "last": "2"}, "至少 1 个字"),
        ("void", {"first": "2", "last": "1", "reason": "遗失"}, "没有第 2 至 1 张"),
        ("assign", {"site": "P1"}, "格式不对"),
        ("assign", {"site": "130110-P9999"}, "没有找到"),
        ("assign", {"site": POINT, "last": "7"}, "没有第 1 至 7 张"),
    ],
)
async def test_the_page_says_what_does_not_fit(world: World, act, form, sentence):
    sheet, _ = await issued(world, 2)
    answer = await sent(world, "county", f"/labels/{sheet}/{act}", **form)
    assert answer.status_code in (404, 422)
    assert sentence in answer.text
    assert f'id="{act}" open' in answer.text
    assert all(f'value="{typed}"' in answer.text for typed in form.values())


async def test_a_print_that_cannot_be_is_said_on_the_page(world: World):
    sheet, _ = await issued(world, 2)
    answer = await world.client("county").get(f"/labels/{sheet}/print?layout=csv&first=x")
    assert answer.status_code == 422
    assert "请填整数" in answer.text
    assert 'value="x"' in answer.text


async def test_a_form_sent_after_the_session_ended_is_kept(world: World):
    sheet, _ = await issued(world, 2)
    path = f"/labels/{sheet}/void"
    asked = await sent(world, None, path, first="1", last="2", reason="整卷遗失")
    assert asked.status_code == 401
    assert 'name="kept-reason" value="整卷遗失"' in asked.text
    again = await sent(world, "county", path, first="1", last="2", reason="整卷遗失", resumed="1")
    assert again.status_code == 200
    assert 'value="整卷遗失"' in again.text
    assert "作废</b>" not in await page_of(world, "county", sheet)

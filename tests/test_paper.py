"""What our PDFs promise, read and looked at with poppler."""

import io

import pytest
import zxingcpp

from app.paper import fonts
from app.paper.document import DEMO, PLATFORM, Document
from app.paper.errors import FontsMissing
from app.paper.table import Column, Table, Warm
from tests.printed import PRINTED, fonts_of, pictures_of, words_of

pytestmark = PRINTED
LINK = "HTTPS://NY.HEBEI.GOV.CN/TRIPS/ZY202509301301020001"
COLUMNS = [Column("标签码", 2), Column("重量", 1, "right"), Column("情况", 2)]


def drawn(rows: int = 3, *, demo: bool = False, reason: str = "完好") -> bytes:
    file = io.BytesIO()
    with Document(
        file, title="转运交接单", number="ZY1", note="截至第 9 条", demo=demo
    ) as document:
        document.facts([("车牌", "冀A12345"), ("驾驶员", "")], link=LINK)
        document.heading("第一程")
        with Table(document, COLUMNS) as table:
            table.rows([f"第{number}袋", "12.345", Warm(reason)] for number in range(rows))
            table.row(["合计", str(rows), ""], total=True)
        document.signatures(["发运方", "接收方"])
    return file.getvalue()


def test_its_chinese_words_are_found_in_the_text():
    (page,) = words_of(drawn(reason="袋口开裂，漏了"))
    for words in (
        "转运交接单",
        "ZY1",
        PLATFORM,
        "冀A12345",
        "第2袋",
        "袋口开裂，漏了",
        "发运方",
        "截至第 9 条",
    ):
        assert words in page
    assert "第 1 页 / 共 1 页" in page
    assert DEMO not in page


def test_a_long_table_repeats_its_head_and_loses_no_row():
    pages = words_of(drawn(400))
    assert len(pages) > 8
    for number, page in enumerate(pages, 1):
        assert f"第 {number} 页 / 共 {len(pages)} 页" in page
        if "袋 12.345" in page:
            assert "标签码" in page
    text = "".join(pages)
    assert [text.count(f"第{number}袋") for number in range(400)] == [1] * 400


def test_a_demonstration_says_so_on_every_page():
    pages = words_of(drawn(100, demo=True))
    assert len(pages) > 2
    assert all(DEMO in page for page in pages)


def test_the_same_data_gives_the_same_bytes():
    assert drawn(50, demo=True) == drawn(50, demo=True)


def test_every_glyph_is_embedded(tmp_path):
    used = fonts_of(drawn(), tmp_path)
    assert {row[0].split("+")[1] for row in used} == {"NotoSansSC-Bold", "NotoSansSC-Regular"}
    assert {row[3] for row in used} == {"yes"}


def test_a_phone_reads_the_link_off_the_page(tmp_path):
    (page,) = pictures_of(drawn(demo=True), tmp_path, dpi=150)
    assert [found.text for found in zxingcpp.read_barcodes(page)] == [LINK]


def test_the_page_is_a4_and_nothing_is_printed_in_its_margins(tmp_path):
    pages = pictures_of(drawn(60, reason="很长的原因" * 30), tmp_path)
    for page in pages:
        assert page.size == (827, 1170)
        ten_mm = 39
        for box in ((0, 0, ten_mm, 1170), (827 - ten_mm, 0, 827, 1170)):
            assert page.crop(box).getcolors() == [(ten_mm * 1170, (255, 255, 255))]


def test_what_the_type_lacks_is_marked_and_breaks_nothing():
    (page,) = words_of(drawn(1, reason="🚚\x00\x07\n(\\)<b>\u202e㛃"))
    assert "〓 (\\)<b>㛃" in page


def test_a_reason_longer_than_a_page_still_ends():
    pages = words_of(drawn(2, reason="长" * 5000))
    assert "发运方" in pages[-1]


def test_missing_type_says_what_to_run(tmp_path):
    with pytest.raises(FontsMissing) as missing:
        fonts.load_fonts.__wrapped__(tmp_path)
    assert "./scripts/setup" in missing.value.words()[1]
    (tmp_path / f"{fonts.REGULAR}.ttf").write_bytes(b"not a font")
    with pytest.raises(FontsMissing):
        fonts.load_fonts.__wrapped__(tmp_path)

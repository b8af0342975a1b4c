"""A sheet that an office sends, .xlsx or .csv → its rows as texts, in bounded memory. Pure.

An .xlsx is a zip of XML: before anything is parsed its sizes are added up and a document type,
which is where entities that grow without end are declared, is refused.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook

from app.csv_cells import FORMULA
from app.web import Unfit

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = (XLSX, "text/csv")
MOST_ROWS = 5_000
MOST_COLUMNS = 60
MOST_PARTS = 500
MOST_UNPACKED = 25_000_000
"""Bytes of all parts of an .xlsx: five thousand full rows of any register are a third of it."""
LAST_ROW = 1_048_576
"""Of any sheet. A file may claim more, and gaps are counted row by row."""
MOST_CHARACTERS = 5_000_000
"""Of all cells: a text that is stored once in a file can stand in every cell."""
LONGEST_CELL = 2_001
"""Longer ones are cut, and then refused as too long by whatever field they are for."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FORMULA_MADE_TEXT = re.compile(f"^'(?=[{re.escape(''.join(FORMULA))}])")
"""What our own .csv files set before a text that begins like a formula."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class SheetRow:
    """A row that is not blank, under the number by which Excel shows it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """The headings, and the rows below them."""

    headings: SheetRow
    rows: Sequence[SheetRow]


def read_sheet(content: bytes) -> Sheet:
    """Return the first sheet of an .xlsx, or a .csv (UTF-8 with or without BOM, or GB18030).

    Its first row that is not blank is its headings. Raises Unfit for what is neither, or is more
    than 5 000 rows, 60 columns or 5 million characters.
    """
    if content.startswith(_OLE):
        raise Unfit("请另存为 .xlsx 再导入", "save it as .xlsx first")
    rows = _xlsx_rows(content) if content.startswith(_ZIP) else _csv_rows(content)
    kept: list[SheetRow] = []
    characters = 0
    for number, row in enumerate(rows, 1):
        if number > LAST_ROW:
            raise Unfit("行号超出表格的范围", "a row lies beyond the last of any sheet")
        if not any(row):
            continue
        if len(kept) > MOST_ROWS:
            raise Unfit(f"至多 {MOST_ROWS} 行，请分几次导入", f"at most {MOST_ROWS} rows")
        cells = _trimmed(row)
        if len(cells) > MOST_COLUMNS:
            raise Unfit(f"至多 {MOST_COLUMNS} 列", f"at most {MOST_COLUMNS} columns")
        characters += sum(map(len, cells))
        if characters > MOST_CHARACTERS:
            raise Unfit("文字过多，请分几次导入", "too much text; send it in parts")
        kept.append(SheetRow(number, cells))
    if not kept:
        raise Unfit("表是空的", "the sheet is empty")
    return Sheet(kept[0], kept[1:])


def _trimmed(row: Sequence[str]) -> tuple[str, ...]:
    """Return the cells up to the last that is not blank."""
    end = max(i for i, cell in enumerate(row, 1) if cell)
    return tuple(row[:end])


def _text_of(value: Any, number_format: str = "") -> str:
    """Return a cell's value as it would be typed: days like 2026-01-31, no exponents."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        value = value.date() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        # A spreadsheet keeps fifteen digits; what shows as 85% is stored as 0.85.
        per_cent = number_format.endswith("%")
        return f"{value * 100:.15g}%" if per_cent else f"{value:.15g}"
    return _UNSTORABLE.sub("\ufffd", str(value)[:LONGEST_CELL]).strip()


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unfit("应为 .xlsx 或 .csv 文件", "must be an .xlsx or a .csv file")
    if "\x00" in text:
        raise Unfit("应为 .xlsx 或 .csv 文件", "must be an .xlsx or a .csv file")
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield [_text_of(_FORMULA_MADE_TEXT.sub("", cell)) for cell in row]
    except csv.Error:
        raise Unfit("不是有效的 .csv 文件", "is not a valid .csv file") from None


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    unreadable = Unfit("文件损坏，或不是 .xlsx 文件", "is damaged or not an .xlsx file")
    try:
        _check_parts(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # The file's own word on its size may claim a million rows, or one.
        sheet.reset_dimensions()
        gap: Any = None
        for row in sheet.iter_rows(max_col=MOST_COLUMNS + 1):
            # The rows of a gap are one and the same tuple: a million of them cost nothing.
            yield [] if row is gap else [_text_of(cell.value, _format_of(cell)) for cell in row]
            gap = row
    except Unfit:
        raise
    except Exception:  # noqa: BLE001  the reader trusts its input and fails in any way it may
        raise unreadable from None


def _format_of(cell: Any) -> str:
    return str(cell.number_format) if isinstance(cell.value, int | float) else ""


def _check_parts(content: bytes) -> None:
    """Refuse an .xlsx that unpacks to too much, declares a document type, or is not worked out.

    The sizes that a zip states hold: reading stops there, and the check sum then fails.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        infos = parts.infolist()
        if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
            raise Unfit("文件解压后过大", "the file is too large when unpacked")
        for info in infos:
            # Whatever it is named: any part may be referred to as a sheet.
            parser = expat.ParserCreate()
            parser.StartDoctypeDeclHandler = _refuse_doctype
            formulae = _Formulae()
            parser.StartElementHandler = formulae.start
            parser.CharacterDataHandler = formulae.text
            parser.EndElementHandler = formulae.end
            with parts.open(info) as part, suppress(expat.ExpatError):
                parser.ParseFile(part)


def _refuse_doctype(*_: Any) -> None:
    raise Unfit("文件里有不允许的 XML 声明", "the file declares an XML document type")


class _Formulae:
    """Watches a part's XML for a formula without the value that it comes to.

    Such a cell reads as empty: who made the file by a program would lose it without a word. An
    empty text (`t="str"`) is a value.
    """

    def __init__(self) -> None:
        self.inside = ""
        self.formula = self.value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note what begins."""
        self.inside = name.rpartition(":")[2]
        if self.inside == "c":
            self.formula, self.value = False, attributes.get("t") == "str"
        elif self.inside == "f":
            self.formula = True

    def text(self, given: str) -> None:
        """Note a value."""
        if self.inside == "v" and given.strip():
            self.value = True

    def end(self, name: str) -> None:
        """Refuse a cell whose formula has no value."""
        self.inside = ""
        if name.rpartition(":")[2] == "c" and self.formula and not self.value:
            raise Unfit(
                "表里有没有算出结果的公式，请用 Excel 打开、保存后再导入，或改成数值",
                "a formula has no stored value; open and save the file in Excel, or enter values",
            )
